"""Weigh rows so that every source counts once, however many rows descend from it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def even_weights(sources: ArrayLike) -> NDArray[np.float64]:
    """Return the weight of every row such that the rows of a source add up to 1.

    >>> even_weights(["a", "b", "a"]).tolist()
    [0.5, 1.0, 0.5]
    """
    _, member, count = np.unique(np.asarray(sources), return_inverse=True, return_counts=True)
    return np.asarray(1 / count[member], np.float64)
