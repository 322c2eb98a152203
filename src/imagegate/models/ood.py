"""Notice an image unlike anything in training: its measures lie far from every training row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import GateFileError

FURTHEST = 12.0  # standard normal units; one measure alone may not count for more
MISSING = 2.0  # squared distance of "undefined" from a middling reading, as of two random readings
NEIGHBOURS = 3
MOST_ROWS, MOST_KNOTS = 400, 64


@dataclass(frozen=True, eq=False)
class OutOfDistributionDetector:
    """Distance to the nearest training rows, every measure on its own normal scale.

    A reading becomes the normal quantile of its rank among the training readings; beyond them
    the scale goes on in a straight line, so that far outside stays far outside. Undefined
    readings form a second coordinate: an image without text is near others without text.

    The distance to the k-th neighbour as a novelty score: Ramaswamy, Rastogi, Shim, SIGMOD 2000.
    """

    # (measures, knots): training quantiles of each measure, ascending, and their normal scores; NaN
    # in all knots of a measure that was never defined.
    knots: NDArray[np.float64]
    levels: NDArray[np.float64]
    reach: NDArray[np.float64]  # (measures,): one unit of the scale beyond the outermost knots
    rows: NDArray[np.float32]  # (rows, measures): some training rows on the normal scale, or NaN
    limit: float  # the distance beyond which an image is unfamiliar

    def normal(self, X: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return readings on the normal scale, NaN where undefined."""
        x = np.asarray(X, np.float64)
        each = zip(x.T, self.knots, self.levels, strict=True)
        z = np.stack([np.interp(column, knots, levels) for column, knots, levels in each], axis=1)
        first, last = self.knots[:, 0], self.knots[:, -1]
        z += (np.minimum(x - first, 0) + np.maximum(x - last, 0)) / self.reach
        # a measure never seen defined: any reading is as odd as a missing one
        unknown = np.isnan(first)
        z[:, unknown] = np.where(np.isnan(x[:, unknown]), np.nan, 0)
        return np.asarray(np.clip(z, -FURTHEST, FURTHEST), np.float64)

    def distance(self, X: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the mean distance of every row to its three nearest training rows."""
        squared = self._squared(self.normal(X))
        nearest = np.partition(squared, self._neighbours - 1, axis=1)[:, : self._neighbours]
        return np.asarray(np.sqrt(nearest).mean(axis=1), np.float64)

    def alarm(self, X: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Tell for every row whether it is unlike anything in training."""
        return self.distance(X) > self.limit

    def farthest(self, x: NDArray[np.floating]) -> list[int]:
        """Return the two columns in which one row is farthest from its nearest training rows.

        One with less than a third of the largest gap is left out.
        """
        z = self.normal(x[None, :])
        nearest = np.argsort(self._squared(z)[0], kind="stable")[: self._neighbours]
        own, others = _coordinates(z), self._coordinates[nearest]
        gap = ((others - own) ** 2).mean(axis=0)
        measures = gap[: len(x)] + gap[len(x) :]
        ranked = np.argsort(-measures, kind="stable")[:2]
        return [int(j) for j in ranked if measures[j] >= measures[ranked[0]] / 3]

    @cached_property
    def _coordinates(self) -> NDArray[np.float64]:
        return _coordinates(self.rows.astype(np.float64))

    @cached_property
    def _lengths(self) -> NDArray[np.float64]:
        return np.asarray((self._coordinates**2).sum(axis=1), np.float64)

    @property
    def _neighbours(self) -> int:
        return min(NEIGHBOURS, len(self.rows))

    def _squared(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        own, others = _coordinates(z), self._coordinates
        lengths = (own**2).sum(axis=1)[:, None] + self._lengths
        return np.asarray(np.maximum(lengths - 2 * own @ others.T, 0), np.float64)

    def check(self, measures: int) -> OutOfDistributionDetector:
        """Return it, or raise GateFileError if its parts do not fit together."""
        shapes = [array.shape for array in (self.knots, self.levels, self.rows, self.reach)]
        knots, rows = self.knots.shape[-1], len(self.rows)
        fitting = [(measures, knots), (measures, knots), (rows, measures), (measures,)]
        if shapes != fitting or not (0 < knots <= MOST_KNOTS and 0 < rows <= MOST_ROWS):
            raise GateFileError("guard: the arrays do not fit the measures")
        defined = ~np.isnan(self.knots[:, 0])
        finite = (self.knots[defined], self.levels[defined], self.reach)
        sound = (
            all(np.isfinite(array).all() for array in finite)
            and (np.diff(self.knots[defined], axis=1) >= 0).all()
            and not np.isinf(self.rows).any()
            and (self.reach > 0).all()
            and self.limit > 0
        )
        if not sound:
            raise GateFileError("guard: knots must ascend, reach and limit must be positive")
        return self


def _coordinates(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rows as points: undefined readings at the middle of their measure, and marked."""
    missing = np.isnan(z)
    return np.hstack([np.where(missing, 0, z), np.sqrt(MISSING) * missing])
