"""From bytes to a header: which container it is, what it says, and whether the limits allow it."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from imagegate.errors import (
    BrokenImageError,
    ImageTooLargeError,
    SettingsError,
    TruncatedImageError,
    UnsupportedImageError,
)

# No encoder writes so many chunks, blocks or boxes within the byte limit; a walk over an
# endless row of empty ones would take minutes.
MOST_PARTS = 4_000_000

UNENDED = "the end marker is missing, every row is there"  # note on a JPEG

ORIENTATION_TAG, SHORT = 0x0112, 3  # of EXIF


@dataclass(frozen=True)
class File:
    """All bytes of a file."""

    data: bytes = field(repr=False)
    source: str  # what messages call the file
    path: str = ""  # where it was read from; empty for bytes and file objects


@dataclass(frozen=True)
class Header:
    """The facts of one picture, read without decoding it."""

    format: str  # the name of a container; "PIL" or "array" where there is none
    width: int  # as the picture is seen: the orientation is applied already
    height: int
    # Pages, or frames of an animation; previews and gain maps behind a JPEG are not counted.
    frames: int = 1
    bits: int = 8  # a sample as stored, 1 to 16
    mode: str = "rgb"  # samples as stored; or "gray", "palette", "cmyk", "ycbcr", "lab"
    alpha: bool = False  # or a transparent colour
    orientation: int = 1  # of EXIF, 1 to 8, and applied
    profile: bool = False  # whether there is an ICC profile other than sRGB; it is ignored
    size_bytes: int = 0  # of the file; 0 for arrays and PIL images
    # The JPEG quantisation table of the first component, row by row.
    luma_table: tuple[int, ...] | None = None
    notes: tuple[str, ...] = ()  # what is odd about the file, for people


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
                    f"limit of {name}: expected a whole number above 0, got {value!r}"
                )


@dataclass(frozen=True)
class Container:
    """One file format.

    The module, imported with the first such image, walks the structure. Its ``header(data, source,
    frame, most_frames)`` returns the facts of a frame, in the size that is stored, without decoding
    it; ``verify(data, source)`` raises if the structure is damaged or cut short, unless ``header``
    goes to the end anyway, and may return notes.
    """

    name: str  # as people write it
    start: bytes  # a pattern that its first bytes match
    suffixes: tuple[str, ...]  # of file names, lower case
    module: str  # in the folder ``containers``


AVIF = rb"....ftyp(?:avi[fs]|(?:mif1|msf1|miaf).{4}(?:.{4}){0,8}?avi[fs])"
HEIC = rb"....ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1)"

CONTAINERS = (
    Container("JPEG", rb"\xff\xd8\xff", (".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".mpo"), "jpeg"),
    Container("PNG", rb"\x89PNG\r\n\x1a\n", (".png", ".apng"), "png"),
    Container("WebP", rb"RIFF....WEBP", (".webp",), "webp"),
    Container("TIFF", rb"II[*+]\0|MM\0[*+]", (".tif", ".tiff"), "tiff"),
    Container("BMP", rb"BM.{12}[\x0c-\xff]\0\0\0", (".bmp", ".dib"), "bmp"),
    Container("GIF", rb"GIF8[79]a", (".gif",), "gif"),
    Container("AVIF", AVIF, (".avif", ".avifs"), "isobmff"),
    Container("HEIC", HEIC, (".heic", ".heif", ".hif", ".heics"), "isobmff"),
    Container("PDF", rb"%PDF-", (".pdf",), "pdf"),
)

SUFFIXES = frozenset(suffix for container in CONTAINERS for suffix in container.suffixes)

# What people hand over instead of an image, and what to do about it.
FOREIGN = (
    (rb"8BPS", "a Photoshop file; export it as PNG or TIFF"),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "a JPEG XL file; save it as PNG, WebP or JPEG"),
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "a JPEG 2000 file; save it as PNG or TIFF"),
    (rb"\0\0[\1\2]\0", "an icon or cursor file; save it as PNG"),
    (rb"P[1-7]\s", "a PNM file; save it as PNG"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript file; render it to PNG first"),
    (rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!", "an archive; unpack it and pass the images in it"),
    (rb"....ftyp", "a video or another media file; extract a frame as PNG"),
    (rb"\s*<(?:!DOCTYPE html|html)(?i:)", "a web page; the download went wrong"),
    (rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<svg", "an SVG drawing; render it to PNG first"),
)


def read_header(file: File, limits: Limits, frame: int) -> Header:
    """Return the facts of one frame, after limits and structure have been checked.

    Nothing is decoded, unless a JPEG lacks its end marker, and the limits come first: what they
    refuse is refused at once.
    """
    walker: Any = import_module(f"imagegate.image.containers.{_recognise(file).module}")
    header: Header = walker.header(file.data, file.source, frame, limits.frames)
    if header.orientation >= 5:
        header = replace(header, width=header.height, height=header.width)
    check_header(header, file.source, limits)
    notes: tuple[str, ...] = ()
    if hasattr(walker, "verify"):
        notes = walker.verify(file.data, file.source) or ()
    if not 0 <= frame < header.frames:
        raise UnsupportedImageError(
            file.source,
            f"frame {frame} was asked for, the {header.format} has {header.frames}, from 0 on",
        )
    notes = (*_notes(header, file.source), *notes)
    return replace(header, size_bytes=len(file.data), notes=notes)


def _notes(header: Header, source: str) -> tuple[str, ...]:
    notes = []
    suffix = Path(source).suffix
    owners = [row.name for row in CONTAINERS if suffix.lower() in row.suffixes]
    if owners and header.format not in owners:
        notes.append(f"named {suffix}, but the content is {header.format}")
    if header.profile:
        notes.append("ICC profile other than sRGB ignored")
    return (*notes, *turn_note(header.orientation))


def _recognise(file: File) -> Container:
    for container in CONTAINERS:
        if re.match(container.start, file.data, re.DOTALL):
            return container
    known = ", ".join(container.name for container in CONTAINERS)
    found = _describe(file.data)
    raise UnsupportedImageError(file.source, f"expected an image ({known}), found {found}")


def _describe(data: bytes) -> str:
    start = data[:512]
    for pattern, words in FOREIGN:
        if re.match(pattern, start, re.DOTALL | re.IGNORECASE):
            return words
    if not start.strip(b"\0"):
        return "nothing but zero bytes; the copy or download was cut off"
    text = start[:40].decode("utf-8", errors="replace")
    if all(character.isprintable() or character.isspace() for character in text.rstrip("\ufffd")):
        return (
            f"text that begins with {text.splitlines()[0][:40]!r}" if text.split() else "blank text"
        )
    return f"bytes of an unknown kind that begin with {start[:8].hex(' ')}"


def check_header(header: Header, source: str, limits: Limits) -> None:
    """Raise ImageTooLargeError if the header promises more than the limits allow."""
    width, height, frames = header.width, header.height, header.frames
    if max(width, height) > limits.side:
        found = f"{width} × {height} pixels"
        raise too_large(source, found, f"a side of {limits.side}", f"side={max(width, height)}")
    if width * height > limits.pixels:
        found = f"{width} × {height} = {width * height / 1e6:,.1f} megapixels"
        allowed = f"{limits.pixels / 1e6:,.1f} megapixels"
        raise too_large(source, found, allowed, f"pixels={width * height}")
    if frames > limits.frames:
        found = f"more than {limits.frames} frames"
        raise too_large(source, found, f"{limits.frames} frames", "frames=…")


def too_large(source: str, found: str, allowed: str, setting: str) -> ImageTooLargeError:
    """Return the error for what is beyond a limit; ``setting`` is the one that would do."""
    option = ", or --max-megapixels" if setting.startswith("pixels") else ""
    return ImageTooLargeError(
        source,
        f"found {found}, the limit is {allowed}. If you trust the file, "
        f"raise the limit: read(…, limits=Limits({setting})){option}",
    )


def orientation(exif: object) -> int:
    """Return the EXIF orientation, 1 to 8; 1 where there is none or it makes no sense."""
    block = exif.removeprefix(b"Exif\0\0") if isinstance(exif, bytes) else b""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        return 1
    try:  # only the first directory, as viewers do: the second describes the thumbnail
        (start,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", block, entry)
            if tag == ORIENTATION_TAG:
                return value if kind == SHORT and 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def is_foreign(profile: bytes) -> bool:
    """Tell whether an ICC profile is not sRGB, as it calls itself; none is not foreign."""
    # Version 4 profiles keep their description in UTF-16.
    return bool(profile) and b"sRGB" not in profile.replace(b"\0", b"")


def truncated(source: str, name: str) -> TruncatedImageError:
    """Return the error for a file that ends too early."""
    return TruncatedImageError(source, f"the {name} is truncated; copy or download it again")


def damaged(source: str, name: str, what: str) -> BrokenImageError:
    """Return the error for a file whose structure makes no sense; ``what`` says where."""
    return BrokenImageError(source, f"the {name} is damaged: {what}; download or export it again")


def endless(source: str, name: str) -> BrokenImageError:
    """Return the error for a file of more than ``MOST_PARTS`` parts."""
    return damaged(source, name, f"more than {MOST_PARTS:,} parts")


def turn_note(orientation: int) -> tuple[str, ...]:
    """Return the note on an image that was turned, none if it stood upright."""
    return () if orientation == 1 else (f"turned upright (EXIF orientation {orientation})",)
