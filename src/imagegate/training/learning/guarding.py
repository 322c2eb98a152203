"""Fit the guard: what training looked like, and how far from it is too far."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from imagegate.models.ood import MOST_ROWS, OutOfDistributionDetector
from imagegate.training.learning.threshold import one_row_per_source

FALSE_ALARMS = 0.015  # of images like the training ones; stated on the card
KNOTS = 33
TAIL = 0.005  # share of training rows beyond the outermost inner knots


def fit_guard(
    train: NDArray[np.float32],
    sources: NDArray[np.str_],
    calibration: NDArray[np.float32],
    *,
    seed: int,
    false_alarms: float = FALSE_ALARMS,
) -> OutOfDistributionDetector:
    """Return a guard that alarms on about ``false_alarms`` of images like the training ones.

    Parameters
    ----------
    train, calibration : ndarray of shape (rows, measures)
        The rows to be near to, and other sources that say how near is usual.
    sources : ndarray of str
        The source of each training row; the rows kept come from as many as possible.
    seed : int
        Chance of the rows kept.
    false_alarms : float
        Share of calibration rows beyond the limit, with the finite-sample correction of
        conformal prediction.

    Returns
    -------
    OutOfDistributionDetector
    """
    measures = train.shape[1]
    knots, levels = np.full((measures, KNOTS), np.nan), np.full((measures, KNOTS), np.nan)
    reach = np.ones(measures)
    for j in range(measures):
        known = np.sort(train[~np.isnan(train[:, j]), j].astype(np.float64))
        if known.size:
            knots[j], levels[j] = _scale(known)
            reach[j] = _reach(knots[j], levels[j])
    bare = OutOfDistributionDetector(
        knots, levels, reach, np.zeros((1, measures), np.float32), np.inf
    )
    rows = bare.normal(train[_spread(sources, seed=seed)]).astype(np.float32)
    free = OutOfDistributionDetector(knots, levels, reach, rows, np.inf)
    return OutOfDistributionDetector(
        knots, levels, reach, rows, _limit(free.distance(calibration), false_alarms)
    )


def _scale(known: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return quantiles and their normal scores; equal readings share the mean of theirs."""
    inner = np.linspace(TAIL, 1 - TAIL, KNOTS - 2)
    share = np.concatenate([[0.5 / (known.size + 1)], inner, [1 - 0.5 / (known.size + 1)]])
    share = np.sort(np.clip(share, 0.5 / (known.size + 1), 1 - 0.5 / (known.size + 1)))
    knots = np.quantile(known, np.concatenate([[0], inner, [1]]))
    normal = np.array([NormalDist().inv_cdf(value) for value in share])
    _, group = np.unique(knots, return_inverse=True)
    return knots, (np.bincount(group, normal) / np.bincount(group))[group]


def _reach(knots: NDArray[np.float64], levels: NDArray[np.float64]) -> float:
    """Return how much reading one unit beyond the range is: the mean slope inside."""
    span, height = knots[-1] - knots[0], levels[-1] - levels[0]
    if span > 0 and height > 0:
        return float(span / height)
    return max(0.1 * abs(float(knots[0])), 1e-3)


def _spread(sources: NDArray[np.str_], *, seed: int) -> NDArray[np.intp]:
    """Return rows of as many sources as possible, then further rows of the same."""
    rng = np.random.default_rng(seed)
    left = np.arange(len(sources))
    taken: list[NDArray[np.intp]] = []
    while left.size and sum(map(len, taken)) < MOST_ROWS:
        first = left[one_row_per_source(sources[left], seed=seed + len(taken))]
        taken.append(rng.permutation(first))
        left = np.setdiff1d(left, first)
    return np.sort(np.concatenate(taken)[:MOST_ROWS])


def _limit(distances: NDArray[np.float64], false_alarms: float) -> float:
    """Return the conformal quantile; the largest distance if the rows are too few for one."""
    rank = int(np.ceil((len(distances) + 1) * (1 - false_alarms)))
    return float(np.sort(distances)[min(rank, len(distances)) - 1])
