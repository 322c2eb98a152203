"""An engine that is any program: ``my-ocr {image}`` or ``my-cut {image} {output}``."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from imagegate.errors import EngineError, SettingsError
from imagegate.tables import Pixels
from imagegate.tasks.task import UNTOLD, Engine, Task, no_files

SHELL_SIGNS = {"|", ">", "<", "&&", "||", ";", "2>&1"}
# An answer that never ends must not fill the memory; a complaint is cut to its end.
MOST_PRINTED, MOST_WRITTEN, LONGEST_COMPLAINT = 16_000_000, 256_000_000, 300
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
    parts = split(line)
    check(parts, line, task)
    to_file = any("{output}" in part for part in parts)
    name = f"output{SUFFIXES.get(task.truth, '.txt' if task.parse else '.png')}"

    def run(pixels: Pixels) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            names = {"image": f"{folder}/image.png", "output": f"{folder}/{name}"}
            _, data = cv2.imencode(".png", np.ascontiguousarray(pixels[..., ::-1]))
            Path(names["image"]).write_bytes(data.tobytes())
            try:
                text = call([fill(part, names) for part in parts])
                return written(names["output"], parts[0], task) if to_file else told(text, task)
            except EngineError as error:  # where the files were is chance: it says nothing
                raise type(error)(str(error).replace(f"{folder}/", "")) from None

    def open_command() -> Callable[[Pixels], Any]:
        if shutil.which(parts[0]) is None:
            raise SettingsError(f"cannot run {parts[0]}: no such program on the path")
        return run

    return Engine(line, open_command, lambda: "command line", UNTOLD)


def check(parts: list[str], line: str, task: Task) -> None:
    """Refuse a command line that lacks what the task needs."""
    for sign in SHELL_SIGNS.intersection(parts):
        raise SettingsError(f"no shell reads {line!r}: for {sign} write sh -c '…' {{image}}")
    if not any("{image}" in part for part in parts):
        raise SettingsError(f"expected {{image}} in the command line, got {line!r}")
    to_file = any("{output}" in part for part in parts)
    if not (to_file or task.parse):
        raise SettingsError(
            f"expected {{output}} in the command line for {task.name}, which cannot be printed "
            f"(no Task.parse): {line!r}"
        )
    if to_file and task.read_truth is no_files:
        raise SettingsError(
            f"{task.name} reads no files: let the program print, or give the task read_truth"
        )


def told(text: str, task: Task) -> Any:
    """Return what a program printed as an output."""
    if task.parse is None:
        raise EngineError(f"an output of {task.name} cannot be printed")
    return task.parse(text)


def written(path: str, program: str, task: Task) -> Any:
    """Return the file that a program wrote as an output."""
    if not Path(path).is_file():
        raise EngineError(f"{program} wrote no output file")
    if Path(path).stat().st_size > MOST_WRITTEN:
        raise EngineError(f"{program} wrote more than {MOST_WRITTEN:,} bytes")
    return task.read_truth(path)


def fill(part: str, names: dict[str, str]) -> str:
    """Put the file names into one part of the command line; other braces stay."""
    for name, value in names.items():
        part = part.replace(f"{{{name}}}", value)
    return part


def call(arguments: list[str]) -> str:
    """Run the program and return what it prints, or raise with what it complains of."""
    with tempfile.TemporaryFile() as complaints:
        try:
            program = subprocess.Popen(  # noqa: S603 the user's own program
                arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints
            )
        except OSError as error:
            raise EngineError(f"cannot run {arguments[0]}: {error.strerror}") from error
        with program:
            printed = program.stdout.read(MOST_PRINTED + 1) if program.stdout else b""
            if len(printed) > MOST_PRINTED:
                program.kill()
                raise EngineError(f"{arguments[0]} printed more than {MOST_PRINTED:,} bytes")
        if program.returncode:
            length = complaints.seek(0, os.SEEK_END)
            complaints.seek(max(0, length - LONGEST_COMPLAINT))
            complaint = complaints.read().decode(errors="replace").strip()
            said = f"{arguments[0]} {ended(program.returncode)}: {complaint}"
            raise EngineError(said.rstrip(": "))
    try:
        return printed.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EngineError(f"expected {arguments[0]} to print UTF-8, got other bytes") from error


def ended(code: int) -> str:
    """Say how a program ended.

    >>> ended(3), ended(-9)
    ('ended with 3', 'was ended by SIGKILL')
    """
    if code >= 0:
        return f"ended with {code}"
    names = {number.value: number.name for number in signal.Signals}
    return f"was ended by {names.get(-code, f'signal {-code}')}"


def split(line: str) -> list[str]:
    """Split a command line as a shell would; on Windows a backslash parts folders."""
    try:
        parts = shlex.split(line, posix=os.name != "nt")
    except ValueError as error:
        raise SettingsError(f"expected a command line, got {line!r}: {error}") from None
    return [part.strip("\"'") for part in parts] if os.name == "nt" else parts
