"""Fields of a document as JSON, such as an invoice's number, date and items."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

from imagegate.errors import OutputError
from imagegate.tables import Table
from imagegate.tasks.answers import parse_json, parsed_file
from imagegate.tasks.task import Task

Leaf = tuple[tuple[str, ...], str]


def leaves(value: Any, place: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Yield every field of a JSON value: its path, and its value in the form that is compared.

    Text is compared without regard to case and runs of white space, numbers by value; null is
    no field. All items of a list have the same path, so their order does not matter.

    >>> list(leaves({"total": 9.0, "items": [{"name": "Tea "}, {"name": None}]}))
    [(('total',), '9'), (('items', 'name'), 'tea')]
    """
    if isinstance(value, dict):
        for name, held in value.items():
            yield from leaves(held, (*place, str(name)))
    elif isinstance(value, list | tuple):
        for held in value:
            yield from leaves(held, place)
    elif isinstance(value, bool | int | float):
        yield place, str(value).lower() if isinstance(value, bool) else f"{value:.12g}"
    elif isinstance(value, str):
        yield place, " ".join(value.split()).casefold()
    elif value is not None:
        raise OutputError(f"expected JSON values, got {type(value).__name__}")


def field_loss(output: Any, truth: Any) -> float:
    """Return the share of the true fields that the output lacks or has otherwise.

    0..1; NaN if the truth has no field. Fields that were made up cost nothing: do not use it to
    compare two engines.

    >>> field_loss({"date": "2026-01-02", "total": 8}, {"date": "2026-01-02", "total": 9})
    0.5
    """
    wanted = Counter(leaves(truth))
    if not wanted:
        return math.nan
    return 1 - (wanted & Counter(leaves(output))).total() / wanted.total()


TASK = Task(
    "fields",
    loss=field_loss,
    failure_threshold=0.1,
    engines=Table("field reading engine", ()),
    verified=lambda output: any(True for _ in leaves(output)),
    read_truth=partial(parsed_file, parse_json),
    text=True,
    truth="json",
    parse=parse_json,
    onnx="",
    rules={"min_width": 300, "min_height": 300},
    about="read the fields of a document as JSON",
)
