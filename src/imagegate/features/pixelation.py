"""Pixelation: a coarse grid of squares in place of detail."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from imagegate.features.planes import NAN, profiles, steps
from imagegate.features.scale import ramp, worst
from imagegate.image import Image
from imagegate.tables import Measure, Signal

PERIODS = range(2, 33)
MIN_PERIODS = 5
FAINT = 0.05  # gray levels added to both sides, so that a silent picture reads 0


def grid_by_period(lines: list[np.ndarray]) -> dict[int, float]:
    """Return log(strongest phase / mean of the others) of each period, mean over profiles."""
    length = min(len(line) for line in lines)
    stack = np.stack([line[:length] for line in lines])
    energy = {}
    for period in PERIODS:
        count = length // period
        if count < MIN_PERIODS:
            break
        phases = np.median(stack[:, : count * period].reshape(-1, count, period), axis=1)
        top = phases.max(axis=1)
        rest = (phases.sum(axis=1) - top) / (period - 1)
        energy[period] = float(np.log((top + FAINT) / (rest + FAINT)).mean())
    return energy


def grid(image: Image) -> tuple[float, float]:
    """Return energy and period of the strongest grid."""
    sides = []
    for axis in ("columns", "rows"):
        lines = [
            line for line in (getattr(p, axis) for p in image.once(profiles)) if len(line) >= 48
        ]
        if lines:
            sides.append(grid_by_period(lines))
    if not sides:
        return NAN, NAN
    shared = [p for p in sides[0] if all(p in side for side in sides)]
    energy = {p: min(side[p] for side in sides) for p in shared}
    best = max(energy, key=energy.__getitem__)
    return energy[best], float(best)


GRID_SEEN = 0.7


def grid_energy(image: Image) -> float:
    """Return how much a regular grid of squares stands out.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Log of the strongest phase over the others at the best period of 2 to 32 px, the
        weaker of both directions; above 1 when pixelated, also after one JPEG.
        NaN under 48 px. A period of exactly 8 may be JPEG.

    References
    ----------
    Own; the folding of ``compression.blockiness`` over all periods.
    """
    return image.once(grid)[0]


def period(image: Image) -> float:
    """Return the size of the squares.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Pixels, 2 to 32; NaN where no grid stands out.

    References
    ----------
    Own; see ``pixelation.grid_energy``.
    """
    energy, best = image.once(grid)
    return best if energy > GRID_SEEN else NAN


def equal_share(image: Image) -> float:
    """Return the share of equal neighbours among those in the busy rows.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Share 0..1 of neighbouring pixels, both directions, that are exactly equal; NaN
        under 16 px. One JPEG destroys it; flat ground and rendered pages raise it.

    References
    ----------
    Own.
    """
    equal, total = 0, 0
    for step in image.once(steps):
        for plane in (step.across, step.down):
            equal += plane.size - cv2.countNonZero(plane)
            total += plane.size
    return equal / total if total else NAN


def score(readings: Mapping[str, float]) -> float:
    """Map the grid energy to 0–100; a grid of period 8 is left to compression."""
    energy = readings["pixelation.grid_energy"]
    return worst(ramp(energy, (0.3, 100), (1.0, 40), (3.0, 0)))


MEASURES = (
    Measure("pixelation.grid_energy", grid_energy, "log ratio", "high", "pixelation"),
    Measure("pixelation.period_px", period, "px", "either", "pixelation"),
    Measure("pixelation.equal_share", equal_share, "share", "either", "pixelation"),
)

SIGNAL = Signal(
    "pixelation",
    ("pixelation.grid_energy", "pixelation.period_px"),
    score,
    "Ask for the picture before it was pixelated or enlarged.",
)
