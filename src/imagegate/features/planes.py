"""What several measures share: tiles, histogram, traces of grids, and the way to a score."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.image import Image
from imagegate.image.image import halved

Plane = NDArray[np.uint8]
Counts = NDArray[np.int32]
Floats = NDArray[np.float64]

NAN = float("nan")
MIN_SIDE = 16  # px; below this nothing about texture can be said
TAIL = 0.002  # share of the pixels beyond the range of gray levels in use
COARSEST = 8  # times that tiles are reduced; several of them are cut to whole multiples of it
LATTICE_ROWS, LATTICE_COLUMNS = 256, 512  # pixels that a histogram looks at, at most

LINES = 256  # rows, and as many columns, spread over the picture
ADJACENT = 8  # columns are taken by so many, which is cheaper
LONGEST = 1536  # px of them, from the middle
STEP_CAP = 16  # gray levels; a strong edge must not outweigh a hundred faint block borders
LARGE_STEP = 12  # gray levels; JPEG leaves smaller ones between pixels that were equal


@dataclass(frozen=True, eq=False)
class Stack:
    """Tiles of one size, one under the other in one plane: a filter is called once for all.

    What is read across the seam of two tiles has to be left out.
    """

    plane: Plane  # (count * height, width), contiguous
    count: int

    @property
    def height(self) -> int:
        """Rows of one tile."""
        return len(self.plane) // self.count

    @property
    def width(self) -> int:
        """Columns of one tile."""
        return int(self.plane.shape[1])

    @cached_property
    def turned(self) -> Plane:
        """The plane transposed: the tiles stand side by side, their columns are rows."""
        return u8(cv2.transpose(self.plane))

    @cached_property
    def half(self) -> Stack:
        """The tiles at half size."""
        return Stack(halved(self.plane), self.count)


def u8(plane: Any) -> Plane:
    """Type what OpenCV returns as a byte plane; copies nothing."""
    return np.asarray(plane, np.uint8)


def stack(image: Image) -> Stack | None:
    """Return the native tiles, None if they are too small to be measured."""
    tiles = image.tiles
    height, width = tiles[0].shape
    if min(height, width) < MIN_SIDE:
        return None
    if len(tiles) == 1:
        return Stack(np.ascontiguousarray(tiles[0]), 1)
    height, width = height // COARSEST * COARSEST, width // COARSEST * COARSEST
    return Stack(np.concatenate([tile[:height, :width] for tile in tiles]), len(tiles))


def histogram(image: Image) -> Floats:
    """Return the share of the picture at each of the 256 gray levels, by pixels on a lattice."""
    height, width = image.gray.shape
    plane = image.gray[:: -(-height // LATTICE_ROWS), :: -(-width // LATTICE_COLUMNS)]
    counts = cv2.calcHist([np.ascontiguousarray(plane)], [0], None, [256], [0, 256])
    return np.asarray(counts, np.float64).ravel() / plane.size


def level_at(shares: Floats, quantile: float) -> float:
    """Return the gray level below which a share of the pixels lies."""
    return float(np.searchsorted(np.cumsum(shares), quantile - 1e-9))


def quantile(values: NDArray[np.floating], share: float) -> float:
    """Return what ``np.quantile`` does for some finite values, ten times as fast."""
    ordered = np.sort(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (place - low) * (ordered[high] - ordered[low]))


def levels_in_use(image: Image) -> float:
    """Return the range of gray levels in use.

    99.8th minus 0.2th percentile, 0 to 255, 0 for a flat image; so little is left out because the
    ink of a sparse page is little.
    Source: robust form of Michelson's contrast.
    """
    shares = image.cached(histogram)
    return level_at(shares, 1 - TAIL) - level_at(shares, TAIL)


@dataclass(frozen=True)
class Trace:
    """Sums over the lines."""

    columns: Floats  # mean capped step to the right, at each column
    rows: Floats  # … and down, at each row
    equal: int  # neighbours of the same level, both directions
    pairs: int  # neighbours
    steps: int  # large steps to a neighbour, both directions
    runs: int  # … of which the next pixel takes another one


def spread(length: int, count: int) -> list[int]:
    """Return up to so many places from 0 to a length, evenly spread."""
    count = min(count, length)
    return [length * (2 * n + 1) // (2 * count) for n in range(count)]


def some_rows(plane: Plane) -> Plane:
    """Return rows spread over the plane."""
    left = max(0, plane.shape[1] - LONGEST) // 2
    return plane[spread(len(plane), LINES), left : left + LONGEST]


def some_columns(plane: Plane) -> Plane:
    """Return columns spread over the plane."""
    height, width = plane.shape
    top = max(0, height - LONGEST) // 2
    lefts = spread(width // ADJACENT, LINES // ADJACENT)
    strips = [plane[top : top + LONGEST, ADJACENT * n : ADJACENT * (n + 1)] for n in lefts]
    return np.concatenate(strips, axis=1)


def profile(steps: Plane, axis: int) -> Floats:
    """Return the mean over an axis of the steps, with nothing above the cap."""
    _, capped = cv2.threshold(steps, STEP_CAP, 0, cv2.THRESH_TRUNC)
    total = cv2.reduce(capped, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
    mean: Floats = np.asarray(total, np.float64).ravel() / steps.shape[axis]
    return mean


def large_steps(steps: Plane, axis: int) -> tuple[int, int]:
    """Count the large steps along an axis, and those that are followed by another one."""
    large = u8(cv2.threshold(steps, LARGE_STEP, 255, cv2.THRESH_BINARY)[1])
    later, sooner = (large[:, 1:], large[:, :-1]) if axis else (large[1:], large[:-1])
    return cv2.countNonZero(large), cv2.countNonZero(cv2.bitwise_and(later, sooner))


def traces(image: Image) -> Trace | None:
    """Return the traces, None if the picture is too small."""
    if min(image.gray.shape) < MIN_SIDE:
        return None
    rows, columns = some_rows(image.gray), some_columns(image.gray)
    across = u8(cv2.absdiff(rows[:, 1:], rows[:, :-1]))
    down = u8(cv2.absdiff(columns[1:], columns[:-1]))
    pairs = across.size + down.size
    equal = pairs - cv2.countNonZero(across) - cv2.countNonZero(down)
    counts = zip(large_steps(across, 1), large_steps(down, 0), strict=True)
    steps, runs = (sum(each) for each in counts)
    return Trace(profile(across, 0), profile(down, 1), equal, pairs, steps, runs)


def ramp(reading: float, *points: tuple[float, float]) -> float:
    """Return the score on the broken line through (reading, score) points, NaN for NaN."""
    x, y = zip(*points, strict=True)
    return float(np.interp(reading, x, y)) if np.isfinite(reading) else NAN


def worst(*scores: float) -> float:
    """Return the lowest defined score, NaN if none is."""
    return float(np.fmin.reduce(scores))
