"""Tell chance from more: the Kolmogorov-Smirnov test, Holm's correction, chi-square."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def ks_p(distance: float, size: float) -> float:
    """Return the chance of such a distance between the distributions of two samples of one kind.

    ``size`` is n m / (n + m). Source: Kolmogorov's series with Stephens's correction for small
    samples, JRSS B 1970.
    """
    scaled = (math.sqrt(size) + 0.12 + 0.11 / math.sqrt(size)) * distance
    if scaled < 0.2:  # the series converges slowly where the answer is 1
        return 1.0
    k = np.arange(1, 101)
    return float(np.clip(2 * ((-1.0) ** (k - 1) * np.exp(-2 * (k * scaled) ** 2)).sum(), 0, 1))


def holm(p: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number (Holm, Scandinavian Journal of Statistics 1979).

    >>> holm([0.01, 0.5, 0.02])
    [0.03, 0.5, 0.04]
    """
    order = np.argsort(p, kind="stable")
    steps = np.asarray(p, np.float64)[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(steps))
    return [float(value) for value in adjusted]


def chi_square_95(degrees: int) -> float:
    """Return the 95 % quantile of chi-square, to within 3 %.

    The index times n m / (n + m) is distributed so if nothing has moved (Yurdakul, Statistical
    Properties of the Population Stability Index, 2018); the quantile is Wilson and Hilferty's.
    """
    part = 2 / (9 * degrees)
    return float(degrees * (1 - part + 1.6449 * math.sqrt(part)) ** 3)
