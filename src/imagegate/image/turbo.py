"""Decode JPEG through simplejpeg where it is installed: the same pixels, sooner."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from imagegate.image.pillow import DECODER_ERRORS
from imagegate.image.pixels import Pixels

SPACES = {2: "GRAY", 3: "RGB"}


def decode(data: bytes, shape: tuple[int, ...]) -> Pixels | None:
    """Return the pixels as stored, or None where OpenCV is to decode them, or to say what is wrong.

    Parameters
    ----------
    data : bytes
        A JPEG, not CMYK.
    shape : tuple of int
        What its header says: (height, width) for its luma, (height, width, 3) for RGB.

    Notes
    -----
    Both wheels hold libjpeg-turbo and set it up alike, so their pixels are equal; this one writes
    them where they shall stay. It refuses whatever libjpeg would only warn about.
    """
    decode_jpeg = decoder()
    if decode_jpeg is None:
        return None
    try:
        # The buffer bounds what is written, should simplejpeg read the header in another way.
        pixels = np.empty(shape, np.uint8)
        found = decode_jpeg(data, SPACES[len(shape)], buffer=pixels)
        return pixels if found.shape[:2] == shape[:2] else None
    except (*DECODER_ERRORS, MemoryError):
        return None


@cache
def decoder() -> Callable[..., Any] | None:
    """Return simplejpeg's function, or None; looked for once, when the first JPEG is decoded."""
    try:
        from simplejpeg import decode_jpeg
    except (ImportError, AttributeError, RuntimeError, ValueError):
        # The last three: it was built for another NumPy.
        return None
    found: Callable[..., Any] = decode_jpeg
    return found
