"""Find the reading at which a task begins to fail, or that the rows do not show one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import MissingExtraError
from imagegate.features import KNOWN
from imagegate.training.intervals import Estimate, estimate, resample
from imagegate.training.metrics import weighted_share
from imagegate.training.split import group_folds

Floats = NDArray[np.float64]
FOLDS = 4
DRAWS = 200  # of whole groups, for the interval of the rise
FEWEST = 10  # groups in all, sources on each side, rows behind each end of the curve
FEW_OUTCOMES = 5  # failures, or successes
LEAST_RISE = 0.2  # of the failing share, from one side to the other


@dataclass(frozen=True, eq=False)
class Seen:
    """Rows to find a break in.

    Parameters
    ----------
    X : ndarray of shape (rows, measures)
        Readings; NaN where undefined.
    measures : tuple of str
        The columns.
    fails : ndarray of bool, shape (rows,)
        Whether the task failed.
    sources, groups : ndarray of str, shape (rows,)
        Rows of one source count as one; no fold cuts through a group.
    """

    X: NDArray[np.floating]
    measures: tuple[str, ...]
    fails: NDArray[np.bool_]
    sources: NDArray[np.str_]
    groups: NDArray[np.str_]

    def at(self, mask: NDArray[np.bool_]) -> Seen:
        """Return some of the rows."""
        rows = (self.fails[mask], self.sources[mask], self.groups[mask])
        return Seen(self.X[mask], self.measures, *rows)

    @property
    def weights(self) -> Floats:
        """Such that the rows of a source add up to 1."""
        _, member, count = np.unique(self.sources, return_inverse=True, return_counts=True)
        return np.asarray(1 / count[member], np.float64)


@dataclass(frozen=True)
class Break:
    """The reading at which a task begins to fail.

    ``before`` and ``beyond`` are the shares that fail on the good and on the bad side of the
    reading, each row judged by a reading that was found without its group.
    """

    measure: str
    reading: float
    before: Estimate
    beyond: Estimate
    rows: int
    sources: int


def find_break(seen: Seen, measures: Sequence[str], *, seed: int) -> Break | None:
    """Return the break of the most telling of some measures, None if the rows show none.

    The failing share is fitted to the readings of a measure by monotone (isotonic) regression
    towards its worse end. The break is where the fit crosses half way between its two ends. Most
    telling is the measure whose fits explain most of the failures of groups that they have not
    seen. The break counts if, on such groups, more fail beyond it than before: by 20 points at
    least, and by an interval that leaves 0 out.

    Parameters
    ----------
    seen : Seen
        The rows.
    measures : sequence of str
        Which of its columns to try; those without a worse end are left out.
    seed : int
        Of the folds and of the draws.

    Returns
    -------
    Break or None

    References
    ----------
    Barlow, Bartholomew, Bremner, Brunk, "Statistical Inference under Order Restrictions", 1972.
    """
    sided = [name for name in measures if KNOWN[name].worse != "either"]
    failing = int(seen.fails.sum())
    few = min(failing, len(seen.fails) - failing) < FEW_OUTCOMES
    if not sided or few or len(np.unique(seen.groups)) < FEWEST:
        return None
    folds = group_folds(seen.groups, FOLDS, seed=seed)
    tried = [_crossed(seen, name, folds) for name in sided]
    best = int(np.argmax([explained for explained, _ in tried]))
    return _judged(seen, sided[best], tried[best][1], seed)


def _crossed(seen: Seen, name: str, folds: NDArray[np.intp]) -> tuple[float, Floats]:
    """Return what fits without a fold explain of it, and the side of each row (NaN: unknown)."""
    x, weights = _towards_worse(seen, name), seen.weights
    expected, beyond = np.zeros(len(x)), np.full(len(x), np.nan)
    known = ~np.isnan(x)
    for fold in np.unique(folds):
        held = folds == fold
        mine, rest = held & known, ~held & known
        expected[held] = np.average(seen.fails[~held], weights=weights[~held])
        if mine.any() and rest.sum() >= 2 * FEWEST:
            line = _line(x[rest], seen.fails[rest], weights[rest])
            expected[mine] = line.predict(x[mine])
            cut = _half_way(line, x[rest])
            if cut is not None:
                beyond[mine] = x[mine] > cut
    mean = np.average(seen.fails, weights=weights)
    spread = np.average((seen.fails - mean) ** 2, weights=weights)
    missed = np.average((seen.fails - expected) ** 2, weights=weights)
    return float(1 - missed / spread), beyond


def _judged(seen: Seen, name: str, side: Floats, seed: int) -> Break | None:
    """Return the break of a measure if what failed on both sides bears it out."""
    told, x = ~np.isnan(side), _towards_worse(seen, name)
    known = ~np.isnan(x)
    sides = [len(np.unique(seen.sources[side == which])) for which in (0, 1)]
    if min(sides) < FEWEST:
        return None
    cut = _half_way(_line(x[known], seen.fails[known], seen.weights[known]), x[known])
    rows = seen.at(told)
    before, beyond, rise = _shares(rows, side[told] == 1, seed)
    if cut is None or not (rise.value >= LEAST_RISE and rise.low > 0):
        return None
    reading = cut if KNOWN[name].worse == "high" else -cut
    return Break(name, reading, before, beyond, len(rows.fails), len(np.unique(rows.sources)))


def _shares(
    rows: Seen, beyond: NDArray[np.bool_], seed: int
) -> tuple[Estimate, Estimate, Estimate]:
    """Return what fails before and beyond, and the rise from the one to the other."""
    own = rows.weights

    def shares(times: Floats) -> dict[str, Floats]:
        before, after = (
            weighted_share(rows.fails, side, times * own) for side in (~beyond, beyond)
        )
        return {"before": before, "beyond": after, "rise": after - before}

    found = resample(shares, rows.groups, count=DRAWS, seed=seed)
    return estimate(found["before"]), estimate(found["beyond"]), estimate(found["rise"])


def _towards_worse(seen: Seen, name: str) -> Floats:
    """Return the readings of a measure so that higher is worse."""
    x = seen.X[:, seen.measures.index(name)].astype(np.float64)
    return x if KNOWN[name].worse == "high" else -x


def _line(x: Floats, fails: NDArray[np.bool_], weights: Floats) -> Any:
    """Return the failing share as it rises with the reading."""
    try:
        from sklearn.isotonic import IsotonicRegression
    except ImportError as error:
        raise MissingExtraError("scikit-learn", "train") from error
    line = IsotonicRegression(out_of_bounds="clip")
    return line.fit(x, fails.astype(np.float64), sample_weight=weights)


def _half_way(line: Any, x: Floats) -> float | None:
    """Return where a line crosses the middle between its ends, None if it is flat.

    The ends are a few rows from the outermost: there the fit follows single rows.
    """
    ranked = np.sort(x)
    low, high = line.predict(ranked[[FEWEST - 1, -FEWEST]])
    half = (low + high) / 2
    places, shares = line.X_thresholds_, line.y_thresholds_
    after = int(np.searchsorted(shares, half, side="left"))
    if high <= low or not 0 < after < len(places):
        return None
    return float(np.interp(half, shares[after - 1 : after + 1], places[after - 1 : after + 1]))
