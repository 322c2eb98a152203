"""Legibility: how clearly letters stand out and how evenly they stand, whatever the cause."""

from __future__ import annotations

from functools import partial

import numpy as np

from imagegate.features.letters.lines import letters
from imagegate.features.planes import NAN, Floats, histogram, quantile
from imagegate.image import Image
from imagegate.tables import Measure

MARGIN = 0.1  # of the contrast of a letter: so far off a threshold ink and ground must be


def one_threshold_share(image: Image) -> float:
    """Return the share of the letters that one threshold for the whole picture separates.

    Share 0..1 of letters whose ink and ground lie on different sides of Otsu's threshold of the
    picture: what engines that make the page black and white first are left with. NaN without text.
    Source: Otsu, IEEE SMC 9 (1979), doi:10.1109/TSMC.1979.4310076; Tesseract's default since 2006.
    """
    found = image.cached(letters)
    if not found:
        return NAN
    level = otsu(image.cached(histogram))
    low, high = np.minimum(found.ink, found.ground), np.maximum(found.ink, found.ground)
    margin = MARGIN * (high - low)
    return float(np.mean((low < level - margin) & (high > level + margin)))


def otsu(shares: Floats) -> float:
    """Return Otsu's threshold of a histogram of 256 shares, between two gray levels."""
    levels = np.arange(256)
    below, moment = np.cumsum(shares)[:-1], np.cumsum(shares * levels)
    above = 1 - below
    usable = (below > 0) & (above > 1e-9)
    gap = moment[:-1] / np.where(usable, below, 1) - (moment[-1] - moment[:-1]) / np.where(
        usable, above, 1
    )
    between = np.where(usable, below * above * gap**2, -1.0)
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))  # a plateau over empty levels
    return float(best.mean()) + 0.5


def contrast_evenness(image: Image) -> float:
    """Return the contrast of the faintest tenth of the letters relative to the typical one.

    ``text.contrast_p10`` over ``text.contrast``: 1 for even print, less where it fades. NaN without
    text.
    Source: as ``text.contrast``.
    """
    found = image.cached(letters)
    if not found:
        return NAN
    typical = quantile(found.contrast, 0.5)
    return quantile(found.contrast, 0.1) / typical if typical else NAN


def height_spread(image: Image) -> float:
    """Return how much taller the tallest tenth of the letters is than the typical one.

    90th percentile of the heights of letters over their median, 1 and more: about 1.4 for print in
    lower case, more for headings, and for letters that have grown together. NaN without text.
    Source: own.
    """
    found = image.cached(letters)
    return quantile(found.height, 0.9) / quantile(found.height, 0.5) if found else NAN


def linked_share(image: Image) -> float:
    """Return how many letters have a next one to their right.

    Share 0..1, pairs of neighbours per letter: near 0.9 in whole lines, less where letters of a
    word are missing. NaN without text.
    Source: own.
    """
    found = image.cached(letters)
    return found.linked if found else NAN


def uneven_share(image: Image) -> float:
    """Return the share of neighbouring letters whose feet are not level.

    Share 0..1 of pairs more than 0.15 of the typical height off: a tenth to a quarter by
    descenders, more where letters are broken, grown together or on a curved line. NaN without text.
    Source: own.
    """
    found = image.cached(letters)
    return found.uneven if found else NAN


text_measure = partial(Measure, about="text")

MEASURES = (
    text_measure(
        "text.one_threshold_share",
        one_threshold_share,
        "share of letters that one threshold tells from the ground",
        "share",
        "low",
    ),
    text_measure(
        "text.contrast_evenness",
        contrast_evenness,
        "contrast of the faintest letters to that of typical ones",
        "ratio",
        "low",
    ),
    text_measure(
        "text.height_spread",
        height_spread,
        "height of the tallest letters to that of typical ones",
        "ratio",
        "either",
    ),
    text_measure(
        "text.linked_share",
        linked_share,
        "share of letters with a next one beside them",
        "share",
        "low",
    ),
    text_measure(
        "text.uneven_share", uneven_share, "share of letters off their line", "share", "high"
    ),
)
