"""Text: how large, thick, strong and whole the letters are, in native pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from imagegate.features.blur import edge_width
from imagegate.features.marks import Marks, marks
from imagegate.features.planes import NAN, Floats
from imagegate.image import Image
from imagegate.tables import Measure

ENOUGH = 12  # letters; with fewer there is no text to speak of
TEXT_SHARE = 0.35  # of the letter-like marks stand in lines where there is text


@dataclass(frozen=True)
class Text:
    """The letters of an image, and the small and the wide marks near their size."""

    height: Floats
    contrast: Floats
    stroke: Floats
    broken: float
    merged: float
    boxes: float  # px covered by letters


def text(image: Image) -> Text | None:
    """Return what stands in lines of text, None where there is none."""
    found: Marks = image.once(marks)
    inline = found.inline
    if inline.sum() < ENOUGH or inline.sum() < TEXT_SHARE * found.letter.sum():
        return None
    height = found.height[inline]
    # punctuation pairs up too: count what is at least half of the typical letter
    kept = height >= 0.5 * np.median(height)
    typical = float(np.median(height[kept]))
    letters = np.flatnonzero(inline)[kept]
    small = (found.height < 0.6 * typical) & (found.width < 0.8 * typical)
    near = (found.height >= 0.6 * typical) & (found.height < 2.5 * typical) & found.letter
    wide = near & (found.width > 2.2 * typical)
    return Text(
        found.height[letters],
        found.contrast[letters],
        found.stroke[letters],
        float(small.sum() / (small.sum() + near.sum())),
        float(found.width[wide].sum() / found.width[near].sum()) if near.any() else 0.0,
        float((found.width[letters] * found.height[letters]).sum()),
    )


def x_height(image: Image) -> float:
    """Return the typical height of the small letters.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Native pixels, the median over letters that stand in lines (in print most are as
        high as an x; in capitals it is their height); NaN without text.

    References
    ----------
    Tesseract's own advice: x-height of 20 px or more, hopeless under 10.
    """
    found = image.once(text)
    return float(np.median(found.height)) if found else NAN


def x_height_p10(image: Image) -> float:
    """Return the height of the smallest tenth of the letters.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Native pixels, 10th percentile; NaN without text.

    References
    ----------
    As ``text.x_height_px``.
    """
    found = image.once(text)
    return float(np.quantile(found.height, 0.1)) if found else NAN


def stroke_width(image: Image) -> float:
    """Return the typical width of the strokes of letters.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Native pixels, twice area over perimeter, median over letters; NaN without text.

    References
    ----------
    Area over half the perimeter of a long stroke is its width; the stroke as text cue
    after Epshtein et al., CVPR 2010, doi:10.1109/CVPR.2010.5540041.
    """
    found = image.once(text)
    return float(np.median(found.stroke)) if found else NAN


def x_height_per_edge_width(image: Image) -> float:
    """Return how many edge widths make an x-height.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Ratio of ``text.x_height_px`` to ``blur.edge_width_px``: sharpness as the letters
        need it, the same at any scanning resolution; NaN without text or edges.

    References
    ----------
    Own.
    """
    return x_height(image) / image.once(edge_width)


def contrast(image: Image) -> float:
    """Return the typical contrast of ink to paper.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Gray levels between the mean of a letter and that of the ground in its box, median
        over letters, of either polarity; NaN without text.

    References
    ----------
    Local contrast as in Su, Lu and Tan, IEEE TIP 22 (2013), doi:10.1109/TIP.2012.2231089.
    """
    found = image.once(text)
    return float(np.median(found.contrast)) if found else NAN


def contrast_p10(image: Image) -> float:
    """Return the contrast of the faintest tenth of the letters.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Gray levels, 10th percentile over letters; NaN without text.

    References
    ----------
    As ``text.contrast``.
    """
    found = image.once(text)
    return float(np.quantile(found.contrast, 0.1)) if found else NAN


def broken_share(image: Image) -> float:
    """Return the share of marks that are too small to be letters.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Share 0..1: specks, dots and pieces of broken strokes among all marks up to the
        size of letters. Dots and commas make about a tenth. NaN without text.

    References
    ----------
    Small speckle and broken character factors of Cannon, Hochberg and Kelly, IJDAR 2
    (1999), doi:10.1007/s100320050039.
    """
    found = image.once(text)
    return found.broken if found else NAN


def merged_share(image: Image) -> float:
    """Return the share of the text that stands in blobs of several letters.

    Parameters
    ----------
    image : Image
        The image to measure.

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
    found = image.once(text)
    return found.merged if found else NAN


def components(image: Image) -> float:
    """Return the number of letters that stand in lines.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Count in the tiles, 0 where nothing reads as text.

    References
    ----------
    Connected components, 8-neighbourhood.
    """
    found = image.once(text)
    return float(found.height.size) if found else 0.0


def area_share(image: Image) -> float:
    """Return the share of the picture that letters cover.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Share 0..1 of the tiles inside the boxes of letters; 0 without text.

    References
    ----------
    Own.
    """
    found = image.once(text)
    return min(1.0, found.boxes / image.once(marks).pixels) if found else 0.0


MEASURES = (
    Measure("text.x_height_px", x_height, "px", "low", "resolution"),
    Measure("text.x_height_p10_px", x_height_p10, "px", "low", "resolution"),
    Measure("text.stroke_width_px", stroke_width, "px", "low", "resolution"),
    Measure("text.x_height_per_edge_width", x_height_per_edge_width, "ratio", "low", "blur"),
    Measure("text.contrast", contrast, "gray levels", "low", "exposure"),
    Measure("text.contrast_p10", contrast_p10, "gray levels", "low", "exposure"),
    Measure("text.broken_share", broken_share, "share", "high", "noise"),
    Measure("text.merged_share", merged_share, "share", "high", "blur"),
    Measure("text.components", components, "count", "either", None),
    Measure("text.area_share", area_share, "share", "either", None),
)
