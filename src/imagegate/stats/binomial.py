"""How many failures among how many sources prove what: exact binomial numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imagegate.errors import MissingExtraError, SettingsError

Floats = NDArray[np.float64]


def sources_needed(promise: float, confidence: float, failures: int = 0) -> int:
    """Return how many passed sources it takes to keep a promise with so many failing.

    >>> [sources_needed(promise, 0.95) for promise in (0.01, 0.05, 0.1)]
    [299, 59, 29]
    """
    if not (0 < promise < 1 and 0 < confidence < 1):
        raise SettingsError(
            f"promise and confidence lie between 0 and 1, got {promise} and {confidence}"
        )
    count = max(1, math.ceil(round(math.log(1 - confidence) / math.log(1 - promise), 9)))
    if not failures:
        return count
    while binomial_p(failures, count, promise) > 1 - confidence:
        count += 1
    return count


def allowed_failures(counts: NDArray[np.int64], promise: float, confidence: float) -> Floats:
    """Return the most failures among so many passed sources that keep the promise; -1 for none."""
    allowed = np.full(counts.shape, -1.0)
    for failures in range(int(counts.max(initial=0)) + 1):
        fine = binomial_p(failures, counts, promise) <= 1 - confidence
        if not fine.any():
            break
        allowed[fine] = failures
    return allowed


def binomial_p(failures: ArrayLike, count: ArrayLike, risk: ArrayLike) -> Floats:
    """Return the probability of so few failures among ``count`` if the risk were ``risk``."""
    failed, total = np.asarray(failures, np.float64), np.asarray(count, np.float64)
    inside = _special().betainc(np.maximum(total - failed, 1e-9), failed + 1, 1 - np.asarray(risk))
    return np.asarray(np.where(failed < 0, 0.0, np.where(failed >= total, 1.0, inside)), np.float64)


def upper_bound(failures: int, count: int, confidence: float) -> float:
    """Return the highest risk that so many failures allow, one-sided Clopper-Pearson."""
    if failures >= count:
        return 1.0  # also without any source: nothing is known
    return float(_special().betaincinv(failures + 1, count - failures, confidence))


def clopper_pearson(failures: int, count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact two-sided interval of a share: for promises.

    References
    ----------
    Clopper, Pearson, Biometrika 1934. Never too short; for a dashboard :func:`wilson` is nearer.
    """
    tail = (1 + confidence) / 2
    low = 1 - upper_bound(count - failures, count, tail) if failures else 0.0
    return low, upper_bound(failures, count, tail)


def wilson(failures: int, count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's interval of a share: right on average, for dashboards.

    References
    ----------
    Wilson, JASA 1927.
    """
    if not count:
        return 0.0, 1.0
    z = float(_special().ndtri((1 + confidence) / 2))
    share, weight = failures / count, z * z / count
    centre = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * math.sqrt(share * (1 - share) / count + weight / (4 * count))
    return max(0.0, centre - half), min(1.0, centre + half)


def _special() -> Any:
    try:
        from scipy import special  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtraError("scipy", "watch") from error
    return special
