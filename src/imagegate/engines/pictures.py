"""Enlarge a picture by resampling, or enhance it: white balance, exposure and contrast."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np

from imagegate.engines.engine import Engine, Floats, opencv, with_long_side
from imagegate.tables import Pixels

FACTOR = 2  # by which resampling enlarges

SIDE = 256  # px; statistics are taken on a picture made so small: single noisy pixels do not count
LEVELS = np.arange(256) / 255
GAMMA = 2.2  # from gray levels to light
BT601_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, section 2.5.1

# White balance. At norm 1 it is the gray world, at infinity the brightest patch; 6 did best in
# the paper. Gains stay bounded, for a picture of one red cloth is no red light.
GRAY_WORLD, SHADES_OF_GRAY = 1, 6
MOST_GAIN = 1.2  # of gray levels, 1.5 of light
# Channels that are clipped or black tell nothing of the light.
TELLING = (0.02, 0.98)

TAILS = (0.5, 99.5)  # % of the pixels, darkest and brightest, that the stretch may clip
NARROWEST = 48 / 255  # range of luma below which the stretch is let go: noise is no contrast
MIDDLE = 0.4  # a darker median is lifted to it; a brighter one stays: a white ground is right
MOST_GAMMA = 2.0

CLIP_LIMIT, GRID = 2.0, (8, 8)  # of CLAHE, as in common use
SMALLEST = 128  # px of the short side, below which its tiles hold too few pixels for a histogram


def enlarged(pixels: Pixels, way: int) -> Pixels:
    """Return a picture twice as large."""
    size = (pixels.shape[1] * FACTOR, pixels.shape[0] * FACTOR)
    return np.asarray(cv2.resize(pixels, size, interpolation=way), np.uint8)


def auto(pixels: Pixels) -> Pixels:
    """Stretch the luma to the full range, balance white and lift a dark middle.

    White balance: Finlayson and Trezzi, "Shades of Gray and Colour Constancy", CIC 2004, norm 6,
    in light; stretch: Limare et al., "Simplest Color Balance", IPOL 2011,
    doi:10.5201/ipol.2011.llmps-scb, but one for all three channels, so that it turns no hue.
    """
    sample = with_long_side(pixels, SIDE) / 255
    low, high = np.percentile(sample @ BT601_LUMA, TAILS)
    balance = gains(sample, SHADES_OF_GRAY, veil=low)
    seen = (stretched(sample, low, high) * balance).clip(0, 1)
    middle = float(np.median(seen @ BT601_LUMA))
    curves = stretched(LEVELS, low, high)[:, None] * balance
    return curved(pixels, curves.clip(0, 1) ** lift(middle))


def clahe(pixels: Pixels) -> Pixels:
    """Balance white, then equalise the lightness of each neighbourhood within limits.

    It repairs no exposure: a picture that was too dark stays so. White balance: Buchsbaum's
    gray world, J. Franklin Institute 310, 1980, doi:10.1016/0016-0032(80)90058-7; contrast:
    Zuiderveld, Graphics Gems IV, 1994, on CIELAB lightness, as in OpenCV.
    """
    balance = LEVELS[:, None] * gains(with_long_side(pixels, SIDE) / 255, GRAY_WORLD)
    white = curved(pixels, balance.clip(0, 1))
    if min(pixels.shape[:2]) < SMALLEST:
        return white
    lightness, *colour = cv2.split(cv2.cvtColor(white, cv2.COLOR_RGB2LAB))
    equalised = cv2.createCLAHE(CLIP_LIMIT, GRID).apply(lightness)
    return np.asarray(cv2.cvtColor(cv2.merge([equalised, *colour]), cv2.COLOR_LAB2RGB), np.uint8)


def curved(pixels: Pixels, curves: Floats) -> Pixels:
    """Send each channel through its tone curve, (256, 3) in 0..1."""
    table = np.rint(curves * 255).astype(np.uint8)[None]
    return np.asarray(cv2.LUT(np.ascontiguousarray(pixels), table), np.uint8)


def gains(sample: Floats, norm: int, veil: float = 0.0) -> Floats:
    """Return what to multiply red, green and blue (0..1) by; all 1 if nothing tells.

    A veil of light, the level of black, is taken off first: it makes every colour paler.
    """
    flat = sample.reshape(-1, 3)
    low, high = veil + TELLING[0], TELLING[1]
    telling = flat[((flat > low) & (flat < high)).all(axis=1)] - veil
    if not len(telling):
        return np.ones(3)
    light = (telling ** (GAMMA * norm)).mean(axis=0) ** (1 / norm)
    wanted = np.exp(np.log(light).mean())  # the geometric mean keeps the brightness
    return np.asarray(np.clip((wanted / light) ** (1 / GAMMA), 1 / MOST_GAIN, MOST_GAIN))


def stretched(values: Floats, low: float, high: float) -> Floats:
    """Stretch low..high to 0..1 and beyond, and ever less so the nearer low and high are."""
    share = min(1.0, (high - low) / NARROWEST)
    span = max(high - low, 1 / 255)
    return share * np.maximum((values - low) / span, 0) + (1 - share) * values


def lift(middle: float) -> float:
    """Return the exponent that lifts a dark median towards the middle."""
    if middle <= 0:
        return 1.0
    return float(np.clip(np.log(MIDDLE) / np.log(min(middle, 0.99)), 1 / MOST_GAMMA, 1.0))


LANCZOS = Engine("lanczos", lambda: partial(enlarged, way=cv2.INTER_LANCZOS4), opencv, "Apache-2.0")
CUBIC = Engine("cubic", lambda: partial(enlarged, way=cv2.INTER_CUBIC), opencv, "Apache-2.0")
# The version of the method, which is ours, and of OpenCV.
AUTO = Engine("auto", lambda: auto, lambda: f"1, {opencv()}", "Apache-2.0")
CLAHE = Engine("clahe", lambda: clahe, lambda: f"1, {opencv()}", "Apache-2.0")
