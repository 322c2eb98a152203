"""Marks: pieces of ink, which of them are letter-like, and which stand in rows or columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.noise import flat_rms
from imagegate.features.planes import Counts, Floats, Plane, Stack, stack, u8
from imagegate.image import Image
from imagegate.image.image import halved

COARSE = 4  # px; ground and contrast are looked at in steps of this
GROUND_BOX = (11, 11)  # of these steps; the ground is the mean over this
AROUND = np.ones((11, 11), np.uint8)  # … and ink is compared with the strongest within this
SMOOTH = (13, 13)
INK_SHARE = 0.45  # of the strongest deviation around
FAINTEST = 3.0  # gray levels below which nothing counts as ink, however little noise there is
SIGMAS = 3.5  # of the noise
WINDOW, WHOLE = 0.5, 0.9  # of a window's height, or of a whole picture's: the tallest letter
COLUMNS = 8  # of what is read off a mark
MOST_LABELS = 65_000


@dataclass(frozen=True)
class Marks:
    """Attributes of the marks of an image, one array element a mark, lengths in its px."""

    tile: NDArray[np.int64]
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
    inked: int  # pixels of ink, those of marks that run over the border too
    pixels: int  # of all tiles


def ink(tiles: Stack, sigma: float) -> Plane:
    """Return the ink of tiles as 0 or 1, dark on light or light on dark as it is around.

    Ground and needed contrast are worked out in steps of 4 px, the tiles being the channels of
    one picture, so that none looks at another; only the level that they come to is brought to
    full size. Sides are multiples of 4.
    """
    ground = cv2.boxFilter(channels(halved(halved(tiles.plane)), tiles), -1, GROUND_BOX)
    darkest, lightest = (
        channels(block_extremes(tiles.plane, extreme), tiles) for extreme in (cv2.min, cv2.max)
    )
    dark = cv2.dilate(cv2.subtract(ground, darkest), AROUND)
    light = cv2.dilate(cv2.subtract(lightest, ground), AROUND)
    is_light = u8(cv2.subtract(cv2.blur(light, SMOOTH), cv2.blur(dark, SMOOTH))) > 2
    around = cv2.blur(np.where(is_light, light, dark), (5, 5))
    needed = u8(np.clip(around * INK_SHARE, max(FAINTEST, SIGMAS * sigma), 255))
    below = u8(cv2.subtract(ground, needed)) * ~is_light
    found = cv2.compare(tiles.plane, full_size(below), cv2.CMP_LT)
    if is_light.any():
        above = u8(cv2.add(ground, needed)) | u8(~is_light * 255)
        found = cv2.max(found, cv2.compare(tiles.plane, full_size(above), cv2.CMP_GT))
    return u8(found) & np.uint8(1)


def channels(coarse: Plane, tiles: Stack) -> Plane:
    """Return the tiles of a coarse plane as channels, shape (height, width, count)."""
    apart = coarse.reshape(tiles.count, -1, coarse.shape[1])
    return np.ascontiguousarray(apart.transpose(1, 2, 0))


def full_size(coarse: Plane) -> Plane:
    """Return channels as tiles again, with 4 × 4 pixels for every pixel."""
    plane = coarse.reshape(*coarse.shape[:2], -1).transpose(2, 0, 1).reshape(-1, coarse.shape[1])
    four = plane.astype(np.uint32) * np.uint32(0x01010101)  # the byte, four times
    return np.repeat(four.view(np.uint8), COARSE, axis=0)


def block_extremes(plane: Plane, extreme: Callable[..., Any]) -> Plane:
    """Return the least (``cv2.min``) or greatest of each block of 4 × 4 pixels."""
    for _ in range(2):  # rows are taken together, then, turned, the columns
        rows = extreme(extreme(plane[::4], plane[1::4]), extreme(plane[2::4], plane[3::4]))
        plane = u8(cv2.transpose(rows))
    return plane


def borders(mask: Plane) -> Plane:
    """Return how many of the next pixels to the right and below differ, 0 to 2."""
    flat, width = mask.ravel(), mask.shape[1]  # what runs over the ends of rows touches no mark
    found = np.zeros_like(flat)
    np.bitwise_xor(flat[1:], flat[:-1], out=found[:-1])
    found[:-width] += flat[width:] ^ flat[:-width]
    return found.reshape(mask.shape)


def box_sums(plane: Plane, corners: NDArray[np.int64]) -> Floats:
    """Return sums of a plane over boxes, given by flat corner positions in its integral."""
    nw, ne, sw, se = np.asarray(cv2.integral(plane)).ravel().take(corners)
    return np.asarray(se - ne - sw + nw, np.float64)


def read_marks(tiles: Stack, sigma: float) -> tuple[Floats, int]:
    """Return x, y, width, height, area, stroke, ground, ink of the marks as rows; all their ink."""
    plane, height, width = tiles.plane, tiles.height, tiles.width
    mask = ink(tiles, sigma)
    mask[height - 1 :: height] = 0  # no mark may run on into the next tile
    inked = cv2.countNonZero(mask)
    # a mark has a run of ink at least, and labels of 16 bits are twice as fast
    runs = cv2.countNonZero(cv2.subtract(mask[:, 1:], mask[:, :-1])) + len(mask)
    ltype = cv2.CV_16U if runs < MOST_LABELS else cv2.CV_32S
    found = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=ltype)
    stats: Counts = np.asarray(found[2], np.int32)[1:]
    x, y, w, h = stats[:, :4].T
    y = y % height
    stats = stats[(x > 0) & (y > 0) & (x + w < width) & (y + h < height - 1)]
    if not len(stats):
        return np.empty((0, COLUMNS)), inked
    x, y, w, h = stats[:, :4].T.astype(np.int64)
    row = width + 1
    top, below = (y - 1) * row, (y + h + 1) * row
    corners = np.stack([top + x - 1, top + x + w + 1, below + x - 1, below + x + w + 1])
    own = box_sums(mask, corners)
    dark = box_sums(plane & (0 - mask), corners)  # 0 - 1 is 255 in bytes
    level = box_sums(plane, corners)
    # steps along the axes are 4 / pi longer than the outline, on average over directions
    outline = box_sums(borders(mask), corners) * np.pi / 4
    ground = (level - dark) / np.maximum((w + 2) * (h + 2) - own, 1)
    stroke = 2 * own / np.maximum(outline, 1)
    return np.column_stack([stats[:, :5], stroke, ground, dark / np.maximum(own, 1)]), inked


def in_rows(found: Floats, tile: NDArray[np.int64], shift: float) -> NDArray[np.bool_]:
    """Return which marks stand in a row of three or more of like size, side by side."""
    x, y, width, height = found[:, :4].T
    middle = y + height / 2
    # bins as high as a typical mark of this size; half-shifted bins catch what the first cut
    size = np.round(np.log2(np.maximum(height, 1)) - shift)
    row = np.floor(middle * 2.0**-size + shift)
    # tile, size, row and x in one number; each has room for the longest sides
    order = np.argsort(((tile * 32 + size + 1) * 65536 + row) * 65536 + x)
    a, b = order[:-1], order[1:]
    tall = np.maximum(height[a], height[b])
    gap = x[b] - (x[a] + width[a])
    adjacent = (tile[a] == tile[b]) & (gap > -0.3 * tall) & (gap < tall)
    adjacent &= np.minimum(height[a], height[b]) > 0.55 * tall
    adjacent &= np.abs(middle[a] - middle[b]) < 0.5 * tall
    left, right = np.concatenate([[False], adjacent]), np.concatenate([adjacent, [False]])
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


def find_marks(tiles: Stack | None, sigma: float) -> Marks:
    """Find all marks of the tiles and tell which stand in lines."""
    found, inked, tall = np.empty((0, COLUMNS)), 0, 1
    if tiles is not None:
        tiles = whole_blocks(tiles)
        (found, inked), tall = read_marks(tiles, sigma), tiles.height
    tile = found[:, 1].astype(np.int64) // tall
    found[:, 1] -= tile * tall
    letter = letter_like(found, (WHOLE if tiles and tiles.count == 1 else WINDOW) * tall)
    inline = np.zeros(len(found), np.bool_)
    if letter.any():
        some, where = found[letter], tile[letter]
        inline[letter] = in_rows(some, where, 0.0) | in_rows(some, where, 0.5)
    pixels = tiles.plane.size if tiles else 0
    x, y, width, height, area, stroke, ground, shade = found.T
    columns = (x, y, width, height, area, stroke, ground, shade)
    return Marks(tile, *columns, letter, inline, inked, pixels)


def whole_blocks(tiles: Stack) -> Stack:
    """Return tiles with sides that are multiples of 4; only a lone tile can have others."""
    height, width = (side // COARSE * COARSE for side in (tiles.height, tiles.width))
    if (height, width) == (tiles.height, tiles.width):
        return tiles
    return Stack(np.ascontiguousarray(tiles.plane[:height, :width]), 1)


def native_marks(image: Image) -> Marks:
    """Find the marks in the tiles at native size."""
    return find_marks(image.cached(stack), image.cached(flat_rms))


def half_image(image: Image) -> Image:
    """Return the gray plane at half size as an image of its own, with its own tiles."""
    return Image.from_array(halved(image.gray), source=image.source)


def in_columns(found: Marks) -> NDArray[np.bool_]:
    """Return which letter-like marks stand in a column of three or more of like size."""
    inline = np.zeros(len(found.x), np.bool_)
    some = np.flatnonzero(found.letter)
    if len(some):
        turned = np.column_stack([found.y, found.x, found.height, found.width])[some]
        where = found.tile[some]
        inline[some] = in_rows(turned, where, 0.0) | in_rows(turned, where, 0.5)
    return inline
