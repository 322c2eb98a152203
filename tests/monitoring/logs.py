"""Logs made of chance: a gate with a known training, and decisions of it on drawn readings."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "models"), str(HERE.parent / "features")]

from tiny import MEASURES, tiny_gate  # noqa: E402 - found only now

from imagegate.models.artifact import read_gate, save_gate  # noqa: E402
from imagegate.models.gate import Gate  # noqa: E402
from imagegate.training.learning.ood import fit_detector  # noqa: E402

EDGE, NOISE, HEIGHT, DENSITY = range(4)


def readings(count: int, seed: int) -> NDArray[np.float32]:
    """Draw readings as training has them: a tenth without height, a third without noise."""
    rng = np.random.default_rng(seed)
    height = np.where(
        rng.random(count) < 0.015, rng.normal(7, 0.3, count), rng.normal(14, 2, count)
    )
    X = np.stack(
        [
            2 + rng.gamma(2, 0.7, count),
            np.where(rng.random(count) < 1 / 3, 0, rng.gamma(2, 2, count)),
            np.where(rng.random(count) < 0.1, np.nan, height),
            rng.uniform(0.02, 0.3, count),
        ],
        axis=1,
    )
    return X.astype(np.float32)


def watched_gate(**facts: Any) -> Gate:
    """Return the tiny gate with a detector and a card that know this training."""
    X = readings(2000, seed=100)
    detector = fit_detector(X, np.arange(2000).astype(str), readings(1000, seed=101), seed=0)
    # four measures leave little room: without this, small letters alone would be unfamiliar
    detector = replace(detector, limit=2 * detector.limit)
    parts = {"train": {"sources": 2000, "rows": 2000, "fails": 500}}
    gate = tiny_gate(parts=parts, hash="c0ffee" * 10, guard={"false_alarms": 0.015}, **facts)
    rng = np.random.default_rng(5)
    raw = gate.forest.decision(X[:300])
    p = gate.calibration.probability(raw)
    history = replace(
        gate.history,
        raw=raw,
        fails=rng.random(300) < p,
        source=np.arange(300, dtype=np.int32),
        familiar=np.ones(300, bool),
    )
    return replace(gate, ood=detector, history=history)


def rows(gate: Gate, X: NDArray[np.float32], **facts: Any) -> list[dict[str, Any]]:
    """Return what the log says of images with these readings."""
    lines = []
    given = zip(X, gate.p_fail(X), gate.decisions(X), gate.unfamiliar(X), strict=True)
    for i, (x, p, decision, odd) in enumerate(given):
        cause = "unfamiliar" if odd else "blur"
        held = decision != "pass"
        plain = {
            "path": f"{facts.get('batch', 'run')}/{i}.png",
            "page": 1,
            "pages": 1,
            "sha256": None,
            "route": {"pass": "use"}.get(str(decision), str(decision)),
            "repair": None,
            "p_repaired": None,
            "decision": str(decision),
            "ok": not held,
            "p_fail": None if odd else float(p),
            "reasons": [{"cause": cause}] if held else [],
            "measures": {n: None if v != v else float(v) for n, v in zip(MEASURES, x, strict=True)},
            "gate": gate.name,
            "error": None,
            "time": "2026-11-21T16:03:12Z",
            "gate_hash": gate.card.hash,
        }
        lines.append(plain | facts)
    return lines


def write(path: Path, lines: Iterable[dict[str, Any]]) -> Path:
    """Write lines as a log."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def small(count: int, seed: int) -> NDArray[np.float32]:
    """Draw images with letters as small as training had few, else like it."""
    X = readings(count, seed)
    X[:, HEIGHT] = np.random.default_rng(seed).normal(7, 0.3, count)
    return X


def filed(gate: Gate, folder: Path) -> tuple[Gate, str]:
    """Return a gate as read from its file, which gives it a hash, and the file."""
    file = folder / f"{gate.name}.gate"
    save_gate(gate, file)
    return read_gate(file), str(file)


def feedback_of(path: Path, lines: Iterable[dict[str, Any]], failed: Iterable[bool]) -> Path:
    """Write what became of the images of some lines."""
    answers = zip(lines, failed, strict=True)
    path.write_text(
        "path,failed\n" + "".join(f"{row['path']},{int(bad)}\n" for row, bad in answers)
    )
    return path
