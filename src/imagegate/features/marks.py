"""Marks: the connected pieces of ink in the tiles, and which of them stand in lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.planes import Counts, Floats, Plane, u8

GROUND_BOX = 41  # px; the ground is the mean over this
PEAK_BOX = np.ones((5, 5), np.uint8)
COARSE = 4  # the local contrast is looked at in steps of 4 px
AROUND = np.ones((11, 11), np.uint8)  # of these steps
INK_SHARE = 0.45  # of the strongest deviation around
FAINTEST = 3.0  # gray levels below which nothing counts as ink, however little noise there is
SIGMAS = 3.5  # of the noise


@dataclass(frozen=True)
class Marks:
    """Attributes of the marks of an image, one array element a mark, lengths in its px."""

    window: NDArray[np.int64]
    x: Floats
    y: Floats
    width: Floats
    height: Floats
    area: Floats
    stroke: Floats  # 2 area / perimeter
    ground: Floats  # mean gray level of the ground in the box
    ink: Floats  # … and of the ink
    letter: NDArray[np.bool_]  # has the shape of a letter or of a few
    inline: NDArray[np.bool_]  # … and stands in a row of three of like size
    pixels: int  # of all windows

    @property
    def contrast(self) -> Floats:
        """Return how far ink and ground are apart, gray levels."""
        return np.asarray(np.abs(self.ground - self.ink), np.float64)


COLUMNS = 8  # of what is read off a mark


def ink(plane: Plane, sigma: float) -> Plane:
    """Return the ink of a plane as 0 or 1, dark on light or light on dark as it is around."""
    ground = cv2.boxFilter(plane, -1, (GROUND_BOX, GROUND_BOX))
    dark, light = u8(cv2.subtract(ground, plane)), u8(cv2.subtract(plane, ground))
    near = [
        u8(cv2.dilate(u8(cv2.dilate(d, PEAK_BOX))[::COARSE, ::COARSE], AROUND))
        for d in (dark, light)
    ]
    smooth = [cv2.blur(n, (13, 13)) for n in near]
    _, more = cv2.threshold(cv2.subtract(smooth[1], smooth[0]), 2, 255, cv2.THRESH_BINARY)
    is_light = u8(more)
    size = (plane.shape[1], plane.shape[0])
    if is_light.any():
        mask = u8(cv2.resize(is_light, size, interpolation=cv2.INTER_NEAREST))
        cv2.copyTo(light, mask, dark)
        cv2.copyTo(near[1], is_light, near[0])
    floor = max(FAINTEST, SIGMAS * sigma)
    needed = u8(np.clip(np.asarray(cv2.blur(near[0], (5, 5))) * INK_SHARE, floor, 255))
    over = cv2.subtract(dark, cv2.resize(needed, size, interpolation=cv2.INTER_LINEAR))
    _, found = cv2.threshold(over, 0, 1, cv2.THRESH_BINARY)
    return u8(found)


def box_sums(plane: Plane, corners: tuple[NDArray[np.int64], ...]) -> Floats:
    """Return sums of a plane over boxes, given by flat corner positions in its integral."""
    table = np.asarray(cv2.integral(plane)).ravel()
    total = table[corners[3]] - table[corners[1]] - table[corners[2]] + table[corners[0]]
    return np.asarray(total, np.float64)


def window_marks(plane: Plane, sigma: float) -> Floats:
    """Return x, y, width, height, area, stroke, ground, ink of the marks as rows."""
    mask = ink(plane, sigma)
    found = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_16U)
    stats: Counts = np.asarray(found[2], np.int32)[1:]
    height, width = plane.shape
    x, y, w, h = stats[:, :4].T
    stats = stats[(x > 0) & (y > 0) & (x + w < width) & (y + h < height)]
    if not len(stats):
        return np.empty((0, COLUMNS))
    x, y, w, h = stats[:, :4].T.astype(np.int64)
    row = width + 1
    top, below = (y - 1) * row, (y + h + 1) * row
    corners = (top + x - 1, top + x + w + 1, below + x - 1, below + x + w + 1)
    border = np.zeros_like(mask)
    border[:, :-1] = cv2.bitwise_xor(mask[:, 1:], mask[:, :-1])
    border[:-1] += u8(cv2.bitwise_xor(mask[1:], mask[:-1]))
    inked = box_sums(mask, corners)
    dark = box_sums(u8(cv2.multiply(plane, mask)), corners)
    level = box_sums(plane, corners)
    # steps along the axes are 4 / pi longer than the outline, on average over directions
    outline = box_sums(border, corners) * np.pi / 4
    ground = (level - dark) / np.maximum((w + 2) * (h + 2) - inked, 1)
    stroke = 2 * inked / np.maximum(outline, 1)
    return np.column_stack([stats[:, :5], stroke, ground, dark / np.maximum(inked, 1)])


def in_rows(found: Floats, window: NDArray[np.int64], shift: float) -> NDArray[np.bool_]:
    """Return which marks stand in a row of three or more of like size, side by side."""
    x, y, width, height = found[:, :4].T
    middle = y + height / 2
    # bins as high as a typical mark of this size; half-shifted bins catch what the first cut
    scale = 2.0 ** np.round(np.log2(np.maximum(height, 1)) - shift)
    order = np.lexsort((x, np.floor(middle / scale + shift), scale, window))
    a, b = order[:-1], order[1:]
    tall = np.maximum(height[a], height[b])
    gap = x[b] - (x[a] + width[a])
    beside = (window[a] == window[b]) & (gap > -0.3 * tall) & (gap < tall)
    beside &= np.minimum(height[a], height[b]) > 0.55 * tall
    beside &= np.abs(middle[a] - middle[b]) < 0.5 * tall
    left, right = np.concatenate([[False], beside]), np.concatenate([beside, [False]])
    core = left & right
    near = np.zeros(len(x), np.bool_)
    near[order] = core | (left & np.roll(core, 1)) | (right & np.roll(core, -1))
    return near


def letter_like(found: Floats, tallest: float) -> NDArray[np.bool_]:
    """Return which marks have the size and shape of a letter, or of a few that touch."""
    width, height, area = found[:, 2:5].T
    fill = area / np.maximum(width * height, 1)
    shape = (height >= 4) & (height < tallest) & (width <= 15 * height) & (height <= 12 * width)
    letter: NDArray[np.bool_] = shape & (area >= 8) & (fill > 0.1)
    letter &= (fill < 0.9) | (height > 2 * width)
    return letter


def find_marks(windows: Sequence[Plane], sigma: float) -> Marks:
    """Find all marks of some windows and tell which stand in lines."""
    rows = [window_marks(window, sigma) for window in windows]
    found = np.concatenate([np.empty((0, COLUMNS)), *rows])
    window = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
    letter = letter_like(found, 0.5 * max((w.shape[0] for w in windows), default=0))
    some, where = found[letter], window[letter]
    inline = np.zeros(len(found), np.bool_)
    if len(some):
        inline[letter] = in_rows(some, where, 0.0) | in_rows(some, where, 0.5)
    x, y, width, height, area, stroke, ground, shade = found.T
    pixels = sum(w.size for w in windows)
    return Marks(
        *(window, x, y, width, height, area, stroke, ground, shade),
        *(letter, inline, pixels),
    )
