"""Small folders of pictures, and what a run says of them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from imagegate.pipeline.files import images_under
from imagegate.pipeline.route import Router
from imagegate.pipeline.run import run

RULES = "rules:general"


def picture(path: Path, *, seed: int = 0, kind: str = ".png") -> Path:
    rng = np.random.default_rng(seed)
    pixels = cv2.resize(rng.integers(0, 255, (9, 12), np.uint8), (120, 90))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(kind, pixels)[1].tobytes())
    return path


def fill(folder: Path) -> Path:
    """Forty pictures in three folders, two of them broken, and a file that is none."""
    for i in range(40):
        picture(folder / "abc"[i % 3] / f"{i:02}.jpg", seed=i, kind=".jpg")
    (folder / "b" / "01.jpg").write_bytes(b"no picture")
    (folder / "c" / "02.jpg").write_bytes(b"")
    (folder / "notes.txt").write_text("not looked at")
    return folder


def looked_at(folder, out, **given):
    return run(Router(RULES), images_under([str(folder)]), str(out), **given)


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
