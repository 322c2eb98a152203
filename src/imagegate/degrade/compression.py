"""Throw away what a codec throws away: JPEG, WebP, and JPEG saved twice."""

from __future__ import annotations

import cv2
import numpy as np

from imagegate.tables import Degradation, Pixels, Rng

QUALITY_FLAGS = {"jpg": cv2.IMWRITE_JPEG_QUALITY, "webp": cv2.IMWRITE_WEBP_QUALITY}
BLOCK_PX = 8


def jpeg(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Save as JPEG and read back."""
    return decode(encode(pixels, "jpg", quality=amount))


def webp(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Save as lossy WebP and read back."""
    return decode(encode(pixels, "webp", quality=amount))


def jpeg_twice(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Save as JPEG twice, on a shifted grid and on the usual one, as if cropped in between."""
    height, width = pixels.shape[:2]
    top, left = (int(shift) for shift in rng.integers(1, BLOCK_PX, size=2))
    padded = cv2.copyMakeBorder(pixels, top, 0, left, 0, cv2.BORDER_REPLICATE)
    first = decode(encode(np.asarray(padded, np.uint8), "jpg", quality=amount))
    return decode(encode(first[top : top + height, left : left + width], "jpg", quality=amount))


def encode(pixels: Pixels, container: str, *, quality: float | None = None) -> bytes:
    """Encode RGB pixels as png, jpg or webp; the two lossy ones need a quality, 1 to 100."""
    # not by albumentations, which hands RGB to the encoder as if it were BGR
    flags = [QUALITY_FLAGS[container], min(max(1, round(quality)), 100)] if quality else []
    _, data = cv2.imencode(f".{container}", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), flags)
    return data.tobytes()


def decode(data: bytes) -> Pixels:
    """Decode bytes made by :func:`encode` to RGB."""
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise ValueError("expected bytes made by encode, got something undecodable")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


DEGRADATIONS = (
    Degradation("compression.jpeg", jpeg, (40, 25, 15, 8, 4), "quality"),
    Degradation("compression.webp", webp, (40, 20, 10, 4, 1), "quality"),
    Degradation("compression.jpeg_twice", jpeg_twice, (25, 15, 8, 5, 3), "quality, both times"),
)
