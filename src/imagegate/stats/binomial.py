"""Exact binomial numbers: how many failures among how many sources prove what."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imagegate.errors import SettingsError
from imagegate.extras import require
from imagegate.stats.metrics import Floats


def sources_needed(risk_target: float, confidence: float, failures: int = 0) -> int:
    """Return how many passed sources prove a risk target with so many of them failing.

    >>> [sources_needed(target, 0.95) for target in (0.01, 0.05, 0.1)]
    [299, 59, 29]
    """
    if not (0 < risk_target < 1 and 0 < confidence < 1):
        raise SettingsError(
            f"risk target and confidence lie between 0 and 1, got {risk_target} and {confidence}"
        )
    count = max(1, math.ceil(round(math.log(1 - confidence) / math.log(1 - risk_target), 9)))
    if not failures:
        return count
    while binomial_p(failures, count, risk_target) > 1 - confidence:
        count += 1
    return count


def allowed_failures(counts: NDArray[np.int64], risk_target: float, confidence: float) -> Floats:
    """Return the most failures among so many passed sources that prove it; -1 for none."""
    allowed = np.full(counts.shape, -1.0)
    for failures in range(int(counts.max(initial=0)) + 1):
        fine = binomial_p(failures, counts, risk_target) <= 1 - confidence
        if not fine.any():
            break
        allowed[fine] = failures
    return allowed


def binomial_p(failures: ArrayLike, count: ArrayLike, risk: ArrayLike) -> Floats:
    """Return the probability of so few failures among ``count`` if the risk were ``risk``."""
    failed, total = np.asarray(failures, np.float64), np.asarray(count, np.float64)
    betainc = require("scipy.special", "watch").betainc
    inside = betainc(np.maximum(total - failed, 1e-9), failed + 1, 1 - np.asarray(risk))
    return np.asarray(np.where(failed < 0, 0.0, np.where(failed >= total, 1.0, inside)), np.float64)


def upper_bound(failures: int, count: int, confidence: float) -> float:
    """Return the highest risk that so many failures allow, one-sided Clopper-Pearson."""
    if failures >= count:
        return 1.0  # also without any source: nothing is known
    inverse = require("scipy.special", "watch").betaincinv
    return float(inverse(failures + 1, count - failures, confidence))


def clopper_pearson(failures: int, count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact two-sided interval of a share: for guarantees, as it is never too short.

    Source: Clopper, Pearson, Biometrika 1934. For a dashboard :func:`wilson` is nearer.
    """
    tail = (1 + confidence) / 2
    low = 1 - upper_bound(count - failures, count, tail) if failures else 0.0
    return low, upper_bound(failures, count, tail)


def wilson(failures: int, count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's interval of a share (JASA 1927): right on average, for dashboards."""
    if not count:
        return 0.0, 1.0
    z = float(require("scipy.special", "watch").ndtri((1 + confidence) / 2))
    share, weight = failures / count, z * z / count
    centre = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * math.sqrt(share * (1 - share) / count + weight / (4 * count))
    return max(0.0, centre - half), min(1.0, centre + half)
