"""What became of images: find the answers in the log, hold them against the promise."""

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
from imagegate.monitoring.reference import Floats
from imagegate.pipeline.summary import Chances, Expected, expected_failures
from imagegate.stats.binomial import clopper_pearson
from imagegate.text import agree, count
from imagegate.training.data.outcomes import Outcome, Outcomes, names_of

MENDED = re.compile(r"\.repaired(-\d+)?\.png$")  # as imagegate sort names a mended image

BIAS = (
    "Feedback that people chose to send is biased, mostly towards failures; only images labelled "
    "at random tell the true risk."
)
MOST_LINES = 5  # of the file that are named


@dataclass(frozen=True)
class Decided:
    """What the log says about an image that was labelled, and the label.

    Parameters
    ----------
    period, route : str
        When it was decided, and how.
    covered : bool
        Whether the gate's promise is about it.
    p_fail : float or None
        Of what the engine was given, which is the mended image if it was repaired.
    failed : bool
        Whether the task failed.
    """

    period: str
    route: str
    covered: bool
    p_fail: float | None
    failed: bool


class Matches:
    """Which outcomes a log is about; the *last* decision about an image counts.

    Parameters
    ----------
    outcomes : Outcomes
        What became of images.

    Attributes
    ----------
    found : dict of int to Decided
        By the outcome's line.
    again : int
        Lines of the log about an image that an earlier one was about.
    """

    def __init__(self, outcomes: Outcomes) -> None:
        self.outcomes = outcomes
        self.found: dict[int, Decided] = {}
        self.again = 0
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
        self.found[outcome.line] = Decided(period, route, covered, p_fail, outcome.failed)

    def _alike(self, row: Row) -> list[Outcome]:
        """Return the outcomes of a row's image, by what it was called or where it was put."""
        find, digest = self.outcomes.known.find, row["sha256"] or ""
        alike = find(names_of(row["path"], self._folder), row["page"], digest)
        if alike or not row["written"]:
            return alike
        # a mended file has a content of its own, which the log does not know
        if route_of(row) != "repair":
            return find(names_of(row["written"], self._folder), row["page"], digest)
        mended = find(names_of(row["written"], self._folder), row["page"], "")
        original = MENDED.sub("", row["written"])  # stands beside it
        return mended or find(names_of(original, self._folder), row["page"], digest)

    def check(self, name: str | Path) -> None:
        """Raise SettingsError if not one answer of the file ``name`` is about the logs."""
        if self.found or not self._example:
            return
        row, answers = self._example, self.outcomes.rows
        many = count(len(answers), "answer")
        put = f", put at {row['written']}" if row["written"] else ""
        raise SettingsError(
            f"{name}: none of {many} can be told to be about an image of "
            f"the logs: the logs have paths such as {row['path']}{put}, this file such as "
            f"{answers[0].path} (if both sides have a sha256, it must be the same)"
        )

    def of(self, period: str | None) -> list[Decided]:
        """Return what was found about a period of the log, or about all of it."""
        return [one for one in self.found.values() if period in (None, one.period)]

    def sentences(self) -> list[str]:
        """Say what could not be used, and how far to trust the rest."""
        rows = self.outcomes.rows
        missing = [row.line for row in rows if row.line not in self.found]
        said = []
        if missing:
            where = ", ".join(map(str, missing[:MOST_LINES]))
            where += " …" if len(missing) > MOST_LINES else ""
            said.append(
                f"Feedback: {len(missing):,} of {count(len(rows), 'answer')} "
                f"{agree(len(missing), 'is', 'are')} about no image of this log "
                f"({agree(len(missing), 'line', 'lines')} {where}). They are matched by path, by "
                "where sorting put the image, or by sha256; if both sides have a sha256, it must "
                "be the same."
            )
        if self.outcomes.repeated:
            said.append(
                f"Feedback: {count(self.outcomes.repeated, 'line')} "
                f"{agree(self.outcomes.repeated, 'repeats', 'repeat')} an answer and "
                f"{agree(self.outcomes.repeated, 'counts', 'count')} once."
            )
        if self.again:
            said.append(
                f"Feedback: {count(self.again, 'line')} of the log "
                f"{agree(self.again, 'is', 'are')} about an image again; the last decision counts."
            )
        return [*said, BIAS] if self.found else said


@dataclass(frozen=True)
class Seen:
    """How many of some labelled images failed, with the exact 95 % interval of their risk."""

    images: int
    failed: int
    low: float
    high: float

    @classmethod
    def of(cls, found: Iterable[Decided], *, level: float = 0.95) -> Seen:
        """Count images; ``level`` is that of the interval."""
        fails = [one.failed for one in found]
        return cls(len(fails), sum(fails), *clopper_pearson(sum(fails), len(fails), level))


@dataclass(frozen=True)
class Observed:
    """What became of labelled images.

    Parameters
    ----------
    used, repaired, held_back : Seen
        Those that were used as they are, mended first, and not used.
    covered : Seen
        Those used up to the gate's own threshold: what its promise is about.
    promise : float or None
        What the gate promises of these.
    broken : bool
        Whether their risk is above the promise beyond chance, for as many questions as are asked.
    expected : Expected or None
        How many of *all* labelled images with a probability should have failed.
    expected_failed : int
        How many of these did.
    above : bool
        Whether that is more than expected beyond chance, for as many questions as are asked.
    """

    used: Seen
    repaired: Seen
    held_back: Seen
    covered: Seen
    promise: float | None
    broken: bool
    expected: Expected | None
    expected_failed: int
    above: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        seen = {name: vars(value) for name, value in vars(self).items() if isinstance(value, Seen)}
        return {**vars(self), **seen, "expected": self.expected and self.expected.to_dict()}


def observed(
    found: list[Decided],
    gate: Gate | RulesGate,
    *,
    lines: Floats | None,
    alpha: float,
) -> Observed | None:
    """Hold what was found against the gate's promise and its probabilities; None if nothing was."""
    if not found:
        return None
    covered = [one for one in found if one.covered]
    promise, strict = gate.card.guaranteed_risk, Seen.of(covered, level=1 - alpha)
    known = [one for one in found if one.p_fail is not None]
    known_failed = sum(one.failed for one in known)
    chances = Chances.of(one.p_fail for one in known)
    most = expected_failures(gate, chances, lines=lines, level=1 - alpha)
    return Observed(
        used=Seen.of(one for one in found if one.route == "use"),
        repaired=Seen.of(one for one in found if one.route == "repair"),
        held_back=Seen.of(one for one in found if one.route not in ("use", "repair")),
        covered=Seen.of(covered),
        promise=promise,
        broken=promise is not None and strict.low > promise,
        expected=expected_failures(gate, chances, lines=lines),
        expected_failed=known_failed,
        above=most is not None and known_failed > most.high,
    )
