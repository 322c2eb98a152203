"""Every mend that benchmarks/repair.py tries: ours, and those that have not earned a place.

The latter are the classical answers to their causes, set as did best on training rows.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from imagegate.features import measure
from imagegate.image import Image
from imagegate.image.image import to_gray
from imagegate.pipeline.repair import REPAIRS, denoise, even_light
from imagegate.tables import Pixels, Repair

X_HEIGHT_PX, SMALL_PX, MOST_TIMES, MOST_PIXELS = 25.0, 16.0, 4.0, 16e6
SHARP_PX = 1.2  # sigma that edges of sharp pages have anyway
EDGE_WIDTH = 2.5  # of a step blurred by a Gaussian, in sigma: the root of 2 pi
ROUNDS = 10


def nothing(pixels: Pixels, readings: Mapping[str, float]) -> Pixels:
    """Return the image as it is, without its container: what a mend must not be credited with."""
    return pixels


def enlarge(pixels: Pixels, readings: Mapping[str, float]) -> Pixels | None:
    """Enlarge small text to an x-height of 25 px."""
    x_height = readings.get("text.x_height_px", np.nan)
    if not 2 < x_height < SMALL_PX:
        return None
    fits = (MOST_PIXELS / (pixels.shape[0] * pixels.shape[1])) ** 0.5
    times = min(X_HEIGHT_PX / x_height, MOST_TIMES, fits)
    return None if times < 1.15 else cv2.resize(pixels, None, fx=times, fy=times)


def deconvolve(pixels: Pixels, readings: Mapping[str, float]) -> Pixels | None:
    """Take a Gaussian blur back, as wide as edges tell; ten rounds of Richardson and Lucy."""
    spread = (readings["blur.edge_width_px"] / EDGE_WIDTH) ** 2 - SHARP_PX**2
    if not spread > 0.36:
        return None
    seen = pixels.astype(np.float32) + 1
    found = seen.copy()
    for _ in range(ROUNDS):
        again = np.maximum(cv2.GaussianBlur(found, (0, 0), spread**0.5), 1e-3)
        found *= cv2.GaussianBlur(seen / again, (0, 0), spread**0.5)
    return np.clip(found - 1, 0, 255).astype(np.uint8)


def deblock(pixels: Pixels, readings: Mapping[str, float]) -> Pixels | None:
    """Smooth the edges of coded blocks."""
    quality = readings.get("compression.header_quality", np.nan)
    seen = readings.get("compression.blockiness", np.nan) > 0.5
    poor = readings.get("compression.bits_per_step", np.nan) < 0.11
    return cv2.GaussianBlur(pixels, (0, 0), 0.8) if quality < 60 or seen or poor else None


def unpixelate(pixels: Pixels, readings: Mapping[str, float]) -> Pixels | None:
    """Take each square for one sample, and enlarge with cubics."""
    period = readings.get("pixelation.period_px", np.nan)
    if not period >= 2:
        return None
    height, width = pixels.shape[:2]
    samples = (max(8, round(width / period)), max(8, round(height / period)))
    small = cv2.resize(pixels, samples, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def noise_then_exposure(pixels: Pixels, readings: Mapping[str, float]) -> Pixels | None:
    """Mend the noise, measure again, and mend the exposure."""
    first = denoise(pixels, readings)
    if first is None:
        return None
    again = dict(zip(readings, measure(Image.from_array(first), readings), strict=True))
    return even_light(first, again)


def denoise_colours(pixels: Pixels, readings: Mapping[str, float]) -> Pixels | None:
    """Take out lone pixels by a median, and grain by non-local means as strong as the grain."""
    salted = readings["noise.impulse_share"] > 0.004
    grain = readings["noise.flat_rms"]
    clean = cv2.medianBlur(pixels, 3) if salted else pixels
    if grain > 4:
        clean = cv2.fastNlMeansDenoisingColored(clean, None, grain, grain, 5, 11)
    return None if clean is pixels else clean


def stretch(pixels: Pixels, readings: Mapping[str, float]) -> Pixels | None:
    """Spread the gray levels over the range, and smooth the grain that it raises."""
    if not (readings["exposure.range"] < 170 or readings["exposure.light_falloff"] > 1):
        return None
    dark, bright = np.percentile(to_gray(pixels), (0.5, 99.5))
    if bright - dark < 2:
        return None
    spread = np.clip((pixels - dark) * (255 / (bright - dark)), 0, 255).astype(np.uint8)
    return cv2.GaussianBlur(spread, (0, 0), min(pixels.shape[:2]) / 300)


def smooth_squares(pixels: Pixels, readings: Mapping[str, float]) -> Pixels | None:
    """Smooth squares by half their side."""
    period = readings["pixelation.period_px"]
    return cv2.GaussianBlur(pixels, (0, 0), period / 2) if period >= 2 else None


NOTHING = Repair("nothing", nothing)
OF_TEXT = (
    *REPAIRS.values(),
    Repair("noise + exposure", noise_then_exposure),
    Repair("resolution", enlarge),
    Repair("blur", deconvolve),
    Repair("compression", deblock),
    Repair("pixelation", unpixelate),
    NOTHING,
)
OF_PICTURES = (
    Repair("noise", denoise_colours),
    Repair("exposure", stretch),
    Repair("blur", deconvolve),
    Repair("compression", deblock),
    Repair("pixelation", smooth_squares),
    NOTHING,
)
