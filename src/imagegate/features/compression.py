"""Compression: what lossy coding left in the header and in the pixels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from imagegate.features.planes import NAN, Floats, quantile, ramp, traces, worst
from imagegate.image import Image
from imagegate.tables import Cause, Code, Measure

LOSSY = frozenset({"jpeg", "webp", "avif", "heic", "heif"})

# ITU-T T.81 Annex K.1, natural order: the table that libjpeg scales by quality
BASE_TABLE = np.array(
    [
        *(16, 11, 10, 16, 24, 40, 51, 61),
        *(12, 12, 14, 19, 26, 58, 60, 55),
        *(14, 13, 16, 24, 40, 57, 69, 56),
        *(14, 17, 22, 29, 51, 87, 80, 62),
        *(18, 22, 37, 56, 68, 109, 103, 77),
        *(24, 35, 55, 64, 81, 104, 113, 92),
        *(49, 64, 78, 87, 103, 121, 120, 101),
        *(72, 92, 95, 98, 112, 100, 103, 99),
    ]
)


def libjpeg_tables() -> Floats:
    """Return the 100 luma tables of libjpeg, quality 1 first."""
    quality = np.arange(1, 101)
    factor = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    scaled = (BASE_TABLE * factor[:, None] + 50) // 100
    return np.asarray(np.clip(scaled, 1, 255), np.float64)


def header_quality(image: Image) -> float:
    """Return the JPEG quality told by the quantisation table.

    1 to 100 on libjpeg's scale, the nearest standard table; NaN if not a JPEG. It tells the last
    save only.
    Source: ITU-T T.81 Annex K and the scaling of the Independent JPEG Group's library.
    """
    table = image.header.luma_table
    if table is None or len(table) != BASE_TABLE.size:
        return NAN
    distance = np.abs(np.log(libjpeg_tables() / np.maximum(np.array(table), 1))).sum(axis=1)
    return float(np.argmin(distance)) + 1.0


def folded(profile: Floats, period: int) -> Floats:
    """Return the mean of a profile at each phase of a period."""
    usable = len(profile) // period * period
    return np.asarray(profile[:usable].reshape(-1, period).mean(axis=0))


MIN_PERIODS = 6
FAINT = 0.02  # gray levels added to both phases, so that a silent picture reads 0


def blockiness(image: Image) -> float:
    """Return how much the 8x8 grid of JPEG stands out.

    Log of the strongest over the median phase of the mean neighbour difference folded mod 8, mean
    of both directions; near 0 without blocks. NaN under 48 px. Resizing destroys it.
    Source: after Wang, Sheikh and Bovik, ICIP 2002, doi:10.1109/ICIP.2002.1038064; the phase is
    searched, so a crop does not hide the grid.
    """
    found = image.cached(traces)
    if not found or min(len(found.columns), len(found.rows)) < 8 * MIN_PERIODS - 1:
        return NAN
    both = [folded(profile, 8) + FAINT for profile in (found.columns, found.rows)]
    return float(np.mean([np.log(phases.max() / quantile(phases, 0.5)) for phases in both]))


def bits_per_step(image: Image) -> float:
    """Return the bits of a lossy file for what there is to code.

    Bits a pixel over the mean step between neighbours, capped at 16 gray levels: low when detail
    had to go, whatever the content. NaN for arrays, lossless formats and flat pictures.
    Source: own; the mean step is the simplest measure of spatial information (ITU-T P.910).
    """
    found, header = image.cached(traces), image.header
    if not found or header.size_bytes <= 0 or header.format.lower() not in LOSSY:
        return NAN
    activity = float(found.columns.mean() + found.rows.mean())
    per_pixel = 8.0 * header.size_bytes / (header.width * header.height)
    return per_pixel / activity if activity > 0 else NAN


def score(readings: Mapping[str, float]) -> float:
    """Map header quality, blockiness and the bits spent on detail to 0–100, the worst counts."""
    return worst(
        ramp(readings["compression.header_quality"], (2, 0), (10, 40), (50, 75), (90, 100)),
        ramp(readings["compression.blockiness"], (0.4, 100), (0.8, 50), (1.0, 40), (2.5, 0)),
        ramp(
            readings["compression.bits_per_step"], (0.015, 0), (0.07, 40), (0.11, 75), (0.14, 100)
        ),
    )


MEASURES = (
    Measure(
        "compression.header_quality",
        header_quality,
        "header quality",
        "quality",
        "low",
        looks=("compression is weaker", "compression is stronger"),
    ),
    Measure(
        "compression.blockiness",
        blockiness,
        "blockiness",
        "log ratio",
        "high",
        looks=("blocks show more", "blocks show less"),
    ),
    Measure("compression.bits_per_step", bits_per_step, "bits per step", "bits/level", "either"),
)

CAUSE = Cause(
    "compression",
    ("compression.header_quality", "compression.blockiness", "compression.bits_per_step"),
    score,
    (Code("compression.strong", "compression.bits_per_step"),),
)
