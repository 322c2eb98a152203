"""Saving: what storing a picture as another one was stored would have made of it."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from PIL import Image as Pillow
from PIL import JpegImagePlugin

from imagegate.features.planes import Plane, u8
from imagegate.image import ImageFile

Resave = Callable[[Plane], Plane]  # RGB (height, width, 3) in and out

# Of WebP, whose files do not tell it; 100 is lossy, too.
WEBP_QUALITIES = (60, 70, 75, 80, 85, 90, 95, 100)


def resaves_of(file: ImageFile) -> Sequence[Resave]:
    """Return the ways in which a file may have been saved; none if saving changes nothing.

    A JPEG tells its tables and its sampling of colour; of a WebP all usual qualities are possible.
    """
    kind = file.header.format
    if kind == "JPEG":
        with Pillow.open(io.BytesIO(file.file.data)) as picture:
            if picture.mode not in ("RGB", "L") or not isinstance(
                picture, JpegImagePlugin.JpegImageFile
            ):
                return ()
            sampling = JpegImagePlugin.get_sampling(picture) if picture.mode == "RGB" else 0
            given = {"qtables": picture.quantization, "subsampling": max(0, sampling)}
        return (partial(_resaved, "JPEG", given),)
    if kind == "WebP" and b"VP8L" not in file.file.data[:64]:
        return [partial(_resaved, "WEBP", {"quality": quality}) for quality in WEBP_QUALITIES]
    return ()


def _resaved(kind: str, given: dict[str, object], pixels: Plane) -> Plane:
    stored = io.BytesIO()
    Pillow.fromarray(pixels).save(stored, kind, **given)
    with Pillow.open(stored) as picture:
        return u8(np.asarray(picture.convert("RGB")))
