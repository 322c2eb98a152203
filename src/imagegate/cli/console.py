"""The two consoles: lines, tables, JSON and progress."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from rich.text import Text

if TYPE_CHECKING:
    from imagegate.models.gate import Gate
    from imagegate.models.rules import RulesGate

out = Console(highlight=False, emoji=False)
err = Console(stderr=True, highlight=False, emoji=False)

GAP = 2  # between two columns of a table
QUIET_SECONDS = 30.0


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


def print_table(
    header: Sequence[str], *rows: Sequence[str], right: Collection[str] = (), markup: bool = False
) -> None:
    """Print rows below a bold header, no cell folded: columns that do not fit follow below.

    ``right`` names the columns whose cells are flush right; ``markup`` says that cells hold some.
    """
    cells = rows if markup else [[escape_lines(cell) for cell in row] for row in rows]
    columns = list(zip(header, *cells, strict=True))
    widths = [max(map(width, column)) + GAP for column in columns]
    start = 1
    while start < len(columns):
        stop = start + 1
        while stop < len(columns) and widths[0] + sum(widths[start : stop + 1]) <= out.width + GAP:
            stop += 1
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title, *_ in (columns[0], *columns[start:stop]):
            side: Any = "right" if title in right else "left"
            table.add_column(title, justify=side, no_wrap=True)
        for row in list(zip(columns[0], *columns[start:stop], strict=True))[1:]:
            table.add_row(*row)
        out.print(table)
        start = stop


def escape_lines(text: str) -> str:
    """Return a cell that may have several lines as plain text."""
    return "\n".join(map(plain, text.split("\n")))


def width(cell: str) -> int:
    """Return how many columns of a terminal a cell takes, without its markup."""
    return max(Text.from_markup(line).cell_len for line in cell.split("\n"))


def say_written(path: Path) -> None:
    """Say that a file was written, and its size."""
    size = f"{path.stat().st_size / 1000:,.0f} kB"
    out.print(f"written: {plain(str(path))} ({size})", soft_wrap=True)


def cards(gate: Gate | RulesGate) -> dict[str, Any]:
    """Return a gate's card as plain values, with that of its gate of outputs, if it has one."""
    card = gate.card.to_dict()
    output = getattr(gate, "output", None)
    return {**card, "output": output.card.to_dict()} if output else card


def print_json(value: Mapping[str, Any]) -> None:
    """Print one object on one line, whatever the terminal is."""
    out.file.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")


@contextmanager
def progress(what: str) -> Iterator[Callable[..., None]]:
    """Yield ``tell(done, total, note)``: a bar, or a line every half minute without a terminal."""
    bar = Progress(
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
        disable=not err.is_terminal,
        speed_estimate_period=600,
    )
    number, last = bar.add_task(what, total=None, note=""), time.monotonic()
    task = bar.tasks[0]

    def tell(done: int, total: int, note: str = "") -> None:
        nonlocal last
        bar.update(number, completed=done, total=total)
        rate = f"{task.speed or 0:.1f}/s"  # what an earlier run has done does not count
        bar.update(number, note=f"{rate} {note}")
        if bar.disable and time.monotonic() - last > QUIET_SECONDS:
            last, seconds = time.monotonic(), task.time_remaining
            left = f", {timedelta(seconds=seconds)} left" if seconds else ""
            err.print(f"{what}: {done:,} of {total:,}, {rate}{left} {note}", soft_wrap=True)

    with bar:
        yield tell
