"""The repair of geometry: a page that lies wrong is levelled, and turned or mirrored back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import cv2
import numpy as np

from imagegate.degrade.geometry import rotated
from imagegate.features.letters.glyphs import glyphs, orientation
from imagegate.features.skew import skew
from imagegate.image import Image
from imagegate.tables import Pixels

# What takes each orientation back; every pixel is kept.
UNDO: Mapping[str, Callable[[Pixels], Pixels]] = {
    "upside_down": lambda pixels: np.rot90(pixels, 2),
    "clockwise": lambda pixels: np.rot90(pixels, 1),
    "counterclockwise": lambda pixels: np.rot90(pixels, 3),
    "mirrored": lambda pixels: pixels[:, ::-1],
    "flipped": lambda pixels: pixels[::-1],
}
# Nats a mark by which it must lie otherwise rather than upright: one of 874 real pages that lie
# upright has as much, and three in four of poor photographs of receipts turned by 180 degrees.
SURE = 0.4
LEAST_TILT = 0.5  # degrees; engines read lines that are tilted by less
# By how much clearer the lines are once they are level: 1.3 times and more of real pages tilted by
# a degree, 1.15 and less where slanted handwriting passes for tilted lines.
CLEARER = 1.2


def straighten(pixels: Pixels, readings: Mapping[str, float]) -> Pixels | None:
    """Level the lines of a page, then turn it upright.

    Turns of 90, 180 and 270 degrees and mirrorings are exact: (height, width) become
    (width, height) at 90 and 270. Levelling grows the picture so that nothing is cut off, and
    keeps colours. Reads no measure; None where the page lies upright and straight, or nobody can
    tell how it lies.
    """
    straight = turn(deskew(pixels))  # a tilt shows on pages that lie on their side, too
    return None if straight is pixels else straight


def turn(pixels: Pixels) -> Pixels:
    """Return the page upright and unmirrored; itself if it is, or if that is not clear.

    Source: :func:`imagegate.features.letters.glyphs.orientation`, which has to find it upright
    afterwards.
    """
    image = Image.from_array(pixels)
    lies, seen = orientation(image), image.cached(glyphs)
    if lies is None or lies not in UNDO or seen is None or seen.lead(lies) < SURE:
        return pixels
    turned = np.ascontiguousarray(UNDO[lies](pixels))
    return turned if orientation(Image.from_array(turned)) == "upright" else pixels


def deskew(pixels: Pixels) -> Pixels:
    """Return the page with its lines along the nearest side; itself if they are, or are not clear.

    By :func:`imagegate.features.skew.skew`, which slanted writing misleads: lines that are levelled
    stand out more clearly than before. The corners laid bare get the median colour of the border.
    """
    image = Image.from_array(pixels)
    tilt = skew(image)
    if not abs(tilt) > LEAST_TILT:  # NaN of pages without text
        return pixels
    plane = image.working
    clear = contrast_of_lines(rotated(plane, -tilt)) > CLEARER * contrast_of_lines(plane)
    return rotated(pixels, -tilt, cv2.INTER_CUBIC) if clear else pixels


def contrast_of_lines(plane: Pixels) -> float:
    """Return how sharply the rows (or columns) of a plane differ from the next ones.

    In squared gray levels, of the square in the middle that a plane shows however it is tilted.
    Source: the profile of the projection, after Postl, as ``skew``.
    """
    side = max(2, int(min(plane.shape) / math.sqrt(2)))
    top, left = ((length - side) // 2 for length in plane.shape)
    part = plane[max(top, 0) :, max(left, 0) :][:side, :side]
    return max(float(np.square(np.diff(part.mean(axis=axis))).mean()) for axis in (0, 1))
