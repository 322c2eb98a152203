"""Mask: whether what an engine cut out looks like a subject, and its edge lies on one."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from imagegate.errors import OutputError
from imagegate.features.outputs.cutout import (
    SIDE,
    SOFT,
    SOLID,
    Cutout,
    Mask,
    fitted,
    mask_of,
    slope,
)
from imagegate.features.planes import NAN, Counts, Floats, Plane, u8
from imagegate.image import Image
from imagegate.tables import Measure

LEAST_PART = 0.001  # of the picture; smaller pieces are crumbs
STRONG = 16.0  # gray levels a pixel, as in content.edge_density
NEAR = np.ones((5, 5), np.uint8)  # within 2 px
BAND = (13, 13)  # px; colours beside the outline are means over this


def prepare(image: Image, output: Any, second: Any = None) -> Cutout:
    """Bring a picture, its mask and that of another run to one size.

    A mask is (height, width), bool or float in 0..1, of any size with the picture's aspect; what
    is none, or has another aspect, raises OutputError.
    """
    height, width = image.gray.shape
    scale = min(1.0, SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    masks = [None if mask is None else fitted(mask_of(mask), size) for mask in (output, second)]
    if masks[0] is None:
        raise OutputError("expected a float mask of shape (height, width), got None")
    small = u8(cv2.resize(image.rgb, size, interpolation=cv2.INTER_AREA))
    return Cutout(small, masks[0], masks[1])


def soft_share(cut: Cutout) -> float:
    """Return the share of the picture that is half transparent.

    Share 0..1 of pixels with alpha between 0.1 and 0.9; 0 for a mask of 0 and 1 only. Resizing to
    512 px softens a hard outline by about a pixel.
    Source: the trimap's unknown share of alpha matting: Rhemann et al., CVPR 2009,
    doi:10.1109/CVPR.2009.5206503, read off the result instead of given.
    """
    return float(((cut.alpha > SOFT[0]) & (cut.alpha < SOFT[1])).mean())


def alpha_mean(cut: Cutout) -> float:
    """Return the mean alpha inside the mask.

    0.5..1 over the pixels of alpha 0.5 and more; 0 for an empty mask.
    Source: maximum class probability as confidence: Hendrycks and Gimpel, ICLR 2017,
    arXiv:1610.02136.
    """
    inside = cut.alpha[cut.alpha >= SOLID]
    return float(inside.mean(dtype=np.float64)) if inside.size else 0.0


def parts(cut: Cutout) -> float:
    """Return into how many pieces the mask falls.

    Number of 8-connected pieces of at least a thousandth of the picture; 0 for an empty mask.
    Source: connected components: Wu, Otoo and Suzuki, Pattern Analysis and Applications 12 (2009),
    doi:10.1007/s10044-008-0109-y, as in OpenCV.
    """
    return float(np.count_nonzero(_areas(cut.solid) >= LEAST_PART * cut.alpha.size))


def largest_share(cut: Cutout) -> float:
    """Return the share of the mask that its largest piece makes up.

    Share 0..1, 1 for a mask in one piece; NaN for an empty one.
    Source: as for ``parts``.
    """
    areas = _areas(cut.solid)
    return float(areas.max() / areas.sum()) if areas.size else NAN


def border_share(cut: Cutout) -> float:
    """Return the share of the picture's frame that the mask touches.

    Share 0..1 of the outermost pixels that belong to the subject.
    Source: boundary prior of Wei et al., ECCV 2012, doi:10.1007/978-3-642-33712-3_3.
    """
    solid = cut.solid
    return float(np.concatenate([solid[0], solid[-1], solid[:, 0], solid[:, -1]]).mean())


def cover(cut: Cutout) -> float:
    """Return the share of the picture that the mask covers.

    Share 0..1: 0 nothing was found, 1 nothing was cut away.
    Source: region size as a cue of good segments: Carreira and Sminchisescu, PAMI 34 (2012),
    doi:10.1109/TPAMI.2011.231.
    """
    return float(cut.solid.mean())


def hole_share(cut: Cutout) -> float:
    """Return the share of the filled mask that is holes.

    Share 0..1 of mask and holes together; a hole is a 4-connected piece of ground that does not
    touch the frame. NaN for an empty mask.
    Source: Euler number of binary pictures: Gray, IEEE Transactions on Computers C-20 (1971),
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

    Ratio to the outline of a disc of the same area: 1 for a disc, more for what is thin, torn or in
    pieces; under 1 where the frame cuts the subject off. NaN without outline.
    Source: isoperimetric quotient, Pólya and Szegő 1951; the inverse, square-rooted.
    """
    return cut.outline / np.sqrt(4 * np.pi * int(cut.solid.sum())) if cut.outline else NAN


def agreement(cut: Cutout) -> float:
    """Return how far two runs of the engine agree, the second on the picture at half size.

    Ratio of intersection to union, 0..1; 1 if both are empty, NaN without a second run.
    Source: test-time augmentation as uncertainty: Wang et al., Neurocomputing 338 (2019),
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


