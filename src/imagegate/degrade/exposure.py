"""Spoil the light: too little, too much, too flat, too uneven; what is clipped is lost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imagegate.tables import Degradation, Pixels, Rng

GAMMA = 2.2  # that cameras apply to gray levels, so that a stop is a stop of light
# What a sensor adds however little light there is, in gray levels. Without it a picture of
# two gray levels is as easy to read as one of 200: a threshold brings it all back.
FLOOR_SD = 1.5
LEVELS: NDArray[np.float64] = np.arange(256, dtype=np.float64)


def under(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Take away light by so many stops, down towards the noise of the sensor."""
    return _noisy(LEVELS * 2.0 ** (-amount / GAMMA), pixels, rng)


def over(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Wash out: lift every gray level by a share of the range and clip at white."""
    table = np.clip(np.rint(LEVELS + 255.0 * amount), 0, 255).astype(np.uint8)
    return np.asarray(table[pixels])


def low_contrast(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Squeeze the gray levels around a random middle, as haze, faded ink or a veil of light do."""
    middle = rng.uniform(90.0, 200.0)
    return _noisy(middle + (LEVELS - pixels.mean()) * min(1.0, amount), pixels, rng)


def uneven(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Let the light fall off across the picture, by so many stops at the far side."""
    height, width = pixels.shape[:2]
    angle, hardness = rng.uniform(0.0, 2 * np.pi), rng.uniform(0.7, 1.4)
    x = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None, :]
    y = np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None]
    slope = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
    way = (slope - slope.min()) / max(float(np.ptp(slope)), 1e-6)
    light = np.exp2(-np.float32(amount / GAMMA) * way ** np.float32(hardness))
    return np.asarray(np.rint(pixels * light[..., None]), np.uint8)


def _noisy(curve: NDArray[np.float64], pixels: Pixels, rng: Rng) -> Pixels:
    """Send every gray level through a tone curve, and add the noise floor."""
    floor = np.float32(FLOOR_SD) * rng.standard_normal(pixels.shape, dtype=np.float32)
    levels = curve.astype(np.float32)[pixels] + floor
    return np.asarray(np.clip(np.rint(levels), 0, 255), np.uint8)


DEGRADATIONS = (
    Degradation("exposure.under", under, (9.1, 9.7, 10.2, 10.9, 12.3), "stops"),
    Degradation("exposure.over", over, (0.66, 0.74, 0.79, 0.86, 0.93), "lift, share of the range"),
    Degradation(
        "exposure.low_contrast", low_contrast, (0.056, 0.047, 0.041, 0.035, 0.025), "contrast left"
    ),
    Degradation("exposure.uneven", uneven, (2.1, 2.6, 3.2, 4.2, 8), "stops lost at the far side"),
)
