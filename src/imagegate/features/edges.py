"""Edges: width and sharpness at the strongest gradients in each cell of a grid."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.planes import MIN_SIDE, Floats, Plane, halved, u8, windows
from imagegate.image import Image

RANGE_BOX = np.ones((9, 9), np.uint8)
RIM = 2  # px at the border of a plane where no gradient is read
CELLS = 16  # at least, over the picture
TOP_SHARE = 0.02  # of the pixels: the strongest gradients are taken as edges
PEAK_SHARE = 0.001
PER_CELL = 256  # edges; more change the median by less than a hundredth
FEWEST = 12  # edges that make a cell count
MIN_RANGE = 16  # gray levels; fainter edges are not told from noise and quantisation
WIDE_PX = 5.0  # beyond this the 9 px box cuts the edge off: read again at half size
COARSEST = 8


@dataclass(frozen=True)
class Edges:
    """What was read at edges, one element a cell that has any."""

    width: Floats  # local range over slope, native px
    reblur: Floats  # slope before over slope after a small extra blur
    count: Floats


def strongest(strength: Plane) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns of the strongest gradients of one cell."""
    # every third row is enough: a long edge crosses it somewhere
    sample = np.ascontiguousarray(strength[::3])
    counts = np.cumsum(np.bincount(sample.ravel(), minlength=256)[::-1])
    floor = 255 - int(np.searchsorted(counts, TOP_SHARE * sample.size))
    peak = 255 - int(np.searchsorted(counts, PEAK_SHARE * sample.size))
    flat = np.flatnonzero(sample >= max(floor, peak // 3, 2))
    rows, columns = np.divmod(flat[:: max(1, len(flat) // PER_CELL)], sample.shape[1])
    return rows * 3, columns


def picked(plane: Plane, grid: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return flat positions of the strongest gradients and the bounds between cells."""
    down = cv2.absdiff(plane[2:, 1:-1], plane[:-2, 1:-1])
    across = cv2.absdiff(plane[1:-1, 2:], plane[1:-1, :-2])
    strength = u8(cv2.max(down, across))[RIM - 1 : 1 - RIM, RIM - 1 : 1 - RIM]
    found, top = [], RIM
    for band in np.array_split(strength, grid, axis=0):
        left = RIM
        for cell in np.array_split(band, grid, axis=1):
            rows, columns = strongest(cell)
            found.append((rows + top) * plane.shape[1] + columns + left)
            left += cell.shape[1]
        top += band.shape[0]
    return np.concatenate(found), np.cumsum([0, *map(len, found)])


def slopes(plane: Plane, where: NDArray[np.int64]) -> Floats:
    """Return the gradient by Sobel's operator at flat positions, gray levels a pixel."""
    flat, row = plane.ravel(), plane.shape[1]

    def at(dy: int, dx: int) -> NDArray[np.float32]:
        return flat[where + (dy * row + dx)].astype(np.float32)

    nw, ne, sw, se = at(-1, -1), at(-1, 1), at(1, -1), at(1, 1)
    gx = ne - nw + 2 * (at(0, 1) - at(0, -1)) + se - sw
    gy = sw - nw + 2 * (at(1, 0) - at(-1, 0)) + se - ne
    return np.asarray(np.hypot(gx, gy) / 8, np.float64)


def read_edges(plane: Plane, grid: int) -> NDArray[np.float64]:
    """Return median width, median re-blur ratio and count of each cell of a plane."""
    where, bounds = picked(plane, grid)
    spread = cv2.subtract(cv2.dilate(plane, RANGE_BOX), cv2.erode(plane, RANGE_BOX))
    reach = np.asarray(spread).ravel()[where]
    before = slopes(plane, where)
    after = slopes(u8(cv2.GaussianBlur(plane, (5, 5), 1.0)), where)
    both = np.column_stack([reach / np.maximum(before, 0.5), before / np.maximum(after, 0.5)])
    found = np.full((grid * grid, 3), np.nan)
    for cell, (start, end) in enumerate(zip(bounds[:-1], bounds[1:], strict=True)):
        part = both[start:end][reach[start:end] >= MIN_RANGE]
        found[cell, 2] = len(part)
        if len(part) >= FEWEST:
            found[cell, :2] = np.sort(part, axis=0)[len(part) // 2]
    return found


def window_edges(plane: Plane, grid: int) -> NDArray[np.float64]:
    """Return what ``read_edges`` does, wide edges being read at the scale that fits them."""
    plane = np.ascontiguousarray(plane)
    found, scale = read_edges(plane, grid), 1
    while scale < COARSEST and min(plane.shape) >= 2 * MIN_SIDE * grid:
        wide = found[:, 0] > WIDE_PX * scale
        if not wide.any():
            break
        plane, scale = halved(plane), scale * 2
        coarser = read_edges(plane, grid)[:, 0] * scale
        better = wide & np.isfinite(coarser)
        found[better, 0] = coarser[better]
    return found


def edges(image: Image) -> Edges:
    """Read the strongest edges in every window, or in parts of it where these are few."""
    usable = image.once(windows)
    grid = int(np.ceil(np.sqrt(CELLS / max(1, len(usable)))))
    if usable and min(min(w.shape) for w in usable) < grid * 2 * MIN_SIDE:
        grid = 1
    found = np.concatenate([np.empty((0, 3)), *(window_edges(w, grid) for w in usable)])
    found = found[np.isfinite(found[:, 0])]
    return Edges(found[:, 0], found[:, 1], found[:, 2])
