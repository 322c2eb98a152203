"""Ruin a picture by one known cause: the judge of reasons.

Plain OpenCV, NumPy and Pillow, made apart from the package's own degradations, so that a gate
cannot have learned from these. Strengths are in units of the picture's ``scale``: the x-height of
a page in pixels, or a fiftieth of the side of a photograph. They go from just ruined to hopeless.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Rng = np.random.Generator
Pixels = NDArray[np.uint8]  # RGB (height, width, 3)
Ruined = Pixels | bytes  # bytes: the file, for what compression has done
Apply = Callable[[Pixels, float, float, Rng], Ruined]


def as_uint8(values: NDArray[np.floating]) -> Pixels:
    """Round and clip to what a picture can hold."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def encoded(pixels: Pixels, kind: str, quality: int = 90) -> bytes:
    """Return the bytes of a PNG, JPEG or WEBP file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **({} if kind == "PNG" else {"quality": quality}))
    return file.getvalue()


def decoded(ruined: Ruined) -> Pixels:
    """Return the pixels of a file, or the pixels themselves."""
    if isinstance(ruined, bytes):
        return np.asarray(Image.open(io.BytesIO(ruined)).convert("RGB"))
    return ruined


def _odd(size: float) -> int:
    return max(3, 2 * round((size - 1) / 2) + 1)


def gaussian_blur(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Blur by a Gaussian; strength is its sigma."""
    return cv2.GaussianBlur(pixels, (0, 0), max(0.5, strength * scale))


