"""Text: how large, thick, strong and whole the letters are, and how surely they stand out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from imagegate.features.blur import edge_width
from imagegate.features.letters import letters
from imagegate.features.planes import NAN, Floats, histogram, quantile
from imagegate.features.sharpness import cutoff
from imagegate.image import Image
from imagegate.tables import Measure

MARGIN = 0.1  # of the contrast of a letter: so far off a threshold ink and ground must be
NEAR, NEAR_PX = 0.15, 1.0  # of the median height, and at least so many px, is one size of letters


def x_height(image: Image) -> float:
    """Return the typical height of the small letters.

    Returns
    -------
    float
        Native pixels, the mean of the heights near the median over letters that stand in lines
        (in print most are as high as an x; in capitals it is their height); NaN without text.

    References
    ----------
    Tesseract's own advice: x-height of 20 px or more, hopeless under 10.
    """
    found = image.cached(letters)
    if not found:
        return NAN
    middle = quantile(found.height, 0.5)
    near = np.abs(found.height - middle) <= max(NEAR_PX, NEAR * middle)
    return float(found.height[near].mean()) if near.any() else middle  # between two sizes


def x_height_p10(image: Image) -> float:
    """Return the height of the smallest tenth of the letters.

    Returns
    -------
    float
        Native pixels, 10th percentile; NaN without text.

    References
    ----------
    As ``text.x_height_px``.
    """
    found = image.cached(letters)
    return quantile(found.height, 0.1) if found else NAN


def x_height_effective(image: Image) -> float:
    """Return the x-height in pixels that carry detail.

    Returns
    -------
    float
        ``text.x_height_px`` times twice ``blur.spectral_cutoff``: what is left of it once
        enlarging and blur are taken back. NaN where one of them is.

    References
    ----------
    Nyquist's limit, as for ``resolution.effective_px``.
    """
    return x_height(image) * 2 * image.cached(cutoff)


def stroke_width(image: Image) -> float:
    """Return the typical width of the strokes of letters.

    Returns
    -------
    float
        Native pixels, twice area over perimeter, median over letters; NaN without text.

    References
    ----------
    Area over half the perimeter of a long stroke is its width; the stroke as text cue
    after Epshtein et al., CVPR 2010, doi:10.1109/CVPR.2010.5540041.
    """
    found = image.cached(letters)
    return quantile(found.stroke, 0.5) if found else NAN


def x_height_per_edge_width(image: Image) -> float:
    """Return how many edge widths make an x-height.

    Returns
    -------
    float
        Ratio of ``text.x_height_px`` to ``blur.edge_width_px``: sharpness as the letters
        need it, the same at any scanning resolution; NaN without text or edges.

    References
    ----------
    Own.
    """
    return x_height(image) / edge_width(image)


def contrast(image: Image) -> float:
    """Return the typical contrast of ink to paper.

    Returns
    -------
    float
        Gray levels between the mean of a letter and that of the ground in its box, median
        over letters, of either polarity; NaN without text.

    References
    ----------
    Local contrast as in Su, Lu and Tan, IEEE TIP 22 (2013), doi:10.1109/TIP.2012.2231089.
    """
    found = image.cached(letters)
    return quantile(found.contrast, 0.5) if found else NAN


def contrast_p10(image: Image) -> float:
    """Return the contrast of the faintest tenth of the letters.

    Returns
    -------
    float
        Gray levels, 10th percentile over letters; NaN without text.

    References
    ----------
    As ``text.contrast``.
    """
    found = image.cached(letters)
    return quantile(found.contrast, 0.1) if found else NAN


def broken_share(image: Image) -> float:
    """Return the share of marks that are too small to be letters.

    Returns
    -------
    float
        Share 0..1: marks smaller than letters and about as dark, beside letters, among
        these and the letters. Dots and commas make about a tenth. NaN without text.

    References
    ----------
    Small speckle and broken character factors of Cannon, Hochberg and Kelly, IJDAR 2
    (1999), doi:10.1007/s100320050039.
    """
    found = image.cached(letters)
    return found.broken if found else NAN


def speck_share(image: Image) -> float:
    """Return the share of specks that lie away from text.

    Returns
    -------
    float
        Share 0..1: marks smaller than letters and about as dark, not beside any, among
        these and the letters. NaN without text.

    References
    ----------
    White speckle and small speckle factors of Cannon, Hochberg and Kelly, IJDAR 2
    (1999), doi:10.1007/s100320050039, by place.
    """
    found = image.cached(letters)
    return found.specks if found else NAN


def merged_share(image: Image) -> float:
    """Return the share of the text that stands in blobs of several letters.

    Returns
    -------
    float
        Share 0..1 of the summed width of marks that is in marks more than 2.2 letters
        wide; scripts that join letters have it by nature. NaN without text.

    References
    ----------
    Touching character factor of Cannon, Hochberg and Kelly, IJDAR 2 (1999),
    doi:10.1007/s100320050039.
    """
    found = image.cached(letters)
    return found.merged if found else NAN


def components(image: Image) -> float:
    """Return the number of letters that stand in lines.

    Returns
    -------
    float
        Count in the tiles, 0 where nothing reads as text.

    References
    ----------
    Connected components, 8-neighbourhood.
    """
    found = image.cached(letters)
    return float(found.height.size) if found else 0.0


def area_share(image: Image) -> float:
    """Return the share of the picture that letters cover.

    Returns
    -------
    float
        Share 0..1 of the tiles inside the boxes of letters; 0 without text.

    References
    ----------
    Own.
    """
    found = image.cached(letters)
    return min(1.0, found.covered) if found else 0.0


def one_threshold_share(image: Image) -> float:
    """Return the share of the letters that one threshold for the whole picture separates.

    Returns
    -------
    float
        Share 0..1 of letters whose ink and ground lie on different sides of Otsu's threshold
        of the picture: what engines that make the page black and white first are left with.
        NaN without text.

    References
    ----------
    Otsu, IEEE SMC 9 (1979), doi:10.1109/TSMC.1979.4310076; Tesseract's default since 2006.
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
    """Return how strong the faintest tenth of the letters is beside the typical one.

    Returns
    -------
    float
        ``text.contrast_p10`` over ``text.contrast``: 1 for even print, less where it fades.
        NaN without text.

    References
    ----------
    As ``text.contrast``.
    """
    found = image.cached(letters)
    if not found:
        return NAN
    typical = quantile(found.contrast, 0.5)
    return quantile(found.contrast, 0.1) / typical if typical else NAN


