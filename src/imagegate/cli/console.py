"""The two consoles, the progress bar and the small words that every command shares."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

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

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

DECISION_STYLE = {"pass": "bold green", "review": "bold yellow", "reject": "bold red"}


def complain(message: str) -> None:
    """Say on standard error what went wrong."""
    err.print(f"[bold red]error:[/] {escape(message)}", soft_wrap=True)


def print_json(value: Mapping[str, Any]) -> None:
    """Print one object on one line, whatever the terminal is."""
    out.file.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")


def progress_bar() -> Progress:
    """Return a bar with count, rate-based time left and a free text; silent where nobody looks."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=err,
        transient=True,
    )


def percent(share: float | None, digits: int = 0) -> str:
    """Return ``0.123`` as ``12 %``, and ``n/a`` for what is undefined."""
    return "n/a" if share is None or share != share else f"{100 * share:.{digits}f} %"
