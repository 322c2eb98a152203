"""What reasons.py prints: shares right with their intervals, and what was said first instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ruin import RUINS, Ruin
from ruin_layout import LAYOUT_RUINS

KINDS = (*RUINS, *LAYOUT_RUINS)
CAUSES = tuple(dict.fromkeys(ruin.cause for ruin in KINDS))
RESAMPLES = 1000


@dataclass(frozen=True)
class Row:
    """One picture and what the gate said of it; ``chain`` holds what was done, () if nothing."""

    source: int
    set: str
    chain: tuple[Ruin, ...]
    passes: bool
    told: tuple[str, ...]  # the cause of each reason, the weightiest first
    codes: tuple[str, ...]

    @property
    def first(self) -> str:
        """The cause that the first reason names."""
        return self.told[0] if self.told else "none"

    @property
    def right(self) -> bool:
        """Whether the first reason is something that was done."""
        return self.first in {ruin.cause for ruin in self.chain}


def sources_of(rows: Sequence[Row]) -> list[int]:
    """Return the numbers of the sources, in order."""
    return sorted({row.source for row in rows})


def share(rows: Sequence[Row], hits: Sequence[bool]) -> str:
    """Return a share of the rows in percent, with its 95 % interval by source, and their number."""
    if not rows:
        return "n/a (0)"
    low, high = np.percentile(100 * resampled(rows, hits, sources_of(rows)), [2.5, 97.5])
    return f"{100 * np.mean(hits):.0f} % ({low:.0f}–{high:.0f}), {len(rows)}"


def resampled(rows: Sequence[Row], hits: Sequence[bool], sources: Sequence[int]) -> np.ndarray:
    """Return the share in each resample of the sources, NaN where none of its rows is drawn."""
    which = np.searchsorted(sources, [row.source for row in rows])
    sums = np.bincount(which, np.asarray(hits, float), len(sources))
    sizes = np.bincount(which, minlength=len(sources)).astype(float)
    even = np.full(len(sources), 1 / len(sources))
    drawn = np.random.default_rng(0).multinomial(len(sources), even, RESAMPLES)
    sizes = drawn @ sizes
    return np.where(sizes > 0, drawn @ sums / np.maximum(sizes, 1), np.nan)


def mean_over_causes(rows: Sequence[Row]) -> str:
    """Return the mean of the causes' shares right, with its interval."""
    parts = [[row for row in rows if row.chain[0].cause == cause] for cause in CAUSES]
    parts = [part for part in parts if part]
    if not parts:
        return "n/a"
    hits = [[row.right for row in part] for part in parts]
    drawn = [resampled(part, hit, sources_of(rows)) for part, hit in zip(parts, hits, strict=True)]
    low, high = np.percentile(100 * np.nanmean(drawn, axis=0), [2.5, 97.5])
    return f"{100 * np.mean([np.mean(hit) for hit in hits]):.1f} % ({low:.1f}–{high:.1f})"


def table(title: str, head: Sequence[object], lines: Iterable[Sequence[object]]) -> None:
    """Print a Markdown table."""
    print(f"\n### {title}\n\n| {' | '.join(map(str, head))} |\n|{' --- |' * len(head)}")
    for line in lines:
        print(f"| {' | '.join(map(str, line))} |")


def named(rows: Iterable[Row]) -> list[str]:
    """Return the names of columns: the causes, and whatever else was said first."""
    others = sorted({row.first for row in rows} - {*CAUSES, "unfamiliar", "none"})
    return [*CAUSES, "unfamiliar", *others, "none"]


def summary(rows: Sequence[Row]) -> list[str]:
    """Return the cells that every list of ruined pictures gets."""
    failing = [row for row in rows if not row.passes]
    among = [row.chain[0].cause in row.told for row in failing]
    strange = [row.first == "unfamiliar" for row in failing]
    return [
        share(failing, [row.right for row in failing]),
        f"{100 * np.mean(among):.0f} %" if failing else "n/a",
        f"{100 * np.mean(strange):.0f} %" if failing else "n/a",
        f"{100 * np.mean([row.passes for row in rows]):.0f} %" if rows else "n/a",
    ]


SUMMARY = ("first is right, pictures", "among the reasons", "first is unfamiliar", "still pass")


def show(rows: Sequence[Row]) -> None:
    """Print all that is known of pictures ruined by one cause."""
    failing, columns = [row for row in rows if not row.passes], named(rows)
    print(f"\nMean over causes: **{mean_over_causes(failing)}** right.")
    parts = {cause: [row for row in rows if row.chain[0].cause == cause] for cause in CAUSES}
    parts = {cause: part for cause, part in parts.items() if part}
    lines = [(cause, *summary(part)) for cause, part in [*parts.items(), ("all", rows)]]
    table("By cause", ("cause", *SUMMARY), lines)
    counts = Counter((row.chain[0].cause, row.first) for row in failing)
    lines = [(cause, *(counts[cause, name] for name in columns)) for cause in parts]
    table("True cause and first reason", ("true cause", *columns), lines)
    kinds = {ruin: [row for row in rows if row.chain == (ruin,)] for ruin in KINDS}
    kinds = {ruin: part for ruin, part in kinds.items() if part}
    lines = [(ruin.cause, ruin.kind, *summary(part)) for ruin, part in kinds.items()]
    table("By kind", ("cause", "kind", *SUMMARY), lines)
    sets = {
        name: [row for row in rows if row.set == name]
        for name in dict.fromkeys(r.set for r in rows)
    }
    means = {
        name: mean_over_causes([r for r in part if not r.passes]) for name, part in sets.items()
    }
    lines = [(name, means[name], *summary(part)) for name, part in sets.items()]
    table("By set", ("set", "mean over causes", *SUMMARY), lines)
    codes = sorted({row.codes[0] for row in failing if row.codes and row.codes[0]})
    if codes:
        found = Counter((row.chain[0], row.codes[0]) for row in failing if row.codes)
        lines = [(r.cause, r.kind, *(found[r, code] or "" for code in codes)) for r in kinds]
        table("Kind and code of the first reason", ("cause", "kind", *codes), lines)


def show_mixed(rows: Sequence[Row]) -> None:
    """Print how often the first reason is one of several causes."""
    lines = []
    for length in sorted({len(row.chain) for row in rows}):
        failing = [row for row in rows if len(row.chain) == length and not row.passes]
        strange = sum(row.first == "unfamiliar" for row in failing)
        lines.append((length, share(failing, [row.right for row in failing]), strange))
    head = ("causes in the chain", "first reason is one of them, pictures", "unfamiliar first")
    table("Mixtures", head, lines)


def show_small(rows: Sequence[Row], size: int) -> None:
    """Print what is said first of small pictures as they were found that do not pass."""
    columns, sizes = named(rows), Counter(row.set for row in rows)
    counts = Counter((row.set, row.first) for row in rows if not row.passes)
    lines = [(name, sizes[name], *(counts[name, cause] for cause in columns)) for name in sizes]
    title = f"Small pictures as found (shorter side up to {size} pixels) that do not pass"
    table(title, ("set", "of", *columns), lines)
