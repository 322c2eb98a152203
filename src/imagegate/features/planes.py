"""Intermediates that several measures share, each computed once an image through ``Image.once``."""

from __future__ import annotations

from collections.abc import Iterator
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
BAND_BYTES = 1 << 17
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


def bands(plane: Plane, *, overlap: int = 0) -> Iterator[tuple[int, Plane]]:
    """Yield top and view of the bands of a plane: fresh pages and cache misses cost most.

    All but the last have a multiple of 16 rows, and ``overlap`` more from the next.
    """
    height, width = plane.shape
    rows = max(2, BAND_BYTES // width // 16) * 16
    # a last band of a few rows would be too thin to filter
    tops = range(0, max(1, height - 15), rows)
    for top, end in zip(tops, [*tops[1:], height], strict=True):
        yield top, plane[top : min(height, end + overlap)]


def histogram(image: Image) -> Floats:
    """Return the share of the working plane at each of the 256 gray levels."""
    plane = image.working
    counts = np.asarray(cv2.calcHist([plane], [0], None, [256], [0, 256]), np.float64).ravel()
    return counts / plane.size


def level_at(shares: Floats, quantile: float) -> float:
    """Return the gray level below which a share of the pixels lies."""
    return float(np.searchsorted(np.cumsum(shares), quantile - 1e-9))
