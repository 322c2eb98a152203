"""Text: how large, thick, strong and whole the letters are, in native pixels."""

from __future__ import annotations

from functools import partial

import numpy as np

from imagegate.features.blur import edge_width
from imagegate.features.letters.lines import few_letters, letters
from imagegate.features.local.damage import hole_share, unreadable_share
from imagegate.features.planes import NAN, quantile
from imagegate.features.sharpness import spectral_cutoff
from imagegate.image import Image
from imagegate.tables import Measure

NEAR, NEAR_PX = 0.15, 1.0  # of the median height, and at least so many px, is one size of letters


def x_height(image: Image) -> float:
    """Return the typical height of the small letters.

    Native pixels, the mean of the heights near the median over letters that stand in lines (in
    print most are as high as an x; in capitals it is their height); NaN without text.
    Source: Tesseract's own advice: x-height of 20 px or more, hopeless under 10.
    """
    found = image.cached(letters)
    if not found:
        return NAN
    middle = quantile(found.height, 0.5)
    near = np.abs(found.height - middle) <= max(NEAR_PX, NEAR * middle)
    return float(found.height[near].mean()) if near.any() else middle  # between two sizes


def x_height_p10(image: Image) -> float:
    """Return the height of the smallest tenth of the letters.

    Native pixels, 10th percentile; NaN without text.
    Source: as ``text.x_height_px``.
    """
    found = image.cached(letters)
    return quantile(found.height, 0.1) if found else NAN


def x_height_effective(image: Image) -> float:
    """Return the x-height in pixels that carry detail.

    ``text.x_height_px`` times twice ``blur.spectral_cutoff``: what is left of it once enlarging and
    blur are taken back. NaN where one of them is.
    Source: Nyquist's limit, as for ``resolution.effective_px``.
    """
    return image.cached(x_height) * 2 * image.cached(spectral_cutoff)


def stroke_width(image: Image) -> float:
    """Return the typical width of the strokes of letters.

    Native pixels, twice area over perimeter, median over letters; NaN without text.
    Source: area over half the perimeter of a long stroke is its width; the stroke as text cue after
    Epshtein et al., CVPR 2010, doi:10.1109/CVPR.2010.5540041.
    """
    found = image.cached(letters)
    return quantile(found.stroke, 0.5) if found else NAN


def x_height_per_edge_width(image: Image) -> float:
    """Return how many edge widths make an x-height.

    Ratio of ``text.x_height_px`` to ``blur.edge_width_px``: sharpness as the letters need it, the
    same at any scanning resolution; NaN without text or edges.
    Source: own.
    """
    return image.cached(x_height) / image.cached(edge_width)


def contrast(image: Image) -> float:
    """Return the typical contrast of ink to paper.

    Gray levels between the mean of a letter and that of the ground in its box, median over letters,
    of either polarity; NaN without text.
    Source: local contrast as in Su, Lu and Tan, IEEE TIP 22 (2013), doi:10.1109/TIP.2012.2231089.
    """
    found = image.cached(letters)
    return quantile(found.contrast, 0.5) if found else NAN


def contrast_p10(image: Image) -> float:
    """Return the contrast of the faintest tenth of the letters.

    Gray levels, 10th percentile over letters; NaN without text.
    Source: as ``text.contrast``.
    """
    found = image.cached(letters)
    return quantile(found.contrast, 0.1) if found else NAN


def broken_share(image: Image) -> float:
    """Return the share of marks that are too small to be letters.

    Share 0..1: marks smaller than letters and about as dark, beside letters, among these and the
    letters. Dots and commas make about a tenth. NaN without text.
    Source: small speckle and broken character factors of Cannon, Hochberg and Kelly, IJDAR 2
    (1999), doi:10.1007/s100320050039.
    """
    found = image.cached(letters)
    return found.broken if found else NAN


