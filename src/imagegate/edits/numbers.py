"""The classic numbers of image comparison, inside of an edit, on its seam, outside, over all.

They say how much two pictures differ, not whether an edit is good: on real removals all of them
rank good and bad edits about as well as chance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.extras import require
from imagegate.features.edits.pair import EditPair
from imagegate.features.edits.region import Bits, Field
from imagegate.features.planes import Plane, u8
from imagegate.tables import Table

SEAM = 8  # px on either side of the outline
LEAST = 7  # px a side, the window of SSIM
# MDSI, see ``mdsi``.
C1, C2, C3, ALPHA, POWER = 140.0, 55.0, 550.0, 0.6, 0.25
# HaarPSI, see ``haarpsi``.
HAAR_C, HAAR_ALPHA = 30.0, 4.2


@dataclass(frozen=True)
class Number:
    """One number: ``local`` gives a map and its weights, ``pooled`` sums a zone of them up."""

    name: str
    local: Callable[[Plane, Plane], tuple[Field, Field]]
    pooled: Callable[[NDArray[np.floating], NDArray[np.floating]], float]


def numbers_of(pair: EditPair) -> dict[str, dict[str, float]]:
    """Return every number for ``inside``, ``seam``, ``outside`` and ``all``; NaN for no pixels.

    ``ssim`` (1 is alike), ``mdsi`` (0 is alike), ``haarpsi`` (1 is alike), ``de2000`` (mean
    CIEDE2000, 0 is alike).

    Raises
    ------
    MissingExtraError
        Without scikit-image (extra ``edits``).
    """
    zones = zones_of(pair.region)
    found: dict[str, dict[str, float]] = {zone: {} for zone in zones}
    for name, number in NUMBERS.items():
        values, weights = number.local(pair.original, pair.edited)
        if values.shape != pair.region.shape:
            size = pair.region.shape[1], pair.region.shape[0]
            values, weights = (_field(cv2.resize(x, size)) for x in (values, weights))
        for zone, where in zones.items():
            some = where.any()
            found[zone][name] = number.pooled(values[where], weights[where]) if some else np.nan
    return found


def zones_of(region: Bits) -> dict[str, Bits]:
    """Return inside, the seam of 8 px on both sides, outside, and everything."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * SEAM + 1, 2 * SEAM + 1))
    grown, shrunk = (way(u8(region), disc) > 0 for way in (cv2.dilate, cv2.erode))
    seam = np.asarray(grown & ~shrunk, np.bool_)
    whole = np.ones_like(region)
    return {"inside": region & ~seam, "seam": seam, "outside": ~region & ~seam, "all": whole}


def ssim(original: Plane, edited: Plane) -> tuple[Field, Field]:
    """Return the map of structural similarity of luma.

    Source: Wang, Bovik, Sheikh and Simoncelli, IEEE TIP 13 (2004), doi:10.1109/TIP.2003.819861;
    scikit-image computes it.
    """
    metrics = require("skimage.metrics", "edits")
    before, after = _luma(original), _luma(edited)
    if min(before.shape) < LEAST:
        return np.full_like(before, np.nan), np.ones_like(before)
    _, found = metrics.structural_similarity(before, after, data_range=255, full=True)
    return found.astype(np.float32), np.ones_like(before)


def de2000(original: Plane, edited: Plane) -> tuple[Field, Field]:
    """Return the map of CIEDE2000 colour differences.

    Source: Sharma, Wu and Dalal, Color Res. Appl. 30 (2005), doi:10.1002/col.20070; scikit-image
    computes it.
    """
    color = require("skimage.color", "edits")
    found = color.deltaE_ciede2000(color.rgb2lab(original), color.rgb2lab(edited))
    return found.astype(np.float32), np.ones(found.shape, np.float32)


