"""Enlarge a picture to twice its size by resampling in OpenCV."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np

from imagegate.engines.engine import Engine, opencv
from imagegate.tables import Pixels

FACTOR = 2


def enlarged(pixels: Pixels, way: int) -> Pixels:
    """Return a picture twice as large."""
    size = (pixels.shape[1] * FACTOR, pixels.shape[0] * FACTOR)
    return np.asarray(cv2.resize(pixels, size, interpolation=way), np.uint8)


LANCZOS = Engine("lanczos", lambda: partial(enlarged, way=cv2.INTER_LANCZOS4), opencv, "Apache-2.0")
CUBIC = Engine("cubic", lambda: partial(enlarged, way=cv2.INTER_CUBIC), opencv, "Apache-2.0")
