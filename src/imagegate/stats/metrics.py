"""Say in numbers how well a risk ranks, covers and predicts failures.

Every metric takes *weights* of shape (resamples, rows) and returns one value a resample:
drawing whole sources again only changes how often a row counts, so rows are sorted once and
a thousand resamples cost a few cumulative sums.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

COSINES = 256  # terms and grid points of smooth_calibration_error: resolves widths down to 0.004


def even_weights(sources: ArrayLike) -> Floats:
    """Return the weight of every row such that the rows of a source add up to 1.

    >>> even_weights(["a", "b", "a"]).tolist()
    [0.5, 1.0, 0.5]
    """
    _, member, count = np.unique(np.asarray(sources), return_inverse=True, return_counts=True)
    return np.asarray(1 / count[member], np.float64)


@dataclass(frozen=True)
class Passing:
    """Rows and failures passed up to each risk, shape (resamples, distinct risks + 1), from 0 up.

    Equal risks enter together: no metric rewards a lucky order among ties.
    """

    rows: Floats
    fails: Floats

    @property
    def totals(self) -> tuple[Floats, Floats]:
        """All rows and all failures of each resample."""
        return self.rows[:, -1], self.fails[:, -1]


def passing(risk: ArrayLike, fails: ArrayLike, weights: Floats | None = None) -> Passing:
    """Sort once by risk and add up rows and failures for every resample.

    An undefined risk (NaN) counts as the highest: what cannot be judged is passed last.
    """
    values = np.nan_to_num(np.asarray(risk, np.float64), nan=np.inf, posinf=np.inf, neginf=-np.inf)
    bad = np.asarray(fails, bool)
    weights = np.ones((1, values.size)) if weights is None else weights
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True)[: values.size])
    sorted_weights = weights[:, order]
    zero = np.zeros((len(weights), 1))
    rows = np.cumsum(sorted_weights, axis=1)[:, ends]
    failed = np.cumsum(sorted_weights * bad[order], axis=1)[:, ends]
    return Passing(np.hstack([zero, rows]), np.hstack([zero, failed]))


def auroc(curve: Passing) -> Floats:
    """Return scikit-learn's ``roc_auc_score``; NaN if all rows fail, or none."""
    rows, fails = curve.totals
    new_fails = np.diff(curve.fails, axis=1)
    new_good = np.diff(curve.rows, axis=1) - new_fails
    above = fails[:, None] - curve.fails[:, 1:] + new_fails / 2
    return _ratio((new_good * above).sum(axis=1), fails * (rows - fails))


def average_precision(curve: Passing) -> Floats:
    """Return scikit-learn's ``average_precision_score``; NaN without failures."""
    rows, fails = curve.totals
    new_fails = np.diff(curve.fails, axis=1)
    flagged = rows[:, None] - curve.rows[:, :-1]
    precision = _ratio(fails[:, None] - curve.fails[:, :-1], flagged, empty=0.0)
    return _ratio((new_fails * precision).sum(axis=1), fails)


def e_aurc(curve: Passing) -> Floats:
    """Return the excess area under the risk-coverage curve over that of the oracle.

    0 is perfect; a ranking by chance has ``-(1 - r) ln(1 - r)`` at failure rate r on average.
    NaN without rows.
    Source: Geifman, Uziel, El-Yaniv, ICLR 2019, arXiv:1805.08206. We depart in one thing: coverage
    is continuous (a row, or a run of equal risks, enters bit by bit), where they average over the n
    coverages 1/n … 1. Thus their closed form ``r + (1 - r) ln(1 - r)`` of the perfect area is
    exact, ties need no order, and counting every row twice changes nothing.
    """
    rows, fails = curve.totals
    start, start_fails = curve.rows[:, :-1], curve.fails[:, :-1]
    new, new_fails = np.diff(curve.rows, axis=1), np.diff(curve.fails, axis=1)
    # With n rows and f failures passed, a run of m rows with k failures adds the integral of
    # (f + (x - n) k/m) / x from n to n + m, which is k + (f - n k/m) ln((n + m) / n).
    slope = _ratio(new_fails, new, empty=0.0)
    growth = np.log(_ratio(start + new, start, empty=1.0))
    area = _ratio((new_fails + (start_fails - start * slope) * growth).sum(axis=1), rows)
    rate = _ratio(fails, rows)
    good = np.where(rate < 1, 1 - rate, 1.0)
    return np.asarray(np.maximum(area - (rate + good * np.log(good)), 0.0))


