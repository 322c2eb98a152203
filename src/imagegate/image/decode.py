"""Decode bytes into upright planes: the only file that knows OpenCV's BGR."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import numpy as np

from imagegate.errors import BrokenImageError
from imagegate.image import pdf
from imagegate.image import pixels as px
from imagegate.image.header import Header
from imagegate.image.pillow import decoding, open_lazily, to_pixels
from imagegate.image.pixels import Pixels

Notes = tuple[str, ...]


def to_planes(
    data: bytes, header: Header, source: str, frame: int
) -> tuple[Pixels, Callable[[], Pixels], Notes]:
    """Decode one frame.

    Returns
    -------
    gray : NDArray[np.uint8]
        Shape (height, width).
    colour : callable
        Takes nothing and returns RGB uint8 (height, width, 3).
    notes : tuple of str
        What had to be done to the samples.
    """
    if header.format == "JPEG" and header.mode != "cmyk":
        gray = _opencv(data, header, source, cv2.IMREAD_GRAYSCALE)
        return gray, partial(_colour, data, header, source), ()
    if header.format == "PNG" and header.bits <= 8 and not header.alpha and header.frames == 1:
        # Not straight to gray: libpng's own formula truncates, and goes through linear light
        # where the file states its gamma.
        flag = cv2.IMREAD_GRAYSCALE if header.mode == "gray" else cv2.IMREAD_COLOR
        gray = px.to_gray(_opencv(data, header, source, flag))
        return gray, partial(_colour, data, header, source), ()
    pixels, notes = _picture(data, header, source, frame)
    return px.to_gray(pixels), partial(px.to_rgb, pixels), notes


def _colour(data: bytes, header: Header, source: str) -> Pixels:
    return px.to_rgb(_opencv(data, header, source, cv2.IMREAD_COLOR))


def _picture(data: bytes, header: Header, source: str, frame: int) -> tuple[Pixels, Notes]:
    """Decode what is not simply gray or colour of 8 bits."""
    if header.format == "PDF":
        return _checked(pdf.render(data, source, frame), header, source), ("rendered at 200 dpi",)
    if frame == 0 and _whole_by_opencv(header):
        samples = _opencv(data, header, source, cv2.IMREAD_UNCHANGED)
        # OpenCV overlooks the transparent level of a gray PNG.
        if samples.ndim == 3 or not header.alpha:
            return px.simplify(samples)
    picture = open_lazily(data, header.format, source, frame=frame)
    pixels, notes = to_pixels(picture, source, header.format)
    # Pillow itself turns the pages of a TIFF, and libheif all its pictures.
    turned = 1 if header.format in ("TIFF", "HEIC") else header.orientation
    return _checked(px.upright(pixels, turned), header, source), notes


def _whole_by_opencv(header: Header) -> bool:
    """Tell whether OpenCV keeps alpha and all 16 bits, where Pillow keeps 8."""
    if header.format == "TIFF":
        # OpenCV turns TIFFs in its own way, which differs between its versions.
        plain = header.mode == "rgb" and not header.alpha and header.orientation == 1
        return plain and header.bits == 16
    return header.format == "PNG" and header.frames == 1


def _opencv(data: bytes, header: Header, source: str, flag: int) -> Any:
    """Decode to gray, RGB or RGBA of 8 or 16 bits, upright."""
    # One rule turns all formats; IMREAD_UNCHANGED, -1, never turns and takes no other flag.
    flags = flag if flag == cv2.IMREAD_UNCHANGED else flag | cv2.IMREAD_IGNORE_ORIENTATION
    with decoding(source, header.format):
        samples = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if samples is None:
        raise BrokenImageError(
            source, f"the {header.format} cannot be decoded; get it again from its origin"
        )
    if samples.ndim == 3:
        code = cv2.COLOR_BGRA2RGBA if samples.shape[2] == 4 else cv2.COLOR_BGR2RGB
        samples = cv2.cvtColor(samples, code, dst=samples)
    return _checked(px.upright(samples, header.orientation), header, source)


def _checked(pixels: Pixels, header: Header, source: str) -> Pixels:
    if pixels.shape[:2] != (header.height, header.width):
        height, width = pixels.shape[:2]
        raise BrokenImageError(
            source,
            f"the {header.format} header says {header.width} × {header.height} pixels, "
            f"its data {width} × {height}; export it again",
        )
    return pixels
