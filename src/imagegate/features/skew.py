"""Skew: by how much the lines of text are tilted against the sides of the picture."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.letters.lines import ENOUGH, TEXT_SHARE, letters
from imagegate.features.letters.marks import Marks, in_rows, native_marks
from imagegate.features.planes import NAN, Floats, Plane
from imagegate.image import Image

SIDE = 384  # px of the working plane, from its middle, that are looked at
AROUND = (15, 15)  # px of the working plane: the ground is the mean over this
FLATTEST = 0.5  # gray levels from the ground, on average; with less there is nothing to see
STRONGEST = 4.0  # times that average: edges of the page and of pictures count for no more
# Cycles a px: lines of text and their letters, but neither the page itself nor its grain.
FREQUENCIES = np.linspace(0.025, 0.4, 48, dtype=np.float32)
DIRECTIONS = np.arange(-90.0, 90.0)  # degrees
NEARBY = np.arange(-2.0, 2.01, 0.1)  # degrees from the strongest of these

Singles = NDArray[np.float32]


def skew(image: Image) -> float:
    """Return the angle of the lines of text to the nearest side of the picture.

    Degrees from -45 to 45, counter-clockwise as seen is positive; lines that run up and down are
    measured against the vertical. NaN without text.
    Source: the direction with most energy in the spectrum of the page, after Postl, Detection of
    linear oblique structures and skew scan in digitized documents, ICPR 1986.
    """
    angle = image.cached(line_direction)
    if image.cached(letters) is None and not stand_in_lines(image.cached(native_marks), angle):
        return NAN
    return (angle + 45) % 90 - 45


def line_direction(image: Image) -> float:
    """Return the direction, degrees counter-clockwise, that most of the picture runs in.

    From -92 to 92; NaN of a picture that is too flat or too small.
    """
    plane = middle(image.working)
    if min(plane.shape) < 2 * AROUND[0]:
        return NAN
    found = spectrum(plane)
    if found is None:
        return NAN
    coarse = DIRECTIONS[energy(found, DIRECTIONS).argmax()]
    angles = coarse + NEARBY
    near = energy(found, angles)
    upper = np.maximum(near - (near.min() + near.max()) / 2, 0)  # of the peak: its centre
    return float(upper @ angles / upper.sum())


def middle(plane: Plane) -> Plane:
    """Return as much of the middle of a plane as is looked at."""
    top, left = (max(0, side - SIDE) // 2 for side in plane.shape)
    return plane[top : top + SIDE, left : left + SIDE]


def spectrum(plane: Plane) -> Singles | None:
    """Return the amplitudes of what stands out from its ground, None of a flat plane.

    The whole discrete Fourier transform, frequency 0 in the corner.
    """
    ink: Singles = np.asarray(cv2.subtract(plane, cv2.blur(plane, AROUND), dtype=cv2.CV_32F))
    mean = cv2.norm(ink, cv2.NORM_L1) / ink.size
    if mean < FLATTEST:
        return None
    np.clip(ink, -STRONGEST * mean, STRONGEST * mean, out=ink)
    height, width = plane.shape
    ink *= window(height)[:, None] * window(width)
    roomy = np.zeros([cv2.getOptimalDFTSize(side) for side in plane.shape], np.float32)
    roomy[:height, :width] = ink
    waves = cv2.dft(roomy, flags=cv2.DFT_COMPLEX_OUTPUT)
    return np.asarray(cv2.magnitude(*cv2.split(waves)), np.float32)


@lru_cache(maxsize=32)
def window(length: int) -> Singles:
    """Return the window of Hann, which keeps the borders of the plane out of its spectrum."""
    return np.hanning(length + 2)[1:-1].astype(np.float32)


def energy(amplitudes: Singles, angles: Floats) -> Floats:
    """Return how much of a picture runs in each direction, weighted by frequency."""
    turned = np.deg2rad(angles)[:, None]
    right, down = (part(turned) * FREQUENCIES % 1 for part in (np.sin, np.cos))
    height, width = amplitudes.shape
    x, y = (right * width).astype(np.float32), (down * height).astype(np.float32)
    seen = cv2.remap(amplitudes, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return np.asarray(seen @ FREQUENCIES, np.float64)


def stand_in_lines(found: Marks, angle: float) -> bool:
    """Tell whether enough marks stand in rows of that direction."""
    letter = np.flatnonzero(found.letter)
    if np.isnan(angle) or len(letter) < ENOUGH:
        return False
    width, height = found.width[letter], found.height[letter]
    x, y = found.x[letter] + width / 2, found.y[letter] + height / 2
    turned = np.deg2rad(angle)
    along = x * np.cos(turned) - y * np.sin(turned)
    across = x * np.sin(turned) + y * np.cos(turned)
    # boxes do not turn: half of a letter that stands askew is its height, half its width
    size = np.sqrt(width * height)
    boxes = np.column_stack([along - size / 2, across - size / 2, size, size])
    boxes[:, :2] -= boxes[:, :2].min(axis=0)
    tile = found.tile[letter]
    inline = in_rows(boxes, tile, 0.0) | in_rows(boxes, tile, 0.5)
    return bool(inline.sum() >= max(ENOUGH, TEXT_SHARE * len(letter)))
