"""The repair of geometry: a page that lies wrong is turned or mirrored back, then levelled."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from imagegate.degrade.geometry import rotated
from imagegate.features.letters.glyphs import orientation
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
LEAST_TILT = 0.5  # degrees; engines read lines that are tilted by less


def straighten(pixels: Pixels, readings: Mapping[str, float]) -> Pixels | None:
    """Turn a page upright, then level its lines.

    Turns of 90, 180 and 270 degrees and mirrorings are exact: (height, width) become
    (width, height) at 90 and 270. Levelling grows the picture so that nothing is cut off, and
    keeps colours. Reads no measure; None where the page lies upright and straight, or nobody can
    tell how it lies.
    """
    turned = turn(pixels)
    level = deskew(turned)
    if level is not turned:
        level = turn(level)  # lines that were tilted may only now tell how they lie
    return None if level is pixels else level


def turn(pixels: Pixels) -> Pixels:
    """Return the page upright and unmirrored; itself if it is, or if that is not clear.

    Source: :func:`imagegate.features.letters.glyphs.orientation`, which has to find it upright
    afterwards.
    """
    undo = UNDO.get(orientation(Image.from_array(pixels)) or "")
    if undo is None:
        return pixels
    turned = np.ascontiguousarray(undo(pixels))
    return turned if orientation(Image.from_array(turned)) == "upright" else pixels


def deskew(pixels: Pixels) -> Pixels:
    """Return the page with its lines along the nearest side; itself if they are, or are not clear.

    Source: :func:`imagegate.features.skew.skew`, which has to find less than half of the tilt
    afterwards. What is laid bare in the corners gets the median colour of the border.
    """
    tilt = skew(Image.from_array(pixels))
    if not abs(tilt) > LEAST_TILT:  # NaN of pages without text
        return pixels
    level = rotated(pixels, -tilt, cv2.INTER_CUBIC)
    return level if abs(skew(Image.from_array(level))) < abs(tilt) / 2 else pixels