def mdsi(original: Plane, edited: Plane) -> tuple[Field, Field]:
    """Return the map of gradient and chromaticity similarity, at half size.

    Source: Nafchi, Shahkolaei, Hedjam and Cheriet, "Mean Deviation Similarity Index", IEEE Access 4
    (2016), doi:10.1109/ACCESS.2016.2604042.
    """
    both = [
        cv2.resize(x, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        for x in (original, edited)
    ]
    planes = [x.astype(np.float32) for x in both]
    lights = [0.2989 * x[..., 0] + 0.5870 * x[..., 1] + 0.1140 * x[..., 2] for x in planes]
    h = [0.30 * x[..., 0] + 0.04 * x[..., 1] - 0.35 * x[..., 2] for x in planes]
    m = [0.34 * x[..., 0] - 0.60 * x[..., 1] + 0.17 * x[..., 2] for x in planes]
    one, two, fused = (_prewitt(x) for x in (*lights, (lights[0] + lights[1]) / 2))
    gradient = (2 * one * two + C1) / (one**2 + two**2 + C1)
    gradient += (2 * one * fused + C2) / (one**2 + fused**2 + C2)
    gradient -= (2 * two * fused + C2) / (two**2 + fused**2 + C2)
    chroma = (2 * (h[0] * h[1] + m[0] * m[1]) + C3) / (
        h[0] ** 2 + h[1] ** 2 + m[0] ** 2 + m[1] ** 2 + C3
    )
    found = ALPHA * gradient + (1 - ALPHA) * chroma
    return np.asarray(found, np.float32), np.ones_like(found)


def haarpsi(original: Plane, edited: Plane) -> tuple[Field, Field]:
    """Return the map of similarity of Haar wavelet responses of luma, and its weights.

    At half size. Source: Reisenhofer, Bosse, Kutyniok and Wiegand, Signal Processing: Image
    Communication 61 (2018), doi:10.1016/j.image.2017.11.001; without its chroma.
    """
    before, after = (
        _field(cv2.resize(_luma(x), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
        for x in (original, edited)
    )
    similar, weight = [], []
    for across in (False, True):
        one, two = ([_haar(x, scale, across) for scale in (1, 2, 3)] for x in (before, after))
        fine = [
            (2 * a * b + HAAR_C**2) / (a**2 + b**2 + HAAR_C**2)
            for a, b in zip(one[:2], two[:2], strict=True)
        ]
        similar.append(1 / (1 + np.exp(-HAAR_ALPHA * (fine[0] + fine[1]) / 2)))
        weight.append(np.maximum(one[2], two[2]))
    total = weight[0] + weight[1] + 1e-6
    found = (similar[0] * weight[0] + similar[1] * weight[1]) / total
    return np.asarray(found, np.float32), np.asarray(total, np.float32)


def _prewitt(plane: Field) -> Field:
    kernel = np.array([[1, 0, -1]] * 3, np.float32) / 3
    x, y = (cv2.filter2D(plane, cv2.CV_32F, k) for k in (kernel, kernel.T.copy()))
    return np.asarray(np.hypot(x, y), np.float32)


def _haar(plane: Field, scale: int, across: bool) -> Field:
    side = 2**scale
    kernel = np.full((side, side), 2.0**-scale, np.float32)
    kernel[: side // 2] *= -1
    kernel = np.ascontiguousarray(kernel.T if across else kernel)
    return np.abs(cv2.filter2D(plane, cv2.CV_32F, kernel))


def _field(plane: Any) -> Field:
    return np.asarray(plane, np.float32)


def _luma(pixels: Plane) -> Field:
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)


def _mean(values: NDArray[np.floating], weights: NDArray[np.floating]) -> float:
    return float(values.mean(dtype=np.float64))


def _deviation(values: NDArray[np.floating], weights: NDArray[np.floating]) -> float:
    """Return the mean deviation that gives MDSI its name."""
    shaped = values.astype(np.complex128) ** POWER
    return float(np.abs(shaped - shaped.mean()).mean() ** POWER)


def _logistic(values: NDArray[np.floating], weights: NDArray[np.floating]) -> float:
    """Return the weighted mean mapped back through the logistic curve, squared."""
    mean = float((values * weights).sum(dtype=np.float64) / weights.sum(dtype=np.float64))
    mean = min(max(mean, 1e-9), 1 - 1e-9)
    return float((np.log(mean / (1 - mean)) / HAAR_ALPHA) ** 2)


NUMBERS: Table[Number] = Table(
    "number of image comparison",
    (
        Number("ssim", ssim, _mean),
        Number("mdsi", mdsi, _deviation),
        Number("haarpsi", haarpsi, _logistic),
        Number("de2000", de2000, _mean),
    ),
)
