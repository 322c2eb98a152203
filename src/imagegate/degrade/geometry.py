"""Put pages out of place: turned, mirrored, askew, seen from the side, cut off at the border."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.tables import Degradation, Pixels, Rng

RING = 0.02  # of the short side: the border whose median is the colour of what lies around a page
TURNS = (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)
ALIKE = 0.85  # perspective: the short edges of a page shrink by about as much


def turned(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Turn by 90, 180 or 270 degrees, as pages fed in the wrong way; every pixel is kept."""
    return np.ascontiguousarray(cv2.rotate(pixels, TURNS[int(rng.integers(len(TURNS)))]))


def mirrored(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Mirror left to right, as front cameras and film do, or one time in three top to bottom."""
    return np.ascontiguousarray(cv2.flip(pixels, 0 if rng.random() < 1 / 3 else 1))


def skewed(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Turn by so many degrees either way; the picture grows so that nothing is cut."""
    return rotated(pixels, amount if rng.random() < 0.5 else -amount)


def perspective(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Look at the page from a side, whose far edge is shorter by a share and nearer."""
    height, width = pixels.shape[:2]
    near, far = 0.0, min(amount, 0.9) / 2
    depth = 1 - ALIKE * min(amount, 0.9) / 2  # what is seen from the side is foreshortened, too
    corners = np.array([[far, 0], [1 - far, 0], [1 - near, depth], [near, depth]], np.float32)
    turns = int(rng.integers(4))  # which edge is far: top, right, bottom, left
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    placed = np.roll(_quarter(corners, turns), turns, axis=0)
    size = np.array([width - 1, height - 1], np.float32)
    matrix = cv2.getPerspectiveTransform(unit * size, placed * size)
    return _warped(pixels, matrix, (width, height), perspective=True)


def cut_off(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Cut a share of the height or width off at one side, through lines and letters."""
    height, width = pixels.shape[:2]
    share, side = min(amount, 0.9), int(rng.integers(4))
    rows, columns = max(1, round(height * (1 - share))), max(1, round(width * (1 - share)))
    if side < 2:
        return pixels[:rows].copy() if side else pixels[height - rows :].copy()
    kept = pixels[:, :columns] if side == 2 else pixels[:, width - columns :]
    return np.ascontiguousarray(kept)


def rotated(pixels: Pixels, degrees: float, interpolation: int = cv2.INTER_LINEAR) -> Pixels:
    """Return a picture turned counter-clockwise by so many degrees, on ground of its border.

    RGB (height, width, 3) or gray (height, width); it grows so that nothing is cut off.
    """
    height, width = pixels.shape[:2]
    matrix: NDArray[Any] = cv2.getRotationMatrix2D(
        ((width - 1) / 2, (height - 1) / 2), degrees, 1.0
    )
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = (
        int(np.ceil(width * cosine + height * sine)),
        int(np.ceil(width * sine + height * cosine)),
    )
    matrix[:, 2] += (np.array(size) - (width, height)) / 2
    return _warped(pixels, matrix, size, interpolation=interpolation)


def ground_colour(pixels: Pixels) -> tuple[float, ...]:
    """Return the median colour of a ring along the border."""
    height, width = pixels.shape[:2]
    ring = max(1, round(RING * min(height, width)))
    channels = pixels.reshape(height, width, -1)
    sides = (channels[:ring], channels[-ring:], channels[:, :ring], channels[:, -ring:])
    border = np.concatenate([side.reshape(-1, channels.shape[2]) for side in sides])
    return tuple(float(level) for level in np.median(border, axis=0))


def _quarter(corners: NDArray[np.float32], turns: int) -> NDArray[np.float32]:
    """Turn points of the unit square by quarters."""
    for _ in range(turns):
        corners = np.stack([1 - corners[:, 1], corners[:, 0]], axis=1)
    return corners


def _warped(
    pixels: Pixels,
    matrix: NDArray[Any],
    size: tuple[int, int],
    *,
    perspective: bool = False,
    interpolation: int = cv2.INTER_LINEAR,
) -> Pixels:
    warp = cv2.warpPerspective if perspective else cv2.warpAffine
    colour = ground_colour(pixels)
    done = warp(pixels, matrix, size, flags=interpolation, borderValue=colour)
    return np.asarray(done, np.uint8)


DEGRADATIONS = (
    Degradation("geometry.turned", turned, (1, 1, 1, 1, 1), "whether", graded=False),
    Degradation("geometry.mirrored", mirrored, (1, 1, 1, 1, 1), "whether", graded=False),
    Degradation("geometry.skewed", skewed, (4, 7, 10, 14, 22), "degrees"),
    Degradation("geometry.perspective", perspective, (0.25, 0.38, 0.5, 0.62, 0.75), "share"),
    Degradation("geometry.cut_off", cut_off, (0.12, 0.22, 0.32, 0.45, 0.6), "share of a side"),
)
