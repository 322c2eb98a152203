"""From a model's log-odds to a probability that means what it says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import GateFileError

FURTHEST = 30.0  # log-odds beyond which a float64 probability says nothing more


@dataclass(frozen=True)
class Calibration:
    """A straight line on the log-odds (Platt): it never changes the order of two images."""

    slope: float
    intercept: float

    def log_odds(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the calibrated log-odds of raw ones."""
        return np.clip(self.slope * raw + self.intercept, -FURTHEST, FURTHEST)

    def probability(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the calibrated probability of raw log-odds."""
        return sigmoid(self.log_odds(raw))

    def check(self) -> Calibration:
        """Return it, or raise GateFileError if it would turn the order round."""
        if not (np.isfinite(self.intercept) and np.isfinite(self.slope) and self.slope > 0):
            raise GateFileError(
                f"calibration: expected a rising line, got {self.slope} and {self.intercept}"
            )
        return self


def sigmoid(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probabilities of log-odds.

    >>> sigmoid(np.array([0.0, 30.0])).tolist()
    [0.5, 0.9999999999999065]
    """
    return np.asarray(1 / (1 + np.exp(np.clip(-log_odds, -700, 700))), np.float64)
