"""Turn the picture into flat squares, by block mean or by nearest-neighbour enlarging."""

from __future__ import annotations

import cv2
import numpy as np

from imagegate.tables import Degradation, Pixels, Rng

LEAST_BLOCK_PX = 2
LEAST_STRETCH = 1.25  # under this, nearest-neighbour enlarging only doubles a line here and there
LEAST_BLOCKS = 8


def block(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Replace each square by its mean: the mosaic filter; sides are whole pixels."""
    height, width = pixels.shape[:2]
    side = block_px(pixels, amount * reference_px)
    rows, columns = -(-height // side), -(-width // side)
    padded = cv2.copyMakeBorder(
        pixels, 0, rows * side - height, 0, columns * side - width, cv2.BORDER_REPLICATE
    )
    small = cv2.resize(padded, (columns, rows), interpolation=cv2.INTER_AREA)
    large = small.repeat(side, axis=0).repeat(side, axis=1)
    return np.ascontiguousarray(large[:height, :width], np.uint8)


def nearest(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Leave pixels out and enlarge by the nearest neighbour, by any factor."""
    height, width = pixels.shape[:2]
    factor = max(LEAST_STRETCH, min(amount * reference_px, min(height, width) / LEAST_BLOCKS))
    rows, columns = (np.arange(side) // factor * factor for side in (height, width))
    return np.ascontiguousarray(pixels[np.ix_(rows.astype(int), columns.astype(int))])


def block_px(pixels: Pixels, wanted: float) -> int:
    """Return the side of a square: whole, at least 2 px, at least 8 squares across the picture."""
    most = max(LEAST_BLOCK_PX, min(pixels.shape[:2]) // LEAST_BLOCKS)
    return int(np.clip(round(wanted), LEAST_BLOCK_PX, most))


DEGRADATIONS = (
    Degradation("pixelation.block", block, (0.2, 0.24, 0.265, 0.29, 0.33), "side / reference"),
    Degradation(
        "pixelation.nearest", nearest, (0.15, 0.17, 0.183, 0.197, 0.22), "side / reference"
    ),
)
