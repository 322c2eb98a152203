"""Content: what kind of picture it is and how its subject stands out."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.planes import NAN, Floats
from imagegate.image import Image
from imagegate.tables import Measure

SMALL = 128  # px, long side of the plane on which content is judged
FINER = 4  # times as many pixels a side are averaged to it


def small_lab(image: Image) -> NDArray[np.float32] | None:
    """Return the colour picture at a long side of 128 px as CIELAB, None if too thin."""
    pixels = image.rgb
    scale = SMALL / max(pixels.shape[:2])
    size = [max(1, round(side * scale)) for side in pixels.shape[1::-1]]
    if min(size) < 8:
        return None
    if max(pixels.shape[:2]) > FINER * SMALL:
        # a mean over sixteen pixels is as good as one over thousands, and cheaper
        finer = [FINER * side for side in size]
        pixels = np.asarray(cv2.resize(pixels, finer, interpolation=cv2.INTER_NEAREST), np.uint8)
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.float32)
    return np.asarray(cv2.cvtColor(small / 255, cv2.COLOR_RGB2Lab), np.float32)


def small_gray(image: Image) -> NDArray[np.float32] | None:
    """Return the working plane at a long side of 128 px, None if too thin."""
    plane = image.working
    scale = SMALL / max(plane.shape)
    size = [max(1, round(side * scale)) for side in plane.shape[::-1]]
    if min(size) < 8:
        return None
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def border_contrast(image: Image) -> float:
    """Return the colour distance between border and centre.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        CIELAB distance of the median colours of the outer tenth and the inner third; NaN
        for thin pictures.

    References
    ----------
    Boundary prior of Wei et al., ECCV 2012, doi:10.1007/978-3-642-33712-3_3.
    """
    lab = image.cached(small_lab)
    if lab is None:
        return NAN
    h, w = lab.shape[:2]
    frame = np.ones((h, w), np.bool_)
    frame[max(1, h // 10) : -max(1, h // 10), max(1, w // 10) : -max(1, w // 10)] = False
    centre = lab[h // 3 : h - h // 3, w // 3 : w - w // 3].reshape(-1, 3)
    return float(np.linalg.norm(np.median(lab[frame], axis=0) - np.median(centre, axis=0)))


def edge_density(image: Image) -> float:
    """Return the share of the picture that is edges.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Share 0..1 of the working plane with a gradient over 16 gray levels a pixel; NaN
        for sides under 3 px.

    References
    ----------
    Edge density as clutter: Rosenholtz, Li and Nakano, Journal of Vision 7 (2007),
    doi:10.1167/7.2.17.
    """
    plane = image.working
    if min(plane.shape) < 3:
        return NAN
    gx = cv2.convertScaleAbs(cv2.Sobel(plane, cv2.CV_16S, 1, 0), alpha=0.125)
    gy = cv2.convertScaleAbs(cv2.Sobel(plane, cv2.CV_16S, 0, 1), alpha=0.125)
    _, strong = cv2.threshold(cv2.max(gx, gy), 16, 1, cv2.THRESH_BINARY)
    return cv2.countNonZero(strong) / plane.size


def saliency(image: Image) -> Floats | None:
    """Return a coarse map of what stands out, None if nothing does."""
    gray = image.cached(small_gray)
    if gray is None or np.ptp(gray) < 1:
        return None
    fine = np.asarray(cv2.GaussianBlur(gray, (0, 0), 1.5))
    return np.asarray(np.abs(fine - fine.mean()), np.float64)


def saliency_spread(image: Image) -> float:
    """Return how far what stands out is spread.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Root mean squared distance of the salient weight to its centre, over half the
        diagonal: 0 a point, about 0.58 everywhere. NaN for flat or thin pictures.

    References
    ----------
    Saliency by distance to the mean after Achanta et al., CVPR 2009,
    doi:10.1109/CVPR.2009.5206596, on gray levels.
    """
    weight = image.cached(saliency)
    if weight is None or weight.sum() <= 0:
        return NAN
    weight = weight / weight.sum()
    rows, columns = np.arange(weight.shape[0]), np.arange(weight.shape[1])
    by_row, by_column = weight.sum(axis=1), weight.sum(axis=0)
    spread = by_row @ rows**2 - (by_row @ rows) ** 2
    spread += by_column @ columns**2 - (by_column @ columns) ** 2
    return float(np.sqrt(max(spread, 0.0)) / (np.hypot(*weight.shape) / 2))


def subject_contrast(image: Image) -> float:
    """Return the contrast inside the central part of the picture.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Standard deviation in gray levels within the inner half of each side; NaN for thin
        pictures.

    References
    ----------
    Root mean squared contrast, Peli, JOSA A 7 (1990), doi:10.1364/JOSAA.7.002032.
    """
    gray = image.cached(small_gray)
    if gray is None:
        return NAN
    h, w = gray.shape
    return float(gray[h // 4 : h - h // 4, w // 4 : w - w // 4].std(dtype=np.float64))


MEASURES = (
    Measure(
        "content.border_contrast",
        border_contrast,
        "CIELAB distance",
        "either",
        about="picture",
    ),
    Measure("content.edge_density", edge_density, "share", "either", about="picture"),
    Measure("content.saliency_spread", saliency_spread, "ratio", "either", about="picture"),
    Measure(
        "content.subject_contrast",
        subject_contrast,
        "gray levels",
        "either",
        about="picture",
    ),
)
