"""Small image files of every container and sample kind, made on the spot."""

from __future__ import annotations

import io
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import features

Pixels = NDArray[np.uint8]

HEIGHT, WIDTH = 40, 56


def picture(height: int = HEIGHT, width: int = WIDTH) -> Pixels:
    """Return a smooth coloured picture with a dark bar at the top left; every side is different."""
    rng = np.random.default_rng(7)
    coarse = rng.integers(60, 255, (4, 5, 3), dtype=np.uint8)
    pixels = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    pixels[2:8, 2:24] = 10
    return pixels


def encode(image: Pillow.Image | Pixels, name: str, **options: Any) -> bytes:
    """Return the bytes of a PIL image or array as Pillow saves it."""
    if name == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    stream = io.BytesIO()
    still = image if isinstance(image, Pillow.Image) else Pillow.fromarray(image)
    still.save(stream, name, **options)
    return stream.getvalue()


def has_decoder(container: str) -> bool:
    """Tell whether this environment decodes a container."""
    if container == "HEIC":
        return find_spec("pillow_heif") is not None
    return container != "AVIF" or features.check("avif")


def _mode(mode: str) -> Pillow.Image:
    return Pillow.fromarray(picture()).convert(mode)


def _alpha(mode: str = "RGBA") -> Pillow.Image:
    image = _mode(mode)
    ramp = np.linspace(0, 255, WIDTH).astype(np.uint8)
    image.putalpha(Pillow.fromarray(np.tile(ramp, (HEIGHT, 1))))
    return image


def _frames(mode: str = "RGB") -> dict[str, Any]:
    others = [Pillow.fromarray(np.roll(picture(), shift, 1)).convert(mode) for shift in (9, 18)]
    return {"save_all": True, "append_images": others}


def _sixteen(extension: str, channels: int) -> bytes:
    rng = np.random.default_rng(3)
    shape = (HEIGHT, WIDTH) if channels == 1 else (HEIGHT, WIDTH, channels)
    coded = cv2.imencode(extension, rng.integers(0, 65536, shape, dtype=np.uint16))[1]
    return bytes(coded)


def _rle_bmp() -> bytes:
    palette = b"".join(bytes([level, level, level, 0]) for level in range(256))
    row = b"\x38\x55" + b"\0\0"
    data = row * HEIGHT + b"\0\1"
    start = 14 + 40 + len(palette)
    header = b"BM" + (start + len(data)).to_bytes(4, "little") + bytes(4)
    header += start.to_bytes(4, "little") + (40).to_bytes(4, "little")
    header += WIDTH.to_bytes(4, "little") + HEIGHT.to_bytes(4, "little")
    header += b"\1\0\x08\0" + b"\1\0\0\0" + len(data).to_bytes(4, "little") + bytes(16)
    return header + palette + data


def exif(orientation: int) -> bytes:
    """Return an EXIF block that says nothing but the orientation."""
    block = Pillow.Exif()
    block[274] = orientation
    return block.tobytes()


