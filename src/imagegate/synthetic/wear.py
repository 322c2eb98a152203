"""Wear out print: faded bands, broken strokes, dots of a matrix printer, scans in two levels."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from imagegate.synthetic.capture import CapturedPage, capture, draw_scan
from imagegate.synthetic.paper import Field, noise_field, to_pixels
from imagegate.tables import Pixels, Rng

SEVERAL_SHARE = 0.55  # of the prints have more than one flaw
BITONAL_SHARE = 0.35
# A median over so many x-heights separates paper from ink, whichever of them is darker.
GROUND_BOX = 3.0


def worn(pixels: Pixels, x_height_px: float, rng: Rng) -> Pixels:
    """Return a page as a tired printer leaves it, with one to three of FLAWS, mild to strong.

    Their sizes are relative to the height of small letters. Ink is lost or fades towards the
    ground around it; the transcript stays the same.

    >>> page = np.full((60, 80, 3), 250, np.uint8)
    >>> page[20:40, 10:70:6] = 10
    >>> bool(worn(page, 10.0, np.random.default_rng(1)).mean() > page.mean())
    True
    """
    count = int(rng.integers(2, 4)) if rng.random() < SEVERAL_SHARE else 1
    strength = float(rng.beta(1.2, 1.4)) / np.sqrt(count)
    height, width = pixels.shape[:2]
    left = np.ones((height, width), np.float32)
    for name in rng.choice(list(FLAWS), size=count, replace=False):
        left *= FLAWS[str(name)](height, width, x_height_px, strength, rng)
    side = int(np.clip(GROUND_BOX * x_height_px, 3, 120)) | 1
    ground = np.asarray(cv2.medianBlur(pixels, side), np.float32)
    return to_pixels(ground + (pixels - ground) * np.clip(left, 0, 1)[..., None])


def print_and_scan(pixels: Pixels, x_height_px: float, rng: Rng) -> CapturedPage:
    """Print a page on a tired printer and scan it, a third of the time in black and white."""
    taken = capture(worn(pixels, x_height_px, rng), rng, shot=draw_scan(rng))
    if rng.random() < BITONAL_SHARE:
        return replace(taken, pixels=bitonal(taken.pixels, rng))
    return taken


def faded(height: int, width: int, x_height_px: float, strength: float, rng: Rng) -> Field:
    """Return the ink left where heat, pressure or ribbon was uneven: clouds and bands."""
    tall, wide = (float(side) for side in x_height_px * rng.uniform(2, 25, size=2))
    clouds = noise_field(height, width, ((tall, wide), (tall / 3, wide / 3)), rng)
    least = 1 - strength * rng.uniform(0.6, 1.0)
    share = np.clip(np.float32(0.5) + clouds * np.float32(rng.uniform(0.4, 1.2)), 0, 1)
    return np.asarray(1 - (1 - least) * share, np.float32)


def broken(height: int, width: int, x_height_px: float, strength: float, rng: Rng) -> Field:
    """Return the ink left where it did not stick: small gaps in the strokes."""
    grain = max(1.0, x_height_px * rng.uniform(0.06, 0.22))
    field = noise_field(height, width, ((grain, grain), (grain / 2, grain / 2)), rng)
    # so many standard deviations leave 2 to 40 % of the ink out
    limit = np.float32(2.0 - 1.75 * strength)
    soft = np.clip((limit - field) * np.float32(3) + np.float32(0.5), 0, 1)
    return np.asarray(soft, np.float32)


def dotted(height: int, width: int, x_height_px: float, strength: float, rng: Rng) -> Field:
    """Return the ink left by a matrix of needles: dots with gaps between them."""
    period = max(2.0, x_height_px / rng.uniform(4.5, 8.0))
    y = np.cos(2 * np.pi * np.arange(height, dtype=np.float32) / np.float32(period))[:, None]
    x = np.cos(2 * np.pi * np.arange(width, dtype=np.float32) / np.float32(period))[None, :]
    dots = (x + y) / np.float32(4) + np.float32(0.5)
    gap = np.clip((np.float32(0.75 * strength) - dots) * np.float32(4), 0, 1)
    return np.asarray(1 - gap, np.float32)


def scratched(height: int, width: int, x_height_px: float, strength: float, rng: Rng) -> Field:
    """Return the ink left by a printing head with dead points: thin lines without any."""
    upright = bool(rng.random() < 0.7)
    length = width if upright else height
    line = np.ones(length, np.float32)
    every = x_height_px * rng.uniform(1.0, 6.0) / max(strength, 0.1)
    for place in rng.integers(0, length, size=max(1, round(length / every))):
        line[place : place + max(1, round(x_height_px * rng.uniform(0.04, 0.16)))] = 0
    return np.tile(line, (height, 1)) if upright else np.tile(line[:, None], (1, width))


FLAWS = {"faded": faded, "broken": broken, "dotted": dotted, "scratched": scratched}


def bitonal(pixels: Pixels, rng: Rng) -> Pixels:
    """Return a scan in black and white, as archives and fax machines keep it.

    By a threshold for the whole page (Otsu's, some way off to ink or paper) or one for every place.
    """
    gray = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    level, _ = cv2.threshold(gray, 0, 255, cv2.THRESH_OTSU)
    if rng.random() < 0.6:
        off = rng.normal(0, 0.14)
        level += off * (level - gray.min() if off < 0 else float(gray.max()) - level)
        _, seen = cv2.threshold(gray, float(level), 255, cv2.THRESH_BINARY)
    else:
        side = int(rng.integers(15, 61)) | 1
        below = float(rng.uniform(2, 24))
        how = cv2.ADAPTIVE_THRESH_GAUSSIAN_C
        seen = cv2.adaptiveThreshold(gray, 255, how, cv2.THRESH_BINARY, side, below)
    return np.asarray(cv2.cvtColor(np.asarray(seen, np.uint8), cv2.COLOR_GRAY2RGB), np.uint8)
