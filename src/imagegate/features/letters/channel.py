"""The plane in which text is read: luma, or where that shows none, the strongest colour channel."""

from __future__ import annotations

import cv2
import numpy as np

from imagegate.features.letters.lines import few_letters, text
from imagegate.image import Image
from imagegate.image.image import to_gray

LOOK = 4  # every n-th row and column tells which channel is the strongest
STRONGER = 2.0  # times the spread of luma


def as_read(image: Image) -> Image:
    """Return the image in whose gray plane letters stand; the image itself if there are none.

    Red letters on a green of the same luma are invisible in gray, and engines read them. The colour
    plane is decoded only where luma shows no letters.
    """
    if image.header.mode == "gray" or image.cached(text) or image.cached(few_letters):
        return image
    some = np.ascontiguousarray(image.rgb[::LOOK, ::LOOK])
    _, spread = cv2.meanStdDev(some)
    best = int(spread.argmax())
    if spread[best, 0] < STRONGER * to_gray(some).std():
        return image
    channel = Image.from_array(np.ascontiguousarray(image.rgb[..., best]), source=image.source)
    return channel if channel.cached(text) or channel.cached(few_letters) else image
