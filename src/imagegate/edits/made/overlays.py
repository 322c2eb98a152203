"""What is put on a photograph so that an edit can take it away again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.tables import Pixels, Rng, Table

Bits = NDArray[np.bool_]
Weights = NDArray[np.float32]
WORDS = ("SALE", "NEW", "50 % OFF", "Limited offer", "www.shop.example", "Best price", "Free gift")
FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX)


@dataclass(frozen=True)
class Overlay:
    """``function(pixels, rng)`` returns a layer, RGB like pixels, and its weights, 0..1."""

    name: str
    function: Callable[[Pixels, Rng], tuple[Pixels, Weights]]


def put_on(pixels: Pixels, overlay: Overlay, rng: Rng) -> tuple[Pixels, Bits]:
    """Return RGB pixels with an overlay, and where it is, bool (height, width)."""
    layer, weights = overlay.function(pixels, rng)
    return mixed(pixels, layer, weights), np.asarray(weights > 0.02, np.bool_)


def mixed(below: Pixels, above: Pixels, weights: Weights) -> Pixels:
    """Return two pictures mixed by the weights of the upper one."""
    share = weights[..., None]
    return np.asarray(np.rint(below * (1 - share) + above * share), np.uint8)


def caption(pixels: Pixels, rng: Rng) -> tuple[Pixels, Weights]:
    """Write a line across the lower or upper third."""
    height, width = pixels.shape[:2]
    row = height * rng.choice([rng.uniform(0.1, 0.25), rng.uniform(0.75, 0.95)])
    return _text(pixels, rng, rng.uniform(0.4, 0.8), (0.05 * width, row), 1.0)


def watermark(pixels: Pixels, rng: Rng) -> tuple[Pixels, Weights]:
    """Write a translucent line over the middle."""
    height, width = pixels.shape[:2]
    where = (width * rng.uniform(0.1, 0.3), height * rng.uniform(0.35, 0.65))
    return _text(pixels, rng, rng.uniform(0.4, 0.6), where, rng.uniform(0.25, 0.6))


def date_stamp(pixels: Pixels, rng: Rng) -> tuple[Pixels, Weights]:
    """Write a date in the lower right corner."""
    height, width = pixels.shape[:2]
    date = f"{rng.integers(1, 29):02d}.{rng.integers(1, 13):02d}.{rng.integers(1998, 2026)}"
    return _text(pixels, rng, 0.25, (0.7 * width, 0.95 * height), 1.0, date)


def badge(pixels: Pixels, rng: Rng) -> tuple[Pixels, Weights]:
    """Put a filled disc with a word into a corner."""
    height, width = pixels.shape[:2]
    radius = int(min(height, width) * rng.uniform(0.08, 0.16))
    middle = tuple(int(rng.choice([1.3 * radius, side - 1.3 * radius])) for side in (width, height))
    weights = np.zeros((height, width), np.uint8)
    cv2.circle(weights, middle, radius, 255, -1, cv2.LINE_AA)
    layer = _colour(pixels, rng)
    where = (middle[0] - 0.8 * radius, middle[1] + 0.15 * radius)
    letters, ink = _text(pixels, rng, 1.6 * radius / width, where, 1.0, "SALE")
    return mixed(layer, letters, ink), _share(weights)


def price_tag(pixels: Pixels, rng: Rng) -> tuple[Pixels, Weights]:
    """Put a filled box with a price somewhere."""
    height, width = pixels.shape[:2]
    box = np.array([width * rng.uniform(0.18, 0.3), height * rng.uniform(0.07, 0.13)])
    left, top = (np.array([width, height]) - box) * rng.uniform(0.03, 0.97, 2)
    right, bottom = left + box[0], top + box[1]
    weights = np.zeros((height, width), np.uint8)
    weights[int(top) : int(bottom) + 1, int(left) : int(right) + 1] = 255
    price = f"{rng.integers(1, 99)}.{rng.integers(10, 99)}"
    where = (left + 0.1 * box[0], bottom - 0.25 * box[1])
    letters, ink = _text(pixels, rng, 0.8 * box[0] / width, where, 1.0, price)
    return mixed(_colour(pixels, rng), letters, ink), _share(weights)


def thing(pixels: Pixels, rng: Rng) -> tuple[Pixels, Weights]:
    """Put a piece of the turned picture on it, in an irregular outline, as if it were a thing."""
    height, width = pixels.shape[:2]
    angles = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    radius = min(height, width) * rng.uniform(0.07, 0.2)
    radii = radius * rng.uniform(0.6, 1.2, angles.size)
    middle = np.array([width, height]) * rng.uniform(0.2, 0.8, 2)
    points = middle + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    weights = np.zeros((height, width), np.uint8)
    cv2.fillPoly(weights, [np.rint(points).astype(np.int32)], 255, cv2.LINE_AA)
    layer = 0.7 * pixels[::-1, ::-1].astype(np.float32) + 0.3 * _colour(pixels, rng)
    return np.asarray(layer, np.uint8), _share(weights)


def _share(plane: Pixels, most: float = 1.0) -> Weights:
    return np.asarray(plane * np.float32(most / 255), np.float32)


def _colour(pixels: Pixels, rng: Rng) -> Pixels:
    colour = rng.integers(0, 256, 3) if rng.random() < 0.6 else rng.choice([0, 255]).repeat(3)
    return np.full_like(pixels, colour.astype(np.uint8))


def _text(
    pixels: Pixels,
    rng: Rng,
    share: float,
    where: tuple[float, float],
    weight: float,
    text: str = "",
) -> tuple[Pixels, Weights]:
    """Write a text over a share of the width, starting at the lower left."""
    height, width = pixels.shape[:2]
    text = text or str(rng.choice(WORDS))
    font = int(rng.choice(FONTS))
    thickness = max(1, round(width / 300))
    scale = share * width / cv2.getTextSize(text, font, 1.0, thickness)[0][0]
    weights = np.zeros((height, width), np.uint8)
    start = (int(where[0]), int(where[1]))
    cv2.putText(weights, text, start, font, scale, 255, thickness, cv2.LINE_AA)
    return _colour(pixels, rng), _share(weights, weight)


OVERLAYS: Table[Overlay] = Table(
    "overlay",
    (
        Overlay("caption", caption),
        Overlay("watermark", watermark),
        Overlay("date-stamp", date_stamp),
        Overlay("badge", badge),
        Overlay("price-tag", price_tag),
        Overlay("thing", thing),
    ),
)
