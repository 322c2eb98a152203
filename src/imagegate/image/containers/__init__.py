"""The containers: what each is called, how its first bytes look, and who walks its structure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from imagegate.errors import UnsupportedImageError
from imagegate.image import pdf
from imagegate.image.containers import bmp, gif, isobmff, jpeg, png, tiff, webp
from imagegate.image.header import Header, Limits, check_header


@dataclass(frozen=True)
class Container:
    """One file format.

    Parameters
    ----------
    name : str
        As people write it.
    start : re.Pattern
        What its first bytes match.
    suffixes : tuple of str
        File name endings, lower case.
    header : Callable
        ``header(data, source, frame, most_frames) -> Header`` without decoding.
    verify : Callable
        ``verify(data, source)`` raises if the structure is damaged or cut short.
    """

    name: str
    start: re.Pattern[bytes]
    suffixes: tuple[str, ...]
    header: Callable[[bytes, str, int, int], Header]
    verify: Callable[[bytes, str], None]


def _starts(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.DOTALL)


CONTAINERS = (
    Container(
        "JPEG",
        _starts(rb"\xff\xd8\xff"),
        (".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".mpo"),
        jpeg.header,
        jpeg.verify,
    ),
    Container("PNG", _starts(rb"\x89PNG\r\n\x1a\n"), (".png", ".apng"), png.header, png.verify),
    Container("WebP", _starts(rb"RIFF....WEBP"), (".webp",), webp.header, webp.verify),
    Container(
        "TIFF",
        _starts(rb"II[*+]\0|MM\0[*+]"),
        (".tif", ".tiff"),
        tiff.header,
        tiff.verify,
    ),
    Container(
        "BMP", _starts(rb"BM.{12}[\x0c-\xff]\0\0\0"), (".bmp", ".dib"), bmp.header, bmp.verify
    ),
    Container("GIF", _starts(rb"GIF8[79]a"), (".gif",), gif.header, gif.verify),
    Container(
        "AVIF",
        _starts(rb"....ftyp(?:avi[fs]|(?:mif1|msf1|miaf).{4}(?:.{4}){0,8}?avi[fs])"),
        (".avif", ".avifs"),
        isobmff.avif_header,
        isobmff.verify,
    ),
    Container(
        "HEIC",
        _starts(rb"....ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1)"),
        (".heic", ".heif", ".hif", ".heics"),
        isobmff.heic_header,
        isobmff.verify,
    ),
    Container("PDF", _starts(rb"%PDF-"), (".pdf",), pdf.header, pdf.verify),
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


def read_header(data: bytes, source: str, limits: Limits, frame: int) -> Header:
    """Return the facts of one frame, after limits and structure have been checked.

    Nothing is decoded, and the limits come first: what they refuse is refused at once.
    """
    container = _recognise(data, source)
    header = container.header(data, source, frame, limits.frames)
    check_header(header, source, limits)
    container.verify(data, source)
    if not 0 <= frame < header.frames:
        raise UnsupportedImageError(
            source,
            f"frame {frame} was asked for, the {header.format} has {header.frames}, from 0 on",
        )
    return replace(header, size_bytes=len(data))


def other_format_of(suffix: str, name: str) -> bool:
    """Tell whether a file name ending belongs to another format than ``name``."""
    owners = [container.name for container in CONTAINERS if suffix.lower() in container.suffixes]
    return bool(owners) and name not in owners


def _recognise(data: bytes, source: str) -> Container:
    for container in CONTAINERS:
        if container.start.match(data):
            return container
    known = ", ".join(container.name for container in CONTAINERS)
    raise UnsupportedImageError(source, f"expected an image ({known}), found {_describe(data)}")


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
