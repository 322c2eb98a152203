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


def glare(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Put the reflection of a lamp over a share of the picture: white, with a soft border."""
    height, width = pixels.shape[:2]
    aspect, turn = float(np.exp(rng.uniform(-0.6, 0.6))), rng.uniform(0, np.pi)
    radius = float(np.sqrt(min(amount, 1.5) * height * width / np.pi))
    y, x = np.indices((height, width), np.float32)
    x, y = x - rng.uniform(0.2, 0.8) * width, y - rng.uniform(0.2, 0.8) * height
    along = (x * np.cos(turn) + y * np.sin(turn)) / (radius * np.sqrt(aspect))
    across = (y * np.cos(turn) - x * np.sin(turn)) * np.sqrt(aspect) / radius
    soft = rng.uniform(0.15, 0.5)
    light = np.clip((1 + soft - np.hypot(along, across)) / (2 * soft), 0, 1) * rng.uniform(1.0, 1.2)
    lit = pixels + np.minimum(light, 1)[..., None] * (np.float32(253.0) - pixels)
    return np.asarray(np.clip(np.rint(lit), 0, 255), np.uint8)


def shadow(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Cast a shadow with a soft edge over about half of the picture, so many stops deep."""
    height, width = pixels.shape[:2]
    y, x = np.indices((height, width), np.float32)
    angle, bend = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.3)
    x, y = x / width - 0.5, y / height - 0.5
    way = (
        x * np.cos(angle) + y * np.sin(angle) + bend * (y * np.cos(angle) - x * np.sin(angle)) ** 2
    )
    edge = np.quantile(way[::8, ::8], rng.uniform(0.35, 0.65))
    shade = np.clip((way - edge) / rng.uniform(0.01, 0.15) + 0.5, 0, 1)
    left = 2.0 ** (-amount / GAMMA * shade)
    floor = FLOOR_SD * rng.standard_normal(pixels.shape, dtype=np.float32)
    return np.asarray(np.clip(np.rint(pixels * left[..., None] + floor), 0, 255), np.uint8)


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

# Of a part of the picture, as in ``degrade.blur``.
LOCAL = (
    Degradation("exposure.glare", glare, (0.06, 0.12, 0.2, 0.32, 0.5), "share of the picture"),
    Degradation("exposure.shadow", shadow, (2.5, 3.5, 4.5, 5.5, 7.5), "stops"),
)
