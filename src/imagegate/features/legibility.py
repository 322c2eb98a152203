"""Legibility: how clearly letters stand out and how evenly they stand, whatever is the cause."""

from __future__ import annotations

import numpy as np

from imagegate.features.letters import letters
from imagegate.features.planes import NAN, Floats, histogram
from imagegate.image import Image
from imagegate.tables import Measure

MARGIN = 3.0  # gray levels that ink and ground must be off a threshold


def separability(image: Image) -> float:
    """Return how clearly ink and ground differ within the box of a letter.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Share 0..1 of the variance of gray levels in the box that lies between ink and ground,
        median over letters: near 1 for crisp print, less for what is soft, noisy or uneven.
        NaN without text.

    References
    ----------
    Otsu's separability, IEEE SMC 9 (1979), doi:10.1109/TSMC.1979.4310076, by letter.
    """
    found = image.once(letters)
    return float(np.median(found.apart)) if found else NAN


def separability_p10(image: Image) -> float:
    """Return how clearly ink and ground differ in the worst tenth of the letters.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        As ``text.separability``, 10th percentile; NaN without text.

    References
    ----------
    As ``text.separability``.
    """
    found = image.once(letters)
    return float(np.quantile(found.apart, 0.1)) if found else NAN


def one_threshold_share(image: Image) -> float:
    """Return the share of the letters that one threshold for the whole picture separates.

    Parameters
    ----------
    image : Image
        The image to measure.

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
    found = image.once(letters)
    if not found:
        return NAN
    level = otsu(image.once(histogram))
    low, high = np.minimum(found.ink, found.ground), np.maximum(found.ink, found.ground)
    return float(np.mean((low < level - MARGIN) & (high > level + MARGIN)))


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

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        ``text.contrast_p10`` over ``text.contrast``: 1 for even print, less where it fades.
        NaN without text.

    References
    ----------
    As ``text.contrast``.
    """
    found = image.once(letters)
    if not found:
        return NAN
    typical = float(np.median(found.contrast))
    return float(np.quantile(found.contrast, 0.1)) / typical if typical else NAN


def stroke_evenness(image: Image) -> float:
    """Return how thick the thinnest tenth of the strokes is beside the typical one.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        10th percentile of the stroke widths of letters over their median: less where strokes
        are eaten away or print is of several weights. NaN without text.

    References
    ----------
    As ``text.stroke_width_px``.
    """
    found = image.once(letters)
    return float(np.quantile(found.stroke, 0.1) / np.median(found.stroke)) if found else NAN


def height_spread(image: Image) -> float:
    """Return how much taller the tallest tenth of the letters is than the typical one.

    Parameters
    ----------
    image : Image
        The image to measure.

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
    found = image.once(letters)
    return float(np.quantile(found.height, 0.9) / np.median(found.height)) if found else NAN


def inline_share(image: Image) -> float:
    """Return the share of the marks shaped like letters that stand in lines.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Share 0..1: less where letters are broken, blobs, or beside much that is no text. NaN
        without text.

    References
    ----------
    Own.
    """
    found = image.once(letters)
    return found.inline if found else NAN


def linked_share(image: Image) -> float:
    """Return how many letters have a next one to their right.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Pairs of neighbours per letter, 0..1: near 0.9 in whole lines, less where letters
        of a word are missing. NaN without text.

    References
    ----------
    Own.
    """
    found = image.once(letters)
    return found.rows.linked if found else NAN


def uneven_share(image: Image) -> float:
    """Return the share of neighbouring letters whose feet are not level.

    Parameters
    ----------
    image : Image
        The image to measure.

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
    found = image.once(letters)
    return found.rows.uneven if found else NAN


def slope(image: Image) -> float:
    """Return how steeply the lines of text rise or fall.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Rise over run without sign, 0 for level lines, up to about 0.3; NaN without text, and
        for lines steeper than that.

    References
    ----------
    Skew by neighbouring marks: Hashizume, Yeh and Rosenfeld, Pattern Recognition Letters 4
    (1986), doi:10.1016/0167-8655(86)90034-6.
    """
    found = image.once(letters)
    return found.rows.slope if found else NAN


MEASURES = (
    Measure("text.separability", separability, "share", "low", "blur"),
    Measure("text.separability_p10", separability_p10, "share", "low", "blur"),
    Measure("text.one_threshold_share", one_threshold_share, "share", "low", "exposure"),
    Measure("text.contrast_evenness", contrast_evenness, "ratio", "low", "exposure"),
    Measure("text.stroke_evenness", stroke_evenness, "ratio", "either", None),
    Measure("text.height_spread", height_spread, "ratio", "either", None),
    Measure("text.inline_share", inline_share, "share", "low", "noise"),
    Measure("text.linked_share", linked_share, "ratio", "low", "noise"),
    Measure("text.uneven_share", uneven_share, "share", "high", "noise"),
    Measure("text.slope", slope, "rise / run", "either", None),
)
