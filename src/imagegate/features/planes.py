"""Intermediates that several measures share, each computed once an image through ``Image.once``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.image import Image

Plane = NDArray[np.uint8]
Counts = NDArray[np.int32]
Floats = NDArray[np.float64]

NAN = float("nan")
MIN_SIDE = 16  # px; below this nothing about texture can be said
WINDOW_SIDE = 480  # px; fits the second-level cache, and 16-bit labels suffice for its marks


def u8(plane: Any) -> Plane:
    """Type what OpenCV returns as a byte plane; copies nothing."""
    return np.asarray(plane, np.uint8)


def halved(plane: Plane) -> Plane:
    """Return the plane at half size."""
    size = (plane.shape[1] // 2, plane.shape[0] // 2)
    return u8(cv2.resize(plane, size, interpolation=cv2.INTER_AREA))


def planes(image: Image) -> tuple[Plane, ...]:
    """Return the native tiles that are large enough to be measured."""
    return tuple(tile for tile in image.tiles if min(tile.shape) >= MIN_SIDE)


def half_planes(image: Image) -> tuple[Plane, ...]:
    """Return the tiles at half size, where noise that went through JPEG still shows."""
    return tuple(halved(t) for t in image.once(planes) if min(t.shape) >= 2 * MIN_SIDE)


def split(plane: Plane, rows: int, columns: int) -> list[Plane]:
    """Return views of a plane cut into a grid."""
    bands = np.array_split(plane, rows, axis=0)
    return [cell for band in bands for cell in np.array_split(band, columns, axis=1)]


def windows(image: Image) -> tuple[Plane, ...]:
    """Return the tiles cut into views of at most 480 px a side."""
    found: list[Plane] = []
    for tile in image.once(planes):
        rows, columns = (-(-side // WINDOW_SIDE) for side in tile.shape)
        found += split(tile, rows, columns)
    return tuple(found)


@dataclass(frozen=True)
class Steps:
    """Absolute differences of one tile to the right and to the lower neighbour."""

    across: Plane
    down: Plane


def steps(image: Image) -> tuple[Steps, ...]:
    """Return the differences between neighbours, a tile each."""
    return tuple(
        Steps(u8(cv2.absdiff(t[:, 1:], t[:, :-1])), u8(cv2.absdiff(t[1:], t[:-1])))
        for t in image.once(planes)
    )


STEP_CAP = 16  # gray levels; a strong edge must not outweigh a hundred faint block borders


@dataclass(frozen=True)
class Profiles:
    """Mean capped difference at each column and at each row of one tile."""

    columns: Floats
    rows: Floats


def capped(plane: Plane, cap: int) -> Plane:
    """Return the plane with nothing above ``cap``."""
    _, result = cv2.threshold(plane, cap, 0, cv2.THRESH_TRUNC)
    return u8(result)


def profiles(image: Image) -> tuple[Profiles, ...]:
    """Return where along the axes neighbours differ, a tile each."""
    found = []
    for step in image.once(steps):
        across, down = capped(step.across, STEP_CAP), capped(step.down, STEP_CAP)
        columns = np.asarray(cv2.reduce(across, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S))
        rows = np.asarray(cv2.reduce(down, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S))
        found.append(Profiles(columns.ravel() / across.shape[0], rows.ravel() / down.shape[1]))
    return tuple(found)


def histogram(image: Image) -> Floats:
    """Return the share of the working plane at each of the 256 gray levels."""
    plane = image.working
    counts = np.asarray(cv2.calcHist([plane], [0], None, [256], [0, 256]), np.float64).ravel()
    return counts / plane.size


def level_at(shares: Floats, quantile: float) -> float:
    """Return the gray level below which a share of the pixels lies."""
    return float(np.searchsorted(np.cumsum(shares), quantile - 1e-9))
