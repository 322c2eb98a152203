"""Walk the boxes of an AVIF or HEIC file, and let its decoder read the facts."""

from __future__ import annotations

import struct

from imagegate.containers.exif import is_srgb
from imagegate.errors import BrokenImageError, TruncatedImageError
from imagegate.header import Header
from imagegate.pillow import ORIENTATION_TAG, decoding, open_lazily, quiet

TO_THE_END, WIDE = 0, 1


def avif_header(data: bytes, source: str, frame: int, most_frames: int) -> Header:
    """Return the facts of an AVIF file."""
    return _header("AVIF", data, source, frame)


def heic_header(data: bytes, source: str, frame: int, most_frames: int) -> Header:
    """Return the facts of a HEIC file."""
    return _header("HEIC", data, source, frame)


def verify(data: bytes, source: str) -> None:
    """Raise if the file ends within a box."""
    position = 0
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        if length == TO_THE_END:
            return
        if length == WIDE and position + 16 <= len(data):
            (length,) = struct.unpack_from(">Q", data, position + 8)
        if length < 8:
            name = kind.decode("latin-1")
            raise BrokenImageError(
                source, f"the box {name!r} at byte {position} has length {length}"
            )
        position += length
    if position != len(data):
        raise TruncatedImageError(
            source, "the file ends before its picture does; copy or download it again"
        )


def _header(name: str, data: bytes, source: str, frame: int) -> Header:
    verify(data, source)
    picture = open_lazily(data, name, source, frame=frame)
    with quiet(), decoding(source, name):
        # libheif has turned the picture already; libavif leaves it to the reader.
        turned = picture.getexif().get(ORIENTATION_TAG, 1)
    turned = turned if name == "AVIF" and turned in range(1, 9) else 1
    width, height = picture.size if turned < 5 else picture.size[::-1]
    profile = picture.info.get("icc_profile")
    return Header(
        name,
        width,
        height,
        frames=getattr(picture, "n_frames", 1),
        bits=picture.info.get("bit_depth", 8),
        mode="gray" if picture.mode in ("L", "LA") else "rgb",
        alpha=picture.mode in ("LA", "RGBA"),
        orientation=turned,
        profile=bool(profile) and not is_srgb(profile),
    )
