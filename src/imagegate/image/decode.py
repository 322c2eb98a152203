"""Decode bytes into upright planes: the only file that knows OpenCV's BGR."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.errors import BrokenImageError
from imagegate.image import imread, pdf, turbo
from imagegate.image import pixels as px
from imagegate.image.containers import png
from imagegate.image.header import Header
from imagegate.image.pillow import decoding, open_lazily, to_pixels
from imagegate.image.pixels import Pixels
from imagegate.image.source import Content

Notes = tuple[str, ...]

# OpenCV before 4.11 knows BGR alone.
COLOUR: int = getattr(cv2, "IMREAD_COLOR_RGB", cv2.IMREAD_COLOR)

# Pixels of a PNG up to which its colour is decoded, 48 MB for a moment, to take the luma of it.
LARGEST_COLOUR = 16_000_000


def to_planes(
    content: Content, header: Header, frame: int
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
    # By the time of its call, another file may stand at the path.
    colour = partial(_colour, replace(content, path=""), header)
    if header.format == "JPEG" and header.mode != "cmyk":
        return _jpeg(content, header, cv2.IMREAD_GRAYSCALE), colour, ()
    if header.format == "PNG" and header.bits <= 8 and not header.alpha and header.frames == 1:
        return _png_luma(content, header), colour, ()
    pixels, notes = _picture(content, header, frame)
    return px.to_gray(pixels), partial(px.to_rgb, pixels), notes


def _colour(content: Content, header: Header) -> Pixels:
    decode = _jpeg if header.format == "JPEG" else _opencv
    return decode(content, header, COLOUR)


def _jpeg(content: Content, header: Header, flag: int) -> Pixels:
    pixels = turbo.decode(content.data, _stored(header, flag))
    return _opencv(content, header, flag) if pixels is None else _upright(pixels, header, content)


def _png_luma(content: Content, header: Header) -> Pixels:
    if header.mode == "gray":
        return _opencv(content, header, cv2.IMREAD_GRAYSCALE)
    if header.width * header.height <= LARGEST_COLOUR:
        return px.to_gray(_opencv(content, header, COLOUR))
    # libpng's own luma truncates, at most one level; and it would go through linear light.
    pieces = png.without_gamma(content.data, content.name)
    return _opencv(content, header, cv2.IMREAD_GRAYSCALE, pieces)


def _picture(content: Content, header: Header, frame: int) -> tuple[Pixels, Notes]:
    """Decode what is not simply gray or colour of 8 bits."""
    data, source = content.data, content.name
    if header.format == "PDF":
        return _checked(pdf.render(data, source, frame), header, source), ("rendered at 200 dpi",)
    if frame == 0 and _whole_by_opencv(header):
        samples = _opencv(content, header, cv2.IMREAD_UNCHANGED)
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


def _opencv(
    content: Content, header: Header, flag: int, pieces: imread.Pieces = ()
) -> NDArray[Any]:
    """Decode to gray, RGB or RGBA of 8 or 16 bits, upright; of ``pieces`` if not of the whole."""
    path = content.path if len(pieces) <= 1 else ""
    pieces = pieces or (content.data,)
    samples: Any = None
    with decoding(content.name, header.format):
        # One rule turns all formats; IMREAD_UNCHANGED, -1, never turns and takes no other flag.
        if flag != cv2.IMREAD_UNCHANGED:
            flag |= cv2.IMREAD_IGNORE_ORIENTATION
            samples = imread.decode(pieces, path, _stored(header, flag), flag)
        if samples is None:
            samples = cv2.imdecode(np.frombuffer(b"".join(pieces), np.uint8), flag)
    if samples is None:
        raise BrokenImageError(
            content.name, f"the {header.format} cannot be decoded; get it again from its origin"
        )
    if samples.ndim == 3 and (flag == cv2.IMREAD_UNCHANGED or COLOUR == cv2.IMREAD_COLOR):
        code = cv2.COLOR_BGRA2RGBA if samples.shape[2] == 4 else cv2.COLOR_BGR2RGB
        samples = cv2.cvtColor(samples, code, dst=samples)
    return _upright(samples, header, content)


def _stored(header: Header, flag: int) -> tuple[int, ...]:
    """Return the shape of the pixels before they are turned upright."""
    size = header.height, header.width
    if header.orientation >= 5:
        size = header.width, header.height
    return (*size, 3) if flag & COLOUR else size


def _upright(samples: NDArray[Any], header: Header, content: Content) -> NDArray[Any]:
    return _checked(px.upright(samples, header.orientation), header, content.name)


def _checked(pixels: NDArray[Any], header: Header, source: str) -> NDArray[Any]:
    if pixels.shape[:2] != (header.height, header.width):
        height, width = pixels.shape[:2]
        raise BrokenImageError(
            source,
            f"the {header.format} header says {header.width} × {header.height} pixels, "
            f"its data {width} × {height}; export it again",
        )
    return pixels
