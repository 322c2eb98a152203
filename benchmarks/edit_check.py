"""How well edits are found without a mask, and what checking one costs.

    python benchmarks/edit_check.py PAIRS

PAIRS holds real edits: ID_original.*, ID_edited.* and, of some, ID_mask.*.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from imagegate.edits.check import check_edit, pair_of

ENOUGH = 0.5  # intersection over union
LARGE = 0.5  # megapixels


def main() -> None:
    """Print both results as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path)
    folder = parser.parse_args().pairs
    cv2.setNumThreads(1)
    overlaps, costs, changed, decisions = [], [], [], []
    for before in sorted(folder.glob("*_original.*")):
        name = before.name.partition("_original")[0]
        after = next(folder.glob(f"{name}_edited.*"))
        start = time.process_time()
        verdict = check_edit(before, after)
        seconds = time.process_time() - start
        costs.append((verdict.width * verdict.height / 1e6, seconds))
        changed.append(verdict.outside.changed)
        decisions.append(verdict.decision)
        for mask in folder.glob(f"{name}_mask.*"):
            given, found = pair_of(before, after, mask).region, pair_of(before, after).region
            overlaps.append((given & found).sum() / max(1, (given | found).sum()))
    share = float(np.mean(np.array(overlaps) >= ENOUGH))
    print("| what | pairs | result |\n| --- | --- | --- |")
    print(f"| region found, IoU ≥ {ENOUGH} | {len(overlaps)} | {share:.0%} |")
    print(f"| median IoU | {len(overlaps)} | {np.median(overlaps):.2f} |")
    told = {word: changed.count(word) for word in (False, True, None)}
    print(
        f"| outside unchanged, changed, cannot be told | {len(changed)} | {list(told.values())} |"
    )
    words = {word: decisions.count(word) for word in ("pass", "review", "reject")}
    print(f"| decisions | {len(decisions)} | {words} |")
    sizes, seconds = np.array([row for row in costs if row[0] >= LARGE] or costs).T
    print(
        f"| CPU s a megapixel, from {LARGE} megapixels on | {len(sizes)} |"
        f" {seconds.sum() / sizes.sum():.2f} |"
    )


if __name__ == "__main__":
    main()
