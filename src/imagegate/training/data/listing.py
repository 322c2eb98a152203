"""Read a list of images with what is known of each: a CSV file or a DataFrame."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagegate.errors import CorpusError


@dataclass(frozen=True)
class Listing:
    """Rows of texts with their numbers; a text that is not given is empty.

    ``name`` is that of the file, ``shown`` its path, ``folder`` what paths are relative to; those
    in a DataFrame are relative to the current folder.
    """

    name: str
    shown: str
    folder: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]


def is_frame(table: Any) -> bool:
    """Tell whether this is a DataFrame, of pandas or polars."""
    return hasattr(table, "columns") and (hasattr(table, "to_dicts") or hasattr(table, "to_dict"))


def read_listing(table: Any) -> Listing:
    """Read a DataFrame, or the CSV file at a path.

    Raises
    ------
    CorpusError
        If the file cannot be read, or is no CSV file in UTF-8.
    """
    if is_frame(table):
        return _from_frame(table)
    path = Path(table)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restkey="", restval="")
            columns = tuple(reader.fieldnames or ())
            rows = tuple((reader.line_num, row) for row in reader)
    except OSError as error:
        raise CorpusError(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(f"{path}: expected a CSV file in UTF-8: {error}") from error
    return Listing(path.name, str(path), path.absolute().parent, columns, rows)


def _from_frame(frame: Any) -> Listing:
    """Return the rows of a DataFrame as a CSV file would hold them."""
    values = frame.to_dicts() if hasattr(frame, "to_dicts") else frame.to_dict("records")
    rows = tuple(
        (number, {str(name): _text(value) for name, value in row.items()})
        for number, row in enumerate(values, start=1)
    )
    return Listing("DataFrame", "DataFrame", Path.cwd(), tuple(map(str, frame.columns)), rows)


def _text(value: Any) -> str:
    """Return a cell as text, empty for None and NaN; pandas makes floats of numbers with gaps."""
    if value is None or value != value:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
