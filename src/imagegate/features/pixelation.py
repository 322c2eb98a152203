"""Pixelation: a coarse grid of squares in place of detail."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from imagegate.features.planes import NAN, Floats, ramp, traces
from imagegate.image import Image
from imagegate.tables import Cause, Code, Measure

SHORTEST = 47  # px of a profile
SEGMENT = 256  # px of it that are transformed at once
POINTS = 512
FREQUENCY = np.arange(POINTS // 2 + 1) / POINTS
# A comb of lines has all its harmonics; the pitch of letters and lines of text has none up here.
HARMONICS = FREQUENCY >= 0.1
LONGEST = 48  # px of a period
ALIKE = 0.6  # of the strongest peak: lower peaks are not taken for the first harmonic
GRID_SEEN = 0.2
FEWEST_STEPS = 200


def modulation(profile: Floats) -> Floats:
    """Return the modulation depth of a profile at each frequency, pooled over segments."""
    length = min(SEGMENT, len(profile))
    count = -(-len(profile) // length)
    starts = np.linspace(0, len(profile) - length, count).astype(np.int64)  # the last ends with it
    # the root keeps one ruled line from passing for a grid
    parts = np.sqrt(profile[starts[:, None] + np.arange(length)])
    level, taper = parts.mean(axis=1, keepdims=True), np.hanning(length)
    peaks = np.abs(np.fft.rfft((parts - level) * taper, POINTS, axis=1)).sum(axis=0)
    means = float(level.sum() * taper.sum())
    depth: Floats = 2 * peaks / means if means > 0 else peaks
    return depth


def grid(image: Image) -> tuple[float, float]:
    """Return modulation depth and period of the strongest grid."""
    found = image.cached(traces)
    if not found or min(len(found.columns), len(found.rows)) < SHORTEST:
        return NAN, NAN
    # a grid of squares has the same period both ways
    depth = np.minimum(modulation(found.columns), modulation(found.rows))
    strongest = float(depth[HARMONICS].max())
    padded = np.pad(depth, 1)
    peak = (depth >= padded[:-2]) & (depth >= padded[2:]) & (FREQUENCY >= 1 / LONGEST)
    first = np.flatnonzero(peak & (depth >= ALIKE * strongest))
    return strongest, float(1 / FREQUENCY[first[0]]) if len(first) else NAN


def grid_energy(image: Image) -> float:
    """Return how much a regular grid of squares stands out.

    Modulation depth of the steps between neighbours at the best frequency, the weaker of both
    directions: 2 for perfect squares, about 0.5 after one JPEG, under 0.1 without a grid, even for
    the blocks of JPEG. Periods need not be whole pixels. NaN under 48 px.
    Source: resampling peaks after Gallagher, CRV 2005, doi:10.1109/CRV.2005.70, on first
    differences of the gray plane.
    """
    return image.cached(grid)[0]


def period(image: Image) -> float:
    """Return the size of the squares.

    Pixels, 2 to 48, to about 5 %; NaN where no grid stands out.
    Source: own; see ``pixelation.grid_energy``.
    """
    energy, best = image.cached(grid)
    return best if energy >= GRID_SEEN else NAN


def squares_across(image: Image) -> float:
    """Return how many squares the shorter side is made of.

    Short side over ``pixelation.period_px``: what is left of the picture's pixels; NaN where no
    grid stands out.
    Source: own.
    """
    return float(min(image.gray.shape) / image.cached(period))


def equal_share(image: Image) -> float:
    """Return the share of neighbours that are exactly equal.

    Share 0..1 of pairs in both directions; NaN under 16 px. One JPEG destroys it; flat ground
    raises it.
    Source: own.
    """
    found = image.cached(traces)
    return found.equal / found.pairs if found else NAN


def step_runs(image: Image) -> float:
    """Return how often a large step to the next pixel is followed by another one.

    Share 0..1 of the steps over 12 gray levels, in both directions: 0 where every pixel is shown as
    a square, of whatever size, for steps lie two apart at least; 0.3 to 0.8 in scans and photos;
    low in scans of two levels, too. NaN with fewer than 200 such steps.
    Source: own.
    """
    found = image.cached(traces)
    return found.runs / found.steps if found and found.steps >= FEWEST_STEPS else NAN


def score(readings: Mapping[str, float]) -> float:
    """Map the grid energy to 0–100."""
    return ramp(
        readings["pixelation.grid_energy"], (0.15, 100), (0.3, 60), (0.36, 40), (1.5, 10), (2, 0)
    )


MEASURES = (
    Measure("pixelation.grid_energy", grid_energy, "grid energy", "modulation depth", "high"),
    Measure("pixelation.period_px", period, "period", "px", "either"),
    Measure(
        "pixelation.squares_across",
        squares_across,
        "number of squares across the picture",
        "count",
        "low",
        about="picture",
    ),
    Measure("pixelation.equal_share", equal_share, "equal share", "share", "either"),
    Measure(
        "pixelation.step_runs",
        step_runs,
        "share of steps that take more than one pixel",
        "share",
        "either",
    ),
)

CAUSE = Cause(
    "pixelation",
    ("pixelation.grid_energy",),
    score,
    (Code("pixelation.blocks", "pixelation.grid_energy"),),
)
