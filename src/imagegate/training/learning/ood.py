"""Fit the out-of-distribution detector: what training looked like, how far from it is too far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from imagegate.models.ood import MOST_ROWS, OutOfDistributionDetector
from imagegate.training.learning.threshold import one_row_per_source

Floats = NDArray[np.float64]
FALSE_ALARMS = 0.015  # of images like the training ones; stated on the card
KNOTS = 33
TAIL = 0.005  # share of training rows beyond the outermost inner knots
# How many pixels there are: the engine makes large pictures smaller, so more is nothing new, and
# what is too small is bad, not strange.
OF_SIZE = ("blur.edges_across", "resolution.effective_px", "pixelation.squares_across")
ENDLESS = 1e9


def fit_detector(
    train: NDArray[np.floating],
    sources: NDArray[np.str_],
    calibration: NDArray[np.floating],
    *,
    seed: int,
    names: Sequence[str] = (),
) -> OutOfDistributionDetector:
    """Return a detector that alarms on about 1.5 % of images like the training ones.

    Images must be near to rows of ``train``, kept from as many ``sources`` as possible; how near
    is usual, rows of ``calibration`` from other sources say. ``names`` are those of the measures:
    of size alone nothing is unusual.
    """
    measures = train.shape[1]
    knots, levels = np.full((measures, KNOTS), np.nan), np.full((measures, KNOTS), np.nan)
    reach = np.ones(measures)
    for j in range(measures):
        known = train[~np.isnan(train[:, j]), j].astype(np.float64)
        if known.size:
            knots[j], levels[j] = _normal_scale(known)
            reach[j] = _reach(knots[j], levels[j])
    reach[[j for j, name in enumerate(names) if name in OF_SIZE]] = ENDLESS
    no_rows = np.zeros((1, measures), np.float32)
    bare = OutOfDistributionDetector(knots, levels, reach, no_rows, np.inf)
    rows = bare.normal(train[_spread(sources, seed=seed)]).astype(np.float32)
    free = replace(bare, rows=rows)
    distances = np.sort(free.distance(calibration))
    # The quantile of conformal prediction; the largest distance if the rows are too few for one.
    rank = int(np.ceil((len(distances) + 1) * (1 - FALSE_ALARMS)))
    return replace(free, limit=float(distances[min(rank, len(distances)) - 1]))


def _normal_scale(known: Floats) -> tuple[Floats, Floats]:
    """Return quantiles and their normal scores; equal readings share the mean of theirs."""
    shares = np.concatenate([[0], np.linspace(TAIL, 1 - TAIL, KNOTS - 2), [1]])
    least = 0.5 / (known.size + 1)
    share = np.sort(np.clip(shares, least, 1 - least))
    knots = np.quantile(known, shares)
    normal = np.array([NormalDist().inv_cdf(value) for value in share])
    _, group = np.unique(knots, return_inverse=True)
    return knots, (np.bincount(group, normal) / np.bincount(group))[group]


def _reach(knots: Floats, levels: Floats) -> float:
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
