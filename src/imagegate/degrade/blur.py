"""Make images unsharp: lens, movement, focus."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.tables import Degradation, Pixels, Rng

# Kernels are drawn this many times larger and averaged down: strengths need no whole pixels.
FINE = 8
MOST_MEDIAN = 255  # of OpenCV
STEPS = 4  # from sharp to blurred where the focus falls off


def gaussian(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Blur with a Gaussian, as poor optics and resampling do."""
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), amount * reference_px), np.uint8)


def motion(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Blur along a straight line of random direction."""
    kernel = line_kernel(amount * reference_px, rng.uniform(0.0, np.pi))
    return convolve(pixels, kernel)


def defocus(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Blur with an evenly lit disc, as a lens out of focus does."""
    return convolve(pixels, disc_kernel(amount * reference_px))


def box(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Blur with an even square, as binning does."""
    across, along = _grid(amount * reference_px / 2 + 1, 0.0)
    half = max(amount * reference_px / 2, 0.5)
    return convolve(pixels, _averaged((np.abs(across) <= half) & (np.abs(along) <= half)))


def median(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Take the median of a square, as programs do that smooth noise and fine lines away."""
    side = max(1, round(amount * reference_px / 2)) * 2 + 1
    return np.asarray(cv2.medianBlur(pixels, min(side, MOST_MEDIAN)), np.uint8)


def partly(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Let the focus fall off towards one side, as when a page is photographed at a slant.

    Up to a line somewhere in the first half all is sharp; the far edge is blurred with a Gaussian
    of the full amount.
    """
    most = amount * reference_px
    height, width = pixels.shape[:2]
    angle = float(rng.choice([0.0, 0.5, 1.0, 1.5])) * np.pi + rng.normal(0, 0.25)
    y, x = (
        np.indices((height, width), np.float32) / np.array([[[height]], [[width]]], np.float32)
        - 0.5
    )
    way = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
    way = (way - way.min()) / max(float(np.ptp(way)), 1e-6)
    start = rng.uniform(0.0, 0.5)
    wide = rng.uniform(0.15, 0.5)  # of the page, until the blur is whole
    depth = np.clip((way - start) / wide, 0, 1)[..., None]
    worse = pixels.astype(np.float32)
    for step in range(1, STEPS + 1):  # mixing neighbours of a row of ever stronger blurs
        blurred = cv2.GaussianBlur(pixels, (0, 0), most * step / STEPS).astype(np.float32)
        worse += np.clip(depth * STEPS - (step - 1), 0, 1) * (blurred - worse)
    return np.asarray(np.clip(np.rint(worse), 0, 255), np.uint8)


def line_kernel(length: float, angle: float) -> NDArray[np.float32]:
    """Return the kernel of a straight movement of any length, at an angle in radians; sum 1."""
    across, along = _grid(length / 2 + 1, angle)
    return _averaged((np.abs(across) <= 0.5) & (np.abs(along) <= length / 2))


def disc_kernel(radius: float) -> NDArray[np.float32]:
    """Return the kernel of a lens out of focus: an even disc of any radius, sum 1."""
    across, along = _grid(radius + 1, 0.0)
    return _averaged(np.hypot(across, along) <= max(radius, 0.5))


def convolve(pixels: Pixels, kernel: NDArray[np.float32]) -> Pixels:
    """Convolve every channel; the border repeats its last pixel."""
    blurred = cv2.filter2D(pixels, -1, kernel, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, np.uint8)


def _grid(reach: float, angle: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return coordinates across and along a direction, FINE samples a pixel."""
    side = 2 * int(np.ceil(reach)) + 1
    axis = (np.arange(side * FINE) + 0.5) / FINE - side / 2
    x, y = np.meshgrid(axis, axis)
    return y * np.cos(angle) - x * np.sin(angle), x * np.cos(angle) + y * np.sin(angle)


def _averaged(inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Average FINE x FINE samples to one kernel weight and make the sum 1."""
    side = inside.shape[0] // FINE
    weights = inside.reshape(side, FINE, side, FINE).mean(axis=(1, 3))
    return np.asarray(weights / weights.sum(), np.float32)


DEGRADATIONS = (
    Degradation("blur.gaussian", gaussian, (0.155, 0.178, 0.195, 0.21, 0.24), "sigma / reference"),
    Degradation("blur.motion", motion, (0.5, 0.55, 0.59, 0.65, 0.75), "path length / reference"),
    Degradation("blur.defocus", defocus, (0.28, 0.3, 0.32, 0.34, 0.38), "radius / reference"),
)

VARIETY = (
    Degradation("blur.box", box, (0.5, 0.58, 0.64, 0.7, 0.8), "side / reference"),
    Degradation("blur.median", median, (0.4, 0.48, 0.56, 0.64, 0.8), "side / reference"),
)

# Of a part of the picture: pages are read whole, so what is lost in a part is lost.
LOCAL = (Degradation("blur.partly", partly, (0.19, 0.24, 0.3, 0.4, 0.6), "sigma / reference"),)
