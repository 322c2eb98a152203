"""Resolution: how many pixels there are and how many of them say something."""

from __future__ import annotations

import math
from collections.abc import Mapping

import cv2
import numpy as np

from imagegate.features.planes import NAN, Floats, Plane, ramp, worst
from imagegate.features.sharpness import spectral_cutoff
from imagegate.image import Image
from imagegate.tables import Cause, Code, Measure


def short_side(image: Image) -> float:
    """Return the shorter side of the picture.

    Pixels, always defined.
    Source: the task minimum sizes in common use (OCR 300, faces 160) are stated in it.
    """
    return float(min(image.gray.shape))


def effective(image: Image) -> float:
    """Return the shorter side in pixels that carry detail.

    Short side times twice the spectral cut-off: a picture enlarged n times reads about 1 / n of its
    side. NaN where there is no cut-off.
    Source: Nyquist's limit: a cut-off of 0.5 cycles a pixel uses every pixel.
    """
    end = image.cached(spectral_cutoff)
    return 2 * end * min(image.gray.shape) if np.isfinite(end) else NAN


LEAST, WINDOW, SPECTRUM = 96, 250, 512  # samples of a profile, and what they are padded to
SMOOTH, NEAR = 33, 41  # samples and frequencies of what profile and peak are measured against
ROWS = 256  # that a profile is averaged over, of pictures that are one tile
PERIODS = (0.09, 0.497)  # cycles a pixel: enlarged 2 to 11 times
CODEC, BESIDE = 1 / 8, 0.006  # the grid of JPEG has a period of 8, too
SECOND = np.array([[1, -2, 1]], np.float32)
WEIGHTS = np.hanning(SMOOTH) / np.hanning(SMOOTH).sum()
FAINTEST = 0.05  # gray levels: below that a profile is rounding


def resampling(image: Image) -> float:
    """Return how clearly enlarging has left its period in the picture.

    Decimal log of the power of the mean second difference at its strongest period, 2 to 11 pixels,
    over that at periods nearby; the mean of both directions. About 0.7 for pictures as taken and
    for blurred ones, above 1.2 for interpolated ones. NaN for flat pictures and under 98 px. Strong
    JPEG and noise hide it.
    Source: after Gallagher, CRV 2005, doi:10.1109/CRV.2005.33: interpolated samples vary least
    between the original ones, so the second difference has the period of the enlargement.
    """
    if min(image.tiles[0].shape) < LEAST + 2:
        return NAN
    turned = [np.asarray(cv2.transpose(tile[:, :ROWS]), np.uint8) for tile in image.tiles]
    straight = [tile[:ROWS] for tile in image.tiles]
    powers = [sum(map(_periods, planes), np.zeros(1)) for planes in (straight, turned)]
    return float(np.mean([_peak(power) for power in powers]))


def _periods(plane: Plane) -> Floats:
    """Return the power of the mean second difference along rows, by frequency."""
    second = cv2.convertScaleAbs(cv2.filter2D(plane, cv2.CV_16S, SECOND))[:, 1:-1]
    profile = cv2.reduce(second, 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F).ravel().astype(np.float64)
    usual = np.convolve(np.pad(profile, SMOOTH // 2, mode="reflect"), WEIGHTS, "valid")
    relative = np.where(usual > FAINTEST, profile / np.maximum(usual, FAINTEST) - 1, 0.0)
    length = min(WINDOW, len(relative))
    windows = np.lib.stride_tricks.sliding_window_view(relative, length)[:: length // 2]
    spectra = np.fft.rfft(windows * np.hanning(length), SPECTRUM)
    return np.asarray((np.abs(spectra) ** 2).sum(axis=0), np.float64)


def _peak(power: Floats) -> float:
    """Return the log of the strongest power over that nearby, without the grid of JPEG."""
    frequency = np.arange(len(power)) / SPECTRUM
    own = (frequency > PERIODS[0]) & (frequency < PERIODS[1])
    own &= np.abs((frequency + CODEC / 2) % CODEC - CODEC / 2) > BESIDE
    padded = np.pad(power[own], NEAR // 2, mode="reflect")
    near = np.median(np.lib.stride_tricks.sliding_window_view(padded, NEAR), axis=1)
    return math.log10(float((power[own] / near).max())) if near.min() > 0 else NAN


def score(readings: Mapping[str, float]) -> float:
    """Map x-height where there is text, else effective pixels, to 0–100."""
    x_height = ramp(readings["text.x_height_px"], (0, 0), (7, 40), (9.5, 70), (20, 100))
    if not np.isnan(x_height):
        detail = ramp(readings["text.x_height_effective_px"], (0, 0), (6, 40), (7.2, 70), (14, 100))
        return worst(x_height, detail)
    pixels = readings["resolution.effective_px"]
    if np.isnan(pixels):
        pixels = readings["resolution.short_side_px"]
    return ramp(pixels, (50, 0), (175, 40), (300, 75), (600, 100))


ENLARGED = 0.36  # cycles a pixel: a picture that uses all its pixels goes further


def enlarged(image: Image, readings: Mapping[str, float]) -> bool:
    """Tell a small picture that was enlarged from one that is small."""
    return readings.get("blur.spectral_cutoff", NAN) < ENLARGED


def has_text(image: Image, readings: Mapping[str, float]) -> bool:
    """Tell whether letters were found, or looked for by a gate that is about text."""
    return readings.get("text.x_height_px", NAN) > 0 or "text.components" in readings


MEASURES = (
    Measure("resolution.short_side_px", short_side, "short side", "px", "low", learnable=False),
    Measure(
        "resolution.resampling", resampling, "resampling", "log ratio", "high", learnable=False
    ),
    Measure(
        "resolution.effective_px",
        effective,
        "short side that detail fills",
        "px",
        "low",
        looks=("there is more true detail", "there is less true detail"),
        about="picture",
    ),
)

CAUSE = Cause(
    "resolution",
    (
        "text.x_height_px",
        "text.x_height_effective_px",
        "resolution.effective_px",
        "resolution.short_side_px",
    ),
    score,
    (
        Code("resolution.enlarged", "blur.spectral_cutoff", enlarged),
        Code("resolution.small_text", "text.x_height_px", has_text),
        Code("resolution.small_picture", "resolution.short_side_px"),
    ),
)
