"""Decode the bytes of a file into upright pixels: the only file that knows OpenCV's BGR."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.errors import BrokenImageError
from imagegate.image import pixels as px
from imagegate.image.containers import other_format_of
from imagegate.image.header import DECODER_ERRORS, File, Header, decoding
from imagegate.image.image import Image, image_of
from imagegate.image.pixels import Pixels

Notes = tuple[str, ...]

# OpenCV before 4.11 knows BGR alone.
COLOUR: int = getattr(cv2, "IMREAD_COLOR_RGB", cv2.IMREAD_COLOR)

# Pixels of a PNG up to which its colour is decoded, 48 MB for a moment, to take the luma of it.
LARGEST_COLOUR = 16_000_000

# Beyond about this the system hands out fresh pages: touching those of a second plane, and copying
# it, takes longer than opening a file.
LEAST_BYTES = 1 << 18

TAKES_ARRAY = "dst" in str(cv2.imread.__doc__)  # OpenCV 4.10 and later

# imread leaves the array as it was, and says nothing, where it cannot open or recognise the file.
UNTOUCHED = np.frombuffer(b"nothing was read", np.uint8)

SPACES = {2: "GRAY", 3: "RGB"}  # of simplejpeg, by dimensions

Shape = tuple[int, ...]


def decode(file: File, header: Header, frame: int, notes: Notes) -> Image:
    """Decode one frame into an Image, whose notes begin with what the container says."""
    notes = (*_container_notes(header, file.source), *notes)
    if header.format == "JPEG" and header.mode != "cmyk":
        gray = _jpeg(file, header, cv2.IMREAD_GRAYSCALE)
    elif header.format == "PNG" and header.bits <= 8 and not header.alpha and header.frames == 1:
        gray = _png_luma(file, header)
    else:
        pixels, more = _picture(file, header, frame)
        return image_of(_upright(pixels, file, header), file.source, header, (*notes, *more))
    # By the time that the colour is asked for, another file may stand at the path.
    colour = partial(_colour, replace(file, path=""), header)
    return Image(file.source, px.frozen(_upright(gray, file, header)), header, notes, colour)


def _container_notes(header: Header, source: str) -> Notes:
    notes = []
    suffix = Path(source).suffix
    if other_format_of(suffix, header.format):
        notes.append(f"named {suffix}, but the content is {header.format}")
    if header.profile:
        notes.append("ICC profile other than sRGB ignored")
    return (*notes, *px.turn_note(header.orientation))


def _colour(file: File, header: Header) -> Pixels:
    stored = _jpeg if header.format == "JPEG" else _opencv
    return _upright(stored(file, header, COLOUR), file, header)


def _jpeg(file: File, header: Header, flag: int) -> Pixels:
    pixels = _simplejpeg(file.data, _stored_shape(header, flag))
    return _opencv(file, header, flag) if pixels is None else pixels


def _png_luma(file: File, header: Header) -> Pixels:
    if header.mode == "gray":
        return _opencv(file, header, cv2.IMREAD_GRAYSCALE)
    if header.width * header.height <= LARGEST_COLOUR:
        return px.to_gray(_opencv(file, header, COLOUR))
    from imagegate.image.containers.png import without_gamma

    # libpng's own luma truncates, at most one level; and it would go through linear light.
    data = without_gamma(file.data, file.source)
    plain = file if data is file.data else File(data, file.source)
    return _opencv(plain, header, cv2.IMREAD_GRAYSCALE)


def _picture(file: File, header: Header, frame: int) -> tuple[Pixels, Notes]:
    """Decode what is not simply gray or colour of 8 bits."""
    if header.format == "PDF":
        from imagegate.image.pdf import render

        return render(file.data, file.source, frame), ("rendered at 200 dpi",)
    if frame == 0 and _whole_by_opencv(header):
        pixels = _opencv(file, header, cv2.IMREAD_UNCHANGED)
        # OpenCV overlooks the transparent level of a gray PNG.
        if pixels.ndim == 3 or not header.alpha:
            return px.simplify(pixels)
    from imagegate.image.pillow import open_lazily, to_pixels

    picture = open_lazily(file.data, header.format, file.source, frame=frame)
    return to_pixels(picture, file.source, header.format)


def _whole_by_opencv(header: Header) -> bool:
    """Tell whether OpenCV keeps alpha and all 16 bits, where Pillow keeps 8."""
    if header.format == "TIFF":
        # OpenCV turns TIFFs in its own way, which differs between its versions.
        plain = header.mode == "rgb" and not header.alpha and header.orientation == 1
        return plain and header.bits == 16
    return header.format == "PNG" and header.frames == 1


def _upright(pixels: NDArray[Any], file: File, header: Header) -> NDArray[Any]:
    """Turn the pixels as they are stored, and refuse those of another size than promised."""
    # Pillow itself turns the pages of a TIFF, and libheif all its pictures.
    if header.format not in ("TIFF", "HEIC"):
        pixels = px.upright(pixels, header.orientation)
    height, width = pixels.shape[:2]
    if (height, width) != (header.height, header.width):
        raise BrokenImageError(
            file.source,
            f"the {header.format} header says {header.width} × {header.height} pixels, "
            f"its data {width} × {height}; export it again",
        )
    return pixels


def _stored_shape(header: Header, flag: int) -> Shape:
    """Return the shape of the pixels before they are turned upright."""
    size = header.height, header.width
    if header.orientation >= 5:
        size = header.width, header.height
    return (*size, 3) if flag & COLOUR else size


def _simplejpeg(data: bytes, shape: Shape) -> Pixels | None:
    """Return the pixels of a JPEG, not CMYK; None where OpenCV is to decode it or to complain.

    Both wheels hold libjpeg-turbo and set it up alike, so their pixels are equal; this one writes
    them where they shall stay. It refuses whatever libjpeg would only warn about.
    """
    decode_jpeg = simplejpeg()
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
def simplejpeg() -> Callable[..., Any] | None:
    """Return simplejpeg's function, or None; looked for once, when the first JPEG is decoded."""
    try:
        from simplejpeg import decode_jpeg
    except (ImportError, AttributeError, RuntimeError, ValueError):
        # The last three: it was built for another NumPy.
        return None
    found: Callable[..., Any] = decode_jpeg
    return found


