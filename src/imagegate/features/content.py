"""Content: what kind of picture it is, and how its subject stands out from the border."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.planes import NAN, Floats, u8
from imagegate.image import Image
from imagegate.tables import Measure

SMALL = 128  # px, long side of the plane on which content is judged
FINER = 4  # times as many pixels a side are averaged to it

FRAME = 0.06  # of each side: what is taken for ground
PATCHES = 6  # pieces of each side of the frame, each with its own colour
FAR = 15.0  # CIELAB distance from every colour of the frame that makes a subject


def small_size(plane: NDArray[np.uint8]) -> list[int] | None:
    """Return width and height at a long side of 128 px, None if too thin."""
    scale = SMALL / max(plane.shape[:2])
    size = [max(1, round(side * scale)) for side in plane.shape[1::-1]]
    return size if min(size) >= 8 else None


def small_lab(image: Image) -> NDArray[np.float32] | None:
    """Return the colour picture at a long side of 128 px as CIELAB, None if too thin."""
    pixels = image.rgb
    if not (size := small_size(pixels)):
        return None
    if max(pixels.shape[:2]) > FINER * SMALL:
        # a mean over sixteen pixels is as good as one over thousands, and cheaper
        finer = [FINER * side for side in size]
        pixels = np.asarray(cv2.resize(pixels, finer, interpolation=cv2.INTER_NEAREST), np.uint8)
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.float32)
    return np.asarray(cv2.cvtColor(small / 255, cv2.COLOR_RGB2Lab), np.float32)


def small_gray(image: Image) -> NDArray[np.float32] | None:
    """Return the working plane at a long side of 128 px, None if too thin."""
    if not (size := small_size(image.working)):
        return None
    return cv2.resize(image.working, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def border_contrast(image: Image) -> float:
    """Return the colour distance between border and centre.

    CIELAB distance of the median colours of the outer tenth and the inner third; NaN for thin
    pictures.
    Source: boundary prior of Wei et al., ECCV 2012, doi:10.1007/978-3-642-33712-3_3.
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

    Share 0..1 of the working plane with a gradient over 16 gray levels a pixel; NaN for sides under
    3 px.
    Source: edge density as clutter: Rosenholtz, Li and Nakano, Journal of Vision 7 (2007),
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

    Root mean squared distance of the salient weight to its centre, over half the diagonal: 0 a
    point, about 0.58 everywhere. NaN for flat or thin pictures.
    Source: saliency by distance to the mean after Achanta et al., CVPR 2009,
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

    Standard deviation in gray levels within the inner half of each side; NaN for thin pictures.
    Source: root mean squared contrast, Peli, JOSA A 7 (1990), doi:10.1364/JOSAA.7.002032.
    """
    gray = image.cached(small_gray)
    if gray is None:
        return NAN
    h, w = gray.shape
    return float(gray[h // 4 : h - h // 4, w // 4 : w - w // 4].std(dtype=np.float64))


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

    Mean CIELAB distance of the pieces of the frame to their median colour: 0 for an even ground;
    NaN for thin pictures.
    Source: boundary prior of Wei et al., ECCV 2012, doi:10.1007/978-3-642-33712-3_3.
    """
    lab = image.cached(small_lab)
    if lab is None:
        return NAN
    patches = frame_patches(lab)
    return float(np.linalg.norm(patches - np.median(patches, axis=0), axis=1).mean())


def border_clutter(image: Image) -> float:
    """Return how much is going on along the border.

    Mean CIELAB distance of neighbouring pixels in the outer sixth, at a long side of 128 px; NaN
    for thin pictures.
    Source: feature congestion as clutter: Rosenholtz, Li and Nakano, Journal of Vision 7 (2007),
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

    Share 0..1 of pixels at least 15 CIELAB units from every piece of the frame; NaN for thin
    pictures.
    Source: background by the border: Wei et al., ECCV 2012, doi:10.1007/978-3-642-33712-3_3.
    """
    away = image.cached(distance_map)
    return NAN if away is None else float((away >= FAR).mean())


def subject_whole(image: Image) -> float:
    """Return whether what differs from the border hangs together.

    Share 0..1 of the pixels of ``content.subject_share`` in their largest piece; NaN if there are
    none, or for thin pictures.
    Source: compactness of salient regions: Perazzi et al., CVPR 2012,
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

    Share 0..1 of the variance of the distance to the border's colours that lies between the two
    classes of the best threshold; NaN for flat or thin pictures.
    Source: Otsu's separability, IEEE SMC 9 (1979), doi:10.1109/TSMC.1979.4310076.
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


content_measure = partial(Measure, worse="either", about="picture")

MEASURES = (
    content_measure(
        "content.border_contrast",
        border_contrast,
        "colour contrast of border to middle",
        "CIELAB distance",
    ),
    content_measure("content.edge_density", edge_density, "edge density", "share"),
    content_measure("content.saliency_spread", saliency_spread, "saliency spread", "ratio"),
    content_measure(
        "content.subject_contrast", subject_contrast, "subject contrast", "gray levels"
    ),
    content_measure("content.border_spread", border_spread, "border spread", "CIELAB distance"),
    content_measure("content.border_clutter", border_clutter, "border clutter", "CIELAB distance"),
    content_measure(
        "content.subject_share", subject_share, "share of the picture unlike its border", "share"
    ),
    content_measure(
        "content.subject_whole", subject_whole, "share of the subject in one piece", "share"
    ),
    content_measure(
        "content.subject_separation",
        subject_separation,
        "separation of subject and ground",
        "share",
    ),
)
