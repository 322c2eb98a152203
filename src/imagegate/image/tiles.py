"""Choose windows of a plane at native resolution where the picture has content."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.image.pixels import Pixels

SIDE = 256
GRID = (2, 4)  # tiles along the short and the long side
WHOLE_UP_TO = 525_000

# Two blocks of JPEG, one of its subsampled chroma: windows that start on it keep the phase.
STEP = 16


def select_tiles(gray: Pixels, working: Pixels) -> tuple[Pixels, ...]:
    """Return the whole plane if it is small or a line, else the liveliest window of each cell.

    Parameters
    ----------
    gray : NDArray[np.uint8]
        The plane, (height, width).
    working : NDArray[np.uint8]
        The same picture, smaller; it tells where the content is.

    Returns
    -------
    tuple of NDArray[np.uint8]
        Views of ``gray`` of shape (min(256, height), min(256, width)), the liveliest first. Where
        nothing is to be seen, the first place in the cell.
    """
    if gray.size <= WHOLE_UP_TO or min(working.shape) < 2:
        return (gray,)
    rows, columns = (
        [_Cell(n, cells, side, small) for n in range(cells)]
        for cells, side, small in zip(_grid(*gray.shape), gray.shape, working.shape, strict=True)
    )
    sums = _energy_sums(working)
    found = [_liveliest(gray, sums, row, column) for row in rows for column in columns]
    found.sort(key=lambda each: -each[0])
    return tuple(tile for _, tile in found)


class _Cell:
    """Where windows may begin along one side of one cell."""

    def __init__(self, n: int, cells: int, length: int, small: int) -> None:
        start, stop = n * length // cells, (n + 1) * length // cells
        first = start // STEP * STEP
        self.begins = np.arange(first, max(first, stop - SIDE) + 1, STEP)
        # … and the same in the working plane, with their ends
        self.low, self.high = (
            np.minimum((self.begins + add) * small // length, small) for add in (0, SIDE)
        )


def _energy_sums(working: Pixels) -> NDArray[Any]:
    """Return the integral, one larger each way, of the steps to the right and down."""
    across = cv2.absdiff(working[:-1, 1:], working[:-1, :-1])
    down = cv2.absdiff(working[1:, :-1], working[:-1, :-1])
    energy = cv2.add(across, down)
    return np.asarray(cv2.integral(cv2.copyMakeBorder(energy, 0, 1, 0, 1, cv2.BORDER_CONSTANT)))


def _grid(height: int, width: int) -> tuple[int, int]:
    """Return rows and columns of eight cells, fewer where the picture is too small for eight."""
    most = GRID[0] * GRID[1]
    wanted = GRID if width >= height else GRID[::-1]
    room = max(1, height // SIDE), max(1, width // SIDE)
    rows, columns = min(wanted[0], room[0]), min(wanted[1], room[1])
    if rows < wanted[0]:
        columns = min(most // rows, room[1])
    elif columns < wanted[1]:
        rows = min(most // columns, room[0])
    return rows, columns


def _liveliest(gray: Pixels, sums: NDArray[Any], row: _Cell, column: _Cell) -> tuple[float, Pixels]:
    """Return the energy of the liveliest window of a cell, and the window."""
    strips = sums[row.high] - sums[row.low]
    energy = strips[:, column.high] - strips[:, column.low]
    y, x = divmod(int(energy.argmax()), len(column.begins))
    top, left = int(row.begins[y]), int(column.begins[x])
    return float(energy[y, x]), gray[top : top + SIDE, left : left + SIDE]
