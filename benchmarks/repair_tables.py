"""The tables of docs/repair.md, from the rows that benchmarks/repair.py has made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from imagegate.models.gate import Gate
from imagegate.pipeline.repair import proven
from imagegate.stats.bootstrap import estimate, resample, share_interval
from imagegate.training.corpus import Corpus

DRAWS = 2000
SHARES = (1.0, 0.7, 0.5, 0.35, 0.25, 0.15, 0.1)  # of the gate's threshold, as limits
AFTER = "loss before → after | change | failed before → after"
Made = Mapping[str, Any]


def print_tables(gate: Gate, corpus: Corpus, rows: Sequence[Made], part: str) -> None:
    """Print what each mend did, and what all that are proven did together.

    On calibration images that is what limits are set by.
    """
    same = [row for row in rows if row["same"]]
    left_out = len(rows) - len(same)
    print(f"{len(same)} images that {gate.name} does not pass", end="")
    print(f"; {left_out} left out that came out otherwise than labelled\n" if left_out else "\n")
    limit, passing = gate.card.limit, gate.thresholds.passing
    if not same or passing is None:
        return
    print_let_through(same, dict.fromkeys(names(same), passing) | proven(gate), limit)
    print_all(same, limit)
    if part == "calibration":
        print_limits(same, passing, limit)
    print_together(gate, corpus, same)


def names(rows: Sequence[Made]) -> list[str]:
    """Return the mends that were tried."""
    return sorted({name for row in rows for name in row["mends"]})


def trials(rows: Sequence[Made], name: str) -> list[Made]:
    """Return the rows that a mend was tried on, with what it did."""
    return [
        {"group": row["group"], "p0": row["p"], "loss0": row["loss"], **row["mends"][name]}
        for row in rows
        if name in row["mends"]
    ]


def through(rows: Sequence[Made], most: float) -> list[Made]:
    """Return the rows whose mended image the gate finds good enough."""
    return [row for row in rows if row["p"] is not None and row["p"] <= most]


def header(*cells: str) -> str:
    """Return the first two lines of a table."""
    line = " | ".join(cells)
    return f"| {line} |\n|{' --- |' * (line.count('|') + 1)}"


def print_let_through(rows: Sequence[Made], limits: Mapping[str, float], limit: float) -> None:
    """Print the images that are good enough once mended."""
    print(header("repair", "tried", "p_fail at most", "passed", AFTER))
    for name in names(rows):
        tried = trials(rows, name)
        good = through(tried, limits[name])
        print(
            f"| {name} | {len(tried)} | {limits[name]:.3g} | {len(good)} | {cells(good, limit)} |"
        )
    print()


def print_all(rows: Sequence[Made], limit: float) -> None:
    """Print all images that a mend was tried on."""
    print(header("repair", "tried", "p_fail before → after", AFTER))
    for name in names(rows):
        tried = trials(rows, name)
        both = [(r["p0"], r["p"]) for r in tried if r["p0"] is not None and r["p"] is not None]
        before, after = np.mean(both, axis=0) if both else (np.nan, np.nan)
        print(f"| {name} | {len(tried)} | {before:.2f} → {after:.2f} | {cells(tried, limit)} |")
    print()


def print_limits(rows: Sequence[Made], passing: float, limit: float) -> None:
    """Print how many fail of those let through, by the p_fail asked of the mended image."""
    steps = [passing * share for share in SHARES]
    print(header("`p_fail` at most", *(f"≤ {step:.3f}" for step in steps)))
    for name in names(rows):
        good = [through(trials(rows, name), step) for step in steps]
        shown = [f"{sum(row['loss'] > limit for row in part)} of {len(part)}" for part in good]
        print(f"| {name} | {' | '.join(shown)} |")
    print()


def print_together(gate: Gate, corpus: Corpus, rows: Sequence[Made]) -> None:
    """Print what the proven mends do together, each image mended as the gate likes best."""
    limit, own = gate.card.limit, gate.passes(corpus.X)
    fails, groups = corpus.fails[own], corpus.column("group").astype(str)[own]
    rescued = [mended for row in rows if (mended := best(row, proven(gate)))]
    after = np.array([row["loss"] > limit for row in rescued], bool)
    where = [row["group"] for row in rescued]
    passed = f"{own.sum()} of {len(own)} images of this split pass unrepaired"
    print(f"- {passed}; of these fail {shown(fails, groups)}")
    print(f"- {len(rescued)} of {len(rows)} other images are repaired, in one way each")
    if rescued:
        loss, change, failed = cells(rescued, limit).split(" | ")
        print(f"- their loss: {loss}, change {change}; of them failed {failed}")
        target = f"risk target {gate.card.promise:.0%}"
        print(f"- of the repaired ones fail {shown(after, where)}; {target}")
        print(f"- of both together fail {shown([*fails, *after], [*groups, *where])}")


def best(row: Made, limits: Mapping[str, float]) -> Made | None:
    """Return the mend that the gate likes best of those that are good enough."""
    good = [
        {"group": row["group"], "loss0": row["loss"], **mended}
        for name, most in limits.items()
        if row["p"] is not None  # unlike anything the gate has learned from: never mended
        for mended in through([row["mends"][name]] if name in row["mends"] else [], most)
    ]
    return min(good, key=lambda mended: mended["p"], default=None)


def shown(fails: Any, groups: Any) -> str:
    """Return a share of failures with its interval."""
    share = share_interval(fails, groups)
    return f"{sum(fails)} ({share.value:.1%} [{share.low:.1%}, {share.high:.1%}])"


def cells(rows: Sequence[Made], limit: float) -> str:
    """Return three cells: loss before and after, its change with interval, failures."""
    if not rows:
        return "– | – | –"
    before, after = (np.array([row[key] for row in rows]) for key in ("loss0", "loss"))
    groups = [row["group"] for row in rows]
    drawn = resample(
        lambda w: {"change": (w @ (after - before)) / w.sum(axis=1)}, groups, count=DRAWS, seed=0
    )
    change = estimate(drawn["change"])
    interval = f"{change.value:+.3f} [{change.low:+.3f}, {change.high:+.3f}]"
    failed = f"{sum(before > limit)} → {sum(after > limit)}"
    return f"{before.mean():.3f} → {after.mean():.3f} | {interval} | {failed}"
