"""Fit the line from raw to calibrated log-odds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imagegate.models.calibration import Calibration, sigmoid

Floats = NDArray[np.float64]
PRIOR_SOURCES = 2.0  # how many sources the prior "as it is" weighs: slope 1, intercept 0
LEAST_SLOPE = 0.05  # a model that does not rank still may not turn the order round
STEPS = 50


def fit_calibration(raw: Floats, fails: NDArray[np.bool_], weights: Floats) -> Calibration:
    """Return Platt's line: logistic regression of the outcome on the log-odds.

    Parameters
    ----------
    raw : ndarray of shape (rows,)
        Raw log-odds of calibration rows.
    fails : ndarray of bool, shape (rows,)
        Whether the task failed.
    weights : ndarray of shape (rows,)
        Such that the rows of a source add up to 1.

    Returns
    -------
    Calibration
        By Newton steps, held to (1, 0) by a weak Gaussian prior, so that few or perfectly
        separated sources do not make it overconfident.

    References
    ----------
    Platt 1999; the prior takes the place of his smoothed targets.
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