def edge_gradient(cut: Cutout) -> float:
    """Return how much steeper the picture is along the outline than elsewhere.

    Ratio of the mean gradient on both sides of the outline to that of the whole picture: 1 for an
    outline laid down blindly. NaN without outline, or on a flat picture.
    Source: active contours' image energy: Kass, Witkin and Terzopoulos, IJCV 1 (1988),
    doi:10.1007/BF00133570.
    """
    everywhere = float(cut.gradient.mean(dtype=np.float64))
    if not cut.rim.any() or everywhere <= 0:
        return NAN
    return float(cut.gradient[cut.rim].mean(dtype=np.float64)) / everywhere


def edge_support(cut: Cutout) -> float:
    """Return the share of the outline that has a strong edge of the picture beside it.

    Share 0..1 of the outline with a gradient over 16 gray levels a pixel within 2 px; NaN without
    outline.
    Source: boundary precision with tolerance: Martin, Fowlkes and Malik, PAMI 26 (2004),
    doi:10.1109/TPAMI.2004.1273918.
    """
    if not cut.inner.any():
        return NAN
    near = u8(cv2.dilate(u8(cut.gradient > STRONG), NEAR))
    return float(near[cut.inner].mean())


def edge_width(cut: Cutout) -> float:
    """Return how wide the transition from ground to subject is.

    Width over which alpha would rise from 0.1 to 0.9 at its mean slope on the outline, over the
    long side of the picture: about 1.6 px / 512 for a hard mask. NaN without outline.
    Source: the 10 to 90 % rise distance of ISO 12233, on alpha.
    """
    if not cut.rim.any():
        return NAN
    steepness = float(slope(cut.alpha)[cut.rim].mean(dtype=np.float64))
    return float((SOFT[1] - SOFT[0]) / max(steepness, 1e-6) / max(cut.alpha.shape))


def edge_colour(cut: Cutout) -> float:
    """Return how different the colours on both sides of the outline are.

    CIELAB distance of the mean colours inside and outside within 13 px, the median along the
    outline; NaN without outline.
    Source: figure and ground by local colour contrast: Cheng et al., PAMI 37 (2015),
    doi:10.1109/TPAMI.2014.2345401.
    """
    return _colour_quantile(cut, 0.5)


def edge_colour_p10(cut: Cutout) -> float:
    """Return how different the colours are where subject and ground look most alike.

    As ``edge_colour``, the 10th percentile along the outline.
    Source: as for ``edge_colour``.
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
    Measure("mask.soft_share", soft_share, "mask soft share", "share", "high"),
    Measure("mask.alpha_mean", alpha_mean, "mask alpha mean", "ratio", "low"),
    Measure("mask.parts", parts, "mask parts", "count", "either"),
    Measure("mask.largest_share", largest_share, "mask largest share", "share", "either"),
    Measure("mask.border_share", border_share, "mask border share", "share", "either"),
    Measure("mask.cover", cover, "mask cover", "share", "either"),
    Measure("mask.hole_share", hole_share, "mask hole share", "share", "either"),
    Measure("mask.raggedness", raggedness, "mask raggedness", "ratio", "either"),
    Measure("mask.agreement", agreement, "mask agreement", "ratio", "low"),
    Measure("mask.edge_gradient", edge_gradient, "mask edge gradient", "ratio", "low"),
    Measure("mask.edge_support", edge_support, "mask edge support", "share", "low"),
    Measure("mask.edge_width", edge_width, "mask edge width", "ratio", "high"),
    Measure("mask.edge_colour", edge_colour, "mask edge colour", "CIELAB distance", "low"),
    Measure(
        "mask.edge_colour_p10",
        edge_colour_p10,
        "mask edge colour in the weakest tenth",
        "CIELAB distance",
        "low",
    ),
)
