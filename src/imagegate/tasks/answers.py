"""Read what a program answered in JSON: from its standard output, or from a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from imagegate.errors import OutputError

SHOWN = 80  # characters of an answer that is none


def parse_json(text: str) -> Any:
    """Return the JSON value that a program printed.

    Raises
    ------
    OutputError
        If it is none.
    """
    try:
        return json.loads(text, parse_constant=no_number)
    except (ValueError, RecursionError) as error:
        raise OutputError(f"expected JSON, got {text.strip()[:SHOWN]!r}: {error}") from None


def no_number(name: str) -> Any:
    """Refuse NaN and Infinity, which Python reads though JSON does not have them."""
    raise ValueError(f"{name} is no JSON")


def read_json(path: str) -> Any:
    """Return the JSON value in a UTF-8 file.

    Raises
    ------
    OutputError
        If there is none in it; with the file's name.
    """
    try:
        return parse_json(Path(path).read_text(encoding="utf-8-sig"))
    except (OutputError, UnicodeDecodeError) as error:
        raise OutputError(f"{path}: {error}") from None
