"""Choose windows of a plane at native resolution where the picture has content."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.image.pixels import Pixels

SIDE = 320
MOST = 16
GRID = 4
WHOLE_UP_TO = 1_500_000

# Two blocks of JPEG, one of its subsampled chroma: windows that start on it keep the phase.
STEP = 16


def select_tiles(gray: Pixels, working: Pixels) -> tuple[Pixels, ...]:
    """Return the whole plane if it is small, else the liveliest window of each grid cell.

    Parameters
    ----------
    gray : NDArray[np.uint8]
        The plane, (height, width).
    working : NDArray[np.uint8]
        The same picture, smaller by a whole factor; it tells where the content is.

    Returns
    -------
    tuple of NDArray[np.uint8]
        Views of ``gray`` of shape (min(320, height), min(320, width)), row by row. Where nothing
        is to be seen, the first place in the cell.
    """
    if gray.size <= WHOLE_UP_TO:
        return (gray,)
    factor = max(gray.shape) / max(working.shape)
    sums = _energy_sums(working)
    rows, columns = _grid(*gray.shape)
    tops = [_origins(row, rows, gray.shape[0]) for row in range(rows)]
    lefts = [_origins(column, columns, gray.shape[1]) for column in range(columns)]
    return tuple(_liveliest(gray, sums, top, left, factor) for top in tops for left in lefts)


def _energy_sums(working: Pixels) -> NDArray[Any]:
    """Return the integral, one larger each way, of the gradient's absolute components."""
    across = cv2.Sobel(working, cv2.CV_16S, 1, 0)
    down = cv2.Sobel(working, cv2.CV_16S, 0, 1)
    energy = cv2.add(cv2.convertScaleAbs(across, alpha=0.25), cv2.convertScaleAbs(down, alpha=0.25))
    return cv2.integral(energy, sdepth=cv2.CV_64F)


def _grid(height: int, width: int) -> tuple[int, int]:
    """Return 4 × 4, or as many cells as fit where a side is too short for four."""
    rows, columns = min(GRID, max(1, height // SIDE)), min(GRID, max(1, width // SIDE))
    if rows < GRID:
        columns = min(MOST // rows, max(1, width // SIDE))
    elif columns < GRID:
        rows = min(MOST // columns, max(1, height // SIDE))
    return rows, columns


def _origins(cell: int, cells: int, length: int) -> NDArray[np.intp]:
    start, stop = cell * length // cells, (cell + 1) * length // cells
    first = start // STEP * STEP
    return np.arange(first, max(first, stop - SIDE) + 1, STEP)


def _liveliest(
    gray: Pixels,
    sums: NDArray[Any],
    tops: NDArray[np.intp],
    lefts: NDArray[np.intp],
    factor: float,
) -> Pixels:
    limit = np.array(sums.shape) - 1
    top, bottom = (_scaled(tops + add, factor, limit[0])[:, None] for add in (0, SIDE))
    left, right = (_scaled(lefts + add, factor, limit[1])[None, :] for add in (0, SIDE))
    energy = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    row, column = np.unravel_index(int(energy.argmax()), energy.shape)
    y, x = int(tops[row]), int(lefts[column])
    return gray[y : y + SIDE, x : x + SIDE]


def _scaled(places: NDArray[np.intp], factor: float, limit: int) -> NDArray[np.intp]:
    scaled: NDArray[np.intp] = np.minimum(np.rint(places / factor), limit).astype(np.intp)
    return scaled
