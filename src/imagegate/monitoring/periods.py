"""Count what logs say, by day or batch, in a memory that has a limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from imagegate.models.gate import Gate
from imagegate.models.rules import RulesGate
from imagegate.models.verdict import BROKEN, Row, route_of
from imagegate.monitoring.asked import is_of
from imagegate.monitoring.feedback import Matches
from imagegate.monitoring.lines import By, period_of, rows_of, usual_by
from imagegate.monitoring.reference import Cells, Reference
from imagegate.monitoring.repeats import Repeats
from imagegate.pipeline.summary import Chances, Tally

BUFFER = 128  # rows that are counted in their cells together


@dataclass(eq=False)
class Period:
    """What happened to the images of one day or batch, or of all.

    Parameters
    ----------
    name : str
        The day, the batch, or ``"all"``.
    cells : Cells or None
        Their readings; None for rules, which have no training to compare with.
    tally : Tally
        Routes, reasons and chances.
    covered : Chances
        Of those used up to the gate's own threshold: what its promise is about.
    unfamiliar, beyond, passed : int
        How many the guard held back; how many were used beyond the gate's own threshold; how many
        the gate passed, whatever a policy made of them.
    """

    name: str
    cells: Cells | None
    tally: Tally = field(default_factory=Tally)
    covered: Chances = field(default_factory=Chances)
    unfamiliar: int = 0
    beyond: int = 0
    passed: int = 0
    buffer: list[list[float]] = field(default_factory=list)

    def add(self, row: Row, *, covered: bool) -> None:
        """Count one row; ``covered`` tells whether the gate's promise is about it."""
        self.tally.add(row)
        route = route_of(row)
        if route == BROKEN:
            return
        self.unfamiliar += is_unfamiliar(row)
        self.passed += row["decision"] == "pass"
        if covered:
            self.covered.add(row["p_fail"])
        elif route == "use":
            self.beyond += 1
        if self.cells:
            read = row["measures"].get
            names = self.cells.reference.measures
            self.buffer.append([np.nan if (x := read(n)) is None else float(x) for n in names])
            if len(self.buffer) >= BUFFER:
                self.count()

    def count(self) -> None:
        """Count the readings of the rows that wait."""
        if self.cells and self.buffer:
            self.cells.add(np.array(self.buffer))
            self.buffer.clear()

    @property
    def judged(self) -> int:
        """How many images there is a verdict on."""
        return self.tally.images - self.tally.routes[BROKEN]


def is_unfamiliar(row: Row) -> bool:
    """Tell whether the guard held an image back, plain as its cause may be.

    Then a learned gate gives no probability, unless it rejects the image.
    """
    told = any(reason["cause"] == "unfamiliar" for reason in row["reasons"])
    learned = row["decision"] is not None and not row["gate"].startswith("rules:")
    return told or (learned and row["p_fail"] is None)


@dataclass(eq=False)
class Watched:
    """All that was found in some logs.

    Parameters
    ----------
    by : {"day", "batch"}
        What the periods are.
    total : Period
        All of them together.
    matches : Matches or None
        Which outcomes the logs are about.
    periods : dict of str to Period
        Days in their order, batches as they came.
    unreadable : int
        Lines that are no decision, such as one that was cut off.
    others : Counter
        Lines of other gates, by name and hash.
    repeats : Repeats
        Decisions about the same content within a period.
    """

    by: By
    total: Period
    matches: Matches | None = None
    periods: dict[str, Period] = field(default_factory=dict)
    unreadable: int = 0
    others: Counter[tuple[str, str]] = field(default_factory=Counter)
    repeats: Repeats = field(default_factory=Repeats)


def read_logs(
    logs: Sequence[Path],
    gate: Gate | RulesGate,
    reference: Reference | None,
    *,
    by: By | None = None,
    matches: Matches | None = None,
) -> Watched:
    """Read every line of the logs.

    Parameters
    ----------
    logs : sequence of Path
        Logs of decisions, or verdicts of ``imagegate check --json``.
    gate : Gate or RulesGate
        Whose decisions are asked about; those of others are counted and left out.
    reference : Reference or None
        Its cells are counted in.
    by : {"day", "batch"}, optional
        By default days, if the logs are about several.
    matches : Matches, optional
        Is told of every line.

    Raises
    ------
    SettingsError
        If a log cannot be read.
    """
    found = Watched(by or usual_by(logs), _period("all", reference), matches)
    highest = gate.thresholds.highest if isinstance(gate, Gate) else None
    for log in logs:
        for row in rows_of(log):
            if row is None:
                found.unreadable += 1
            elif not is_of(row, gate):
                found.others[row["gate"], row["gate_hash"] or ""] += 1
            else:
                name = period_of(row, found.by, log)
                if name not in found.periods:
                    found.periods[name] = _period(name, reference)
                covered = is_covered(row, highest)
                found.periods[name].add(row, covered=covered)
                found.total.tally.add(row)
                found.repeats.add(row, period=name)
                if matches:
                    matches.add(row, period=name, covered=covered)
    return _finished(found)


def is_covered(row: Row, highest: float | None) -> bool:
    """Tell whether an image was used, and not beyond the gate's own threshold as a policy may.

    ``highest`` is that threshold; None for rules, which use what they pass.
    """
    if route_of(row) != "use":
        return False
    return highest is None or (row["p_fail"] is not None and row["p_fail"] <= highest)


def _period(name: str, reference: Reference | None) -> Period:
    return Period(name, Cells(reference) if reference else None)


def _finished(found: Watched) -> Watched:
    """Count what waits, put days in order, and sum up."""
    if found.by == "day":
        found.periods = dict(sorted(found.periods.items()))
    for period in found.periods.values():
        period.count()
        found.total.unfamiliar += period.unfamiliar
        found.total.beyond += period.beyond
        found.total.passed += period.passed
        found.total.covered.merge(period.covered)
        if period.cells and found.total.cells:
            found.total.cells.merge(period.cells)
    return found