def speck_share(image: Image) -> float:
    """Return the share of specks that lie away from text.

    Share 0..1: marks smaller than letters and about as dark, not beside any, among these and the
    letters. NaN without text.
    Source: white speckle and small speckle factors of Cannon, Hochberg and Kelly, IJDAR 2 (1999),
    doi:10.1007/s100320050039, by place.
    """
    found = image.cached(letters)
    return found.specks if found else NAN


def merged_share(image: Image) -> float:
    """Return the share of the text that stands in blobs of several letters.

    Share 0..1 of the summed width of marks that is in marks more than 2.2 letters wide; scripts
    that join letters have it by nature. NaN without text.
    Source: touching character factor of Cannon, Hochberg and Kelly, IJDAR 2 (1999),
    doi:10.1007/s100320050039.
    """
    found = image.cached(letters)
    return found.merged if found else NAN


def components(image: Image) -> float:
    """Return the number of letters that stand in lines.

    Count in the tiles; under 12, and without any other measure of letters, where there are too few
    for lines of text; 0 where there is none.
    Source: connected components, 8-neighbourhood.
    """
    found = image.cached(letters)
    return float(found.height.size if found else image.cached(few_letters))


def area_share(image: Image) -> float:
    """Return the share of the picture that letters cover.

    Share 0..1 of the tiles inside the boxes of letters; 0 without text.
    Source: own.
    """
    found = image.cached(letters)
    return min(1.0, found.covered) if found else 0.0


text_measure = partial(Measure, about="text")

MEASURES = (
    text_measure(
        "text.x_height_px",
        x_height,
        "text x-height",
        "px",
        "low",
        looks=("letters are larger", "letters are smaller"),
    ),
    text_measure(
        "text.x_height_p10_px",
        x_height_p10,
        "text x-height in the weakest tenth",
        "px",
        "low",
        looks=("the smallest letters are larger", "the smallest letters are smaller"),
    ),
    text_measure(
        "text.x_height_effective_px",
        x_height_effective,
        "text x-height effective",
        "px",
        "low",
        looks=("letters are larger", "letters are smaller"),
    ),
    text_measure(
        "text.stroke_width_px",
        stroke_width,
        "text stroke width",
        "px",
        "low",
        looks=("strokes are thicker", "strokes are thinner"),
    ),
    text_measure(
        "text.x_height_per_edge_width",
        x_height_per_edge_width,
        "text x-height per edge width",
        "ratio",
        "low",
        looks=("letters are sharper for their size", "letters are softer for their size"),
    ),
    text_measure(
        "text.contrast",
        contrast,
        "text contrast",
        "gray levels",
        "low",
        looks=("letters are darker on their ground", "letters are paler on their ground"),
    ),
    text_measure(
        "text.contrast_p10",
        contrast_p10,
        "text contrast in the weakest tenth",
        "gray levels",
        "low",
    ),
    text_measure(
        "text.broken_share",
        broken_share,
        "share of letters in pieces",
        "share",
        "high",
        looks=("more letters are in pieces", "fewer letters are in pieces"),
    ),
    text_measure(
        "text.speck_share",
        speck_share,
        "share of specks away from the letters",
        "share",
        "high",
        looks=("there are more specks", "there are fewer specks"),
    ),
    text_measure(
        "text.merged_share",
        merged_share,
        "share of text in letters grown together",
        "share",
        "high",
        looks=("more letters have grown together", "fewer letters have grown together"),
    ),
    text_measure(
        "text.components",
        components,
        "number of letters found",
        "count",
        "either",
        looks=("there are more letters", "there are fewer letters"),
    ),
    text_measure(
        "text.area_share",
        area_share,
        "share of the picture that is text",
        "share",
        "either",
        looks=("more of the picture is text", "less of the picture is text"),
    ),
    text_measure(
        "text.unreadable_share",
        unreadable_share,
        "share of the text that is too soft or too faint",
        "share",
        "high",
    ),
    text_measure(
        "text.hole_share", hole_share, "share of the text area that is empty", "share", "high"
    ),
)
