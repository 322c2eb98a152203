"""Mask: whether what an engine cut out looks like a subject, judged by the mask alone."""

from __future__ import annotations

import cv2
import numpy as np

from imagegate.features.outputs.cutout import SOFT, SOLID, Cutout
from imagegate.features.planes import NAN, Counts, Plane
from imagegate.tables import OutputMeasure

LEAST_PART = 0.001  # of the picture; smaller pieces are crumbs


def soft_share(cut: Cutout) -> float:
    """Return the share of the picture that is half transparent.

    Parameters
    ----------
    cut : Cutout
        Picture and mask.

    Returns
    -------
    float
        Share 0..1 of pixels with alpha between 0.1 and 0.9; 0 for a mask of 0 and 1 only.
        Resizing to 512 px softens a hard outline by about a pixel.

    References
    ----------
    The trimap's unknown share of alpha matting: Rhemann et al., CVPR 2009,
    doi:10.1109/CVPR.2009.5206503, read off the result instead of given.
    """
    return float(((cut.alpha > SOFT[0]) & (cut.alpha < SOFT[1])).mean())


def alpha_mean(cut: Cutout) -> float:
    """Return the mean alpha inside the mask.

    Parameters
    ----------
    cut : Cutout
        Picture and mask.

    Returns
    -------
    float
        0.5..1 over the pixels of alpha 0.5 and more; 0 for an empty mask.

    References
    ----------
    Maximum class probability as confidence: Hendrycks and Gimpel, ICLR 2017, arXiv:1610.02136.
    """
    inside = cut.alpha[cut.alpha >= SOLID]
    return float(inside.mean(dtype=np.float64)) if inside.size else 0.0


def parts(cut: Cutout) -> float:
    """Return into how many pieces the mask falls.

    Parameters
    ----------
    cut : Cutout
        Picture and mask.

    Returns
    -------
    float
        Number of 8-connected pieces of at least a thousandth of the picture; 0 for an
        empty mask.

    References
    ----------
    Connected components: Wu, Otoo and Suzuki, Pattern Analysis and Applications 12 (2009),
    doi:10.1007/s10044-008-0109-y, as in OpenCV.
    """
    return float(np.count_nonzero(_areas(cut.solid) >= LEAST_PART * cut.alpha.size))


def largest_share(cut: Cutout) -> float:
    """Return the share of the mask that its largest piece makes up.

    Parameters
    ----------
    cut : Cutout
        Picture and mask.

    Returns
    -------
    float
        Share 0..1, 1 for a mask in one piece; NaN for an empty one.

    References
    ----------
    As for ``parts``.
    """
    areas = _areas(cut.solid)
    return float(areas.max() / areas.sum()) if areas.size else NAN


def border_share(cut: Cutout) -> float:
    """Return the share of the picture's frame that the mask touches.

    Parameters
    ----------
    cut : Cutout
        Picture and mask.

    Returns
    -------
    float
        Share 0..1 of the outermost pixels that belong to the subject.

    References
    ----------
    Boundary prior of Wei et al., ECCV 2012, doi:10.1007/978-3-642-33712-3_3.
    """
    solid = cut.solid
    return float(np.concatenate([solid[0], solid[-1], solid[:, 0], solid[:, -1]]).mean())


def cover(cut: Cutout) -> float:
    """Return the share of the picture that the mask covers.

    Parameters
    ----------
    cut : Cutout
        Picture and mask.

    Returns
    -------
    float
        Share 0..1: 0 nothing was found, 1 nothing was cut away.

    References
    ----------
    Region size as a cue of good segments: Carreira and Sminchisescu, PAMI 34 (2012),
    doi:10.1109/TPAMI.2011.231.
    """
    return float(cut.solid.mean())


def hole_share(cut: Cutout) -> float:
    """Return the share of the filled mask that is holes.

    Parameters
    ----------
    cut : Cutout
        Picture and mask.

    Returns
    -------
    float
        Share 0..1 of mask and holes together; a hole is a 4-connected piece of ground that
        does not touch the frame. NaN for an empty mask.

    References
    ----------
    Euler number of binary pictures: Gray, IEEE Transactions on Computers C-20 (1971),
    doi:10.1109/T-C.1971.223289; here by area, as crumbs of ground would rule the count.
    """
    inside = int(cut.solid.sum())
    if not inside:
        return NAN
    ground = 1 - cut.solid
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ground, connectivity=4)
    frame = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    areas: Counts = np.asarray(stats[:, cv2.CC_STAT_AREA], np.int32)
    enclosed = np.setdiff1d(np.arange(1, len(areas)), frame)
    holes = int(areas[enclosed].sum())
    return holes / (inside + holes)


def raggedness(cut: Cutout) -> float:
    """Return how long the outline is for the area within.

    Parameters
    ----------
    cut : Cutout
        Picture and mask.

    Returns
    -------
    float
        Ratio to the outline of a disc of the same area: 1 for a disc, more for what is thin,
        torn or in pieces; under 1 where the frame cuts the subject off. NaN without outline.

    References
    ----------
    Isoperimetric quotient, Pólya and Szegő 1951; the inverse, square-rooted.
    """
    return cut.outline / np.sqrt(4 * np.pi * int(cut.solid.sum())) if cut.outline else NAN


def agreement(cut: Cutout) -> float:
    """Return how far two runs of the engine agree.

    Parameters
    ----------
    cut : Cutout
        Picture and mask, with the mask of a second run, on the picture at half size.

    Returns
    -------
    float
        Ratio of intersection to union, 0..1; 1 if both are empty, NaN without a second run.

    References
    ----------
    Test-time augmentation as uncertainty: Wang et al., Neurocomputing 338 (2019),
    doi:10.1016/j.neucom.2019.01.103.
    """
    if cut.second is None:
        return NAN
    one, two = cut.solid > 0, cut.second >= SOLID
    union = np.count_nonzero(one | two)
    return float(np.count_nonzero(one & two) / union) if union else 1.0


def _areas(solid: Plane) -> Counts:
    """Return the areas of the pieces in px."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    return np.asarray(stats[1:, cv2.CC_STAT_AREA], np.int32)


MEASURES = (
    OutputMeasure("mask.soft_share", soft_share, "share", "high"),
    OutputMeasure("mask.alpha_mean", alpha_mean, "ratio", "low"),
    OutputMeasure("mask.parts", parts, "count", "either"),
    OutputMeasure("mask.largest_share", largest_share, "share", "either"),
    OutputMeasure("mask.border_share", border_share, "share", "either"),
    OutputMeasure("mask.cover", cover, "share", "either"),
    OutputMeasure("mask.hole_share", hole_share, "share", "either"),
    OutputMeasure("mask.raggedness", raggedness, "ratio", "either"),
    OutputMeasure("mask.agreement", agreement, "ratio", "low"),
)
