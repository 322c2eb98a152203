"""Match outcomes with decisions of the log, and compare failures with guarantee and forecast."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagegate.errors import SettingsError
from imagegate.models.gate import Gate
from imagegate.models.rules import RulesGate
from imagegate.models.verdict import Row, route_of
from imagegate.monitoring.histograms import Floats
from imagegate.pipeline.summary import Chances, Expected, expected_failures
from imagegate.stats.binomial import clopper_pearson
from imagegate.text import agree, count
from imagegate.training.data.outcomes import Outcome, Outcomes, names_of

REPAIRED = re.compile(r"\.repaired(-\d+)?\.png$")  # as imagegate sort names a repaired image

BIAS = (
    "Feedback that people chose to send is biased, mostly towards failures. Only images labelled "
    "at random show the true risk."
)
MOST_LINES = 5  # of the file that are named


@dataclass(frozen=True)
class Labelled:
    """What the log says about an image, and its label."""

    period: str
    route: str
    covered: bool  # whether the gate's guarantee is about it
    p_fail: float | None  # of the repaired image if it was repaired: the engine was given that
    failed: bool


class Matches:
    """Which outcomes a log is about; the *last* decision about an image counts."""

    def __init__(self, outcomes: Outcomes) -> None:
        self.outcomes = outcomes
        self.found: dict[int, Labelled] = {}  # by the outcome's line
        self.again = 0  # lines of the log about an image that an earlier one was about
        self._example: Row | None = None
        self._folder = str(Path.cwd())

    def add(self, row: Row, *, period: str, covered: bool) -> None:
        """Note a line of the log if there is an outcome of its image."""
        self._example = self._example or row
        alike = self._alike(row)
        if len(alike) != 1:  # of several contents under one name, which one is not known
            return
        (outcome,) = alike
        route = route_of(row)
        p_fail = row["p_repaired"] if route == "repair" else row["p_fail"]
        self.again += outcome.line in self.found
        self.found[outcome.line] = Labelled(period, route, covered, p_fail, outcome.failed)

    def _alike(self, row: Row) -> list[Outcome]:
        """Return the outcomes of a row's image, by its path or where it was written."""
        find, digest = self.outcomes.known.find, row["sha256"] or ""
        alike = find(names_of(row["path"], self._folder), row["page"], digest)
        if alike or not row["written"]:
            return alike
        # a repaired file has a content of its own, which the log does not know
        if route_of(row) != "repair":
            return find(names_of(row["written"], self._folder), row["page"], digest)
        repaired = find(names_of(row["written"], self._folder), row["page"], "")
        original = REPAIRED.sub("", row["written"])  # stands beside it
        return repaired or find(names_of(original, self._folder), row["page"], digest)

    def check(self, name: str | Path) -> None:
        """Raise SettingsError if no answer of the file ``name`` is about the logs."""
        if self.found or not self._example:
            return
        row, answers = self._example, self.outcomes.rows
        written = f", written to {row['written']}" if row["written"] else ""
        raise SettingsError(
            f"{name}: none of {count(len(answers), 'answer')} matches an image of the logs. The "
            f"logs have paths such as {row['path']}{written}; this file has paths such as "
            f"{answers[0].path} (if both sides have a sha256, it must be the same)"
        )

    def of(self, period: str | None) -> list[Labelled]:
        """Return the labelled images of a period of the log, or of all of it."""
        return [one for one in self.found.values() if period in (None, one.period)]

    def notes(self) -> list[str]:
        """Say what could not be used, and how far to trust the rest."""
        rows = self.outcomes.rows
        missing = [row.line for row in rows if row.line not in self.found]
        notes = []
        if missing:
            lines = ", ".join(map(str, missing[:MOST_LINES]))
            lines += " …" if len(missing) > MOST_LINES else ""
            notes.append(
                f"Feedback: {len(missing):,} of {count(len(rows), 'answer')} "
                f"{agree(len(missing), 'matches', 'match')} no image of this log "
                f"({agree(len(missing), 'line', 'lines')} {lines}). Answers are matched by path, "
                "by where sorting put the image, or by sha256; if both sides have a sha256, it "
                "must be the same."
            )
        if repeated := self.outcomes.repeated:
            notes.append(
                f"Feedback: {count(repeated, 'line')} {agree(repeated, 'repeats', 'repeat')} an "
                f"answer and {agree(repeated, 'counts', 'count')} once."
            )
        if self.again:
            notes.append(
                f"Feedback: {count(self.again, 'line')} of the log "
                f"{agree(self.again, 'is', 'are')} about an image again; the last decision counts."
            )
        return [*notes, BIAS] if self.found else notes


@dataclass(frozen=True)
class Failures:
    """How many of some labelled images failed, with the exact 95 % interval of their risk."""

    images: int
    failed: int
    low: float
    high: float

    @classmethod
    def of(cls, found: Iterable[Labelled], *, level: float = 0.95) -> Failures:
        """Count images; ``level`` is that of the interval."""
        fails = [one.failed for one in found]
        return cls(len(fails), sum(fails), *clopper_pearson(sum(fails), len(fails), level))


@dataclass(frozen=True)
class Observed:
    """What became of labelled images."""

    used: Failures
    repaired: Failures
    held_back: Failures
    covered: Failures  # those used up to the gate's own threshold, which its guarantee is about
    guaranteed: float | None  # the risk that the gate guarantees for these
    exceeded: bool  # whether theirs is above it beyond chance, with so many questions asked
    expected: Expected | None  # failures among *all* labelled images with a probability
    expected_failed: int  # how many of these failed
    above_expected: bool  # whether that is more than expected beyond chance, likewise

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "used": vars(self.used),
            "repaired": vars(self.repaired),
            "held_back": vars(self.held_back),
            "covered": vars(self.covered),
            "promise": self.guaranteed,
            "broken": self.exceeded,
            "expected": self.expected and self.expected.to_dict(),
            "expected_failed": self.expected_failed,
            "above": self.above_expected,
        }


def observe(
    found: list[Labelled],
    gate: Gate | RulesGate,
    *,
    lines: Floats | None,
    alpha: float,
) -> Observed | None:
    """Compare labels with the gate's guarantee and its probabilities; None without labels."""
    if not found:
        return None
    covered = [one for one in found if one.covered]
    guaranteed, strict = gate.card.guaranteed_risk, Failures.of(covered, level=1 - alpha)
    known = [one for one in found if one.p_fail is not None]
    failed = sum(one.failed for one in known)
    chances = Chances.of(one.p_fail for one in known)
    most = expected_failures(gate, chances, lines=lines, level=1 - alpha)
    return Observed(
        used=Failures.of(one for one in found if one.route == "use"),
        repaired=Failures.of(one for one in found if one.route == "repair"),
        held_back=Failures.of(one for one in found if one.route not in ("use", "repair")),
        covered=Failures.of(covered),
        guaranteed=guaranteed,
        exceeded=guaranteed is not None and strict.low > guaranteed,
        expected=expected_failures(gate, chances, lines=lines),
        expected_failed=failed,
        above_expected=most is not None and failed > most.high,
    )
