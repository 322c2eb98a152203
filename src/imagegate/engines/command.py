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

from imagegate.engines.engine import Engine
from imagegate.errors import EngineError, SettingsError
from imagegate.tables import Pixels

SHELL_SIGNS = {"|", ">", "<", "&&", "||", ";", "2>&1"}
# An answer that never ends must not fill the memory; a complaint is cut to its end.
MOST_PRINTED, MOST_WRITTEN, LONGEST_COMPLAINT = 16_000_000, 256_000_000, 300


def command_engine(
    line: str,
    *,
    task: str,
    parse: Callable[[str], Any] | None,
    read: Callable[[str], Any] | None,
    suffix: str,
) -> Engine:
    """Make an engine from a command line, run without a shell and named by the line.

    ``{image}`` is a PNG file of the image, ``{output}`` the file that the program writes, with this
    suffix; ``read`` reads the output from it. Without ``{output}``, ``parse`` reads the standard
    output. Either is None if the task has no such form. Labelling sets the time limit, and kills a
    program that exceeds it together with its child processes.
    """
    parts = split(line)
    to_file = any("{output}" in part for part in parts)
    if not (to_file or parse):
        raise SettingsError(
            f"expected {{output}} in the command line for {task}, which cannot be printed "
            f"(no Task.parse): {line!r}"
        )
    if to_file and not read:
        raise SettingsError(
            f"{task} reads no files: let the program print, or give the task read_truth"
        )

    def run(pixels: Pixels) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            image, output = f"{folder}/image.png", f"{folder}/output{suffix}"
            _, data = cv2.imencode(".png", np.ascontiguousarray(pixels[..., ::-1]))
            Path(image).write_bytes(data.tobytes())
            filled = [part.replace("{image}", image).replace("{output}", output) for part in parts]
            try:
                text = call(filled)
                if to_file and read:
                    return read(written(output, parts[0]))
                return parse(text) if parse else None
            except EngineError as error:  # where the files were is chance: it says nothing
                raise type(error)(str(error).replace(f"{folder}/", "")) from None

    def open_command() -> Callable[[Pixels], Any]:
        if shutil.which(parts[0]) is None:
            raise SettingsError(f"cannot run {parts[0]}: no such program on the path")
        return run

    return Engine(line, open_command, lambda: "command line")


def written(path: str, program: str) -> str:
    """Return the path of the file that a program wrote, if it is there and not too long."""
    if not Path(path).is_file():
        raise EngineError(f"{program} wrote no output file")
    if Path(path).stat().st_size > MOST_WRITTEN:
        raise EngineError(f"{program} wrote more than {MOST_WRITTEN:,} bytes")
    return path


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
    names = {-number.value: number.name for number in signal.Signals}
    return (
        f"ended with {code}" if code >= 0 else f"was ended by {names.get(code, f'signal {-code}')}"
    )


def split(line: str) -> list[str]:
    """Split a command line as a shell would; on Windows a backslash parts folders."""
    try:
        parts = shlex.split(line, posix=os.name != "nt")
    except ValueError as error:
        raise SettingsError(f"expected a command line, got {line!r}: {error}") from None
    for sign in SHELL_SIGNS.intersection(parts):
        raise SettingsError(f"no shell reads {line!r}: for {sign} write sh -c '…' {{image}}")
    if not any("{image}" in part for part in parts):
        raise SettingsError(f"expected {{image}} in the command line, got {line!r}")
    return [part.strip("\"'") for part in parts] if os.name == "nt" else parts
