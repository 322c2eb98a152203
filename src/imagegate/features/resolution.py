"""Resolution: how many pixels there are and how many of them say something."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from imagegate.features.planes import NAN
from imagegate.features.scale import ramp, worst
from imagegate.features.spectrum import cutoff
from imagegate.image import Image
from imagegate.tables import Measure, Signal


def short_side(image: Image) -> float:
    """Return the shorter side of the picture.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Pixels, always defined.

    References
    ----------
    The task minimum sizes in common use (OCR 300, faces 160) are stated in it.
    """
    return float(min(image.gray.shape))


def effective(image: Image) -> float:
    """Return the shorter side in pixels that carry detail.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Short side times twice the spectral cut-off: a picture enlarged n times reads
        about 1 / n of its side. NaN where there is no cut-off.

    References
    ----------
    Nyquist's limit: a cut-off of 0.5 cycles a pixel uses every pixel.
    """
    end = image.once(cutoff)
    return 2 * end * min(image.gray.shape) if np.isfinite(end) else NAN


def score(readings: Mapping[str, float]) -> float:
    """Map x-height where there is text, else effective pixels, to 0–100."""
    x_height = ramp(readings["text.x_height_px"], (0, 0), (7, 40), (9.5, 70), (20, 100))
    if not np.isnan(x_height):
        detail = ramp(readings["text.x_height_effective_px"], (0, 0), (6, 40), (7.2, 70), (14, 100))
        return worst(x_height, detail)
    pixels = readings["resolution.effective_px"]
    if np.isnan(pixels):
        pixels = readings["resolution.short_side_px"]
    return ramp(pixels, (50, 0), (175, 40), (300, 75), (600, 100))


MEASURES = (
    Measure(
        "resolution.short_side_px",
        short_side,
        unit="px",
        worse="low",
        signal="resolution",
        learnable=False,
    ),
    Measure(
        "resolution.effective_px",
        effective,
        unit="px",
        worse="low",
        signal="resolution",
        about="picture",
    ),
)

SIGNAL = Signal(
    "resolution",
    (
        "text.x_height_px",
        "text.x_height_effective_px",
        "resolution.effective_px",
        "resolution.short_side_px",
    ),
    score,
    "Scan at 300 dpi or move closer; enlarging afterwards adds nothing.",
)
