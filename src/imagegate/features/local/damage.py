"""Local: damage to a part of the page, and which part that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.local.patches import PARTS, Patches, least_ink, patches
from imagegate.features.planes import NAN, quantile, u8
from imagegate.image import Image
from imagegate.tables import Box

Mask = NDArray[np.bool_]

SQUARE = np.ones((3, 3), np.uint8)
CELL = np.ones((PARTS, PARTS), np.bool_)
WORST, BEST = 5 / 6, 1 / 6  # quantiles: the middle of the worst and of the best third
SOFT = 0.3  # x-heights: letters with wider edges are hard to read
SOFTER = 1.8  # times the edges of the best third, and it is not the page as a whole
UNREADABLE = 0.4  # x-heights
FADED, LOST = 0.5, 0.25  # of the contrast of the best part
DIM = 0.62  # of the level of the brightest ground
OTHER_GROUND = 0.06  # of the contrast: what lies on the paper is darker or brighter than it
BRIGHTER = 4.0  # gray levels that are not the same paper
WHITE = 248.0  # gray levels: paper that light has reached, or a program
SHADED = 1.5  # times as bright is the paper in the light
MIDDLE = (0.25, 0.75)  # of the way from shade to light
BETWEEN = 0.35  # of the parts are no more there, if the shadow has an edge
FEW, MOST = 0.06, 0.9  # of the text: a part of it
BULKY = 0.12  # of a patch in ink thicker than strokes


def quantile_of(image: Image, name: str, share: float) -> float:
    """Return a quantile over the cells with text of what patches show; NaN without text."""
    found = image.cached(patches)
    values = getattr(found, name)[found.text] if found else np.empty(0)
    return quantile(values, share) if values.size else NAN


def worst_edge(image: Image) -> float:
    """Return the width of edges in the worst third of the text.

    In x-heights, the median of the third of the cells of the page where edges are widest, after the
    mean squared steps over a pixel and over a third of a letter; NaN without text.
    Source: own; the structure function of a slope.
    """
    return quantile_of(image, "edge", WORST)


def edge_ratio(image: Image) -> float:
    """Return how many times wider edges are in the worst third of the text than in the best.

    Ratio, 1 where all is alike, 1.2 to 1.5 on clean pages; NaN without text.
    Source: own; as ``blur.worst_third_edge``.
    """
    return worst_edge(image) / quantile_of(image, "edge", BEST)


def worst_contrast(image: Image) -> float:
    """Return the contrast in the worst third of the text as a share of that in the best.

    Ratio 0..1, from the darkest ink to the paper by cell of the page; NaN without text.
    Source: own.
    """
    return quantile_of(image, "contrast", BEST) / quantile_of(image, "contrast", WORST)


def soft(image: Image) -> Mask | None:
    """Return which cells are out of focus where others are not, None without text."""
    found = image.cached(patches)
    if found is None or not found.text.any():
        return None
    best = quantile_of(image, "edge", BEST)
    least = max(SOFT, SOFTER * best) if best < SOFT else np.inf
    return np.asarray(found.edge > least, np.bool_)


@dataclass(frozen=True)
class Holes:
    """Which parts of the page hold text, and which lie empty in the midst of it."""

    text: Mask
    empty: Mask  # with text on three sides or more
    enclosed: Mask  # … on all four


def holes(image: Image) -> Holes | None:
    """Look for empty parts in the midst of the text, None without text."""
    found = image.cached(patches)
    if found is None:
        return None
    text = np.asarray(cv2.blur(found.lively, (3, 3)) >= least_ink(found.lively), np.bool_)
    sides = np.zeros(text.shape, np.uint8)
    for axis in (0, 1):
        for step in (1, -1):
            way = (slice(None),) * axis + (slice(None, None, step),)
            sides += np.logical_or.accumulate(text[way], axis=axis)[way]
    empty, enclosed = (
        cv2.morphologyEx(u8(~text & (sides >= least)), cv2.MORPH_OPEN, SQUARE) > 0
        for least in (3, 4)
    )
    return Holes(text, empty, enclosed) if text.any() else None


def hole_share(image: Image) -> float:
    """Return the share of the text area that is empty.

    Share 0..1 of what lies between text on three sides or more; NaN without text. Pages have gaps
    between their blocks, what covers or washes out text makes more.
    Source: own.
    """
    found = image.cached(holes)
    if found is None:
        return NAN
    text, empty = (np.count_nonzero(each) for each in (found.text, found.empty))
    return empty / (text + empty)


def unreadable_share(image: Image) -> float:
    """Return the share of the text area where letters are too soft or too faint to be read.

    Share 0..1 of the cells with text, by width of edges and contrast to the best part; NaN without
    text.
    Source: own.
    """
    found = image.cached(patches)
    if found is None or not found.text.any():
        return NAN
    bad = (found.edge > UNREADABLE) | (
        found.contrast < LOST * quantile_of(image, "contrast", WORST)
    )
    return float(bad[found.text].mean())


def paper(found: Patches) -> float:
    """Return the level of the ground of a page."""
    return quantile(found.light[found.lively >= least_ink(found.lively)], 0.5)


def laid_over(image: Image) -> Mask | None:
    """Return which parts in the midst of the text are empty on another ground than paper."""
    found, parts = image.cached(patches), image.cached(holes)
    if found is None or parts is None or not parts.empty.any():
        return None
    far = OTHER_GROUND * quantile_of(image, "contrast", WORST)
    return np.asarray(parts.empty & (np.abs(found.light - paper(found)) > far), np.bool_)


def covered_share(image: Image) -> float:
    """Return the share of the text area that something covers.

    Share 0..1: empty, with text on three sides or more, on another ground than the paper; NaN
    without text.
    Source: own.
    """
    found, over = image.cached(holes), image.cached(laid_over)
    if found is None:
        return NAN
    return 0.0 if over is None else float(over.sum() / (found.text.sum() + found.empty.sum()))


def dim(image: Image) -> Mask | None:
    """Return which parts of the page lie in a shadow with an edge, None without one."""
    found = image.cached(patches)
    if found is None:
        return None
    level = np.log(np.maximum(found.light, 1.0))
    low, high = quantile(level.ravel(), 0.05), quantile(level.ravel(), 0.95)
    if high - low < np.log(SHADED):
        return None
    way = (level - low) / (high - low)
    between = float(((way > MIDDLE[0]) & (way < MIDDLE[1])).mean())
    return None if between > BETWEEN else np.asarray(level < high + np.log(DIM), np.bool_)


def shade_share(image: Image) -> float:
    """Return the share of the page that lies in a shadow with an edge.

    Share 0..1 of the parts whose paper has less than 0.62 of the level of the brightest; 0 where
    light falls off slowly, NaN without text.
    Source: own.
    """
    mask = image.cached(dim)
    if mask is None:
        return NAN if image.cached(patches) is None else 0.0
    return float(mask.mean())


def washed(image: Image) -> Mask | None:
    """Return which parts of the page light has washed out, None without any."""
    found, parts = image.cached(patches), image.cached(holes)
    if found is None or parts is None or not found.text.any():
        return None
    least = FADED * quantile_of(image, "contrast", WORST)
    pale = np.kron(found.contrast < least, CELL)
    level = paper(found)
    # paper that is white cannot become brighter
    empty = parts.enclosed if level > WHITE else parts.empty & (found.light > level + BRIGHTER)
    return np.asarray(empty | (pale & (found.light > level - BRIGHTER)), np.bool_)


def bulky(image: Image) -> Mask | None:
    """Return the cells in which ink is thicker than strokes, but edges are sharp."""
    found = image.cached(patches)
    if found is None or not found.text.any():
        return None
    return (found.thick > BULKY) & (found.edge < SOFT)


def is_part(image: Image, mask: Mask | None) -> bool:
    """Tell whether a mask holds a part of the text, neither next to nothing nor all of it."""
    found = image.cached(patches)
    if mask is None or found is None:
        return False
    whole = found.text if mask.shape == found.text.shape else np.ones_like(mask)
    return bool(FEW < (mask & whole).sum() / max(1, whole.sum()) < MOST)


def box(image: Image, mask: Mask | None) -> Box | None:
    """Return the box in pixels around the largest piece of a mask, None without one."""
    if mask is None or not mask.any():
        return None
    closed = cv2.morphologyEx(u8(mask), cv2.MORPH_CLOSE, SQUARE)
    stats = np.asarray(cv2.connectedComponentsWithStats(closed, connectivity=8)[2])
    left, top, width, height, _ = stats[1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())].tolist()
    rows, columns = mask.shape
    tall, wide = image.gray.shape
    return (
        left * wide // columns,
        top * tall // rows,
        (left + width) * wide // columns,
        (top + height) * tall // rows,
    )


def partly_soft(image: Image, readings: Mapping[str, float]) -> bool:
    """Tell whether a part of the text is out of focus, and not all of it."""
    return is_part(image, image.cached(soft))


def glare(image: Image, readings: Mapping[str, float]) -> bool:
    """Tell whether light has washed out a part of the text."""
    return is_part(image, image.cached(washed)) and image.cached(dim) is None


def shadow(image: Image, readings: Mapping[str, float]) -> bool:
    """Tell whether a shadow with an edge lies on the page."""
    return is_part(image, image.cached(dim))


def where_soft(image: Image) -> Box | None:
    """Return the part of the page that is out of focus."""
    return box(image, image.cached(soft))


def where_washed(image: Image) -> Box | None:
    """Return the part of the page that light has washed out."""
    return box(image, image.cached(washed))


def where_dim(image: Image) -> Box | None:
    """Return the part of the page that lies in shadow."""
    return box(image, image.cached(dim))
