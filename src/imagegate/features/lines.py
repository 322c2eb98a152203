"""Lines: how letters stand beside each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagegate.features.marks import Marks
from imagegate.features.planes import NAN, quantile

FEWEST = 8  # pairs of neighbours that tell something of the lines
BAND = 1.2  # typical heights: letters of one line fall into one band, or two
ODD_FOOT = 0.15  # of the typical height: what a descender or a broken letter is off its line


@dataclass(frozen=True)
class Rows:
    """How letters stand beside each other."""

    linked: float  # pairs of neighbours per letter: near 0.9 in whole lines
    uneven: float  # share of pairs whose feet are not level; NaN with fewer than 8


def stand(found: Marks, picked: NDArray[np.intp]) -> Rows:
    """Pair every letter with the next one to its right and look at their feet."""
    height, width = found.height[picked], found.width[picked]
    left, top = found.x[picked], found.y[picked]
    middle, typical = top + height / 2, quantile(height, 0.5)
    order = np.lexsort((left, np.round(middle / (BAND * typical)), found.tile[picked]))
    a, b = order[:-1], order[1:]
    tall = np.maximum(height[a], height[b])
    gap = left[b] - left[a] - width[a]
    beside = (found.tile[picked][a] == found.tile[picked][b]) & (gap > -0.3 * tall)
    beside &= (gap < 1.5 * tall) & (np.abs(middle[a] - middle[b]) < 0.6 * tall)
    a, b = a[beside], b[beside]
    linked = len(a) / len(picked)
    if len(a) < FEWEST:
        return Rows(linked, NAN)
    rise = (top + height)[b] - (top + height)[a]
    return Rows(linked, float(np.mean(np.abs(rise) > ODD_FOOT * typical)))
