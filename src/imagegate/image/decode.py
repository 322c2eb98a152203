"""Decode a file: the only one that knows OpenCV's BGR, and the only one that knows Pillow."""

from __future__ import annotations

import io
import math
import os
import struct
import sys
import threading
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.errors import (
    BrokenImageError,
    ImageError,
    ImageTooLargeError,
    TruncatedImageError,
    UnsupportedImageError,
)
from imagegate.extras import require
from imagegate.image.header import (
    UNENDED,
    File,
    Header,
    Limits,
    check_header,
    orientation,
    turn_note,
)
from imagegate.image.image import Image, Pixels, image_of, upright

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage
    from PIL.ImageFile import ImageFile

Colour = Callable[[], Pixels]
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

# What decoders raise on hostile bytes; catching Exception would hide what is our own.
DECODER_ERRORS = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, OSError),
    *(RuntimeError, SyntaxError, TypeError, ValueError, struct.error, zlib.error, cv2.error),
)

# Opened by class and not by PIL.Image.open, which sniffs formats that we do not read
# (one of them starts Ghostscript) and warns about sizes that our own limits have checked.
PLUGINS = {
    "PNG": ("PngImagePlugin", "PngImageFile"),
    "JPEG": ("JpegImagePlugin", "JpegImageFile"),
    "WebP": ("WebPImagePlugin", "WebPImageFile"),
    "TIFF": ("TiffImagePlugin", "TiffImageFile"),
    "BMP": ("BmpImagePlugin", "BmpImageFile"),
    "GIF": ("GifImagePlugin", "GifImageFile"),
    "AVIF": ("AvifImagePlugin", "AvifImageFile"),
}

# Modes of Pillow.
WITH_ALPHA = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
GRAY_MODES = frozenset({"1", "L"})
COLOUR_MODES = frozenset({"P", "RGB", "RGBX", "CMYK", "YCbCr", "HSV"})
PHOTOMETRIC, WHITE_IS_ZERO = 262, 0

# Warning filters are the whole process's: two threads that swap them at once may leave
# them swapped for good.
_filters = threading.Lock()


def decode(file: File, header: Header, frame: int) -> tuple[NDArray[Any], Colour | None, Notes]:
    """Return the pixels of one frame as they are stored: uint8 or uint16, gray, RGB or RGBA.

    Where they are enough for the gray plane alone, also what decodes the colour plane (upright RGB)
    when it is asked for; and notes on what had to be done to the pixels.
    """
    if UNENDED in header.notes:  # decoders miss it, or the last row
        file = replace(file, data=file.data.rstrip(b"\xff") + b"\xff\xd9", path="")
    # By the time that the colour is asked for, another file may stand at the path.
    colour = partial(_colour, replace(file, path=""), header)
    if header.format == "JPEG" and header.mode != "cmyk":
        return _jpeg(file, header, cv2.IMREAD_GRAYSCALE), colour, ()
    if header.format == "PNG" and header.bits <= 8 and not header.alpha and header.frames == 1:
        return _png_luma(file, header), colour, ()
    if header.format == "PDF":
        from imagegate.image.containers.pdf import render

        with decoding(file.source, "PDF"):
            pixels, notes = render(file.data, file.source, frame)
        return pixels, None, notes
    if header.format == "TIFF":
        from imagegate.image.containers.tiff import page_first

        file, frame = replace(file, data=page_first(file.data, file.source, frame), path=""), 0
    if frame == 0 and _whole_by_opencv(header):
        pixels = _opencv(file, header, cv2.IMREAD_UNCHANGED)
        # OpenCV overlooks the transparent level of a gray PNG.
        if pixels.ndim == 3 or not header.alpha:
            return pixels, None, ()
    picture = open_lazily(file.data, header.format, file.source, frame=frame)
    pixels, notes = to_pixels(picture, file.source, header.format)
    return pixels, None, notes


def _colour(file: File, header: Header) -> Pixels:
    stored = _jpeg if header.format == "JPEG" else _opencv
    return upright(stored(file, header, COLOUR), file.source, header)


def _jpeg(file: File, header: Header, flag: int) -> Pixels:
    pixels = _simplejpeg(file.data, _stored_shape(header, flag))
    return _opencv(file, header, flag) if pixels is None else pixels


def _png_luma(file: File, header: Header) -> Pixels:
    """Return gray pixels, or colour of which the luma is exact."""
    if header.mode == "gray":
        return _opencv(file, header, cv2.IMREAD_GRAYSCALE)
    if header.width * header.height <= LARGEST_COLOUR:
        return _opencv(file, header, COLOUR)
    from imagegate.image.containers.png import without_gamma

    # libpng's own luma truncates, at most one level; and it would go through linear light.
    data = without_gamma(file.data, file.source)
    file = file if data is file.data else File(data, file.source)
    return _opencv(file, header, cv2.IMREAD_GRAYSCALE)


