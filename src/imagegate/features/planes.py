"""Intermediates that several measures share, each computed once an image through ``Image.once``."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.image import Image

Plane = NDArray[np.uint8]
Floats = NDArray[np.float64]

NAN = float("nan")
MIN_SIDE = 16  # px; below this nothing about texture can be said
SIDE_CAP = 6000  # px; longer strips are read in their first part only


def planes(image: Image) -> tuple[Plane, ...]:
    """Return the native tiles that are large enough to be measured."""
    return tuple(tile for tile in image.tiles if min(tile.shape) >= MIN_SIDE)


def half_planes(image: Image) -> tuple[Plane, ...]:
    """Return the tiles at half size, where noise that went through JPEG still shows."""
    return tuple(
        cv2.resize(tile, (tile.shape[1] // 2, tile.shape[0] // 2), interpolation=cv2.INTER_AREA)
        for tile in image.once(planes)
        if min(tile.shape) >= 2 * MIN_SIDE
    )


@dataclass(frozen=True)
class Steps:
    """Absolute differences between neighbours of one tile."""

    across: Plane
    down: Plane


def steps(image: Image) -> tuple[Steps, ...]:
    """Return the differences to the right and to the lower neighbour, a tile each."""
    return tuple(
        Steps(cv2.absdiff(t[:, 1:], t[:, :-1]), cv2.absdiff(t[1:], t[:-1]))
        for t in image.once(planes)
    )


STEP_CAP = 16  # gray levels; a strong edge must not outweigh a hundred faint block borders


def profiles(image: Image) -> tuple[tuple[Floats, Floats], ...]:
    """Return the mean capped difference at each column and each row, a tile each."""
    found = []
    for step in image.once(steps):
        across = cv2.min(step.across, STEP_CAP)  # type: ignore[call-overload]
        down = cv2.min(step.down, STEP_CAP)  # type: ignore[call-overload]
        columns = cv2.reduce(across, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0]
        rows = cv2.reduce(down, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0]
        found.append((columns / across.shape[0], rows / down.shape[1]))
    return tuple(found)


def histogram(image: Image) -> Floats:
    """Return the share of the working plane at each of the 256 gray levels."""
    counts = np.bincount(image.working.ravel(), minlength=256)
    return counts / counts.sum()


def quantile_level(shares: Floats, q: float) -> float:
    """Return the gray level below which a share ``q`` of the pixels lies."""
    return float(np.searchsorted(np.cumsum(shares), q - 1e-9))
