"""Turn the picture into flat squares, by block mean or by nearest-neighbour enlarging."""

from __future__ import annotations

import cv2
import numpy as np

from imagegate.tables import Degradation, Pixels

LEAST_BLOCK_PX = 2
LEAST_BLOCKS = 8


def block(pixels: Pixels, amount: float, reference_px: float, rng: np.random.Generator) -> Pixels:
    """Replace each square by its mean: the mosaic filter."""
    return _squares(pixels, side_px(pixels, amount * reference_px), cv2.INTER_AREA)


def nearest(pixels: Pixels, amount: float, reference_px: float, rng: np.random.Generator) -> Pixels:
    """Replace each square by one of its pixels: thumbnails enlarged by the nearest neighbour."""
    return _squares(pixels, side_px(pixels, amount * reference_px), cv2.INTER_NEAREST)


def side_px(pixels: Pixels, wanted: float) -> int:
    """Return the side of a square: whole, at least 2 px, at least 8 squares across the picture."""
    most = max(LEAST_BLOCK_PX, min(pixels.shape[:2]) // LEAST_BLOCKS)
    return int(np.clip(round(wanted), LEAST_BLOCK_PX, most))


def _squares(pixels: Pixels, side: int, down: int) -> Pixels:
    """Reduce by a whole factor and enlarge again; the last row and column are padded first."""
    height, width = pixels.shape[:2]
    rows, columns = -(-height // side), -(-width // side)
    padded = cv2.copyMakeBorder(
        pixels, 0, rows * side - height, 0, columns * side - width, cv2.BORDER_REPLICATE
    )
    small = cv2.resize(padded, (columns, rows), interpolation=down)
    large = small.repeat(side, axis=0).repeat(side, axis=1)
    return np.ascontiguousarray(large[:height, :width], np.uint8)


DEGRADATIONS = (
    Degradation("pixelation.block", block, (0.25, 0.3, 0.36, 0.42, 0.5), "side / reference"),
    Degradation("pixelation.nearest", nearest, (0.2, 0.25, 0.3, 0.36, 0.44), "side / reference"),
)