def coverage_at_risk(curve: Passing, risk: float) -> Floats:
    """Return the largest share that one threshold, chosen on these rows, passes at this risk."""
    kept = curve.fails <= risk * curve.rows + 1e-9
    best = np.where(kept, curve.rows, 0.0).max(axis=1)
    return _ratio(best, curve.totals[0])


def risk_at_coverage(curve: Passing, coverage: Floats) -> Floats:
    """Return what fails of the passed at this coverage of each resample; equal risks mix evenly."""
    wanted = coverage * curve.totals[0]
    failed = [np.interp(*parts) for parts in zip(wanted, curve.rows, curve.fails, strict=True)]
    return _ratio(np.array(failed, np.float64), wanted)


def oracle_coverage(curve: Passing, risk: float) -> Floats:
    """Return the coverage of the oracle: all successes, and failures up to the risk allowed."""
    rows, fails = curve.totals
    return np.asarray(np.minimum(1.0, _ratio(rows - fails, rows) / (1 - risk)))


def weighted_share(which: NDArray[np.bool_], among: NDArray[np.bool_], weights: Floats) -> Floats:
    """Return how much of each resample's weight on ``among`` is on ``which`` too; NaN if none."""
    sums = weights @ np.stack([which & among, among], axis=1).astype(np.float64)
    return _ratio(sums[:, 0], sums[:, 1])


def brier(probability: ArrayLike, fails: ArrayLike, weights: Floats | None = None) -> Floats:
    """Return the mean squared error of the probability; 0 is best, NaN if any is undefined."""
    error = (np.asarray(probability, np.float64) - np.asarray(fails, bool)) ** 2
    weights = np.ones((1, error.size)) if weights is None else weights
    return _ratio(weights @ error, weights.sum(axis=1))


def smooth_calibration_error(
    probability: ArrayLike, fails: ArrayLike, weights: Floats | None = None
) -> Floats:
    """Return smECE: how far the probabilities are from what happens, without bins.

    Residuals are smoothed along the probability by a reflected Gaussian, their absolute value
    is integrated, and the width is the one that equals the result, so nothing is tuned. 0 is
    perfect, a constant bias b gives b, and chance alone about 0.05 on 200 independent rows and
    0.02 on 5000. ``fails`` may also hold outcomes of shape (resamples, rows).
    Source: Błasiok, Nakkiran, "Smooth ECE", ICLR 2024, arXiv:2309.12236, as in their package
    relplot without its logit scaling. They convolve on a grid; here the reflected Gaussian is the
    heat kernel on [0, 1], so each cosine of the residuals just shrinks by
    ``exp(-(pi k width)^2 / 2)``.
    """
    p = np.clip(np.asarray(probability, np.float64), 0, 1)
    weights = np.ones((1, p.size)) if weights is None else weights
    waves = np.pi * np.arange(COSINES)
    residuals = weights * (np.asarray(fails, np.float64) - p)
    spectrum = _ratio(residuals @ np.cos(p[:, None] * waves), weights.sum(axis=1)[:, None])
    spectrum[:, 1:] *= 2
    grid = np.cos(waves[:, None] * (np.arange(COSINES) + 0.5) / COSINES)

    def smoothed(width: Floats) -> Floats:
        shrunk = spectrum * np.exp(-((waves * width[:, None]) ** 2) / 2)
        return np.asarray(np.abs(shrunk @ grid).mean(axis=1))

    low, high = np.full(len(spectrum), 1 / COSINES), np.ones(len(spectrum))
    for _ in range(12):  # the smoothed error falls as the width grows: bisect to 1 / 4096
        middle = (low + high) / 2
        wider = smoothed(middle) > middle
        low, high = np.where(wider, middle, low), np.where(wider, high, middle)
    return smoothed(low)


def _ratio(top: Floats, bottom: Floats, *, empty: float = math.nan) -> Floats:
    """Divide, with ``empty`` where the divisor is 0."""
    shape = np.broadcast_shapes(np.shape(top), np.shape(bottom))
    some = np.broadcast_to(bottom, shape) != 0
    return np.asarray(np.divide(top, bottom, out=np.full(shape, empty), where=some))
