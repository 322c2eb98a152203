"""Count what logs say, by day or batch, in memory that does not grow with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import numpy as np

from imagegate.models.beyond import LITTLE_TEXT
from imagegate.models.gate import Gate
from imagegate.models.rules import RulesGate
from imagegate.models.verdict import BROKEN, Row, route_of
from imagegate.monitoring.feedback import Matches
from imagegate.monitoring.histograms import Histograms, Reference
from imagegate.monitoring.log import By, default_by, is_of, period_of, rows_of
from imagegate.pipeline.summary import Chances, Tally
from imagegate.text import agree, count

BUFFER = 128  # rows whose measures are counted together
MOST_REMEMBERED = 1_000_000  # images, by 8 bytes each: some 100 MB in all


@dataclass(eq=False)
class Period:
    """What happened to the images of one day or batch, or of all."""

    name: str  # of the day or batch, or "all"
    histograms: Histograms | None  # None for rules, which have no training to compare with
    tally: Tally = field(default_factory=Tally)
    covered: Chances = field(default_factory=Chances)  # of those that the guarantee is about
    unfamiliar: int = 0  # out of distribution
    beyond: int = 0  # used beyond the gate's own threshold
    passed: int = 0  # by the gate, whatever a policy made of them
    _buffer: list[list[float]] = field(default_factory=list)

    def add(self, row: Row, *, covered: bool) -> None:
        """Count one row; ``covered`` tells whether the gate's guarantee is about it."""
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
        if self.histograms:
            values = (row["measures"].get(name) for name in self.histograms.reference.measures)
            self._buffer.append([np.nan if value is None else float(value) for value in values])
            if len(self._buffer) >= BUFFER:
                self.flush()

    def flush(self) -> None:
        """Count the measures of the rows in the buffer."""
        if self.histograms and self._buffer:
            self.histograms.add(np.array(self._buffer))
            self._buffer.clear()

    def merge(self, other: Period) -> None:
        """Add what another has counted, but for its tally."""
        self.unfamiliar += other.unfamiliar
        self.beyond += other.beyond
        self.passed += other.passed
        self.covered.merge(other.covered)
        if self.histograms and other.histograms:
            self.histograms.merge(other.histograms)

    @property
    def judged(self) -> int:
        """How many images have a verdict."""
        return self.tally.images - self.tally.routes[BROKEN]


def is_unfamiliar(row: Row) -> bool:
    """Tell whether an image is out of distribution, even if its reason is a plain cause.

    Then a learned gate gives no probability, unless it rejects the image; nor does it of too little
    text or beyond the limits of the engine, which are nothing new.
    """
    causes = {reason["cause"] for reason in row["reasons"]}
    learned = row["decision"] is not None and not row["gate"].startswith("rules:")
    little = any(reason.get("code") == LITTLE_TEXT for reason in row["reasons"])
    known = little or "limits" in causes
    return "unfamiliar" in causes or (learned and row["p_fail"] is None and not known)


class Repeats:
    """Counts rows of the same content and page as an earlier one of their day or batch.

    Of ``most`` images the content is remembered; of later ones no repeat is noticed.
    """

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self.count = 0
        self._most = most
        self._seen: set[bytes] = set()

    def add(self, row: Row, *, period: str) -> None:
        """Note a row; one without a sha256 is left out."""
        if not row["sha256"]:
            return
        text = f"{row['sha256']} {row['page']} {period}"
        key = blake2b(text.encode("utf-8"), digest_size=8).digest()
        if key in self._seen:
            self.count += 1
        elif len(self._seen) < self._most:
            self._seen.add(key)

    def note(self, by: str) -> str:
        """Say how many there are; "" if none."""
        if not self.count:
            return ""
        least = "At least " if len(self._seen) >= self._most else ""
        return (
            f"{least}{count(self.count, 'decision')} {agree(self.count, 'repeats', 'repeat')} "
            f"content of the same {by} and {agree(self.count, 'counts', 'count')} again, also in "
            "the expected failures."
        )


@dataclass(eq=False)
class LogCounts:
    """What was counted in some logs."""

    by: By
    total: Period
    periods: dict[str, Period] = field(default_factory=dict)
    unreadable: int = 0  # lines that are no decision, such as one that was cut off
    others: Counter[tuple[str, str]] = field(default_factory=Counter)  # by gate and hash
    repeats: Repeats = field(default_factory=Repeats)

    def finish(self) -> None:
        """Put days in order, and sum up."""
        if self.by == "day":
            self.periods = dict(sorted(self.periods.items()))
        for period in self.periods.values():
            period.flush()
            self.total.merge(period)

    def notes(self) -> Iterator[str]:
        """Say what was left out, and what counts twice."""
        if self.unreadable:
            yield (
                f"{count(self.unreadable, 'line')} of the logs could not be read and "
                f"{agree(self.unreadable, 'is', 'are')} left out."
            )
        for (name, written), number in sorted(self.others.items()):
            version = f" ({written[:12]})" if written else ""
            decisions = f"{count(number, 'decision')} of another gate {agree(number, 'is', 'are')}"
            yield f"{decisions} left out: {name}{version}."
        if repeats := self.repeats.note(self.by):
            yield repeats


def read_logs(
    logs: Sequence[Path],
    gate: Gate | RulesGate,
    reference: Reference | None,
    *,
    by: By | None = None,
    matches: Matches | None = None,
) -> LogCounts:
    """Count every line of the logs, and match it with outcomes.

    Decisions of gates other than ``gate`` are counted and left out. Periods are by default days,
    if the logs are about several.
    """
    found = LogCounts(by or default_by(logs), _period("all", reference))
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
                covered = _is_covered(row, highest)
                found.periods[name].add(row, covered=covered)
                found.total.tally.add(row)
                found.repeats.add(row, period=name)
                if matches:
                    matches.add(row, period=name, covered=covered)
    found.finish()
    return found


def _is_covered(row: Row, highest: float | None) -> bool:
    """Tell whether an image was used, and not beyond the gate's own threshold by a policy.

    ``highest`` is that threshold; None for rules, which use what they pass.
    """
    known = highest is None or (row["p_fail"] is not None and row["p_fail"] <= highest)
    return known and route_of(row) == "use"


def _period(name: str, reference: Reference | None) -> Period:
    return Period(name, Histograms(reference) if reference else None)
