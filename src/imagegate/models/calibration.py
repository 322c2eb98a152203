"""From log-odds to a probability that means what it says, and from that to a decision."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import GateFileError
from imagegate.models.verdict import Decision

Floats = NDArray[np.float64]

PRIOR_SOURCES = 2.0  # how many sources the prior "as it is" weighs: slope 1, intercept 0
LEAST_SLOPE = 0.05  # a model that does not rank still may not turn the order round
STEPS = 50
FURTHEST = 30.0  # log-odds beyond which a float64 probability says nothing more


@dataclass(frozen=True)
class Calibration:
    """A straight line on the log-odds (Platt): it never changes the order of two images."""

    slope: float
    intercept: float

    def log_odds(self, raw: Floats) -> Floats:
        """Return the calibrated log-odds of raw ones."""
        return np.clip(self.slope * raw + self.intercept, -FURTHEST, FURTHEST)

    def probability(self, raw: Floats) -> Floats:
        """Return the calibrated probability of raw log-odds."""
        return sigmoid(self.log_odds(raw))

    def check(self) -> Calibration:
        """Return it, or raise GateFileError if it would turn the order round."""
        if not (np.isfinite(self.intercept) and np.isfinite(self.slope) and self.slope > 0):
            raise GateFileError(
                f"calibration: expected a rising line, got {self.slope} and {self.intercept}"
            )
        return self


def sigmoid(log_odds: Floats) -> Floats:
    """Return the probabilities of log-odds.

    >>> sigmoid(np.array([0.0, 30.0])).tolist()
    [0.5, 0.9999999999999065]
    """
    return np.asarray(1 / (1 + np.exp(np.clip(-log_odds, -700, 700))), np.float64)


def fit_calibration(raw: Floats, fails: NDArray[np.bool_], weights: Floats) -> Calibration:
    """Return Platt's line: logistic regression of the outcome on the log-odds.

    The weights of a source's rows add up to 1. By Newton steps, held to (1, 0) by a weak Gaussian
    prior, which takes the place of Platt's smoothed targets (1999): few or perfectly separated
    sources do not make it overconfident.
    """
    design = np.stack([raw, np.ones_like(raw)], axis=1)
    prior = np.array([1.0, 0.0])
    line = prior.copy()
    for _ in range(STEPS):
        p = sigmoid(design @ line)
        slope = design.T @ (weights * (p - fails)) + PRIOR_SOURCES * (line - prior)
        curve = (design * (weights * p * (1 - p))[:, None]).T @ design + PRIOR_SOURCES * np.eye(2)
        step = np.linalg.solve(curve, slope)
        line = line - step * min(1.0, 1.0 / max(1e-12, float(np.abs(step).max())))
        if np.abs(step).max() < 1e-10:
            break
    return Calibration(max(LEAST_SLOPE, float(line[0])), float(line[1]))


@dataclass(frozen=True)
class Thresholds:
    """Where decisions change: pass up to ``passing``, reject from ``rejecting``, else review.

    ``passing`` is None if nothing could be guaranteed: then nothing passes by itself.
    """

    passing: float | None
    rejecting: float

    def decide(self, p_fail: float) -> Decision:
        """Return the decision for a probability of failure."""
        if p_fail <= self.highest:
            return "pass"
        return "reject" if p_fail >= self.rejecting else "review"

    @property
    def highest(self) -> float:
        """The highest probability that passes, below 0 if nothing does."""
        return -1.0 if self.passing is None else self.passing

    def decisions(self, p_fail: Floats, held_back: NDArray[np.bool_]) -> NDArray[np.str_]:
        """Return the decision for every probability; ``held_back`` tells what is for review."""
        review = held_back | ((p_fail > self.highest) & (p_fail < self.rejecting))
        return np.where(review, "review", np.where(p_fail <= self.highest, "pass", "reject"))


@dataclass(frozen=True, eq=False)
class History:
    """The calibration rows, kept so that another threshold can be set without training again."""

    raw: Floats  # log-odds before calibration
    fails: NDArray[np.bool_]  # whether the task failed
    source: NDArray[np.int32]  # rows of the same number descend from the same source
    familiar: NDArray[np.bool_]  # others never pass, whatever their probability
