"""Marks: the connected pieces of ink in the tiles, and which of them read as lines of text."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.noise import flat_sigma
from imagegate.features.planes import Floats, Plane, planes
from imagegate.image import Image

WINDOW = 41  # px; the ground is the mean over this
PEAK = np.ones((5, 5), np.uint8)
AROUND = np.ones((11, 11), np.uint8)
INK_SHARE = 0.45  # of the strongest deviation nearby
FAINTEST = 7.0  # gray levels below which nothing counts as ink
SIGMAS = 3.5


@dataclass(frozen=True)
class Marks:
    """Attributes of all marks of an image, one array element a mark."""

    tile: NDArray[np.int64]
    x: Floats
    y: Floats
    width: Floats
    height: Floats
    area: Floats
    contrast: Floats  # mean ground minus mean ink in the box, gray levels
    stroke: Floats  # 2 area / perimeter, px
    letter: NDArray[np.bool_]  # has the shape of a letter or of a few
    inline: NDArray[np.bool_]  # … and neighbours of its size on a line
    pixels: int  # of all tiles


def ink(plane: Plane, sigma: float) -> Plane:
    """Return the ink of a plane as 0/1, dark on light or light on dark, whichever is local."""
    ground = cv2.boxFilter(plane, -1, (WINDOW, WINDOW))
    dark, light = cv2.subtract(ground, plane), cv2.subtract(plane, ground)
    peaks = [cv2.dilate(d, PEAK)[::4, ::4] for d in (dark, light)]
    near = [cv2.dilate(p, AROUND) for p in peaks]
    smooth = [cv2.GaussianBlur(n, (0, 0), 6).astype(np.int16) for n in near]
    is_light = (smooth[1] > smooth[0] + 2).astype(np.uint8)
    size = (plane.shape[1], plane.shape[0])
    mask = cv2.resize(is_light, size, interpolation=cv2.INTER_NEAREST)
    cv2.copyTo(light, mask, dark)
    peak = np.where(is_light, near[1], near[0])
    needed = np.maximum(cv2.blur(peak, (5, 5)) * INK_SHARE, max(FAINTEST, SIGMAS * sigma))
    floor = cv2.resize(needed.astype(np.uint8), size, interpolation=cv2.INTER_LINEAR)
    return cv2.compare(dark, floor, cv2.CMP_GT) & 1


def box_sums(table: NDArray[np.int32], boxes: NDArray[np.int32]) -> Floats:
    """Return the sums over (x, y, width, height) boxes from an integral image."""
    x, y = boxes[:, 0], boxes[:, 1]
    right, below = x + boxes[:, 2], y + boxes[:, 3]
    total = table[below, right].astype(np.int64) - table[y, right] - table[below, x] + table[y, x]
    return total.astype(np.float64)


def tile_marks(plane: Plane, sigma: float) -> Floats:
    """Return x, y, width, height, area, contrast, stroke of the marks of one tile as rows."""
    mask = ink(plane, sigma)
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    stats = stats[1:]
    height, width = plane.shape
    inside = (stats[:, 0] > 0) & (stats[:, 1] > 0)
    inside &= (stats[:, 0] + stats[:, 2] < width) & (stats[:, 1] + stats[:, 3] < height)
    stats = stats[inside]
    if not len(stats):
        return np.empty((0, 7))
    boxes = stats[:, :4] + np.array([-1, -1, 2, 2], np.int32)
    inked = box_sums(cv2.integral(mask), boxes)
    level = box_sums(cv2.integral(plane), boxes)
    dark = box_sums(cv2.integral(cv2.multiply(plane, mask)), boxes)
    border = cv2.add(
        cv2.copyMakeBorder(cv2.absdiff(mask[:, 1:], mask[:, :-1]), 0, 0, 0, 1, cv2.BORDER_CONSTANT),
        cv2.copyMakeBorder(cv2.absdiff(mask[1:], mask[:-1]), 0, 1, 0, 0, cv2.BORDER_CONSTANT),
    )
    perimeter = box_sums(cv2.integral(border), boxes) * np.pi / 4
    cells = boxes[:, 2].astype(np.float64) * boxes[:, 3]
    contrast = np.abs((level - dark) / np.maximum(cells - inked, 1) - dark / np.maximum(inked, 1))
    stroke = 2 * inked / np.maximum(perimeter, 1)
    return np.column_stack([stats[:, :5], contrast, stroke])


def has_line_neighbour(found: Floats, tile: NDArray[np.int64], shift: float) -> NDArray[np.bool_]:
    """Return which marks have another of like size right beside them on a line."""
    x, y, width, height = found[:, 0], found[:, 1], found[:, 2], found[:, 3]
    middle = y + height / 2
    # bins as high as a typical mark of this size; half-shifted bins catch what the first cut
    scale = 2.0 ** np.round(np.log2(np.maximum(height, 1)))
    row = np.floor(middle / scale + shift)
    order = np.lexsort((x, row, scale, tile))
    a, b = order[:-1], order[1:]
    tall = np.maximum(height[a], height[b])
    gap = x[b] - (x[a] + width[a])
    beside = (tile[a] == tile[b]) & (gap > -0.3 * tall) & (gap < 1.0 * tall)
    beside &= np.minimum(height[a], height[b]) > 0.6 * tall
    beside &= np.abs(middle[a] - middle[b]) < 0.5 * tall
    left, right = np.zeros(len(x), np.bool_), np.zeros(len(x), np.bool_)
    right[a], left[b] = beside, beside
    return left | right


def marks(image: Image) -> Marks:
    """Find all marks of an image and tell which read as text."""
    tiles = image.once(planes)
    sigma = image.once(flat_sigma)
    rows = [tile_marks(tile, sigma) for tile in tiles]
    found = np.concatenate([np.empty((0, 7)), *rows])
    tile = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
    x, y, width, height, area, contrast, stroke = found.T
    fill = area / np.maximum(width * height, 1)
    letter = (height >= 4) & (width <= 15 * height) & (height <= 12 * width)
    letter &= (fill > 0.1) & (area >= 8) & ((fill < 0.9) | (height > 2 * width))
    letter &= height < 0.5 * max((t.shape[0] for t in tiles), default=0)
    inline = np.zeros(len(found), np.bool_)
    if letter.any():
        some = found[letter]
        where = tile[letter]
        either = has_line_neighbour(some, where, 0.0) | has_line_neighbour(some, where, 0.5)
        inline[letter] = either
    pixels = sum(t.size for t in tiles)
    return Marks(tile, x, y, width, height, area, contrast, stroke, letter, inline, pixels)