def _whole_by_opencv(header: Header) -> bool:
    """Tell whether OpenCV keeps alpha and all 16 bits, where Pillow keeps 8."""
    if header.format == "TIFF":
        # OpenCV turns TIFFs in its own way, which differs between its versions.
        colour = header.mode == "rgb" and not header.alpha
        return colour and header.bits == 16 and header.orientation == 1
    return header.format == "PNG" and header.frames == 1


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
    """Return simplejpeg's function, or None; imported with the first JPEG."""
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
            file.source, f"the {header.format} cannot be decoded; download or export it again"
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


@contextmanager
def decoding(source: str, name: str) -> Iterator[None]:
    """Translate what a decoder raises into the errors of imagegate."""
    try:
        yield
    except DECODER_ERRORS as error:
        if isinstance(error, ImageError):
            raise
        kind = TruncatedImageError if "truncated" in str(error) else BrokenImageError
        detail = str(error).strip().rstrip(".") or type(error).__name__
        raise kind(
            source, f"the {name} cannot be decoded ({detail}); download or export it again"
        ) from error
    except MemoryError as error:
        raise ImageTooLargeError(source, f"not enough memory to decode this {name}") from error
    except Exception as error:
        pillow = sys.modules.get("PIL.Image")
        if pillow is None or not isinstance(error, pillow.DecompressionBombError):
            raise
        raise ImageTooLargeError(
            source, f"beyond Pillow's own limit too ({error}); raise PIL.Image.MAX_IMAGE_PIXELS"
        ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Pillow's warnings about odd metadata from the caller."""
    with _filters, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def open_lazily(data: bytes, name: str, source: str, *, frame: int = 0) -> ImageFile:
    """Return Pillow's image of one frame of a file; nothing of that frame is decoded yet."""
    with quiet(), decoding(source, name):
        picture: ImageFile = _plugin(name, source)(io.BytesIO(data))
        if frame:
            picture.seek(frame)
        if name == "TIFF":
            # Loading does both, and warns; done here, under the quiet, they are not done again.
            picture.getexif()
            picture.load_prepare()
        return picture


def _plugin(name: str, source: str) -> Any:
    if name == "HEIC":
        return require("pillow_heif", "heic").HeifImageFile
    from PIL import features

    library = name.lower()
    if library in ("avif", "webp") and not features.check(library):
        raise UnsupportedImageError(
            source, f"found {name}, and this Pillow was built without it; pip install -U pillow"
        )
    module, plugin = PLUGINS[name]
    return getattr(import_module(f"PIL.{module}"), plugin)


def to_pixels(picture: PillowImage, source: str, name: str) -> tuple[NDArray[Any], Notes]:
    """Decode a Pillow image into uint8 or uint16, gray, RGB or RGBA, not turned upright."""
    with decoding(source, name):
        picture.load()
        mode = picture.mode
        if mode.startswith("I;16"):
            return _sixteen(picture), ()
        if mode in WITH_ALPHA or (
            mode in GRAY_MODES | COLOUR_MODES and "transparency" in picture.info
        ):
            return _as(picture, "RGBA"), ()
        if mode in GRAY_MODES:
            return _as(picture, "L"), ()
        if mode in COLOUR_MODES:
            notes = ("CMYK converted without its ICC profile",) if mode == "CMYK" else ()
            return _as(picture, "RGB"), notes
    raise UnsupportedImageError(
        source,
        f"found {mode!r} samples, which have no fixed range; scale them to 8 bits, gray or RGB",
    )


def _as(picture: PillowImage, mode: str) -> Pixels:
    # Converting to the mode that an image has would copy it.
    return np.asarray(picture if picture.mode == mode else picture.convert(mode))


def _sixteen(picture: PillowImage) -> NDArray[np.uint16]:
    pixels = np.asarray(picture).astype(np.uint16)
    transparent = picture.info.get("transparency")
    if isinstance(transparent, int):
        pixels[pixels == transparent] = 65535
    tags = getattr(picture, "tag_v2", {})
    return 65535 - pixels if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO else pixels


def from_pillow(picture: PillowImage, limits: Limits) -> Image:
    """Return a caller's PIL image, at the frame where it stands, as an Image."""
    source = str(getattr(picture, "filename", "") or "<PIL image>")
    check_header(Header("PIL", *picture.size), source, limits)
    pixels, notes = to_pixels(picture, source, "PIL image")
    # The plugins that turn pictures themselves set this right while they load.
    turned = orientation(picture.info.get("exif"))
    height, width = pixels.shape[1::-1] if turned >= 5 else pixels.shape[:2]
    mode = "gray" if pixels.ndim == 2 or picture.mode in ("1", "L", "LA", "La") else "rgb"
    header = Header("PIL", width, height, mode=mode, orientation=turned)
    return image_of(pixels, source, header, (*turn_note(turned), *notes))
