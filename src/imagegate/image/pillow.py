"""Everything that Pillow does: open a file lazily and turn any mode into uint8 RGB or gray."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from imagegate.errors import UnsupportedImageError
from imagegate.extras import require
from imagegate.image.header import Header, Limits, check_header, decoding, orientation
from imagegate.image.image import Image, image_of
from imagegate.image.pixels import (
    DECODED_16_BIT,
    Pixels,
    simplify,
    to_8_bits,
    turn_note,
    upright,
)

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

WITH_ALPHA = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
GRAY = frozenset({"1", "L"})
COLOUR = frozenset({"P", "RGB", "RGBX", "CMYK", "YCbCr", "HSV"})
PHOTOMETRIC, WHITE_IS_ZERO = 262, 0

# Warning filters are the whole process's: two threads that swap them at once may leave
# them swapped for good.
_filters = threading.Lock()


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


def from_pillow(picture: PillowImage, limits: Limits) -> Image:
    """Return a caller's PIL image, at the frame where it stands, as an Image."""
    source = str(getattr(picture, "filename", "") or "<PIL image>")
    check_header(Header("PIL", *picture.size), source, limits)
    pixels, notes = to_pixels(picture, source, "PIL image")
    # The plugins that turn pictures themselves set this right while they load.
    exif = picture.info.get("exif")
    turned = orientation(exif) if isinstance(exif, bytes) else 1
    pixels = upright(pixels, turned)
    height, width = pixels.shape[:2]
    mode = "gray" if pixels.ndim == 2 else "rgb"
    header = Header("PIL", width, height, mode=mode, orientation=turned)
    return image_of(pixels, source, header, (*turn_note(turned), *notes))
