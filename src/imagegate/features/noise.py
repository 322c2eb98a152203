"""Noise: what is left in the flattest places, where no text can be mistaken for it."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from imagegate.features.planes import (
    NAN,
    Floats,
    Plane,
    bands,
    half_planes,
    histogram,
    level_at,
    planes,
)
from imagegate.features.scale import ramp, worst
from imagegate.image import Image
from imagegate.tables import Measure, Signal

BLOCK = 16
# Immerkær's operator is the outer product of (1, -2, 1) with itself; times 8 it still fits
# 16 bits and keeps the rounding of block means at 0.03 gray levels
ACROSS = np.array([2, -4, 2], np.float32)
DOWN = np.array([4, -8, 4], np.float32)
RESPONSE = 8 * 6.0  # root of the summed squared weights
MEAN_TO_SIGMA = float(np.sqrt(np.pi / 2))  # of a normal variable, mean absolute value to sd
FLAT_SHARE = 0.10
# estimates of one noise from 16x16 blocks scatter by 8.6 %; their lowest tenth lies 15 % low
SELECTION = 1.17


def block_sigma(plane: Plane) -> tuple[Floats, Floats]:
    """Return noise sd and mean level of each 16x16 block of a plane."""
    parts = [band_sigma(band) for _, band in bands(plane)]
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def band_sigma(plane: Plane) -> tuple[Floats, Floats]:
    """Return noise sd and mean level of each 16x16 block of a band."""
    height, width = (side // BLOCK * BLOCK for side in plane.shape)
    response = cv2.sepFilter2D(plane, cv2.CV_16S, ACROSS, DOWN)[:height, :width]
    size = (width // BLOCK, height // BLOCK)
    means = cv2.resize(np.abs(response), size, interpolation=cv2.INTER_AREA)
    level = cv2.resize(plane[:height, :width], size, interpolation=cv2.INTER_AREA)
    sigma = np.asarray(means, np.float64) * (MEAN_TO_SIGMA / RESPONSE)
    return sigma.ravel(), np.asarray(level, np.float64).ravel()


def flattest(blocks: list[tuple[Floats, Floats]]) -> float:
    """Return the mean noise sd of the flattest tenth of all blocks."""
    if not blocks:
        return NAN
    sigma = np.concatenate([b[0] for b in blocks])
    level = np.concatenate([b[1] for b in blocks])
    # clipped blocks hide the noise: use them only where there is too little else
    open_ = (level > 4) & (level < 251)
    if open_.mean() > 0.25:
        sigma = sigma[open_]
    count = max(1, round(FLAT_SHARE * sigma.size))
    return SELECTION * float(np.partition(sigma, count - 1)[:count].mean())


def flat_sigma(image: Image) -> float:
    """Return the noise sd in the flattest blocks at native size."""
    return flattest([block_sigma(p) for p in image.once(planes)])


def coarse_sigma(image: Image) -> float:
    """Return the noise sd in the flattest blocks at half size."""
    return flattest([block_sigma(p) for p in image.once(half_planes)])


def flat_rms(image: Image) -> float:
    """Return the noise in the flattest tenth of 16x16 blocks.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Standard deviation in gray levels, 0 for a clean rendered page; NaN under 16 px.

    References
    ----------
    Operator of Immerkær, CVIU 64 (1996), doi:10.1006/cviu.1996.0060, restricted to the
    flattest blocks because text reads as noise to it.
    """
    return image.once(flat_sigma)


def coarse_rms(image: Image) -> float:
    """Return the noise in the flattest blocks at half size.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Standard deviation in gray levels of the half-size plane; JPEG removes fine
        noise first and leaves this. NaN under 32 px.

    References
    ----------
    As ``noise.flat_rms``, one octave lower.
    """
    return image.once(coarse_sigma)


def to_contrast(image: Image) -> float:
    """Return the noise as a share of the contrast of the picture.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        ``noise.flat_rms`` over the range of gray levels; NaN for a flat image.

    References
    ----------
    Contrast-to-noise ratio, upside down.
    """
    shares = image.once(histogram)
    spread = level_at(shares, 0.99) - level_at(shares, 0.01)
    return image.once(flat_sigma) / spread if spread > 0 else NAN


IMPULSE_LEVELS = 40
NEIGHBOURS = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], np.uint8)


def lone_pixels(plane: Plane) -> int:
    """Count the pixels far above or far below all of their neighbours."""
    above = cv2.subtract(plane, cv2.dilate(plane, NEIGHBOURS))
    below = cv2.subtract(cv2.erode(plane, NEIGHBOURS), plane)
    _, far = cv2.threshold(cv2.max(above, below), IMPULSE_LEVELS, 1, cv2.THRESH_BINARY)
    return int(cv2.countNonZero(far))


def impulses(image: Image) -> float:
    """Return the share of lone pixels in the tiles."""
    found = [lone_pixels(band) for plane in image.once(planes) for _, band in bands(plane)]
    total = sum(tile.size for tile in image.once(planes))
    return sum(found) / total if total else NAN


def impulse_share(image: Image) -> float:
    """Return the share of single pixels that stand out from all neighbours.

    Parameters
    ----------
    image : Image
        The image to measure.

    Returns
    -------
    float
        Share 0..1 of pixels more than 40 levels above or below all eight neighbours;
        salt-and-pepper raises it. NaN under 16 px.

    References
    ----------
    The impulse detector of a switching median filter, Sun and Neuvo, Pattern Recognition
    Letters 15 (1994), doi:10.1016/0167-8655(94)90082-5, against the extrema.
    """
    return image.once(impulses)


def score(readings: Mapping[str, float]) -> float:
    """Map noise sd and impulses to 0–100, the worst counts."""
    return worst(
        ramp(readings["noise.flat_rms"], (3, 100), (6, 75), (10.5, 40), (50, 0)),
        ramp(readings["noise.impulse_share"], (0.002, 100), (0.015, 40), (0.1, 0)),
    )


MEASURES = (
    Measure("noise.flat_rms", flat_rms, unit="gray levels", worse="high", signal="noise"),
    Measure("noise.to_contrast", to_contrast, unit="ratio", worse="high", signal="noise"),
    Measure("noise.coarse_rms", coarse_rms, unit="gray levels", worse="either", signal="noise"),
    Measure("noise.impulse_share", impulse_share, unit="share", worse="high", signal="noise"),
)

SIGNAL = Signal(
    "noise",
    (
        "noise.flat_rms",
        "noise.impulse_share",
    ),
    score,
    "Take the picture again with more light, or scan without speckle.",
)
