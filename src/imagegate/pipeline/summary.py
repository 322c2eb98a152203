"""The summary of a run: how many went where, why, and how many will fail, with an interval."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from imagegate.models.calibration import FURTHEST, fit_calibration, sigmoid
from imagegate.models.gate import Gate
from imagegate.models.verdict import BROKEN, Row, route_of
from imagegate.text import count

if TYPE_CHECKING:
    from imagegate.models.rules import RulesGate

Floats = NDArray[np.float64]
LEVEL = 0.95
DRAWS = 400  # calibrations drawn
TOSSES = 10  # batches drawn from each
CELL = 0.02  # of log-odds
CENTRES = np.linspace(-FURTHEST, FURTHEST, round(2 * FURTHEST / CELL) + 1)
HOLDS_FOR = "holds for images like those that the gate was calibrated on"
MOST_ERRORS = 3  # that the summary spells out
WORDS = {
    "use": "to use",
    "repair": "repaired",
    "review": "for review",
    "reject": "rejected",
    BROKEN: "broken",
}


class Chances:
    """The probabilities of failure of any number of images, in 24 kB.

    The sum is exact. For the interval each is counted in a cell of log-odds 0.02 wide, which
    moves it by at most 1 % of itself, up as often as down.
    """

    def __init__(self) -> None:
        self.total = 0.0
        self.cells = np.zeros(CENTRES.size, np.int64)

    @property
    def images(self) -> int:
        """How many were counted."""
        return int(self.cells.sum())

    def add(self, p_fail: float | None) -> None:
        """Count one image; None, for an image without a probability, is left out."""
        if p_fail is None:
            return
        inside = min(max(p_fail, 1e-13), 1 - 1e-13)
        cell = round((math.log(inside / (1 - inside)) + FURTHEST) / CELL)
        self.cells[min(max(cell, 0), CENTRES.size - 1)] += 1
        self.total += p_fail

    def merge(self, other: Chances) -> None:
        """Count what another has counted, too."""
        self.total += other.total
        self.cells += other.cells

    @classmethod
    def of(cls, probabilities: Iterable[float | None]) -> Chances:
        """Return the chances of all of these."""
        found = cls()
        for p_fail in probabilities:
            found.add(p_fail)
        return found


@dataclass(frozen=True)
class Expected:
    """How many of some images will fail: the sum of their probabilities, and an interval.

    The number that will fail lies between ``low`` and ``high``, both included, with probability
    ``level``.
    """

    images: int
    failures: float
    low: int
    high: int
    level: float = LEVEL

    def sentence(self) -> str:
        """Say it in one plain line.

        >>> Expected(200, 6.4, 2, 12).sentence()[:65]
        'about 6.4 of 200 will fail (2 to 12, in 95 of 100 such batches); '
        """
        shown = f"{self.failures:.1f}" if self.failures < 10 else f"{self.failures:,.0f}"
        return (
            f"about {shown} of {self.images:,} will fail ({self.low:,} to {self.high:,}, "
            f"in {100 * self.level:g} of 100 such batches); {HOLDS_FOR}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {**vars(self), "failures": round(self.failures, 3)}


def expected_failures(
    gate: Gate | RulesGate,
    chances: Chances,
    *,
    lines: Floats | None = None,
    level: float = LEVEL,
    seed: int = 0,
) -> Expected | None:
    """Return how many of some images will fail, with an interval; None for rules.

    ``lines`` are those of :func:`calibration_lines`, if there are many questions. The interval
    covers two kinds of doubt: which line from score to probability is right, as far as the
    calibration sources can tell, and the chance of the draw. It does *not* cover images of another
    kind than those the gate was calibrated on, nor images that fail together for one cause.
    """
    if not isinstance(gate, Gate):
        return None
    if not chances.images:
        return Expected(0, 0.0, 0, 0, level)
    drawn = calibration_lines(gate, seed=seed) if lines is None else lines
    used = np.flatnonzero(chances.cells)
    raw = (CENTRES[used] - gate.calibration.intercept) / gate.calibration.slope
    p = sigmoid(drawn[:, :1] * raw + drawn[:, 1:])
    rng = np.random.default_rng(seed)
    fails = rng.binomial(chances.cells[used], p, size=(TOSSES, *p.shape)).sum(axis=2)
    tail = (1 - level) / 2
    low, high = np.quantile(fails, [tail, 1 - tail], method="inverted_cdf")
    return Expected(chances.images, chances.total, int(low), int(high), level)


def calibration_lines(gate: Gate, *, draws: int = DRAWS, seed: int = 0) -> Floats:
    """Return (slope, intercept) as other draws of the calibration sources give them, (draws, 2)."""
    history, rng = gate.history, np.random.default_rng(seed)
    rows = np.bincount(history.source)
    lines = np.empty((draws, 2))
    for draw in range(draws):
        drawn = np.bincount(rng.integers(rows.size, size=rows.size), minlength=rows.size)
        weights = (drawn / np.maximum(rows, 1))[history.source]
        line = fit_calibration(history.raw, history.fails, weights)
        lines[draw] = line.slope, line.intercept
    return lines


@dataclass
class Tally:
    """Counts rows as they go by, in a memory that does not grow with them."""

    routes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)
    used: Chances = field(default_factory=Chances)
    repaired: Chances = field(default_factory=Chances)
    errors: list[str] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Count one row."""
        route = route_of(row)
        self.routes[route] += 1
        if route == "use":
            self.used.add(row["p_fail"])
        elif route == "repair":
            self.repairs[row["repair"]] += 1
            self.repaired.add(row["p_repaired"])
        elif route == BROKEN:
            self.errors = [*self.errors, row["error"]][:MOST_ERRORS]
        elif row["reasons"]:
            self.reasons[row["reasons"][0]["cause"]] += 1

    @property
    def images(self) -> int:
        """How many rows were counted."""
        return self.routes.total()

    @property
    def passed(self) -> int:
        """How many of them can be used as they are."""
        return self.routes["use"]

    def watch(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield rows, counted."""
        for row in rows:
            self.add(row)
            yield row

    def note(self) -> str:
        """Return how it looks so far, in a few words."""
        if not self.images:
            return ""
        broken = f", {self.routes[BROKEN]:,} broken" if self.routes[BROKEN] else ""
        return f"{100 * self.passed / self.images:.0f} % to use{broken}"

    def summary(self, gate: Gate | RulesGate, *, guaranteed: bool) -> Summary:
        """Return the summary; ``guaranteed`` tells whether the gate's guarantee holds."""
        guarantee = gate.card.guarantee_text() if guaranteed and isinstance(gate, Gate) else None
        return Summary(gate.name, self, expected_failures(gate, self.used), guarantee)


@dataclass(frozen=True)
class Summary:
    """The summary of a run: its counts, and what is expected and guaranteed of the images to use.

    Rules expect and guarantee nothing; nor does a gate where a policy lets more images through.
    """

    gate: str
    tally: Tally
    expected: Expected | None
    guarantee: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        tally = self.tally
        return {
            "gate": self.gate,
            "images": tally.images,
            "routes": {route: tally.routes[route] for route in WORDS},
            "reasons": dict(tally.reasons.most_common()),
            "repairs": dict(tally.repairs.most_common()),
            "expected": self.expected and self.expected.to_dict(),
            "mended": tally.repaired.total,
            "promise": self.guarantee,
            "first_errors": tally.errors,
        }

    def lines(self) -> list[str]:
        """Return plain sentences."""
        tally, routes = self.tally, self.tally.routes
        counts = ", ".join(
            f"{routes[key]:,} {words}" for key, words in WORDS.items() if routes[key]
        )
        lines = [f"{count(tally.images, 'image')}: {counts or 'none'}"]
        lines += [f"broken: {error}" for error in tally.errors]
        if (more := routes[BROKEN] - len(tally.errors)) > 0:
            lines.append(f"… and {more:,} more")
        if tally.reasons:
            lines.append(f"held back for: {_listed(tally.reasons)}")
        if tally.repairs:
            lines.append(
                f"repaired: {_listed(tally.repairs)}; about {tally.repaired.total:.1f} of "
                f"{routes['repair']:,} are expected to fail (the gate was not "
                "trained on repaired images)"
            )
        if self.expected and self.expected.images:
            lines.append(f"of those to use {self.expected.sentence()}")
        if self.guarantee:
            lines.append(f"guarantee of {self.gate}: {self.guarantee}")
        return lines


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common())
