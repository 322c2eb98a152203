"""Edges: width and sharpness at the strongest gradients in each cell of a grid."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.planes import MIN_SIDE, Floats, Plane, halved, planes, u8
from imagegate.image import Image

RANGE_BOX = np.ones((9, 9), np.uint8)
RIM = 2  # px at the border of a plane where no gradient is read
TOP_SHARE = 0.02  # of the pixels: the strongest gradients are taken as edges
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


def strongest(strength: Plane, origin: tuple[int, int], columns: int) -> NDArray[np.int64]:
    """Return the flat positions of the strongest gradients of one cell of a plane."""
    sample = strength[::2, ::2]
    counts = np.cumsum(np.bincount(sample.ravel(), minlength=256)[::-1])
    floor, peak = (
        255 - int(np.searchsorted(counts, share * sample.size)) for share in (TOP_SHARE, 0.001)
    )
    # every third row is enough; a long edge crosses it somewhere
    rows, cols = np.nonzero(strength[::3] >= max(floor, peak // 3, 2))
    step = max(1, len(rows) // PER_CELL)
    rows, cols = rows[::step] * 3 + origin[0], cols[::step] + origin[1]
    return (rows * columns + cols).astype(np.int64)


def slopes(plane: Plane, where: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the gradient by Sobel's operator at flat positions, gray levels a pixel."""
    flat, row = plane.ravel(), plane.shape[1]

    def at(dy: int, dx: int) -> NDArray[np.float32]:
        return flat[where + (dy * row + dx)].astype(np.float32)

    nw, ne, sw, se = at(-1, -1), at(-1, 1), at(1, -1), at(1, 1)
    gx = ne - nw + 2 * (at(0, 1) - at(0, -1)) + se - sw
    gy = sw - nw + 2 * (at(1, 0) - at(-1, 0)) + se - ne
    return np.hypot(gx, gy) / 8


def sampled(plane: Plane, grid: int) -> NDArray[np.float64]:
    """Return cell, width and re-blur ratio of edges of one plane, as columns."""
    down = cv2.absdiff(plane[2:, 1:-1], plane[:-2, 1:-1])
    across = cv2.absdiff(plane[1:-1, 2:], plane[1:-1, :-2])
    strength = u8(cv2.max(down, across))[RIM - 1 : 1 - RIM, RIM - 1 : 1 - RIM]
    picked, cell = [], []
    top = RIM
    for index, band in enumerate(np.array_split(strength, grid, axis=0)):
        left = RIM
        for column, part in enumerate(np.array_split(band, grid, axis=1)):
            found = strongest(part, (top, left), plane.shape[1])
            picked.append(found)
            cell.append(np.full(len(found), index * grid + column))
            left += part.shape[1]
        top += band.shape[0]
    where = np.concatenate(picked)
    spread = cv2.subtract(cv2.dilate(plane, RANGE_BOX), cv2.erode(plane, RANGE_BOX))
    reach = np.asarray(spread).ravel()[where]
    kept = reach >= MIN_RANGE
    where, reach = where[kept], reach[kept]
    before = slopes(plane, where)
    after = slopes(u8(cv2.GaussianBlur(plane, (5, 5), 1.0)), where)
    width = reach / np.maximum(before, 0.5)
    ratio = before / np.maximum(after, 0.5)
    return np.column_stack([np.concatenate(cell)[kept], width, ratio])


def by_cell(rows: NDArray[np.float64], cells: int) -> NDArray[np.float64]:
    """Return median width, median ratio and count of each cell."""
    found = np.full((cells, 3), np.nan)
    for index in range(cells):
        part = rows[rows[:, 0] == index]
        found[index, 2] = len(part)
        if len(part) >= FEWEST:
            found[index, :2] = np.median(part[:, 1:], axis=0)
    return found


def plane_edges(plane: Plane, grid: int) -> NDArray[np.float64]:
    """Return what ``by_cell`` does, wide edges being read at the scale that fits them."""
    found = by_cell(sampled(plane, grid), grid * grid)
    scale = 1
    while scale < COARSEST and min(plane.shape) >= 2 * MIN_SIDE * grid:
        wide = found[:, 0] > WIDE_PX * scale
        if not wide.any():
            break
        plane, scale = halved(plane), scale * 2
        coarser = by_cell(sampled(plane, grid), grid * grid)[:, 0] * scale
        better = wide & np.isfinite(coarser)
        found[better, 0] = coarser[better]
    return found


def edges(image: Image) -> Edges:
    """Read the strongest edges in every tile, or in 4x4 cells of a single one."""
    tiles = image.once(planes)
    grid = 4 if len(tiles) == 1 and min(tiles[0].shape) >= 8 * MIN_SIDE else 1
    found = np.concatenate([np.empty((0, 3)), *(plane_edges(tile, grid) for tile in tiles)])
    found = found[np.isfinite(found[:, 0])]
    return Edges(found[:, 0], found[:, 1], found[:, 2])
