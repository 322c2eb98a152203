"""What came of labelling: how many rows, what went wrong, which sources could not serve."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NUMBER = re.compile(r"\d+(\.\d+)?(e[-+]\d+)?")


@dataclass(frozen=True)
class LabelReport:
    """What came of a run.

    Parameters
    ----------
    path : Path
        The corpus folder.
    rows, sources, errors, fails : int
        Rows in all, sources that gave them, rows with an error, rows over the limit.
    dropped : dict
        Why, by source.
    reasons : tuple of (str, int, str)
        What went wrong in rows with an error, the commonest first: the message, in how many rows,
        and the first of them. Messages that differ in numbers alone count together.
    clean, clean_fails : int
        Rows of sources as they are, without error; and on how many of them the task fails.
    errors_fail : bool
        Whether rows with an error count as failures; then they are among ``fails``.
    """

    path: Path
    rows: int
    sources: int
    errors: int
    fails: int
    dropped: dict[str, str]
    reasons: tuple[tuple[str, int, str], ...] = ()
    clean: int = 0
    clean_fails: int = 0
    errors_fail: bool = False

    @property
    def fail_share(self) -> float:
        """The share of the usable rows on which the task failed."""
        return self.fails / max(1, self.usable)

    @property
    def usable(self) -> int:
        """The rows that can be learned from."""
        return self.rows if self.errors_fail else self.rows - self.errors


def clean_rows(table: Any, limit: float) -> tuple[int, int]:
    """Count the rows of sources as they are, and those on which the task fails."""
    clean = [
        cause == "clean" and not error
        for cause, error in zip(table["cause"].to_pylist(), table["error"].to_pylist(), strict=True)
    ]
    losses = [loss for loss, kept in zip(table["loss"].to_pylist(), clean, strict=True) if kept]
    return len(losses), sum(loss > limit for loss in losses)


def common(rows: Sequence[str], errors: Sequence[str]) -> list[tuple[str, int, str]]:
    """Return what went wrong, the commonest first, with the first row that tells it."""
    first: dict[str, tuple[str, str]] = {}
    times: Counter[str] = Counter()
    for row, error in zip(rows, errors, strict=True):
        if error:
            kind = NUMBER.sub("#", error)
            first.setdefault(kind, (error, row))
            times[kind] += 1
    return [(first[kind][0], count, first[kind][1]) for kind, count in times.most_common()]


def report(folder: Path, meta: dict[str, Any]) -> LabelReport:
    """Sum up a complete corpus."""
    sources = sum(part["sources"] for part in meta["sets"].values()) - len(meta["dropped"])
    errors_fail = "errors_as" in meta
    fails = meta["fails"] + (meta["errors"] if errors_fail else 0)
    counts = (meta["rows"], sources, meta["errors"], fails)
    told = tuple((str(why), int(times), str(row)) for why, times, row in meta.get("reasons", []))
    clean, clean_fails = meta.get("clean", (0, 0))
    dropped = meta["dropped"]
    return LabelReport(folder, *counts, dropped, told, clean, clean_fails, errors_fail)
