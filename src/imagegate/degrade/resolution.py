"""Take away resolution: downscale, and either enlarge again or leave small."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np

from imagegate.degrade.library import pixel_functions
from imagegate.tables import Degradation, Pixels, Rng

LEAST_SIDE_PX = 16
MOST_KEPT = 0.9  # a source that is already small loses a tenth: a step always does something


def enlarged_again(
    pixels: Pixels, amount: float, reference_px: float, rng: Rng, *, down: int, up: int
) -> Pixels:
    """Downscale in one of OpenCV's ways, and enlarge again in another."""
    factor = kept(pixels, amount / reference_px)
    return np.asarray(pixel_functions().downscale(pixels, factor, down, up), np.uint8)


def left_small(
    pixels: Pixels, amount: float, reference_px: float, rng: Rng, *, down: int = cv2.INTER_AREA
) -> Pixels:
    """Downscale and leave it so: thumbnails, messengers, web previews."""
    factor = kept(pixels, amount / reference_px)
    size = (round(pixels.shape[1] * factor), round(pixels.shape[0] * factor))
    return np.asarray(cv2.resize(pixels, size, interpolation=down), np.uint8)


def kept(pixels: Pixels, factor: float) -> float:
    """Bound a scale so that something is lost and no side vanishes."""
    least = min(1.0, LEAST_SIDE_PX / min(pixels.shape[:2]))
    return float(max(min(factor, MOST_KEPT), least))


LEFT = "px of the reference left"  # readers need a fixed number of them for an x-height
AREA = partial(enlarged_again, down=cv2.INTER_AREA, up=cv2.INTER_LINEAR)
BICUBIC = partial(enlarged_again, down=cv2.INTER_AREA, up=cv2.INTER_CUBIC)
LANCZOS = partial(enlarged_again, down=cv2.INTER_AREA, up=cv2.INTER_LANCZOS4)
# leaves pixels out, as hasty programs do
ALIASED = partial(enlarged_again, down=cv2.INTER_NEAREST, up=cv2.INTER_CUBIC)
LINEAR_ENLARGED = partial(enlarged_again, down=cv2.INTER_LINEAR, up=cv2.INTER_LINEAR)
LINEAR = partial(left_small, down=cv2.INTER_LINEAR)

DEGRADATIONS = (
    Degradation("resolution.area", AREA, (3.6, 3.4, 3.25, 3.1, 2.8), LEFT),
    Degradation("resolution.bicubic", BICUBIC, (3.6, 3.4, 3.25, 3.1, 2.8), LEFT),
    Degradation("resolution.lanczos", LANCZOS, (3.6, 3.4, 3.25, 3.1, 2.8), LEFT),
    Degradation("resolution.aliased", ALIASED, (5.7, 5.4, 5.1, 4.8, 4.4), LEFT),
    Degradation("resolution.left_small", left_small, (5.2, 4.85, 4.65, 4.5, 4.3), LEFT),
)

VARIETY = (
    Degradation("resolution.linear", LINEAR, (5.4, 5.1, 4.85, 4.65, 4.35), LEFT),
    Degradation("resolution.linear_enlarged", LINEAR_ENLARGED, (4.4, 4.1, 3.9, 3.7, 3.4), LEFT),
)