def _opencv(file: File, header: Header, flag: int) -> NDArray[Any]:
    """Decode to gray, RGB or RGBA of 8 or 16 bits."""
    pixels: Any = None
    with decoding(file.source, header.format):
        # One rule turns all formats; IMREAD_UNCHANGED, -1, never turns and takes no other flag.
        if flag != cv2.IMREAD_UNCHANGED:
            flag |= cv2.IMREAD_IGNORE_ORIENTATION
            pixels = _into_array(file, _stored_shape(header, flag), flag)
        if pixels is None:
            pixels = cv2.imdecode(np.frombuffer(file.data, np.uint8), flag)
    if pixels is None:
        raise BrokenImageError(
            file.source, f"the {header.format} cannot be decoded; get it again from its origin"
        )
    if pixels.ndim == 3 and (flag == cv2.IMREAD_UNCHANGED or COLOUR == cv2.IMREAD_COLOR):
        code = cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGB
        pixels = cv2.cvtColor(pixels, code, dst=pixels)
    return np.asarray(pixels)


def _into_array(file: File, shape: Shape, flag: int) -> Pixels | None:
    """Decode into an array of ours, which saves a second plane and its copying.

    None where ``cv2.imdecode`` is to decode.
    """
    if not TAKES_ARRAY or math.prod(shape) < LEAST_BYTES:
        return None
    pixels = np.empty(shape, np.uint8)
    end = pixels.reshape(-1)[-UNTOUCHED.size :]
    end[:] = UNTOUCHED
    try:
        with _named(file) as name:
            found = cv2.imread(name, pixels, flag) if name else None
    except (OSError, cv2.error):
        # No room for a file in memory; or the file has another size than the header by now.
        return None
    return None if found is None or np.array_equal(end, UNTOUCHED) else pixels


@contextmanager
def _named(file: File) -> Iterator[str]:
    """Yield the name of a file of this content: on disk, or in memory where Linux offers that."""
    # Windows takes other names in another encoding, and names that are not Unicode crash OpenCV.
    if file.path and file.path.isascii():
        yield file.path
    elif hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("imagegate"), "wb") as memory:
            memory.write(file.data)
            memory.flush()
            yield f"/proc/self/fd/{memory.fileno()}"
    else:
        yield ""
