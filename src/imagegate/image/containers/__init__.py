"""The containers: what each is called, how its first bytes look, and who walks its structure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from imagegate.errors import UnsupportedImageError
from imagegate.image.header import File, Header, Limits, check_header, turn_note


class Walker(Protocol):
    """A module that walks the structure of one file format."""

    def header(self, data: bytes, source: str, frame: int, most_frames: int) -> Header:
        """Return the facts of a frame without decoding it."""
        ...

    def verify(self, data: bytes, source: str) -> None:
        """Raise if the structure is damaged or cut short."""
        ...


@dataclass(frozen=True)
class Container:
    """One file format.

    Parameters
    ----------
    name : str
        As people write it.
    start : bytes
        A pattern that its first bytes match.
    suffixes : tuple of str
        File name endings, lower case.
    module : str
        The file here that walks its structure, imported with the first such image.
    """

    name: str
    start: bytes
    suffixes: tuple[str, ...]
    module: str

    @property
    def walker(self) -> Walker:
        """The module."""
        return cast("Walker", import_module(f"{__name__}.{self.module}"))


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

    Nothing is decoded, and the limits come first: what they refuse is refused at once.
    """
    walker = _recognise(file).walker
    header = walker.header(file.data, file.source, frame, limits.frames)
    check_header(header, file.source, limits)
    walker.verify(file.data, file.source)
    if not 0 <= frame < header.frames:
        raise UnsupportedImageError(
            file.source,
            f"frame {frame} was asked for, the {header.format} has {header.frames}, from 0 on",
        )
    return replace(header, size_bytes=len(file.data))


def container_notes(header: Header, source: str) -> tuple[str, ...]:
    """Return what is odd about a file, for people."""
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
