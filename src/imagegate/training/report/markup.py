"""Small pieces of HTML for the report: tables, values with intervals, facts of a card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any


def table(titles: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Return a table; titles are escaped, cells are HTML already."""
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "\n".join(f"<tr{mark}>{''.join(map(_td, cells))}</tr>" for mark, cells in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _td(text: str) -> str:
    return text if text.startswith("<th") else f"<td>{text}</td>"


def fact(value: Any) -> str:
    """Return a value of the card: nested mappings as tables, lists in a line."""
    if isinstance(value, Mapping):
        rows = [("", [escape(str(key)), fact(part)]) for key, part in value.items()]
        return table([], rows) if rows else "none"
    if isinstance(value, list | tuple):
        return ", ".join(fact(part) for part in value) or "none"
    return escape(f"{value:g}" if isinstance(value, float) else str(value))


def line(text: str) -> str:
    """Put what a line of the card is about in bold."""
    topic, colon, rest = text.partition(": ")
    return f"<strong>{escape(topic)}</strong>: {escape(rest)}" if colon else escape(text)


def two_lines(text: str) -> str:
    """Put the interval below the value."""
    value, bracket, interval = text.partition(" (")
    return f"{value}<small>{interval.rstrip(')')}</small>" if bracket else value
