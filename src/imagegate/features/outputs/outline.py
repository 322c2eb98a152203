"""Outline: whether the edge of a mask lies where the picture has one."""

from __future__ import annotations

import cv2
import numpy as np

from imagegate.features.outputs.cutout import SOFT, Cutout, Mask, slope
from imagegate.features.planes import NAN, Floats, u8
from imagegate.tables import OutputMeasure

STRONG = 16.0  # gray levels a pixel, as in content.edge_density
NEAR = np.ones((5, 5), np.uint8)  # within 2 px
BAND = (13, 13)  # px; colours beside the outline are means over this


def edge_gradient(cut: Cutout) -> float:
    """Return how much steeper the picture is along the outline than elsewhere.

    Parameters
    ----------
    cut : Cutout
        Picture and mask.

    Returns
    -------
    float
        Ratio of the mean gradient on both sides of the outline to that of the whole picture:
        1 for an outline laid down blindly. NaN without outline, or on a flat picture.

    References
    ----------
    Active contours' image energy: Kass, Witkin and Terzopoulos, IJCV 1 (1988),
    doi:10.1007/BF00133570.
    """
    everywhere = float(cut.gradient.mean(dtype=np.float64))
    if not cut.rim.any() or everywhere <= 0:
        return NAN
    return float(cut.gradient[cut.rim].mean(dtype=np.float64)) / everywhere


def edge_support(cut: Cutout) -> float:
    """Return the share of the outline that has a strong edge of the picture beside it.

    Parameters
    ----------
    cut : Cutout
        Picture and mask.

    Returns
    -------
    float
        Share 0..1 of the outline with a gradient over 16 gray levels a pixel within 2 px; NaN
        without outline.

    References
    ----------
    Boundary precision with tolerance: Martin, Fowlkes and Malik, PAMI 26 (2004),
    doi:10.1109/TPAMI.2004.1273918.
    """
    if not cut.inner.any():
        return NAN
    near = u8(cv2.dilate(u8(cut.gradient > STRONG), NEAR))
    return float(near[cut.inner].mean())


def edge_width(cut: Cutout) -> float:
    """Return how wide the transition from ground to subject is.

    Parameters
    ----------
    cut : Cutout
        Picture and mask.

    Returns
    -------
    float
        Width over which alpha would rise from 0.1 to 0.9 at its mean slope on the outline,
        over the long side of the picture: about 1.6 px / 512 for a hard mask. NaN without
        outline.

    References
    ----------
    The 10 to 90 % rise distance of ISO 12233, on alpha.
    """
    if not cut.rim.any():
        return NAN
    steepness = float(slope(cut.alpha)[cut.rim].mean(dtype=np.float64))
    return float((SOFT[1] - SOFT[0]) / max(steepness, 1e-6) / max(cut.alpha.shape))


def edge_colour(cut: Cutout) -> float:
    """Return how different the colours on both sides of the outline are.

    Parameters
    ----------
    cut : Cutout
        Picture and mask.

    Returns
    -------
    float
        CIELAB distance of the mean colours inside and outside within 13 px, the median along
        the outline; NaN without outline.

    References
    ----------
    Figure and ground by local colour contrast: Cheng et al., PAMI 37 (2015),
    doi:10.1109/TPAMI.2014.2345401.
    """
    return _colour_quantile(cut, 0.5)


def edge_colour_p10(cut: Cutout) -> float:
    """Return how different the colours are where subject and ground look most alike.

    Parameters
    ----------
    cut : Cutout
        Picture and mask.

    Returns
    -------
    float
        As ``edge_colour``, the 10th percentile along the outline.

    References
    ----------
    As for ``edge_colour``.
    """
    return _colour_quantile(cut, 0.1)


def _colour_quantile(cut: Cutout, share: float) -> float:
    if not cut.rim.any():
        return NAN
    solid = cut.solid.astype(np.float32)
    gap = _mean_within(cut, solid) - _mean_within(cut, 1 - solid)
    return float(np.quantile(np.linalg.norm(gap, axis=1), share))


def _mean_within(cut: Cutout, member: Mask) -> Floats:
    """Return the mean colour of the members around every pixel of the rim."""
    colours = np.asarray(cv2.blur(cut.lab * member[..., None], BAND), np.float64)[cut.rim]
    share = np.asarray(cv2.blur(member, BAND), np.float64)[cut.rim]
    return np.asarray(colours / np.maximum(share, 1e-6)[:, None], np.float64)


MEASURES = (
    OutputMeasure("mask.edge_gradient", edge_gradient, "ratio", "low"),
    OutputMeasure("mask.edge_support", edge_support, "share", "low"),
    OutputMeasure("mask.edge_width", edge_width, "ratio", "high"),
    OutputMeasure("mask.edge_colour", edge_colour, "CIELAB distance", "low"),
    OutputMeasure("mask.edge_colour_p10", edge_colour_p10, "CIELAB distance", "low"),
)
