"""Spoil the light: too little, too much, too flat, too uneven.

All four act on gray levels through the gamma of 2.2 that cameras apply, so that a
stop is a stop of light; what falls below 0 or above 255 is lost, as in a camera.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imagegate.tables import Degradation, Pixels

GAMMA = 2.2
LEVELS: NDArray[np.float64] = np.arange(256, dtype=np.float64)


def under(pixels: Pixels, amount: float, reference_px: float, rng: np.random.Generator) -> Pixels:
    """Take away light by so many stops."""
    return _through(pixels, LEVELS * 2.0 ** (-amount / GAMMA))


def over(pixels: Pixels, amount: float, reference_px: float, rng: np.random.Generator) -> Pixels:
    """Wash out: lift every gray level by a share of the range and clip at white."""
    return _through(pixels, LEVELS + 255.0 * amount)


def low_contrast(
    pixels: Pixels, amount: float, reference_px: float, rng: np.random.Generator
) -> Pixels:
    """Squeeze the gray levels around a random middle to a share of their range."""
    middle = rng.uniform(90.0, 200.0)
    return _through(pixels, middle + (LEVELS - pixels.mean()) * amount)


def uneven(pixels: Pixels, amount: float, reference_px: float, rng: np.random.Generator) -> Pixels:
    """Let the light fall off across the picture, by so many stops at the far side."""
    height, width = pixels.shape[:2]
    angle, hardness = rng.uniform(0.0, 2 * np.pi), rng.uniform(0.7, 1.4)
    x = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None, :]
    y = np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None]
    slope = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
    way = (slope - slope.min()) / max(float(np.ptp(slope)), 1e-6)
    light = np.exp2(-np.float32(amount / GAMMA) * way ** np.float32(hardness))
    return np.asarray(np.rint(pixels * light[..., None]), np.uint8)


def _through(pixels: Pixels, curve: NDArray[np.float64]) -> Pixels:
    """Send every gray level through a tone curve."""
    table = np.clip(np.rint(curve), 0, 255).astype(np.uint8)
    return np.asarray(table[pixels])


DEGRADATIONS = (
    Degradation("exposure.under", under, (5, 6.5, 8, 9.5, 11), "stops"),
    Degradation("exposure.over", over, (0.6, 0.7, 0.8, 0.87, 0.94), "lift, share of the range"),
    Degradation(
        "exposure.low_contrast", low_contrast, (0.1, 0.06, 0.04, 0.025, 0.015), "contrast left"
    ),
    Degradation("exposure.uneven", uneven, (2, 3, 4, 5.5, 8), "stops lost at the far side"),
)
