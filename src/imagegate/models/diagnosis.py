"""Say which causes are present on an image, and how much would be gained without each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import GateFileError
from imagegate.features import CAUSES, MEASURES
from imagegate.models.calibration import sigmoid
from imagegate.models.forest import Forest

Floats = NDArray[np.float64]
LOW_SCORE = 40.0  # as in the rules: where a cause begins to matter
PRESENT = 0.5  # a cause that is at least so probable is told
LEAST_GAIN = 0.3  # so that what is probable counts where no removal alone gains much


@dataclass(frozen=True)
class Finding:
    """What is known of one cause on one image.

    Parameters
    ----------
    cause : str
        One of the six.
    probability : float
        That it is present at a strength that hurts the task; NaN if only scores are known.
    gain : float
        By how much the probability of failure would fall without it, 0 to 1; NaN if unknown.
    """

    cause: str
    probability: float
    gain: float


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """Two small forests a cause: whether it is present, and what its removal would gain.

    Parameters
    ----------
    causes : tuple of str
        The causes that were learned.
    measures : tuple of str
        The columns of ``X``: those of the gate, and what only the diagnosis needs.
    forest : Forest
        The trees of all outputs, one output after the other: presence of every cause (log-odds),
        then the gain of every cause.
    trees : ndarray of int32, shape (2 * causes,)
        How many trees each output has.
    base : ndarray of float64, shape (2 * causes,)
        What each output is before any tree.
    calibration : ndarray of float64, shape (causes, 2)
        Slope and intercept from raw to calibrated log-odds of presence.
    """

    causes: tuple[str, ...]
    measures: tuple[str, ...]
    forest: Forest
    trees: NDArray[np.int32]
    base: Floats
    calibration: Floats

    def of(self, X: NDArray[np.floating]) -> tuple[Floats, Floats]:
        """Return probability and gain of every cause on measured images.

        Parameters
        ----------
        X : ndarray of shape (rows, measures)
            Columns as in ``measures``, NaN where undefined.

        Returns
        -------
        ndarray, ndarray of float64, shape (rows, causes)
            Probabilities in 0..1; gains in 0..1, what the task loses less without the cause.
        """
        starts = np.cumsum([0, *self.trees[:-1]])
        raw = self.base + self.forest.outputs(X, starts)
        present, gain = raw[:, : len(self.causes)], raw[:, len(self.causes) :]
        log_odds = present * self.calibration[:, 0] + self.calibration[:, 1]
        return sigmoid(log_odds), np.clip(gain, 0, 1)

    def findings(self, readings: Mapping[str, float]) -> list[Finding]:
        """Return what is known of every cause on one measured image, the weightiest first."""
        x = np.array([[readings[name] for name in self.measures]])
        probability, gain = (values[0] for values in self.of(x))
        order = np.argsort(-weights(probability, gain), kind="stable")
        return [Finding(self.causes[i], float(probability[i]), float(gain[i])) for i in order]

    def check(self) -> Diagnosis:
        """Return the diagnosis, or raise GateFileError if its parts do not fit together."""
        unknown = [cause for cause in self.causes if cause not in CAUSES]
        unknown += [name for name in self.measures if name not in MEASURES]
        unknown += [name for name in self.measures if self.measures.count(name) > 1]
        if unknown or not self.causes or len(set(self.causes)) < len(self.causes):
            raise GateFileError(
                "diagnosis: no causes, or unknown or repeated ones, or unknown measures"
            )
        outputs = 2 * len(self.causes)
        if self.trees.shape != (outputs,) or (self.trees < 1).any():
            raise GateFileError("diagnosis: expected trees for every cause, twice")
        if self.trees.sum() != len(self.forest.roots):
            raise GateFileError("diagnosis: the numbers of trees do not add up")
        numbers = (self.base, self.calibration)
        shapes = tuple(array.shape for array in numbers)
        finite = all(np.isfinite(array).all() for array in numbers)
        if shapes != ((outputs,), (len(self.causes), 2)) or not finite:
            raise GateFileError("diagnosis: expected a base, slope and intercept for every cause")
        if not (self.calibration[:, 0] > 0).all():
            raise GateFileError("diagnosis: a calibration would turn the order round")
        return self


def plain(findings: Sequence[Finding]) -> bool:
    """Tell whether a cause is so probable that an odd image is explained by it."""
    return any(one.probability >= PRESENT for one in findings)


def weights(probability: Floats, gain: Floats) -> Floats:
    """Return what causes are ordered by: how probable they are times what is gained."""
    return np.asarray(probability * (gain + LEAST_GAIN), np.float64)


def by_scores(scores: Mapping[str, float]) -> list[Finding]:
    """Return the causes with a low score, the lowest first: all that is known unlearned."""
    low = sorted((score, name) for name, score in scores.items() if score < LOW_SCORE)
    return [Finding(name, float("nan"), float("nan")) for _, name in low]