# Name: (container as Header.format says it, how the file is made).
SAMPLES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "jpeg": ("JPEG", lambda: encode(picture(), "JPEG", quality=90)),
    "jpeg-progressive": ("JPEG", lambda: encode(picture(), "JPEG", progressive=True)),
    "jpeg-gray": ("JPEG", lambda: encode(_mode("L"), "JPEG")),
    "jpeg-cmyk": ("JPEG", lambda: encode(_mode("CMYK"), "JPEG", quality=95)),
    "jpeg-turned": ("JPEG", lambda: encode(picture(), "JPEG", exif=exif(6))),
    "jpeg-restarts": ("JPEG", lambda: encode(picture(), "JPEG", restart_marker_rows=1)),
    "png": ("PNG", lambda: encode(picture(), "PNG")),
    "png-gray": ("PNG", lambda: encode(_mode("L"), "PNG")),
    "png-1-bit": ("PNG", lambda: encode(_mode("1"), "PNG")),
    "png-palette": ("PNG", lambda: encode(_mode("P"), "PNG")),
    "png-palette-transparent": ("PNG", lambda: encode(_mode("P"), "PNG", transparency=3)),
    "png-gray-transparent": ("PNG", lambda: encode(_mode("L"), "PNG", transparency=10)),
    "png-rgb-transparent": ("PNG", lambda: encode(picture(), "PNG", transparency=(10, 10, 10))),
    "png-la": ("PNG", lambda: encode(_alpha("L"), "PNG")),
    "png-rgba": ("PNG", lambda: encode(_alpha(), "PNG")),
    "png-16-gray": ("PNG", lambda: _sixteen(".png", 1)),
    "png-16-rgb": ("PNG", lambda: _sixteen(".png", 3)),
    "png-16-rgba": ("PNG", lambda: _sixteen(".png", 4)),
    "png-animated": ("PNG", lambda: encode(picture(), "PNG", **_frames())),
    "webp": ("WebP", lambda: encode(picture(), "WEBP")),
    "webp-lossless": ("WebP", lambda: encode(picture(), "WEBP", lossless=True)),
    "webp-alpha": ("WebP", lambda: encode(_alpha(), "WEBP", lossless=True, exact=True)),
    "webp-animated": ("WebP", lambda: encode(picture(), "WEBP", **_frames())),
    "tiff": ("TIFF", lambda: encode(picture(), "TIFF")),
    "tiff-lzw": ("TIFF", lambda: encode(picture(), "TIFF", compression="tiff_lzw")),
    "tiff-deflate": ("TIFF", lambda: encode(picture(), "TIFF", compression="tiff_adobe_deflate")),
    "tiff-jpeg": ("TIFF", lambda: encode(picture(), "TIFF", compression="jpeg")),
    "tiff-group4": ("TIFF", lambda: encode(_mode("1"), "TIFF", compression="group4")),
    "tiff-gray": ("TIFF", lambda: encode(_mode("L"), "TIFF")),
    "tiff-palette": ("TIFF", lambda: encode(_mode("P"), "TIFF")),
    "tiff-cmyk": ("TIFF", lambda: encode(_mode("CMYK"), "TIFF")),
    "tiff-rgba": ("TIFF", lambda: encode(_alpha(), "TIFF")),
    "tiff-16-gray": ("TIFF", lambda: encode(Pillow.fromarray(_ramp()), "TIFF")),
    "tiff-16-rgb": ("TIFF", lambda: _sixteen(".tiff", 3)),
    "tiff-big": ("TIFF", lambda: encode(picture(), "TIFF", big_tiff=True)),
    "tiff-pages": ("TIFF", lambda: encode(picture(), "TIFF", **_frames())),
    "bmp": ("BMP", lambda: encode(picture(), "BMP")),
    "bmp-palette": ("BMP", lambda: encode(_mode("P"), "BMP")),
    "bmp-1-bit": ("BMP", lambda: encode(_mode("1"), "BMP")),
    "bmp-rle": ("BMP", _rle_bmp),
    "gif": ("GIF", lambda: encode(_mode("P"), "GIF")),
    "gif-transparent": ("GIF", lambda: encode(_mode("P"), "GIF", transparency=3)),
    "gif-animated": ("GIF", lambda: encode(_mode("P"), "GIF", **_frames("P"))),
    "avif": ("AVIF", lambda: encode(picture(), "AVIF", quality=90)),
    "avif-alpha": ("AVIF", lambda: encode(_alpha(), "AVIF")),
    "heic": ("HEIC", lambda: encode(picture(), "HEIF", quality=90)),
}

# The samples that keep picture() bit by bit.
LOSSLESS = ("png", "webp-lossless", "tiff", "tiff-lzw", "tiff-deflate", "tiff-big", "bmp")


def _ramp() -> NDArray[np.uint16]:
    return np.linspace(0, 65535, HEIGHT * WIDTH).astype(np.uint16).reshape(HEIGHT, WIDTH)