def height_spread(image: Image) -> float:
    """Return how much taller the tallest tenth of the letters is than the typical one.

    Returns
    -------
    float
        90th percentile of the heights of letters over their median, 1 and more: about 1.4 for
        print in lower case, more for headings, and for letters that have grown together. NaN
        without text.

    References
    ----------
    Own.
    """
    found = image.cached(letters)
    return quantile(found.height, 0.9) / quantile(found.height, 0.5) if found else NAN


def linked_share(image: Image) -> float:
    """Return how many letters have a next one to their right.

    Returns
    -------
    float
        Share 0..1, pairs of neighbours per letter: near 0.9 in whole lines, less where letters
        of a word are missing. NaN without text.

    References
    ----------
    Own.
    """
    found = image.cached(letters)
    return found.rows.linked if found else NAN


def uneven_share(image: Image) -> float:
    """Return the share of neighbouring letters whose feet are not level.

    Returns
    -------
    float
        Share 0..1 of pairs more than 0.15 of the typical height off: a tenth to a quarter by
        descenders, more where letters are broken, grown together or on a curved line. NaN
        without text.

    References
    ----------
    Own.
    """
    found = image.cached(letters)
    return found.rows.uneven if found else NAN


MEASURES = tuple(
    replace(row, about="text")
    for row in (
        Measure("text.x_height_px", x_height, "px", "low"),
        Measure("text.x_height_p10_px", x_height_p10, "px", "low"),
        Measure("text.x_height_effective_px", x_height_effective, "px", "low"),
        Measure("text.stroke_width_px", stroke_width, "px", "low"),
        Measure("text.x_height_per_edge_width", x_height_per_edge_width, "ratio", "low"),
        Measure("text.contrast", contrast, "gray levels", "low"),
        Measure("text.contrast_p10", contrast_p10, "gray levels", "low"),
        Measure("text.broken_share", broken_share, "share", "high"),
        Measure("text.speck_share", speck_share, "share", "high"),
        Measure("text.merged_share", merged_share, "share", "high"),
        Measure("text.components", components, "count", "either"),
        Measure("text.area_share", area_share, "share", "either"),
        Measure("text.one_threshold_share", one_threshold_share, "share", "low"),
        Measure("text.contrast_evenness", contrast_evenness, "ratio", "low"),
        Measure("text.height_spread", height_spread, "ratio", "either"),
        Measure("text.linked_share", linked_share, "share", "low"),
        Measure("text.uneven_share", uneven_share, "share", "high"),
    )
)
