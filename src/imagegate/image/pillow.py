"""Everything that Pillow does: open a file lazily and turn any mode into uint8 RGB or gray."""

from __future__ import annotations

import io
import struct
import sys
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from imagegate.errors import (
    BrokenImageError,
    ImageTooLargeError,
    MissingExtraError,
    TruncatedImageError,
    UnsupportedImageError,
)
from imagegate.image.exif import orientation
from imagegate.image.pixels import DECODED_16_BIT, Pixels, simplify, to_8_bits, upright

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage
    from PIL.ImageFile import ImageFile

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

# What decoders raise on hostile bytes; catching Exception would hide what is our own.
DECODER_ERRORS = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, OSError),
    *(RuntimeError, SyntaxError, TypeError, ValueError, struct.error, zlib.error, cv2.error),
)

WITH_ALPHA = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
GRAY = frozenset({"1", "L"})
COLOUR = frozenset({"P", "RGB", "RGBX", "CMYK", "YCbCr", "HSV"})
PHOTOMETRIC, WHITE_IS_ZERO = 262, 0

# Warning filters are the whole process's: two threads that swap them at once may leave
# them swapped for good.
_filters = threading.Lock()


@contextmanager
def decoding(source: str, name: str) -> Iterator[None]:
    """Translate what a decoder raises into the errors of imagegate."""
    try:
        yield
    except DECODER_ERRORS as error:
        if isinstance(error, ValueError) and hasattr(error, "source"):
            raise
        kind = TruncatedImageError if "truncated" in str(error) else BrokenImageError
        detail = str(error).strip().rstrip(".") or type(error).__name__
        raise kind(
            source, f"the {name} cannot be decoded ({detail}); get it again from its origin"
        ) from error
    except MemoryError as error:
        raise ImageTooLargeError(source, f"not enough memory to decode this {name}") from error
    except _bomb_error() as error:
        raise ImageTooLargeError(
            source, f"beyond Pillow's own limit too ({error}); raise PIL.Image.MAX_IMAGE_PIXELS"
        ) from error


def _bomb_error() -> tuple[type[Exception], ...]:
    module = sys.modules.get("PIL.Image")
    return (module.DecompressionBombError,) if module else ()


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
        try:
            return import_module("pillow_heif").HeifImageFile
        except ImportError:
            raise MissingExtraError("pillow_heif", "heic") from None
    from PIL import features

    library = name.lower()
    if library in ("avif", "webp") and not features.check(library):
        raise UnsupportedImageError(
            source, f"found {name}, and this Pillow was built without it; pip install -U pillow"
        )
    module, plugin = PLUGINS[name]
    return getattr(import_module(f"PIL.{module}"), plugin)


def to_pixels(picture: PillowImage, source: str, name: str) -> tuple[Pixels, tuple[str, ...]]:
    """Decode a Pillow image into uint8 RGB (height, width, 3) or gray (height, width).

    Returns
    -------
    pixels : NDArray[np.uint8]
        Not turned upright.
    notes : tuple of str
        What had to be done to the samples.
    """
    with decoding(source, name):
        picture.load()
        mode = picture.mode
        if mode.startswith("I;16"):
            return _sixteen(picture), (DECODED_16_BIT,)
        if mode in WITH_ALPHA or (mode in GRAY | COLOUR and "transparency" in picture.info):
            return _composited(picture)
        if mode in GRAY:
            return _samples(picture, "L"), ()
        if mode in COLOUR:
            notes = ("CMYK converted without its ICC profile",) if mode == "CMYK" else ()
            return _samples(picture, "RGB"), notes
    raise UnsupportedImageError(
        source,
        f"found {mode!r} samples, which have no fixed range; scale them to 8 bits, gray or RGB",
    )


def _samples(picture: PillowImage, mode: str) -> Pixels:
    # Converting to the mode that an image has would copy it.
    return np.asarray(picture if picture.mode == mode else picture.convert(mode))


def _sixteen(picture: PillowImage) -> Pixels:
    samples = np.asarray(picture).astype(np.uint16)
    transparent = picture.info.get("transparency")
    if isinstance(transparent, int):
        samples[samples == transparent] = 65535
    tags = getattr(picture, "tag_v2", {})
    if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO:
        samples = 65535 - samples
    return to_8_bits(samples)


def _composited(picture: PillowImage) -> tuple[Pixels, tuple[str, ...]]:
    pixels, notes = simplify(_samples(picture, "RGBA"))
    gray = picture.mode in ("1", "L", "LA", "La")
    return np.ascontiguousarray(pixels[..., 0]) if gray else pixels, notes


def is_pillow_image(source: object) -> bool:
    """Tell whether something is a PIL image, without importing Pillow for it."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(source, module.Image)


def decode_open_image(picture: PillowImage, source: str) -> tuple[Pixels, tuple[str, ...], int]:
    """Decode a caller's PIL image, at the frame where it stands.

    Returns
    -------
    pixels : NDArray[np.uint8]
        Upright RGB (height, width, 3) or gray (height, width).
    notes : tuple of str
        What had to be done to the samples.
    orientation : int
        The EXIF orientation that was applied here.
    """
    pixels, notes = to_pixels(picture, source, "PIL image")
    # The plugins that turn pictures themselves set this right while they load.
    exif = picture.info.get("exif")
    turned = orientation(exif) if isinstance(exif, bytes) else 1
    return upright(pixels, turned), notes, turned
