"""Read JSON and text that engines answer, printed or in a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from imagegate.errors import OutputError

SHOWN = 80  # characters of an answer that is none


def parse_json(text: str) -> Any:
    """Return the JSON value that a program printed, or raise OutputError if it is none."""
    try:
        return json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise OutputError(f"expected JSON, got {text.strip()[:SHOWN]!r}: {error}") from None


def refuse_constant(name: str) -> Any:
    """Refuse NaN and Infinity, which Python reads though JSON does not have them."""
    raise ValueError(f"{name} is no JSON")


def parsed_file(parse: Callable[[str], Any], path: str) -> Any:
    """Parse the text of a UTF-8 file, or raise OutputError with the file's name."""
    try:
        return parse(Path(path).read_text(encoding="utf-8-sig"))
    except (OutputError, UnicodeDecodeError) as error:
        raise OutputError(f"{path}: {error}") from None
