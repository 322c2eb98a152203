"""Estimates with 95 % intervals: bootstrap over whole sources, and exact binomials."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imagegate.extras import require
from imagegate.stats.metrics import Floats, smooth_calibration_error

LEVEL = 0.95  # of every interval
FEWEST_DRAWS = 40  # for one: then a single draw lies beyond either end
FEW_GROUPS = 10  # fewer say next to nothing of other groups, whatever an interval looks like
FEW_OUTCOMES = 5  # failures, or successes
CHUNK_CELLS = 2_000_000  # weights held at once: 16 MB of float64


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval; NaN where undefined."""

    value: float
    low: float = math.nan
    high: float = math.nan

    def to_dict(self) -> dict[str, float | None]:
        """Return value, low and high, None for NaN, as JSON wants it."""
        parts = {"value": self.value, "low": self.low, "high": self.high}
        return {name: None if math.isnan(part) else round(part, 6) for name, part in parts.items()}

    def decimal(self, *, sign: bool = False) -> str:
        """Return ``0.912 (0.890–0.931)``, or n/a."""
        return self._text(1, "+.3f" if sign else ".3f")

    def percent(self) -> str:
        """Return ``12.3 % (10.1–14.9)``, or n/a."""
        return self._text(100, ".1f", " %")

    def points(self) -> str:
        """Return a difference of shares as ``+12.3 (+10.1 to +14.9)``, in percentage points."""
        return self._text(100, "+.1f")

    def interval(self, *, percent: bool = True) -> str:
        """Return ``10.1 to 14.9 %``, or ``0.101 to 0.149``; n/a without one."""
        if math.isnan(self.low):
            return "n/a"
        if percent:
            return f"{100 * self.low:.1f} to {100 * self.high:.1f} %"
        return f"{self.low:.3f} to {self.high:.3f}"

    def _text(self, factor: float, form: str, unit: str = "") -> str:
        """Return value and interval; one without width is left out, as it is not certainty."""
        if math.isnan(self.value):
            return "n/a"
        value, low, high = (f"{factor * part:{form}}" for part in (self.value, self.low, self.high))
        to = " to " if "+" in form else "–"
        return f"{value}{unit}" + (f" ({low}{to}{high})" if low != high else "")


def resample(
    metrics: Callable[[Floats], dict[str, Floats]],
    groups: ArrayLike,
    *,
    count: int,
    seed: int,
) -> dict[str, Floats]:
    """Evaluate metrics on the rows as they are, first, and on ``count`` draws of whole groups.

    ``metrics`` takes weights of shape (resamples, rows) and returns named values of shape
    (resamples,). Rows of one group are not independent of each other, so they are drawn
    together. All metrics see the same draws, so the difference of two of them is paired.
    """
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / max(1, len(names))), size=count)
    times = np.vstack([np.ones((1, len(names)), np.int64), drawn])
    step = max(1, CHUNK_CELLS // max(1, member.size))
    pieces = [
        metrics(times[i : i + step, member].astype(np.float64)) for i in range(0, len(times), step)
    ]
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def estimate(values: Floats) -> Estimate:
    """Return the first value with the central 95 % of the others (percentile bootstrap).

    With fewer than half of the resamples defined there is no interval.
    """
    value, draws = float(values[0]), values[1:][~np.isnan(values[1:])]
    if math.isnan(value) or draws.size < max(2, (len(values) - 1) / 2):
        return Estimate(value)
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, float(low), float(high))


def calibration_estimate(values: Floats, chance: float) -> Estimate:
    """Return the smooth calibration error with an interval that may reach down to 0.

    Chance can only raise this error, and drawing rows again raises it once more. So the lower
    end is mirrored around the value, and is 0 if a calibrated gate would show as much by
    ``chance``; the upper end is the plain one, which errs on the safe side.
    """
    plain = estimate(values)
    low = 0.0 if plain.value <= chance else max(0.0, 2 * plain.value - plain.high)
    return Estimate(plain.value, low, plain.high)


def calibration_by_chance(probability: ArrayLike, *, seed: int, draws: int = 100) -> float:
    """Return the smooth calibration error that a calibrated gate stays below in 97.5 % of cases.

    Outcomes are drawn from the probabilities themselves, each row by itself.
    """
    p = np.clip(np.asarray(probability, np.float64), 0, 1)
    rng = np.random.default_rng(seed)
    shown = smooth_calibration_error(p, rng.random((draws, p.size)) < p)
    return float(np.quantile(shown, (1 + LEVEL) / 2))


def share_interval(counted: ArrayLike, groups: ArrayLike) -> Estimate:
    """Return a share of rows with its exact interval, honest about rows of one source.

    Clopper-Pearson on the *effective* number of rows: rows of one source resemble each other,
    so they count less than independent ones. If none is counted, or all are, that resemblance
    cannot be estimated, and a group counts once. NaN without rows.
    Source: Clopper, Pearson, Biometrika 1934; Korn, Graubard, Survey Methodology 1998, the interval
    of the US National Center for Health Statistics for proportions from clustered samples.
    """
    hits = np.asarray(counted, np.float64)
    if hits.size == 0:
        return Estimate(math.nan)
    special = require("scipy.special", "train")
    share, size = float(hits.mean()), _effective_rows(hits, np.asarray(groups), special)
    some, tail = share * size, (1 - LEVEL) / 2
    low = float(special.betaincinv(some, size - some + 1, tail)) if share > 0 else 0.0
    high = float(special.betaincinv(some + 1, size - some, 1 - tail)) if share < 1 else 1.0
    return Estimate(share, low, high)


def _effective_rows(hits: Floats, groups: NDArray[Any], special: Any) -> float:
    """Return how many independent rows are worth as much as these clustered ones."""
    names, member = np.unique(groups, return_inverse=True)
    share, count = hits.mean(), len(names)
    if count < 2 or share in (0, 1):
        return float(count)
    sums = np.bincount(member, hits - share)
    clustered = count / (count - 1) * (sums**2).sum() / hits.size**2
    independent = share * (1 - share) / hits.size
    # With few groups the variance between them is itself a guess: Student's t pays for it.
    rows_t, groups_t = special.stdtrit([hits.size - 1, count - 1], (1 + LEVEL) / 2)
    worth = hits.size * independent / max(clustered, 1e-300) * (rows_t / groups_t) ** 2
    return float(np.clip(worth, 1, hits.size))
