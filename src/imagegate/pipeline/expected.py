"""How many of the images that were let through will fail, with an interval; in bounded memory."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.models.calibration import FURTHEST, Calibration, History, fit_calibration, sigmoid
from imagegate.models.zoo import Gate, RulesGate

__all__ = ["Chances", "Expected", "calibration_lines", "expected_failures"]

Floats = NDArray[np.float64]
LEVEL = 0.95
DRAWS = 400  # calibrations drawn
TOSSES = 10  # batches drawn from each
CELL = 0.02  # of log-odds
CENTRES = np.linspace(-FURTHEST, FURTHEST, round(2 * FURTHEST / CELL) + 1)
HOLDS_FOR = "holds for images like those that the gate was calibrated on"


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
    """How many of some images will fail.

    Parameters
    ----------
    images : int
        How many they are.
    failures : float
        The sum of their calibrated probabilities.
    low, high : int
        The number that will fail lies between these, both included, with probability ``level``.
    level : float
        Of the interval.
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
        return {
            "images": self.images,
            "failures": round(self.failures, 3),
            "low": self.low,
            "high": self.high,
            "level": self.level,
        }


def expected_failures(
    gate: Gate | RulesGate,
    chances: Chances,
    *,
    lines: Floats | None = None,
    level: float = LEVEL,
    seed: int = 0,
) -> Expected | None:
    """Return how many of some images will fail, with an interval.

    Parameters
    ----------
    gate : Gate or RulesGate
        The gate that gave the probabilities.
    chances : Chances
        The probabilities of the images in question, usually those that were let through.
    lines : ndarray, optional
        What :func:`calibration_lines` returned for the gate, if there are many questions.
    level : float
        Of the interval.
    seed : int
        Of the draws; the same seed and chances give the same interval.

    Returns
    -------
    Expected or None
        None for rules, which know no probability. The interval covers two kinds of doubt: which
        line from score to probability is right, as far as the calibration sources can tell, and
        the chance of the draw. It does *not* cover images of another kind than those the gate
        was calibrated on, nor images of one batch that fail together for one cause.
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
    """Return (slope, intercept) of the calibration as other draws of its sources would give it.

    Parameters
    ----------
    gate : Gate
        Its history holds the calibration rows.
    draws, seed : int
        How often the sources are drawn anew, with replacement, and the chance of it.

    Returns
    -------
    ndarray of float64, shape (draws, 2)
    """
    rng = np.random.default_rng(seed)
    sources = int(gate.history.source.max()) + 1
    lines = [_line(gate.history, rng.integers(sources, size=sources)) for _ in range(draws)]
    return np.array([(line.slope, line.intercept) for line in lines])


def _line(history: History, drawn: NDArray[np.int64]) -> Calibration:
    rows = np.bincount(history.source)
    weights = np.bincount(drawn, minlength=rows.size) / np.maximum(rows, 1)
    return fit_calibration(history.raw, history.fails, weights[history.source])
