"""Write the expected values of the measures on the made probes: run it through `make golden`."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "features"))

from probes import GOLDEN, image  # noqa: E402 - found only now

from imagegate import features  # noqa: E402 - after the path for the same reason


def stored(value: float) -> float | None:
    """Round to six digits; JSON has no NaN."""
    return None if math.isnan(value) else float(f"{value:.6g}")


def main() -> None:
    """Measure every probe and rewrite measures.json."""
    values = {
        name: {key: stored(value) for key, value in features.readings(image(make())).items()}
        for name, make in GOLDEN.items()
    }
    text = json.dumps({"version": features.VERSION, "values": values}, indent=1)
    (HERE / "measures.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
