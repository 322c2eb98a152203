"""An engine that is any program: ``my-ocr {image}`` or ``my-cut {image} {output}``."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from imagegate.errors import EngineError, SettingsError
from imagegate.tables import Engine, Pixels, Task
from imagegate.tasks.transcript import OcrOutput


def command_engine(line: str, task: Task) -> Engine:
    """Make an engine of a command line.

    Parameters
    ----------
    line : str
        ``{image}`` stands for a PNG file with the image, ``{output}`` for the file that
        the program writes. Without ``{output}`` its standard output is the transcript.
        It runs without a shell.
    task : Task
        The task; it reads the output file the way it reads a truth file.

    Returns
    -------
    Engine
        Named by the command line.
    """
    parts = shlex.split(line)
    to_file = any("{output}" in part for part in parts)
    if not any("{image}" in part for part in parts):
        raise SettingsError(f"expected {{image}} in the command line, got {line!r}")
    if not (to_file or task.text):
        raise SettingsError(f"expected {{output}} in the command line for {task.name}: {line!r}")

    def run(pixels: Pixels) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            names = {"image": f"{folder}/image.png", "output": f"{folder}/output.png"}
            _, data = cv2.imencode(".png", np.ascontiguousarray(pixels[..., ::-1]))
            Path(names["image"]).write_bytes(data.tobytes())
            text = call([fill(part, names) for part in parts])
            return task.read_truth(names["output"]) if to_file else OcrOutput(text, float("nan"))

    def open_command() -> Callable[[Pixels], Any]:
        return run

    return Engine(line, open_command, lambda: "command line", "unknown")


def fill(part: str, names: dict[str, str]) -> str:
    """Put the file names into one part of the command line; other braces stay."""
    for name, value in names.items():
        part = part.replace(f"{{{name}}}", value)
    return part


def call(arguments: list[str]) -> str:
    """Run the program and return what it prints, or raise with what it complains of."""
    try:
        done = subprocess.run(arguments, capture_output=True, check=False)  # noqa: S603
    except OSError as error:
        raise EngineError(f"cannot run {arguments[0]}: {error.strerror}") from error
    if done.returncode:
        complaint = done.stderr.decode(errors="replace").strip()[-300:]
        raise EngineError(f"{arguments[0]} ended with {done.returncode}: {complaint}")
    return done.stdout.decode("utf-8", errors="replace")
