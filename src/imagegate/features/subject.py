"""Subject: whether something stands out from the border of the picture, by colour."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.content import small_lab
from imagegate.features.planes import NAN, Floats, u8
from imagegate.image import Image
from imagegate.tables import Measure

FRAME = 0.06  # of each side: what is taken for ground
PATCHES = 6  # pieces of each side of the frame, each with its own colour
FAR = 15.0  # CIELAB distance from every colour of the frame that makes a subject


def frame_patches(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the median colours of the pieces of the frame, shape (pieces, 3)."""
    tall, wide = (max(1, round(FRAME * side)) for side in lab.shape[:2])
    strips = (lab[:tall], lab[-tall:], lab[:, :wide].swapaxes(0, 1), lab[:, -wide:].swapaxes(0, 1))
    pieces = [part for strip in strips for part in np.array_split(strip, PATCHES, axis=1)]
    return np.array([np.median(part.reshape(-1, 3), axis=0) for part in pieces], np.float32)


def distance_map(image: Image) -> NDArray[np.float32] | None:
    """Return the CIELAB distance of every pixel to the nearest colour of the frame."""
    lab = image.cached(small_lab)
    if lab is None:
        return None
    away = lab[:, :, None, :] - frame_patches(lab)
    return np.asarray(np.sqrt(np.einsum("hwpc,hwpc->hwp", away, away).min(axis=2)), np.float32)


def border_spread(image: Image) -> float:
    """Return how much the colours along the border differ.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Mean CIELAB distance of the pieces of the frame to their median colour: 0 for an even
        ground; NaN for thin pictures.

    References
    ----------
    Boundary prior of Wei et al., ECCV 2012, doi:10.1007/978-3-642-33712-3_3.
    """
    lab = image.cached(small_lab)
    if lab is None:
        return NAN
    patches = frame_patches(lab)
    return float(np.linalg.norm(patches - np.median(patches, axis=0), axis=1).mean())


def border_clutter(image: Image) -> float:
    """Return how much is going on along the border.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Mean CIELAB distance of neighbouring pixels in the outer sixth, at a long side of
        128 px; NaN for thin pictures.

    References
    ----------
    Feature congestion as clutter: Rosenholtz, Li and Nakano, Journal of Vision 7 (2007),
    doi:10.1167/7.2.17, reduced to one scale.
    """
    lab = image.cached(small_lab)
    if lab is None:
        return NAN
    across = np.linalg.norm(np.diff(lab, axis=1), axis=2)[:-1]
    down = np.linalg.norm(np.diff(lab, axis=0), axis=2)[:, :-1]
    steps = (across + down) / 2
    tall, wide = (max(1, side // 6) for side in steps.shape)
    frame = np.ones(steps.shape, np.bool_)
    frame[tall:-tall, wide:-wide] = False
    return float(steps[frame].mean())


def subject_share(image: Image) -> float:
    """Return the share of the picture that has no colour of the border.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Share 0..1 of pixels at least 15 CIELAB units from every piece of the frame; NaN for
        thin pictures.

    References
    ----------
    Background by the border: Wei et al., ECCV 2012, doi:10.1007/978-3-642-33712-3_3.
    """
    away = image.cached(distance_map)
    return NAN if away is None else float((away >= FAR).mean())


def subject_whole(image: Image) -> float:
    """Return whether what differs from the border hangs together.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Share 0..1 of the pixels of ``content.subject_share`` in their largest piece; NaN if
        there are none, or for thin pictures.

    References
    ----------
    Compactness of salient regions: Perazzi et al., CVPR 2012,
    doi:10.1109/CVPR.2012.6247743, by connected pieces.
    """
    away = image.cached(distance_map)
    if away is None or not (away >= FAR).any():
        return NAN
    found = cv2.connectedComponentsWithStats(u8(away >= FAR), connectivity=8)
    areas = np.asarray(found[2], np.int64)[1:, cv2.CC_STAT_AREA]
    return float(areas.max() / areas.sum())


def subject_separation(image: Image) -> float:
    """Return how clearly pixels fall into ground and subject.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Share 0..1 of the variance of the distance to the border's colours that lies between
        the two classes of the best threshold; NaN for flat or thin pictures.

    References
    ----------
    Otsu's separability, IEEE SMC 9 (1979), doi:10.1109/TSMC.1979.4310076.
    """
    away = image.cached(distance_map)
    if away is None or float(np.ptp(away)) < 1:
        return NAN
    values: Floats = np.sort(away.ravel()).astype(np.float64)
    total, count = np.cumsum(values), np.arange(1, values.size + 1)
    rest = values.size - count[:-1]
    gap = total[:-1] / count[:-1] - (total[-1] - total[:-1]) / rest
    between = (count[:-1] * rest / values.size**2 * gap**2).max()
    return float(between / values.var())


MEASURES = (
    Measure("content.border_spread", border_spread, "CIELAB distance", "either", about="picture"),
    Measure("content.border_clutter", border_clutter, "CIELAB distance", "either", about="picture"),
    Measure("content.subject_share", subject_share, "share", "either", about="picture"),
    Measure("content.subject_whole", subject_whole, "share", "either", about="picture"),
    Measure("content.subject_separation", subject_separation, "share", "either", about="picture"),
)
