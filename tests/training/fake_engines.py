"""A task of telling how bright an image is, and engines that misbehave on marked images.

The mark is in the first pixel, in a colour that no other pixel has. Engines run in other
processes, so they live in a module.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from imagegate.engines.engine import Engine
from imagegate.tables import Pixels, Table
from imagegate.tasks.task import Task

FINE, RAISES, HANGS, EXITS, SEGFAULTS, KILLED, NAN, TEXT, HANGS_IN_CHILD = range(9)


def brightness(pixels: Pixels) -> float:
    return float(pixels.mean()) / 255


def moody(pixels: Pixels) -> Any:
    mark = int(pixels[0, 0, 0]) if tuple(pixels[0, 0, 1:]) == (255, 0) else FINE
    if mark == RAISES:
        raise ValueError("the engine\ndoes not like this")
    if mark == HANGS:
        time.sleep(600)
    if mark == EXITS:
        os._exit(7)
    if mark == SEGFAULTS:
        ctypes.string_at(0)
    if mark == KILLED:
        os.kill(os.getpid(), signal.SIGKILL)
    if mark == HANGS_IN_CHILD:
        subprocess.run([sys.executable, "-c", "import time; time.sleep(600)"], check=False)
    return {NAN: float("nan"), TEXT: "bright"}.get(mark, brightness(pixels))


def slow(pixels: Pixels) -> float:
    folder = os.environ.get("FAKE_ENGINE_PIDS")
    if folder:
        Path(folder, f"{os.getpid()}.pid").touch()
    time.sleep(0.05)
    return brightness(pixels)


def broken(pixels: Pixels) -> float:
    os._exit(3)


def no_engine() -> Callable[[Pixels], Any]:
    raise RuntimeError("no licence found")


def dies_loading() -> Callable[[Pixels], Any]:
    os._exit(9)


def loss(output: Any, truth: Any) -> float:
    return float(np.minimum(1.0, abs(output - truth) * 4))


def opener(run: Callable[[Pixels], Any]) -> Callable[[], Callable[[Pixels], Any]]:
    return lambda: run


ENGINES = Table(
    "engine",
    (
        *(Engine(run.__name__, opener(run), lambda: "1", "none") for run in (moody, slow, broken)),
        Engine("no_engine", no_engine, lambda: "1", "none"),
        Engine("dies_loading", dies_loading, lambda: "1", "none"),
    ),
)

TASK = Task(
    "brightness",
    loss,
    0.1,
    ENGINES,
    lambda output: output > 0.5,
    lambda path: float(Path(path).read_text()),
)


def write_images(folder: Path, marks: list[int], *, truth: bool = True, level: int = 90) -> None:
    """Write one small picture a mark, and its brightness beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, mark in enumerate(marks):
        rng = np.random.default_rng(place)
        coarse = rng.integers(level, level + 120, (6, 8, 3), dtype=np.uint8)
        pixels = cv2.resize(coarse, (96, 72), interpolation=cv2.INTER_LINEAR)
        pixels[0, 0] = (0, 255, mark)  # OpenCV writes blue first
        cv2.imwrite(str(folder / f"i{place:02d}.png"), pixels)
        if truth:
            (folder / f"i{place:02d}.txt").write_text(str(brightness(pixels)))
