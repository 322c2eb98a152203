"""The two consoles, the progress bar and the small words that every command shares."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from imagegate.errors import SettingsError

if TYPE_CHECKING:
    from imagegate.models.gate import Gate
    from imagegate.models.rules import RulesGate

out = Console(highlight=False, emoji=False)
err = Console(stderr=True, highlight=False, emoji=False)

DECISION_STYLE = {"pass": "bold green", "review": "bold yellow", "reject": "bold red"}


def complain(message: str) -> None:
    """Say on standard error what went wrong."""
    err.print(f"[bold red]error:[/] {plain(message)}", soft_wrap=True)


def plain(text: str) -> str:
    """Return text for a console: no markup, and nothing that a terminal would obey."""
    safe = (char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    return escape("".join(safe))


def say(*lines: str) -> None:
    """Print lines of text as they are."""
    for line in lines:
        out.print(plain(line), soft_wrap=True)


def print_table(header: Sequence[str], *rows: Sequence[str]) -> None:
    """Print rows of text below a bold header."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in header:
        table.add_column(title, overflow="fold")  # no interval is cut off in a narrow terminal
    for row in rows:
        table.add_row(*map(plain, row))
    out.print(table)


def cards(gate: Gate | RulesGate) -> dict[str, Any]:
    """Return a gate's card as plain values, with that of its gate of outputs, if it has one."""
    card = gate.card.to_dict()
    output = getattr(gate, "output", None)
    return {**card, "output": output.card.to_dict()} if output else card


def print_json(value: Mapping[str, Any]) -> None:
    """Print one object on one line, whatever the terminal is."""
    out.file.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")


class Tell(Protocol):
    """Takes how much is done of how much, and a note."""

    def __call__(self, done: int, total: int, note: str) -> None:
        """Show it."""


QUIET_SECONDS = 30.0


@contextmanager
def progress(what: str) -> Iterator[Tell]:
    """Yield ``tell(done, total, note)``: a bar, or lines where nobody looks."""
    if not err.is_terminal:
        yield plain_progress(what)
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("for"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=err,
        transient=True,
    ) as bar:
        ticks = bar.add_task(what, total=None, note="")

        pace = Pace()

        def tell(done: int, total: int, note: str) -> None:
            rate = f"{pace.rate(done):.1f}/s "
            bar.update(ticks, completed=done, total=total, note=rate + note)

        yield tell


def plain_progress(what: str) -> Tell:
    """Return a ``tell`` that prints one line every half minute."""
    last, pace = time.monotonic(), Pace()

    def tell(done: int, total: int, note: str) -> None:
        nonlocal last
        rate = pace.rate(done)
        if time.monotonic() - last > QUIET_SECONDS:
            last = time.monotonic()
            left = f", {timedelta(seconds=round((total - done) / rate))} left" if rate else ""
            err.print(f"{what}: {done:,} of {total:,}, {rate:.1f}/s{left} {note}", soft_wrap=True)

    return tell


class Pace:
    """How fast it goes; what an earlier run has done does not count."""

    def __init__(self) -> None:
        self.begun_with = -1
        self.since = 0.0

    def rate(self, done: int) -> float:
        """Return how many a second, since the first time it was asked."""
        if self.begun_with < 0:
            self.begun_with, self.since = done, time.monotonic()
        return (done - self.begun_with) / max(time.monotonic() - self.since, 1e-9)


def percent(share: float | None, digits: int = 0) -> str:
    """Return ``0.123`` as ``12 %``, and ``n/a`` for what is undefined."""
    return "n/a" if share is None or share != share else f"{100 * share:.{digits}f} %"


def named(text: str, expected: str) -> tuple[str, str]:
    """Split ``NAME=VALUE``."""
    name, found, value = text.partition("=")
    if not (found and name and value):
        raise SettingsError(f"expected {expected}, got {text!r}")
    return name, value
