"""Pixelation: a coarse grid of squares in place of detail."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from imagegate.features.planes import NAN, Floats
from imagegate.features.scale import ramp, worst
from imagegate.features.traces import lines, traces
from imagegate.image import Image
from imagegate.tables import Measure, Signal

PERIODS = range(2, 41)
MIN_PERIODS = 6
SHORTEST = 47  # px of a profile
ALIKE = 0.85
FAINT = 0.1  # root of gray levels, added to both sides, so that a silent picture reads 0


def grid_by_period(profiles: list[Floats]) -> dict[int, float]:
    """Return log(strongest phase / mean of the others) of each period, over profiles."""
    length = min(len(line) for line in profiles)
    # the root keeps one ruled line from passing for a grid
    stack = np.sqrt(np.stack([line[:length] for line in profiles]))
    weight = stack.mean(axis=1) + 1e-9
    weight /= weight.sum()
    energy = {}
    for period in PERIODS:
        count = length // period
        if count < MIN_PERIODS:
            break
        phases = stack[:, : count * period].reshape(-1, count, period).mean(axis=1) + FAINT
        top = phases.max(axis=1)
        rest = (phases.sum(axis=1) - top) / (period - 1)
        energy[period] = float(weight @ np.log(top / rest))
    return energy


def grid(image: Image) -> tuple[float, float]:
    """Return energy and period of the strongest grid."""
    sides = [grid_by_period(profiles) for profiles in lines(image, SHORTEST) if profiles]
    if not sides:
        return NAN, NAN
    energy = {p: min(side.get(p, -1.0) for side in sides) for p in sides[0]}
    strongest = max(energy.values())
    # a multiple of the period folds onto the same lines, and by chance a little better
    best = min(p for p in energy if energy[p] >= ALIKE * strongest)
    return strongest, float(best)


GRID_SEEN = 0.35


def grid_energy(image: Image) -> float:
    """Return how much a regular grid of squares stands out.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Log of the strongest phase over the others at the best period of 2 to 40 px, the
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
        Pixels, 2 to 40; NaN where no grid stands out.

    References
    ----------
    Own; see ``pixelation.grid_energy``.
    """
    energy, best = image.once(grid)
    return best if energy > GRID_SEEN else NAN


def equal_share(image: Image) -> float:
    """Return the share of neighbours that are exactly equal.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Share 0..1 of pairs in both directions; NaN under 16 px. One JPEG destroys it;
        flat ground raises it.

    References
    ----------
    Own.
    """
    found = image.once(traces)
    return sum(t.equal for t in found) / sum(t.pairs for t in found) if found else NAN


def score(readings: Mapping[str, float]) -> float:
    """Map the grid energy to 0–100; a grid of period 8 is left to compression."""
    energy = readings["pixelation.grid_energy"]
    return worst(ramp(energy, (0.25, 100), (0.6, 40), (1.5, 10), (3.0, 0)))


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
