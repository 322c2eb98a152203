"""Tell before the work whether a file may be written where it was asked for."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable
from pathlib import Path

from imagegate.errors import SettingsError
from imagegate.models.artifact import gate_names

FIRST_BYTES = 1024  # in which a page begins
BEGINS = (b"<!doctype", b"<html")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def check_destination(path: str | Path, *, inputs: Iterable[str | Path] = ()) -> Path:
    """Make the folder of a file, and see that it can be written and is none of the inputs.

    Returns the file, its links followed. Inputs that are no file do not count.
    """
    target = Path(os.path.realpath(path))  # Path.resolve raises what is no OSError at a loop
    try:
        for one in map(Path, inputs):
            if target.exists() and one.exists() and target.samefile(one):
                raise SettingsError(
                    f"{path}: would replace {one}, which is read: choose another name"
                )
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_file() or target.is_dir():
            target.open("r+b").close()
        elif not target.exists():  # a pipe is not opened to find out
            target.open("xb").close()
            target.unlink()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be written ({error.strerror})") from error
    return target


def check_page(path: str | Path, *, inputs: Iterable[str | Path] = ()) -> Path:
    """Check a destination as above; it may replace nothing but an HTML page."""
    target = check_destination(path, inputs=inputs)
    if target.is_file():
        with target.open("rb") as file:
            begins = file.read(FIRST_BYTES).removeprefix(BYTE_ORDER_MARK).lstrip().lower()
        if begins and not begins.startswith(BEGINS):
            raise SettingsError(f"{path} already exists and is no HTML page: choose another name")
    return target


def check_gate_file(path: str | Path, *, inputs: Iterable[str | Path] = ()) -> Path:
    """Check a destination as above; it may replace nothing but a gate."""
    if str(path) in gate_names():
        raise SettingsError(f"{path} is the name of a gate that ships: call the file {path}.gate")
    target = check_destination(path, inputs=inputs)
    if target.is_file() and target.stat().st_size and not zipfile.is_zipfile(target):
        raise SettingsError(f"{path} already exists and is no gate: choose another name")
    return target
