"""Fixed piecewise-linear mappings from a reading to a 0–100 score."""

from __future__ import annotations

import numpy as np

from imagegate.features.planes import NAN


def ramp(reading: float, *points: tuple[float, float]) -> float:
    """Return the score on the broken line through (reading, score) points, NaN for NaN."""
    x, y = zip(*points, strict=True)
    return float(np.interp(reading, x, y)) if np.isfinite(reading) else NAN


def worst(*scores: float) -> float:
    """Return the lowest defined score, NaN if none is."""
    known = [score for score in scores if np.isfinite(score)]
    return min(known) if known else NAN


def best(*scores: float) -> float:
    """Return the highest defined score, NaN if none is."""
    known = [score for score in scores if np.isfinite(score)]
    return max(known) if known else NAN
