"""A drawn picture with texture, light and grain, and honest ways to edit and save it."""

from __future__ import annotations

import cv2
import numpy as np

from imagegate.tables import Pixels


def scene(seed: int = 0, height: int = 300, width: int = 400) -> Pixels:
    """Draw soft light, a texture of several scales, a few things with edges, and grain."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    plane = 90 + 60 * columns / width + 20 * rows / height
    for size, depth in ((1.5, 14), (5.0, 60), (20.0, 200)):
        plane += depth * cv2.GaussianBlur(rng.normal(0, 1, (height, width)), (0, 0), size)
    picture = np.stack([plane, plane * 0.9 + 10, plane * 0.8 + 15], axis=2)
    for _ in range(6):
        centre = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        picture = picture.astype(np.float32)
        cv2.circle(picture, centre, int(rng.integers(8, 40)), rng.uniform(70, 180, 3).tolist(), -1)
    picture = cv2.GaussianBlur(picture, (0, 0), 0.8) + rng.normal(0, 2, (height, width, 3))
    return np.clip(picture, 0, 255).astype(np.uint8)


def resaved(pixels: Pixels, kind: str, quality: int) -> Pixels:
    """Return what is left of a picture after it was saved, ``kind`` is an ending."""
    way = cv2.IMWRITE_WEBP_QUALITY if kind == ".webp" else cv2.IMWRITE_JPEG_QUALITY
    done, data = cv2.imencode(kind, pixels[..., ::-1], [way, quality])
    assert done
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])


def box_mask(pixels: Pixels, left: int, top: int, right: int, bottom: int) -> np.ndarray:
    """Return a mask of the picture's size that is True in a box."""
    mask = np.zeros(pixels.shape[:2], bool)
    mask[top:bottom, left:right] = True
    return mask
