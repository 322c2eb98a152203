"""Traces: what neighbouring pixels say about grids and repeats, on rows and columns of it all."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from imagegate.features.planes import MIN_SIDE, Floats, Plane, u8
from imagegate.image import Image

LINES = 256  # rows, and as many columns, spread over the picture
ADJACENT = 8  # columns are taken by so many, which is cheaper
LONGEST = 1536  # px of them, from the middle
STEP_CAP = 16  # gray levels; a strong edge must not outweigh a hundred faint block borders
LARGE_STEP = 12  # gray levels; JPEG leaves smaller ones between pixels that were equal


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
