"""What a container says about its picture, the limits on it, and the errors for damage."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from imagegate.errors import (
    BrokenImageError,
    ImageTooLargeError,
    SettingsError,
    TruncatedImageError,
)

# No encoder writes so many chunks, blocks or boxes within the byte limit; a walk over an
# endless row of empty ones would take minutes.
MOST_PARTS = 4_000_000

ORIENTATION_TAG, SHORT = 0x0112, 3  # of EXIF


@dataclass(frozen=True)
class File:
    """The bytes of a file.

    Parameters
    ----------
    data : bytes
        All of them.
    source : str
        What messages call the file.
    path : str
        Where it was read from; empty for bytes and file objects.
    """

    data: bytes = field(repr=False)
    source: str
    path: str = ""


@dataclass(frozen=True)
class Header:
    """The facts of one picture, read without decoding it.

    Parameters
    ----------
    format : str
        ``"JPEG"``, ``"PNG"``, ``"WebP"``, ``"TIFF"``, ``"BMP"``, ``"GIF"``, ``"AVIF"``,
        ``"HEIC"``, ``"PDF"``; ``"PIL"`` or ``"array"`` where there is no container.
    width, height : int
        Size in pixels as the picture is seen: the orientation is applied already.
    frames : int
        Pictures in the file: pages, or frames of an animation. A JPEG has one; the
        previews and gain maps behind it are not counted.
    bits : int
        Bits a sample as stored: 1 to 16.
    mode : str
        Samples as stored: ``"gray"``, ``"rgb"``, ``"palette"``, ``"cmyk"``,
        ``"ycbcr"`` or ``"lab"``.
    alpha : bool
        Whether there is an alpha channel or a transparent colour.
    orientation : int
        The EXIF orientation that was found (1 to 8) and has been applied.
    profile : bool
        Whether there is an ICC profile other than sRGB; it is ignored.
    size_bytes : int
        Length of the file; 0 for arrays and PIL images.
    luma_table : tuple of 64 int, or None
        The JPEG quantisation table of the first component in natural (row by row) order.
    """

    format: str
    width: int
    height: int
    frames: int = 1
    bits: int = 8
    mode: str = "rgb"
    alpha: bool = False
    orientation: int = 1
    profile: bool = False
    size_bytes: int = 0
    luma_table: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Limits:
    """The largest file and picture that are accepted, checked before decoding.

    Parameters
    ----------
    bytes : int
        Length of the file; the default holds an uncompressed 100-megapixel colour TIFF.
    pixels : int
        Width times height; the default holds a 151-megapixel camera's photograph. Decoding its
        gray plane takes, besides the file, about 1 byte of memory a pixel for JPEG (progressive: up
        to 7) and PNG of 8 bits (in colour, up to 16 megapixels: 4), up to 13 for the rest.
    side : int
        The longer side.
    frames : int
        Pages or frames in one file.

    Examples
    --------
    >>> Limits(pixels=40_000_000).pixels
    40000000
    """

    bytes: int = 512 * 1024 * 1024
    pixels: int = 160_000_000
    side: int = 65_535
    frames: int = 1000

    def __post_init__(self) -> None:
        """Refuse limits that are not positive whole numbers."""
        for name, value in vars(self).items():
            if type(value) is not int or value < 1:
                raise SettingsError(
                    f"limit {name!r}: expected a whole number above 0, got {value!r}"
                )


def check_bytes(size: int, source: str, limits: Limits) -> None:
    """Raise ImageTooLargeError if the file is longer than the limit."""
    if size > limits.bytes:
        found = f"{size / 1e6:,.1f} MB"
        raise _too_large(source, found, f"{limits.bytes / 1e6:,.1f} MB", f"bytes={size}")


def check_header(header: Header, source: str, limits: Limits) -> None:
    """Raise ImageTooLargeError if the header promises more than the limits allow."""
    width, height, frames = header.width, header.height, header.frames
    if max(width, height) > limits.side:
        found = f"{width} × {height} pixels"
        raise _too_large(source, found, f"a side of {limits.side}", f"side={max(width, height)}")
    if width * height > limits.pixels:
        found = f"{width} × {height} = {width * height / 1e6:,.1f} megapixels"
        allowed = f"{limits.pixels / 1e6:,.1f} megapixels"
        raise _too_large(source, found, allowed, f"pixels={width * height}")
    if frames > limits.frames:
        found = f"more than {limits.frames} frames"
        raise _too_large(source, found, f"{limits.frames} frames", "frames=…")


def _too_large(source: str, found: str, allowed: str, setting: str) -> ImageTooLargeError:
    option = ", or --max-megapixels" if setting.startswith("pixels") else ""
    return ImageTooLargeError(
        source,
        f"found {found}, the limit is {allowed}. If you trust the file, "
        f"raise the limit: read(…, limits=Limits({setting})){option}",
    )


def orientation(exif: bytes) -> int:
    r"""Return the EXIF orientation, 1 to 8; 1 where there is none or it makes no sense.

    Parameters
    ----------
    exif : bytes
        A TIFF structure, with or without the leading ``Exif\0\0``. Only its first
        directory is read, as viewers do: the second describes the thumbnail.
    """
    block = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", block, entry)
            if tag == ORIENTATION_TAG:
                return value if kind == SHORT and 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def is_srgb(profile: bytes) -> bool:
    """Tell whether an ICC profile, or its name, calls itself sRGB."""
    # Version 4 profiles keep their description in UTF-16.
    return b"sRGB" in profile.replace(b"\0", b"")


def truncated(source: str, name: str) -> TruncatedImageError:
    """Return the error for a file that ends too early."""
    return TruncatedImageError(
        source, f"the {name} ends before its picture does; copy or download it again"
    )


def damaged(source: str, name: str, what: str) -> BrokenImageError:
    """Return the error for a file whose structure makes no sense; ``what`` says where."""
    return BrokenImageError(source, f"the {name} is damaged: {what}; get it again from its origin")


def endless(source: str, name: str) -> BrokenImageError:
    """Return the error for a file of implausibly many parts."""
    return damaged(source, name, f"more than {MOST_PARTS:,} parts")


def turn_note(orientation: int) -> tuple[str, ...]:
    """Return the note on an image that was turned, none if it stood upright."""
    return () if orientation == 1 else (f"turned upright (EXIF orientation {orientation})",)
