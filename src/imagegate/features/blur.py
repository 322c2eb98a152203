"""Blur: how wide the sharpest edges are and how fast the spectrum ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.planes import MIN_SIDE, NAN, Floats, Plane, planes
from imagegate.features.scale import ramp, worst
from imagegate.image import Image
from imagegate.tables import Measure, Signal

REACH = cv2.getStructuringElement(cv2.MORPH_RECT, (9, 9))
TOP_SHARE = 0.02  # of the pixels: the strongest gradients are taken as edges
MIN_RANGE = 16  # gray levels; fainter edges are not told from noise and quantisation
WIDE_PX = 5.0  # beyond this the 9 px window cuts the edge off: read at half size


@dataclass(frozen=True)
class Edges:
    """Width and gradient ratio at the strongest edges, pooled by cell of a 4x4 grid."""

    widths: Floats  # median edge width of each cell that has edges, px
    reblur: float  # gradient before / after a small extra blur, at edges


def edge_samples(plane: Plane) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return edge widths (px) and re-blur ratios at the strongest gradients of one plane."""
    gx = cv2.Sobel(plane, cv2.CV_16S, 1, 0)
    gy = cv2.Sobel(plane, cv2.CV_16S, 0, 1)
    strength = cv2.add(cv2.convertScaleAbs(gx, alpha=0.25), cv2.convertScaleAbs(gy, alpha=0.25))
    counts = np.cumsum(np.bincount(strength.ravel(), minlength=256)[::-1])
    floor = 255 - int(np.searchsorted(counts, TOP_SHARE * strength.size))
    peak = 255 - int(np.searchsorted(counts, 0.0005 * strength.size))
    picked = np.flatnonzero(strength >= max(floor, peak // 4, 3))
    if picked.size > 4000:
        picked = picked[:: picked.size // 2000]
    spread = cv2.subtract(cv2.dilate(plane, REACH), cv2.erode(plane, REACH)).ravel()[picked]
    picked, spread = picked[spread >= MIN_RANGE], spread[spread >= MIN_RANGE]
    slope = np.hypot(gx.ravel()[picked], gy.ravel()[picked], dtype=np.float32) / 8
    soft = cv2.GaussianBlur(plane, (5, 5), 1.0)
    sx = cv2.Sobel(soft, cv2.CV_16S, 1, 0).ravel()[picked]
    sy = cv2.Sobel(soft, cv2.CV_16S, 0, 1).ravel()[picked]
    after = np.hypot(sx, sy, dtype=np.float32) / 8
    return spread / np.maximum(slope, 0.5), slope / np.maximum(after, 0.5)


def cells(image: Image) -> tuple[Plane, ...]:
    """Return the tiles, or a single tile cut into a 4x4 grid where it is large enough."""
    tiles = image.once(planes)
    if len(tiles) != 1 or min(tiles[0].shape) < 8 * MIN_SIDE:
        return tiles
    rows = np.array_split(tiles[0], 4, axis=0)
    return tuple(np.ascontiguousarray(c) for r in rows for c in np.array_split(r, 4, axis=1))


def cell_width(cell: Plane) -> tuple[float, float, int]:
    """Return median width, median re-blur ratio and number of edges of one cell."""
    widths, ratios = edge_samples(cell)
    if widths.size < 8:
        return NAN, NAN, 0
    width, scale = float(np.median(widths)), 1
    while width > WIDE_PX and scale < 8 and min(cell.shape) >= 2 * MIN_SIDE:
        cell = cv2.resize(
            cell, (cell.shape[1] // 2, cell.shape[0] // 2), interpolation=cv2.INTER_AREA
        )
        coarser, _ = edge_samples(cell)
        if coarser.size < 8:
            break
        width, scale = float(np.median(coarser)), 2 * scale
    return width * scale, float(np.median(ratios)), widths.size


def edges(image: Image) -> Edges:
    """Find the strongest edges of every cell."""
    found = np.array([cell_width(cell) for cell in image.once(cells)] or [(NAN, NAN, 0)])
    kept = found[found[:, 2] > 0]
    if not len(kept):
        return Edges(np.empty(0), NAN)
    return Edges(kept[:, 0], float(np.average(kept[:, 1], weights=kept[:, 2])))


def edge_width(image: Image) -> float:
    """Return the width of the sharp edges, the median over a 4x4 grid.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Local range over slope at the strongest gradients, in native pixels; about 2 for
        a one-pixel step, 2.5 sigma under a Gaussian blur. NaN without edges. Pixelation
        looks sharp to it.

    References
    ----------
    After Marziliano et al., ICIP 2002, doi:10.1109/ICIP.2002.1038902; range over slope
    instead of walking to the extrema.
    """
    widths = image.once(edges).widths
    return float(np.median(widths)) if widths.size else NAN


def edge_width_p90(image: Image) -> float:
    """Return the 90th percentile over a 4x4 grid of the width of the sharp edges.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Native pixels; NaN without edges. High where only a part is out of focus.

    References
    ----------
    After Marziliano et al., ICIP 2002, doi:10.1109/ICIP.2002.1038902, by grid cell.
    """
    widths = image.once(edges).widths
    return float(np.quantile(widths, 0.9)) if widths.size else NAN


def reblur_ratio(image: Image) -> float:
    """Return how much a small extra blur weakens the edges.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Gradient before over gradient after a Gaussian of sigma 1, at strong edges: about
        1 if the image was blurred already, 1.5 and more if sharp. NaN without edges.

    References
    ----------
    After Zhuo and Sim, Pattern Recognition 44 (2011), doi:10.1016/j.patcog.2011.03.009.
    """
    return image.once(edges).reblur


WINDOW = 64  # px of a row that is transformed
SPECTRUM_TAIL = 0.95


def row_spectrum(plane: Plane) -> Floats:
    """Return the mean power of windowed 64 px row pieces at 0, 1/64 … 1/2 cycles a pixel."""
    pieces = plane.shape[1] // WINDOW
    stride = max(1, plane.shape[0] // 80)
    rows = plane[::stride, : pieces * WINDOW].astype(np.float32).reshape(-1, WINDOW)
    rows -= rows.mean(axis=1, keepdims=True)
    rows *= np.hanning(WINDOW).astype(np.float32)
    busy = rows[np.argsort(np.abs(rows).sum(axis=1))[-max(32, len(rows) // 4) :]]
    packed = cv2.dft(busy, flags=cv2.DFT_ROWS)  # Re0 Re1 Im1 … Re32
    power = np.zeros(WINDOW // 2 + 1)
    power[1:-1] = (packed[:, 1:-1] ** 2).mean(axis=0, dtype=np.float64).reshape(-1, 2).sum(axis=1)
    power[-1] = float((packed[:, -1] ** 2).mean())
    return power


def cutoff(power: Floats) -> float:
    """Return the frequency below which 95 % of the noise-corrected gradient energy lies."""
    floor = np.quantile(power[WINDOW // 4 :], 0.1)
    if power[1:].max() < 20 * max(floor, 1.0):
        return NAN
    frequency = np.arange(len(power)) / WINDOW
    energy = np.maximum(power - 1.5 * floor, 0) * frequency**2
    energy[:2] = 0
    total = np.cumsum(energy)
    return float(np.interp(SPECTRUM_TAIL * total[-1], total, frequency)) if total[-1] > 0 else NAN


def spectral_cutoff(image: Image) -> float:
    """Return the frequency where the noise-corrected spectrum ends.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Cycles a pixel, 0 to 0.5, the smaller of the two directions: an image enlarged
        n times ends near 0.5 / n. NaN for flat images, white noise and sides under 64 px.

    References
    ----------
    Noise floor and cut-off after ISO 12233 practice; here from row and column spectra of
    the busiest 64 px pieces, weighted by frequency squared.
    """
    usable = [p for p in image.once(planes) if min(p.shape) >= WINDOW]
    if not usable:
        return NAN
    across = np.mean([row_spectrum(p) for p in usable], axis=0)
    down = np.mean([row_spectrum(np.ascontiguousarray(p.T)) for p in usable], axis=0)
    both = [cutoff(across), cutoff(down)]
    return float(np.nanmin(both)) if np.isfinite(both).any() else NAN


def laplacian_variance(image: Image) -> float:
    """Return the variance of the Laplacian, the classic focus measure.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Variance in squared gray levels, 0 for a flat image, no upper bound. Doubling the
        contrast makes it four times larger, and noise raises it too: kept as the
        baseline that others use, never shown to a learned gate.

    References
    ----------
    After Pech-Pacheco et al., ICPR 2000, doi:10.1109/ICPR.2000.903548, in the form in
    common use: signed response, 3x3 kernel.
    """
    _, deviation = cv2.meanStdDev(cv2.Laplacian(image.gray, cv2.CV_16S))
    return float(deviation[0, 0]) ** 2


def score(readings: Mapping[str, float]) -> float:
    """Map the edge measures to 0–100: the worst of edge width and, with text, its share of x-height."""
    return worst(
        ramp(readings["blur.edge_width_px"], (2.5, 100), (5, 70), (8, 40), (20, 0)),
        ramp(readings["text.x_height_per_edge_width"], (0.7, 0), (1.4, 40), (2.5, 70), (5, 100)),
    )


MEASURES = (
    Measure("blur.edge_width_px", edge_width, unit="px", worse="high", signal="blur"),
    Measure("blur.edge_width_p90_px", edge_width_p90, unit="px", worse="high", signal="blur"),
    Measure("blur.reblur_ratio", reblur_ratio, unit="ratio", worse="low", signal="blur"),
    Measure(
        "blur.spectral_cutoff", spectral_cutoff, unit="cycles/px", worse="either", signal="blur"
    ),
    Measure(
        "blur.laplacian_variance",
        laplacian_variance,
        unit="squared gray levels",
        worse="low",
        signal="blur",
        learnable=False,
    ),
)

SIGNAL = Signal(
    "blur",
    ("blur.edge_width_px", "text.x_height_per_edge_width"),
    score,
    "Take the picture again: hold still, focus on the subject, use more light.",
)
