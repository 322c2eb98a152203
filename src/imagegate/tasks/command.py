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
from imagegate.tables import Pixels
from imagegate.tasks.task import UNTOLD, Engine, Task

# What the file that a program writes is called, by what is true of images of the task.
SUFFIXES = {"mask": ".png", "picture": ".png", "json": ".json"}


def command_engine(line: str, task: Task) -> Engine:
    """Make an engine of a command line.

    Parameters
    ----------
    line : str
        ``{image}`` stands for a PNG file with the image, ``{output}`` for the file that
        the program writes. Without ``{output}`` its standard output is taken, if the task can
        be told in text. It runs without a shell.
    task : Task
        The task; it reads the output file the way it reads a truth file.

    Returns
    -------
    Engine
        Named by the command line. It knows no time limit of its own: labelling has one, and ends
        a program that goes beyond it with all that it has started.

    Raises
    ------
    SettingsError
        If the line lacks what the task needs.
    """
    try:
        parts = shlex.split(line)
    except ValueError as error:
        raise SettingsError(f"expected a command line, got {line!r}: {error}") from None
    to_file = any("{output}" in part for part in parts)
    if not any("{image}" in part for part in parts):
        raise SettingsError(f"expected {{image}} in the command line, got {line!r}")
    if not (to_file or task.parse):
        raise SettingsError(f"expected {{output}} in the command line for {task.name}: {line!r}")
    # what cannot be told in text is a picture: many programs go by the name that they are given
    name = f"output{SUFFIXES.get(task.truth, '.txt' if task.parse else '.png')}"

    def run(pixels: Pixels) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            names = {"image": f"{folder}/image.png", "output": f"{folder}/{name}"}
            _, data = cv2.imencode(".png", np.ascontiguousarray(pixels[..., ::-1]))
            Path(names["image"]).write_bytes(data.tobytes())
            text = call([fill(part, names) for part in parts])
            return written(names["output"], parts[0], task) if to_file else told(text, task)

    def open_command() -> Callable[[Pixels], Any]:
        return run

    return Engine(line, open_command, lambda: "command line", UNTOLD)


def told(text: str, task: Task) -> Any:
    """Return what a program printed as an output."""
    if task.parse is None:
        raise EngineError(f"an output of {task.name} cannot be printed")
    return task.parse(text)


def written(path: str, program: str, task: Task) -> Any:
    """Return the file that a program wrote as an output."""
    if not Path(path).is_file():
        raise EngineError(f"{program} wrote no output file")
    return task.read_truth(path)


def fill(part: str, names: dict[str, str]) -> str:
    """Put the file names into one part of the command line; other braces stay."""
    for name, value in names.items():
        part = part.replace(f"{{{name}}}", value)
    return part


def call(arguments: list[str]) -> str:
    """Run the program and return what it prints, or raise with what it complains of."""
    try:
        done = subprocess.run(  # noqa: S603 the user's own program
            arguments, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
    except OSError as error:
        raise EngineError(f"cannot run {arguments[0]}: {error.strerror}") from error
    if done.returncode:
        complaint = done.stderr.decode(errors="replace").strip()[-300:]
        raise EngineError(f"{arguments[0]} ended with {done.returncode}: {complaint}")
    return done.stdout.decode("utf-8", errors="replace")
