"""Framing: whether the page was seen from straight above, and whole."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.letters.lines import letters, text
from imagegate.features.planes import NAN, Floats, quantile
from imagegate.features.text import x_height
from imagegate.image import Image

ENOUGH = 40  # letters; with fewer a heading is a slope
ALIKE = 0.7  # log ratio to the typical height of what is one size of letters, seen from a side
ROUNDS = 3  # of the fit, each without what lies far off
FAR_OFF = 2.0  # standard deviations
WIDE = 0.3  # of the picture: letters have to spread over as much
BAND = 0.5  # x-heights along the border that whole pages leave free
INKY = 0.45  # of the contrast of letters
LONGEST = 2.0  # x-heights: longer runs are the edge of the paper, or a rule
SLANTED, CUT = 0.45, 0.15  # what is seen from a side, and cut off


def size_gradient(image: Image) -> float:
    """Return by how much letters differ in size from one side of the picture to the other.

    Log ratio of their heights over the whole side, 0 or more, from a plane fitted to the letters of
    about one size; NaN with fewer than 40 of them, or all in one place.
    Source: own; texture gradient of Gibson, The Perception of the Visual World (1950).
    """
    found = image.cached(text)
    if found is None or len(found.letters) < ENOUGH:
        return NAN
    marks, picked, look = found.look.marks, found.letters, found.look.image
    top, left = np.array(look.tile_places, np.float64)[marks.tile[picked]].T
    height, width = look.gray.shape
    x = (left + marks.x[picked] + marks.width[picked] / 2) / width - 0.5
    y = (top + marks.y[picked] + marks.height[picked] / 2) / height - 0.5
    size = np.log(marks.height[picked])
    kept = np.abs(size - quantile(size, 0.5)) < ALIKE
    return slope(np.column_stack([np.ones_like(x), x, y])[kept], size[kept])


def slope(places: Floats, size: Floats) -> float:
    """Return the steeper of two slopes of a plane (1, x, y) through what lies close to it."""
    for n in range(ROUNDS):
        if len(size) < ENOUGH or np.ptp(places[:, 1:], axis=0).min() < WIDE:
            return NAN
        fitted, *_ = np.linalg.lstsq(places, size, rcond=None)
        off = np.abs(size - places @ fitted)
        near = off <= FAR_OFF * max(float(off.std()), 0.02)
        if n + 1 < ROUNDS:
            places, size = places[near], size[near]
    return float(np.abs(fitted[1:]).max())


def border_ink(image: Image) -> float:
    """Return how much of the border of the picture letters touch.

    Share 0..1 of the side where most do: runs of ink no longer than letters within half an x-height
    of it, an x-height each; 0 for a page with margins, NaN without text.
    Source: own.
    """
    found, height = image.cached(letters), image.cached(x_height)
    if found is None or np.isnan(height):
        return NAN
    ground, contrast = quantile(found.ground, 0.5), quantile(found.contrast, 0.5)
    dark = quantile(found.ink, 0.5) < ground
    band = max(1, min(round(BAND * height), *image.gray.shape))
    reduction = cv2.REDUCE_MIN if dark else cv2.REDUCE_MAX
    gray, shares = image.gray, []
    for axis, side in (
        (0, gray[:band]),
        (0, gray[-band:]),
        (1, gray[:, :band]),
        (1, gray[:, -band:]),
    ):
        line = np.asarray(cv2.reduce(np.ascontiguousarray(side), axis, reduction)).ravel()
        far = (ground - line.astype(np.float64)) * (1 if dark else -1)
        shares.append(short_runs(far > INKY * contrast, LONGEST * height) * height / len(line))
    return float(min(1.0, max(shares)))


def short_runs(marked: NDArray[np.bool_], longest: float) -> int:
    """Return how many runs there are that are no longer than that."""
    turns = np.flatnonzero(np.diff(marked.astype(np.int8), prepend=0, append=0))
    return int(np.count_nonzero(turns[1::2] - turns[::2] <= longest))


def slanted(image: Image, readings: Mapping[str, float]) -> bool:
    """Tell whether letters grow across the page, as seen from a side."""
    return image.cached(size_gradient) > SLANTED


def cut_off(image: Image, readings: Mapping[str, float]) -> bool:
    """Tell whether the border cuts through text."""
    return image.cached(border_ink) > CUT
