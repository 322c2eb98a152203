"""Read the plain values on a card: every reader returns its value, or raises what is wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

Reader = Callable[[Any], Any]


def text(value: Any) -> str:
    """Read text."""
    if not isinstance(value, str):
        raise TypeError("expected text")
    return value


def whole(value: Any) -> int:
    """Read a whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("expected a whole number")
    return value


def count(value: Any) -> int:
    """Read how many."""
    if whole(value) < 0:
        raise ValueError("expected 0 or more")
    return whole(value)


def truth(value: Any) -> bool:
    """Read whether."""
    if not isinstance(value, bool):
        raise TypeError("expected true or false")
    return value


def number(value: Any) -> float:
    """Read a finite number; Python's reader of JSON knows others, too."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("expected a number")
    if not math.isfinite(value):
        raise ValueError("expected a finite number")
    return value


def part(value: Any) -> float:
    """Read a number from 0 to 1."""
    if not 0 <= number(value) <= 1:
        raise ValueError("expected a number from 0 to 1")
    return number(value)


def share(value: Any) -> float:
    """Read a number between 0 and 1, neither of them."""
    if number(value) in (0, 1):
        raise ValueError("expected a share between 0 and 1")
    return part(value)


def anything(value: Any) -> Any:
    """Read what nobody asks for by name."""
    return value


def maybe(reader: Reader) -> Reader:
    """Return a reader of a value that may be missing."""
    return lambda value: None if value is None else reader(value)


def each(reader: Reader, *, size: int | None = None) -> Reader:
    """Return a reader of a list."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple) or size not in (None, len(value)):
            raise TypeError("expected a list" + (f" of {size}" if size else ""))
        return tuple(_inside(i + 1, reader, item) for i, item in enumerate(value))

    return read


def named(reader: Reader = anything) -> Reader:
    """Return a reader of an object with any names."""

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise TypeError("expected an object")
        return {name: _inside(name, reader, item) for name, item in value.items()}

    return read


def entries(needed: Mapping[str, Reader], **others: Reader) -> Reader:
    """Return a reader of an object with the entries needed; others may be missing, or more."""
    readers = {**needed, **others}

    def read(value: Any) -> dict[str, Any]:
        given = named()(value)
        missing = sorted(set(needed) - set(given))
        if missing:
            raise ValueError(f"lacks {', '.join(missing)}")
        return {name: _inside(name, readers.get(name, anything), v) for name, v in given.items()}

    return read


def _inside(name: str | int, reader: Reader, value: Any) -> Any:
    try:
        return reader(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: {error}") from None
