"""Edges: their width at the strongest gradients in each cell of a grid."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.noise import impulses
from imagegate.features.planes import MIN_SIDE, Floats, Plane, halved, u8, windows
from imagegate.image import Image

Places = NDArray[np.int64]
Grid = tuple[int, int]  # rows and columns of cells in a window

AXES = (1, 0)  # of the arrays: across first, then down
REACH = 9  # px along the axis in which the range of an edge is taken
RIM = 2  # px at the border of a plane where no gradient is read
CELLS = 12  # at least, over the picture
TOP_SHARE = 0.02  # of the pixels: the strongest gradients are taken as edges
PEAK_SHARE = 0.001
PER_CELL = 256  # edges an axis; more change the median by less than a hundredth
FEWEST = 8  # edges that make a cell count
MIN_RANGE = 16  # gray levels; fainter edges are not told from noise and quantisation
SPECKLED = 0.004  # share of lone pixels that hide the edges unless filtered out
FAINT_SHARE = 0.3  # of the strongest cell's range: weaker cells are left out
CONE = 2.0  # gradients within 27 degrees of the axis are its own: motion leaves others sharp
WIDE_PX = 5.0  # beyond this the reach cuts the edge off: read again at half size
COARSEST = 8


def strongest(strength: Plane) -> tuple[Places, Places]:
    """Return rows and columns of the strongest gradients of one cell."""
    # every third row is enough: a long edge crosses it somewhere
    sample = np.ascontiguousarray(strength[::3])
    counts = np.cumsum(np.bincount(sample.ravel(), minlength=256)[::-1])
    floor = 255 - int(np.searchsorted(counts, TOP_SHARE * sample.size))
    peak = 255 - int(np.searchsorted(counts, PEAK_SHARE * sample.size))
    flat = np.flatnonzero(sample >= max(floor, peak // 3, 2))
    rows, columns = np.divmod(flat[:: 1 + len(flat) // PER_CELL], sample.shape[1])
    return rows * 3, columns


def picked(plane: Plane, grid: Grid, axis: int) -> tuple[Places, Places]:
    """Return flat positions of the strongest gradients and the bounds between cells."""
    inner = plane[RIM:-RIM, RIM - 1 : 1 - RIM] if axis else plane[RIM - 1 : 1 - RIM, RIM:-RIM]
    later, sooner = (inner[:, 2:], inner[:, :-2]) if axis else (inner[2:], inner[:-2])
    strength = u8(cv2.absdiff(later, sooner))
    across, down = (
        [side * part // parts for part in range(parts + 1)]
        for side, parts in zip(strength.shape[::-1], grid[::-1], strict=True)
    )
    found = []
    for top, bottom in pairwise(down):
        for left, right in pairwise(across):
            rows, columns = strongest(strength[top:bottom, left:right])
            found.append((rows + (top + RIM)) * plane.shape[1] + columns + (left + RIM))
    return np.concatenate(found), np.cumsum([0, *map(len, found)])


def gradient(plane: Plane, where: Places) -> tuple[Floats, Floats]:
    """Return Sobel's gradient at flat positions, gray levels a pixel."""
    flat, row = plane.ravel(), plane.shape[1]

    def at(dy: int, dx: int) -> NDArray[np.float32]:
        return np.asarray(flat[where + (dy * row + dx)], np.float32)

    nw, ne, sw, se = at(-1, -1), at(-1, 1), at(1, -1), at(1, 1)
    gx = np.asarray(ne - nw + 2 * (at(0, 1) - at(0, -1)) + se - sw, np.float64)
    gy = np.asarray(sw - nw + 2 * (at(1, 0) - at(-1, 0)) + se - ne, np.float64)
    return gx / 8, gy / 8


def steepest(plane: Plane, where: Places, axis: int) -> NDArray[np.bool_]:
    """Return at which flat positions the slope along the axis is no less than beside them."""
    flat, step = plane.ravel(), 1 if axis else plane.shape[1]
    line = [flat[where + shift * step].astype(np.int16) for shift in (-2, -1, 0, 1, 2)]
    here = np.abs(line[3] - line[1])
    sides = np.maximum(np.abs(line[2] - line[0]), np.abs(line[4] - line[2]))
    return np.asarray(here >= sides, np.bool_)


def read_axis(plane: Plane, grid: Grid, axis: int) -> Floats:
    """Return median width and range of the edges of one axis, a row a cell."""
    where, bounds = picked(plane, grid, axis)
    line = np.ones((1, REACH) if axis else (REACH, 1), np.uint8)
    spread = u8(cv2.subtract(cv2.dilate(plane, line), cv2.erode(plane, line)))
    reach = spread.ravel()[where]
    gx, gy = gradient(plane, where)
    slope = np.hypot(gx, gy)
    along, other = (np.abs(gx), np.abs(gy)) if axis else (np.abs(gy), np.abs(gx))
    kept = (along >= CONE * other) & (reach >= MIN_RANGE) & steepest(plane, where, axis)
    readings = np.column_stack([reach / np.maximum(slope, 0.5), reach])
    found = np.full((grid[0] * grid[1], 2), np.nan)
    for cell, (start, end) in enumerate(pairwise(bounds)):
        part = readings[start:end][kept[start:end]]
        if len(part) >= FEWEST:
            found[cell] = np.sort(part, axis=0)[len(part) // 2]
    return found


def read_edges(plane: Plane, grid: Grid) -> Floats:
    """Return what ``read_axis`` does, of shape (axis, cell, reading)."""
    return np.stack([read_axis(plane, grid, axis) for axis in AXES])


def window_edges(plane: Plane, grid: Grid) -> Floats:
    """Return what ``read_edges`` does, wide edges being read at the scale that fits them."""
    found, scale = read_edges(plane, grid), 1
    while scale < COARSEST and min(plane.shape) >= 2 * MIN_SIDE * max(grid):
        wide = found[:, :, 0] > WIDE_PX * scale
        if not wide.any():
            break
        plane, scale = halved(plane), scale * 2
        coarser = read_edges(plane, grid)
        better = wide & np.isfinite(coarser[:, :, 0])
        found[better, 0] = coarser[better, 0] * scale
        found[better, 1] = coarser[better, 1]  # only now the whole edge is in reach
    return found


def cell_grid(usable: tuple[Plane, ...]) -> Grid:
    """Return into how many cells each window is cut."""
    if not usable or min(min(w.shape) for w in usable) < 8 * MIN_SIDE:
        return 1, 1
    each = CELLS / len(usable)
    rows = int(np.ceil(np.sqrt(each)))
    return rows, int(np.ceil(each / rows))


def edges(image: Image) -> Floats:
    """Read the strongest edges in every window, or in parts of it where these are few."""
    usable = image.once(windows)
    grid = cell_grid(usable)
    if image.once(impulses) > SPECKLED:
        usable = tuple(u8(cv2.medianBlur(w, 3)) for w in usable)
    each = (window_edges(np.ascontiguousarray(w), grid) for w in usable)
    found = np.concatenate([np.empty((2, 0, 2)), *each], axis=1)
    reach = found[:, :, 1]
    if np.isfinite(reach).any():
        # shades and creases of empty ground say nothing about the lens
        found[~(reach >= FAINT_SHARE * np.nanmax(reach))] = np.nan
    return np.asarray(found[:, :, 0].T, np.float64)