def box_blur(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Blur by a square; strength is its side."""
    return cv2.blur(pixels, (_odd(strength * scale),) * 2)


def median_blur(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Replace by the median of a square; strength is its side."""
    return cv2.medianBlur(pixels, _odd(strength * scale))


def _spread(pixels: Pixels, kernel: NDArray[np.float32]) -> Pixels:
    return cv2.filter2D(pixels, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def motion_blur(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Smear along a line of any angle; strength is its length."""
    size = _odd(strength * scale + 2)
    reach, angle = strength * scale / 2, rng.uniform(0, np.pi)
    step = 16 * reach * np.array([np.cos(angle), np.sin(angle)])  # 1/16 pixel
    ends = [tuple(int(v) for v in np.rint(16 * (size // 2) + sign * step)) for sign in (-1, 1)]
    kernel = np.zeros((size, size), np.uint8)
    cv2.line(kernel, *ends, 255, 1, cv2.LINE_AA, 4)
    return _spread(pixels, kernel.astype(np.float32))


def disc_blur(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Blur as a lens out of focus does; strength is the radius of the disc."""
    radius = max(1.0, strength * scale)
    y, x = np.mgrid[-int(radius) - 1 : int(radius) + 2, -int(radius) - 1 : int(radius) + 2]
    return _spread(pixels, np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32))


def gaussian_noise(
    pixels: Pixels, strength: float, scale: float, rng: Rng, channels: int = 3
) -> Pixels:
    """Add normal noise, in colour or gray; strength is its sigma in gray levels."""
    return as_uint8(pixels + rng.normal(0, strength, (*pixels.shape[:2], channels)))


def salt_and_pepper(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Turn a share of the pixels black or white."""
    chance = rng.random((*pixels.shape[:2], 1))
    return np.where(
        chance < strength / 2, 0, np.where(chance > 1 - strength / 2, 255, pixels)
    ).astype(np.uint8)


def speckle(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Multiply by noise of mean 1; strength is its standard deviation."""
    return as_uint8(pixels * (1 + rng.normal(0, strength, (*pixels.shape[:2], 1))))


def poisson_noise(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Count photons; strength is how many make white."""
    return as_uint8(rng.poisson(pixels / 255 * strength) * (255 / strength))


def _sizes(pixels: Pixels, factor: float) -> tuple[tuple[int, int], tuple[int, int]]:
    height, width = pixels.shape[:2]
    small = max(8, round(width * factor)), max(8, round(height * factor))
    return small, (width, height)


def left_small(
    pixels: Pixels, strength: float, scale: float, rng: Rng, by: int = cv2.INTER_AREA
) -> Pixels:
    """Shrink; strength is the scale that is left, in pixels."""
    return cv2.resize(pixels, _sizes(pixels, min(1, strength / scale))[0], interpolation=by)


def enlarged(
    pixels: Pixels, strength: float, scale: float, rng: Rng, by: int = cv2.INTER_LINEAR
) -> Pixels:
    """Shrink as above, and enlarge to the size it had."""
    small, size = _sizes(pixels, min(1, strength / scale))
    return cv2.resize(
        cv2.resize(pixels, small, interpolation=cv2.INTER_AREA), size, interpolation=by
    )


def darkened(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Leave a share of the light."""
    return as_uint8(pixels * float(strength))


def gamma_dark(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Darken by a gamma, the middle tones most, below a dim white."""
    return as_uint8(255 * 0.25 * (pixels / 255) ** strength)


def brightened(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Add light and clip; strength in gray levels."""
    return as_uint8(pixels + float(strength))


def overexposed(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Multiply the light over a little glare, and clip."""
    return as_uint8((pixels + 20.0) * strength)


def faint(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Leave a share of the contrast, below the brightest tone."""
    top = np.percentile(pixels, 95)
    return as_uint8(top + (pixels - top) * strength)


def flat(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Leave a share of the contrast, around middle gray."""
    return as_uint8(128 + (pixels - 128.0) * strength)


def light_falls(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Let the light fall off across the picture to a share of it, from any side."""
    height, width = pixels.shape[:2]
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    along = x * np.cos(angle) + y * np.sin(angle)
    along = (along - along.min()) / np.ptp(along)
    return as_uint8(pixels * (strength**along)[:, :, None])


def saved(pixels: Pixels, strength: float, scale: float, rng: Rng, kind: str = "JPEG") -> bytes:
    """Save at a quality."""
    return encoded(pixels, kind, strength)


def saved_twice(pixels: Pixels, strength: float, scale: float, rng: Rng) -> bytes:
    """Save as JPEG at a quality, crop off the grid of blocks, and save again a little better."""
    return encoded(decoded(encoded(pixels, "JPEG", strength))[3:, 3:], "JPEG", strength + 3)


def saved_then_well(pixels: Pixels, strength: float, scale: float, rng: Rng) -> bytes:
    """Save at a quality and again at 90, as a message or a screenshot passed on."""
    return encoded(decoded(encoded(pixels, "JPEG", strength)), "JPEG", 90)


def mosaic(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Fill square blocks with their mean; strength is their side."""
    side, (height, width) = max(2, round(strength * scale)), pixels.shape[:2]
    padded = np.pad(pixels, ((0, -height % side), (0, -width % side), (0, 0)), "edge")
    blocks = padded.reshape(padded.shape[0] // side, side, padded.shape[1] // side, side, 3)
    means = blocks.mean(axis=(1, 3)).repeat(side, axis=0).repeat(side, axis=1)
    return as_uint8(means[:height, :width])


def nearest(
    pixels: Pixels, strength: float, scale: float, rng: Rng, by: int = cv2.INTER_LINEAR
) -> Pixels:
    """Shrink, and enlarge without smoothing; strength is the side of the blocks."""
    small, size = _sizes(pixels, 1 / max(1.8, strength * scale))
    return cv2.resize(
        cv2.resize(pixels, small, interpolation=by), size, interpolation=cv2.INTER_NEAREST
    )


@dataclass(frozen=True)
class Ruin:
    """A way to ruin a picture: ``apply(pixels, strength, scale, rng)``."""

    cause: str
    kind: str
    strengths: tuple[float, ...]
    # Not compared: a partial that went to another process differs from its own copy.
    apply: Apply = field(compare=False)


LEFT = (5.0, 4.0, 3.0, 2.0)  # pixels of x-height; a photograph's side is fifty times that
BLOCKS = (0.3, 0.45, 0.65, 1.0)
RUINS = (
    Ruin("blur", "Gaussian", (0.15, 0.25, 0.4, 0.7), gaussian_blur),
    Ruin("blur", "box", (0.5, 0.8, 1.3, 2.2), box_blur),
    Ruin("blur", "median", (0.2, 0.3, 0.45, 0.7), median_blur),
    Ruin("blur", "motion", (0.6, 1.0, 1.7, 3.0), motion_blur),
    Ruin("blur", "disc", (0.25, 0.4, 0.65, 1.1), disc_blur),
    Ruin("noise", "Gaussian, colour", (25, 45, 75, 120), gaussian_noise),
    Ruin("noise", "Gaussian, gray", (25, 45, 75, 120), partial(gaussian_noise, channels=1)),
    Ruin("noise", "salt and pepper", (0.02, 0.06, 0.15, 0.35), salt_and_pepper),
    Ruin("noise", "speckle", (0.15, 0.3, 0.5, 0.8), speckle),
    Ruin("noise", "Poisson", (30, 10, 4, 1.5), poisson_noise),
    Ruin("resolution", "small, area", LEFT, left_small),
    Ruin("resolution", "small, linear", LEFT, partial(left_small, by=cv2.INTER_LINEAR)),
    Ruin("resolution", "enlarged, linear", LEFT, enlarged),
    Ruin("resolution", "enlarged, cubic", LEFT, partial(enlarged, by=cv2.INTER_CUBIC)),
    Ruin("exposure", "dark", (0.15, 0.06, 0.03, 0.012), darkened),
    Ruin("exposure", "dark, gamma", (2.0, 3.5, 6.0, 10.0), gamma_dark),
    Ruin("exposure", "bright, added", (120, 160, 190, 215), brightened),
    Ruin("exposure", "bright, multiplied", (2.0, 3.0, 4.0, 5.5), overexposed),
    Ruin("exposure", "faint", (0.2, 0.1, 0.05, 0.025), faint),
    Ruin("exposure", "flat", (0.2, 0.1, 0.05, 0.025), flat),
    Ruin("exposure", "light falls off", (0.4, 0.2, 0.08, 0.03), light_falls),
    Ruin("compression", "JPEG", (12, 6, 3, 1), saved),
    Ruin("compression", "WebP", (5, 3, 1, 0), partial(saved, kind="WEBP")),
    Ruin("compression", "JPEG twice", (12, 6, 3, 1), saved_twice),
    Ruin("compression", "JPEG, then at 90", (12, 6, 3, 1), saved_then_well),
    Ruin("pixelation", "mosaic", BLOCKS, mosaic),
    Ruin("pixelation", "linear, nearest", BLOCKS, nearest),
    Ruin("pixelation", "nearest, nearest", BLOCKS, partial(nearest, by=cv2.INTER_NEAREST)),
)
