"""Framing: whether the page was seen from straight above, and whole."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from imagegate.features.letters.lines import letters, text
from imagegate.features.planes import NAN, Floats, quantile
from imagegate.features.text import x_height
from imagegate.image import Image

AT_MOST = 512  # letters that are looked at
ENOUGH = 40  # letters; with fewer a heading is a slope
ALIKE = 0.7  # log ratio to the typical height of what is one size of letters, seen from a side
ROUNDS = 2  # of the fit, each without what lies far off
FAR_OFF = 2.0  # standard deviations
WIDE = 0.3  # of the picture: letters have to spread over as much
BAND = 0.5  # x-heights along the border that whole pages leave free
INKY = 0.45  # of the contrast of letters
FINEST = 8.0  # steps an x-height that the border is looked at in
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
    marks, look = found.look.marks, found.look.image
    picked = found.letters[:: -(-len(found.letters) // AT_MOST)]
    top, left = np.array(look.tile_places, np.float64)[marks.tile[picked]].T
    height, width = look.gray.shape
    x = (left + marks.x[picked] + marks.width[picked] / 2) / width - 0.5
    y = (top + marks.y[picked] + marks.height[picked] / 2) / height - 0.5
    size = np.log(marks.height[picked])
    kept = np.abs(size - quantile(size, 0.5)) < ALIKE
    return slope(np.stack([np.ones_like(x), x, y])[:, kept], size[kept])


def slope(places: Floats, size: Floats) -> float:
    """Return the steeper of two slopes of a plane (1, x, y) through what lies close to it."""
    fitted: Floats = np.zeros(3)
    for _ in range(ROUNDS):
        if len(size) < ENOUGH or np.ptp(places[1:], axis=1).min() < WIDE:
            return NAN
        fitted = np.asarray(np.linalg.solve(places @ places.T, places @ size), np.float64)
        off = np.abs(size - fitted @ places)
        near = off <= FAR_OFF * max(float(np.sqrt((off**2).mean())), 0.02)
        places, size = places[:, near], size[near]
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
    step = max(1, int(height / FINEST))
    gray, shares = image.gray, []
    for side in (gray[:band], gray[-band:], gray[:, :band].T, gray[:, -band:].T):
        some = np.ascontiguousarray(side[::step, ::step])
        line = (some.min(axis=0) if dark else some.max(axis=0)).astype(np.float64)
        inky = (ground - line) * (1 if dark else -1) > INKY * contrast
        shares.append(short_runs(inky, LONGEST * height / step) * height / side.shape[1])
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
