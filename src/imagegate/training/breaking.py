"""Find the reading at which a task begins to fail, or that the rows do not show one."""

from __future__ import annotations

import math
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
from imagegate.training.weights import even_weights

Floats = NDArray[np.float64]
FOLDS = 4
DRAWS = 200  # of whole groups, for the interval of the rise
FEWEST = 10  # groups in all, sources on each side, rows behind each end of the curve
FEW_OUTCOMES = 5  # failures, or successes
LEAST_RISE = 0.2  # of the failing share, from one side to the other
FALSE_BREAKS = 0.02  # of lessons from chance alone; drawn, they came to 0 to 5 % (docs/gates.md)


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
        return even_weights(self.sources)


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


def sided(measures: Sequence[str]) -> list[str]:
    """Return the measures that have a worse end: the others can have no break."""
    return [name for name in measures if KNOWN[name].worse != "either"]


def find_break(
    seen: Seen, measures: Sequence[str], *, seed: int, tried: int | None = None
) -> Break | None:
    """Return the break of the most telling of some measures, None if the rows show none.

    The failing share is fitted to the readings of a measure by monotone (isotonic) regression
    towards its worse end. The break is where the fit crosses half way between its two ends. Most
    telling is the measure whose fits explain most of the failures of groups that they have not
    seen. The break counts if they explain anything there, and if, on such groups, more fail beyond
    it than before: by 20 points at least, by an interval that leaves 0 out, and by more than the
    luckiest of all measures tried would have by chance in 2 % of cases.

    Parameters
    ----------
    seen : Seen
        The rows.
    measures : sequence of str
        Which of its columns to try; those without a worse end are left out.
    seed : int
        Of the folds and of the draws.
    tried : int, optional
        How many measures are tried in all, for every signal of a lesson; by default these.

    Returns
    -------
    Break or None

    References
    ----------
    Barlow, Bartholomew, Bremner, Brunk, "Statistical Inference under Order Restrictions", 1972;
    Dunn, "Multiple Comparisons among Means", JASA 1961, for the many that are tried; Fisher, "The
    Design of Experiments", 1935, for judging chance by other orders.
    """
    names = sided(measures)
    failing = int(seen.fails.sum())
    few = min(failing, len(seen.fails) - failing) < FEW_OUTCOMES
    if not names or few or len(np.unique(seen.groups)) < FEWEST:
        return None
    folds = group_folds(seen.groups, FOLDS, seed=seed)
    crossed = [_crossed(seen, name, folds) for name in names]
    best = int(np.argmax([explained for explained, _ in crossed]))
    explained, side = crossed[best]
    found = _judged(seen, names[best], side, seed) if explained > 0 else None
    # The best of many has been chosen by the same rows that are to prove it: each of them may
    # be mistaken in its part of the cases only.
    often = FALSE_BREAKS / (tried or len(names))
    if not found or _by_chance(seen, side, draws=math.ceil(2 / often), seed=seed) > often:
        return None
    return found


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


def _by_chance(seen: Seen, side: Floats, *, draws: int, seed: int) -> float:
    """Return how often failures lie beyond as much if readings have nothing to do with them.

    Rows stand group by group, and the sides are laid beside the failures in other orders of the
    groups: what belongs together stays together, but for the few groups that a border cuts.
    """
    told = ~np.isnan(side)
    rows, beyond = seen.at(told), side[told]
    group = np.unique(rows.groups, return_inverse=True)[1]
    order = np.argsort(group, kind="stable")
    group, beyond, own = group[order], beyond[order], rows.weights[order]
    fails = own * (rows.fails[order] - np.average(rows.fails[order], weights=own))
    least, rng = float(fails @ beyond), np.random.default_rng(seed)
    as_much = 0
    for _ in range(draws):
        other = np.argsort(rng.random(group[-1] + 1)[group], kind="stable")
        as_much += bool(fails @ beyond[other] > least - 1e-9)  # ties count, whatever the order
    return (1 + as_much) / (1 + draws)


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
