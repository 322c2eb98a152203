"""Take away resolution: downscale, and either enlarge again or leave small.

The amount is the reference (x-height) that is left, in pixels, because that is what
readers of text need a fixed number of.
"""

from __future__ import annotations

import cv2
import numpy as np

from imagegate.degrade.library import pixel_functions
from imagegate.tables import Degradation, Pixels

LEAST_SIDE_PX = 16
MOST_KEPT = (
    0.9  # sources that are already small lose at least a tenth: a step always does something
)


def area(pixels: Pixels, amount: float, reference_px: float, rng: np.random.Generator) -> Pixels:
    """Downscale by averaging, enlarge linearly: what careful programs do."""
    return _there_and_back(pixels, amount / reference_px, cv2.INTER_AREA, cv2.INTER_LINEAR)


def bicubic(pixels: Pixels, amount: float, reference_px: float, rng: np.random.Generator) -> Pixels:
    """Downscale by averaging, enlarge with cubics."""
    return _there_and_back(pixels, amount / reference_px, cv2.INTER_AREA, cv2.INTER_CUBIC)


def lanczos(pixels: Pixels, amount: float, reference_px: float, rng: np.random.Generator) -> Pixels:
    """Downscale by averaging, enlarge with Lanczos: sharp, with a little ringing."""
    return _there_and_back(pixels, amount / reference_px, cv2.INTER_AREA, cv2.INTER_LANCZOS4)


def aliased(pixels: Pixels, amount: float, reference_px: float, rng: np.random.Generator) -> Pixels:
    """Downscale by leaving pixels out, enlarge with cubics: what hasty programs do."""
    return _there_and_back(pixels, amount / reference_px, cv2.INTER_NEAREST, cv2.INTER_CUBIC)


def left_small(
    pixels: Pixels, amount: float, reference_px: float, rng: np.random.Generator
) -> Pixels:
    """Downscale by averaging and leave it so: thumbnails, messengers, web previews."""
    factor = kept(pixels, amount / reference_px)
    size = (round(pixels.shape[1] * factor), round(pixels.shape[0] * factor))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def linear(pixels: Pixels, amount: float, reference_px: float, rng: np.random.Generator) -> Pixels:
    """Downscale by interpolating linearly, which skips pixels, and leave it so."""
    factor = kept(pixels, amount / reference_px)
    size = (round(pixels.shape[1] * factor), round(pixels.shape[0] * factor))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def linear_enlarged(
    pixels: Pixels, amount: float, reference_px: float, rng: np.random.Generator
) -> Pixels:
    """Downscale and enlarge again by interpolating linearly."""
    return _there_and_back(pixels, amount / reference_px, cv2.INTER_LINEAR, cv2.INTER_LINEAR)


def kept(pixels: Pixels, factor: float) -> float:
    """Bound a scale so that something is lost and no side vanishes."""
    least = min(1.0, LEAST_SIDE_PX / min(pixels.shape[:2]))
    return float(max(min(factor, MOST_KEPT), least))


def _there_and_back(pixels: Pixels, factor: float, down: int, up: int) -> Pixels:
    return np.asarray(pixel_functions().downscale(pixels, kept(pixels, factor), down, up), np.uint8)


DEGRADATIONS = (
    Degradation("resolution.area", area, (3.6, 3.4, 3.25, 3.1, 2.8), "px of the reference left"),
    Degradation(
        "resolution.bicubic", bicubic, (3.6, 3.4, 3.25, 3.1, 2.8), "px of the reference left"
    ),
    Degradation(
        "resolution.lanczos", lanczos, (3.6, 3.4, 3.25, 3.1, 2.8), "px of the reference left"
    ),
    Degradation(
        "resolution.aliased", aliased, (5.7, 5.4, 5.1, 4.8, 4.4), "px of the reference left"
    ),
    Degradation(
        "resolution.left_small", left_small, (5.2, 4.85, 4.65, 4.5, 4.3), "px of the reference left"
    ),
)

VARIETY = (
    Degradation(
        "resolution.linear", linear, (5.4, 5.1, 4.85, 4.65, 4.35), "px of the reference left"
    ),
    Degradation(
        "resolution.linear_enlarged",
        linear_enlarged,
        (4.4, 4.1, 3.9, 3.7, 3.4),
        "px of the reference left",
    ),
)
