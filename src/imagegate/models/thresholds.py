"""Where the decisions of a gate change, and the calibration rows that this was set on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagegate.models.verdict import Decision


@dataclass(frozen=True)
class Thresholds:
    """Where decisions change: pass up to ``passing``, reject from ``rejecting``, else review.

    ``passing`` is None if the promise could not be kept: then nothing passes by itself.
    """

    passing: float | None
    rejecting: float

    def decide(self, p_fail: float) -> Decision:
        """Return the decision for a probability of failure."""
        if self.passing is not None and p_fail <= self.passing:
            return "pass"
        return "reject" if p_fail >= self.rejecting else "review"

    @property
    def highest(self) -> float:
        """The highest probability that passes, below 0 if nothing does."""
        return -1.0 if self.passing is None else self.passing

    def decisions(
        self, p_fail: NDArray[np.float64], held_back: NDArray[np.bool_]
    ) -> NDArray[np.str_]:
        """Return the decision for every probability; ``held_back`` tells what is for review."""
        review = held_back | ((p_fail > self.highest) & (p_fail < self.rejecting))
        return np.where(review, "review", np.where(p_fail <= self.highest, "pass", "reject"))


@dataclass(frozen=True, eq=False)
class History:
    """The calibration rows, kept so that another threshold can be set without training again.

    Parameters
    ----------
    raw : ndarray of float64, shape (rows,)
        Log-odds before calibration.
    fails : ndarray of bool, shape (rows,)
        Whether the task failed.
    source : ndarray of int32, shape (rows,)
        Rows of the same number descend from the same source.
    familiar : ndarray of bool, shape (rows,)
        Whether the guard lets the row through; without that it never passes.
    """

    raw: NDArray[np.float64]
    fails: NDArray[np.bool_]
    source: NDArray[np.int32]
    familiar: NDArray[np.bool_]
