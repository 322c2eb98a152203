"""Add grain: electronic, photonic, that of a high ISO setting, and dead pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.degrade.library import pixel_functions
from imagegate.tables import Degradation, Pixels, Rng

# The same grain hurts large letters less, because more of it averages out under a stroke: so the
# amounts hold at this reference and grow with its root.
AT_PX = 10.0
GRAIN_SIGMA_PX = 0.6  # demosaicing and in-camera smoothing spread each grain
BLOTCH_SIGMA_PX = 2.5  # chroma is smoothed harder, which leaves coloured blotches


def gaussian(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Add independent normal noise to every channel."""
    grain = rng.standard_normal(pixels.shape, dtype=np.float32)
    return _added(pixels, grain * np.float32(amount * growth(reference_px)))


def shot(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Count photons: Poisson noise in linear light, none in black."""
    photons = amount / growth(reference_px) ** 2
    noisy = pixel_functions().shot_noise(pixels, 1.0 / photons, rng)
    return np.asarray(noisy, np.uint8)


def iso(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Add the noise of a high ISO setting: soft grain, more of it in the light, and blotches."""
    # that of albumentations grows with the spread of the content: a blank page stays clean
    spread = np.float32(amount * growth(reference_px))
    height, width = pixels.shape[:2]
    luma = _smoothed(rng.standard_normal((height, width, 1), dtype=np.float32), GRAIN_SIGMA_PX)
    chroma = _smoothed(rng.standard_normal((height, width, 3), dtype=np.float32), BLOTCH_SIGMA_PX)
    chroma -= chroma.mean(axis=2, keepdims=True)
    light = 0.5 + 0.5 * np.sqrt(pixels.mean(axis=2, keepdims=True, dtype=np.float32) / 255)
    return _added(pixels, spread * (light * luma + np.float32(0.5) * chroma))


def salt_pepper(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Turn a share of the pixels white or black."""
    share = min(0.95, amount * growth(reference_px))
    dice = rng.random(pixels.shape[:2], dtype=np.float32)
    salt, pepper = dice < share / 2, dice > 1 - share / 2
    return np.asarray(pixel_functions().apply_salt_and_pepper(pixels, salt, pepper), np.uint8)


def growth(reference_px: float) -> float:
    """Return by how much the amount grows for a reference other than 10 px."""
    return float(np.sqrt(max(reference_px, 1.0) / AT_PX))


def _smoothed(grain: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Spread grain and restore its standard deviation."""
    soft = cv2.GaussianBlur(grain, (0, 0), sigma).reshape(grain.shape)
    return np.asarray(soft / max(float(soft.std()), 1e-6), np.float32)


def _added(pixels: Pixels, noise: NDArray[np.float32]) -> Pixels:
    """Add noise, rounded and clipped."""
    return np.asarray(np.clip(np.rint(pixels + noise), 0, 255), np.uint8)


DEGRADATIONS = (
    Degradation("noise.gaussian", gaussian, (24, 31, 38, 46, 60), "sd, gray levels at 10 px"),
    Degradation("noise.shot", shot, (26, 16, 10, 7, 4.2), "photons in a white pixel at 10 px"),
    Degradation("noise.iso", iso, (22, 28, 33, 38, 44), "sd, gray levels at 10 px"),
    Degradation(
        "noise.salt_pepper", salt_pepper, (0.03, 0.038, 0.048, 0.057, 0.068), "share at 10 px"
    ),
)
