"""Traces: what neighbouring pixels say about grids and repeats, in one pass a tile."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.planes import Floats, Plane, bands, planes, u8
from imagegate.image import Image

STEP_CAP = 16  # gray levels; a strong edge must not outweigh a hundred faint block borders
LARGE_STEP = 12  # gray levels; JPEG leaves smaller ones between pixels that were equal


@dataclass(frozen=True)
class Trace:
    """Sums over one tile."""

    columns: Floats  # mean capped step to the right, at each column
    rows: Floats  # mean capped step down, at each row
    equal: int  # neighbours of the same level, both directions
    pairs: int  # neighbours
    steps: int  # large steps to a neighbour, both directions
    runs: int  # … of which the next pixel takes another one


def summed(plane: Plane, axis: int) -> NDArray[np.float64]:
    """Return the sums along an axis (0: of every column)."""
    total = cv2.reduce(plane, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
    return np.asarray(total, np.float64).ravel()


def capped(plane: Plane) -> Plane:
    """Return the plane with nothing above the cap."""
    _, result = cv2.threshold(plane, STEP_CAP, 0, cv2.THRESH_TRUNC)
    return u8(result)


def large_steps(across: Plane, down: Plane) -> tuple[int, int]:
    """Count the large steps, and those that are followed by another in the same direction."""
    steps = runs = 0
    for change, later, sooner in (
        (across, np.s_[:, 1:], np.s_[:, :-1]),
        (down, np.s_[1:], np.s_[:-1]),
    ):
        _, large = cv2.threshold(change, LARGE_STEP, 255, cv2.THRESH_BINARY)
        steps += cv2.countNonZero(large)
        runs += cv2.countNonZero(cv2.bitwise_and(u8(large)[later], u8(large)[sooner]))
    return steps, runs


def trace(plane: Plane) -> Trace:
    """Go over a tile in bands that stay in the cache."""
    height, width = plane.shape
    columns, rows = np.zeros(width - 1), []
    equal = steps = runs = 0
    for top, band in bands(plane, overlap=1):
        across = u8(cv2.absdiff(band[:, 1:], band[:, :-1]))
        down = u8(cv2.absdiff(band[1:], band[:-1]))
        last = top + len(band) == height
        own = across if last else across[:-1]
        equal += own.size + down.size - cv2.countNonZero(own) - cv2.countNonZero(down)
        large, followed = large_steps(own, down)
        steps, runs = steps + large, runs + followed
        columns += summed(capped(own), 0)
        rows.append(summed(capped(down), 1) / width)
    pairs = height * (width - 1) + (height - 1) * width
    return Trace(*(columns / height, np.concatenate(rows), equal, pairs, steps, runs))


def traces(image: Image) -> tuple[Trace, ...]:
    """Return the traces, one a tile."""
    return tuple(trace(tile) for tile in image.once(planes))


def lines(image: Image, shortest: int) -> list[list[Floats]]:
    """Return the profiles of at least a length, those of columns and those of rows."""
    found = image.once(traces)
    return [
        [line for line in profiles if len(line) >= shortest]
        for profiles in ([t.columns for t in found], [t.rows for t in found])
    ]
