"""Walk the boxes of an AVIF or HEIC file, and let its decoder read the facts."""

from __future__ import annotations

import re
import struct

from imagegate.image.decode import decoding, open_lazily
from imagegate.image.header import (
    AVIF,
    MOST_PARTS,
    Header,
    damaged,
    endless,
    is_foreign,
    orientation,
    truncated,
)

TO_THE_END, WIDE = 0, 1


def header(data: bytes, source: str, frame: int, most_frames: int) -> Header:
    """Return the facts of an AVIF or HEIC file."""
    name = "AVIF" if re.match(AVIF, data, re.DOTALL) else "HEIC"
    _walk(data, source, name)
    picture = open_lazily(data, name, source)
    frames = getattr(picture, "n_frames", 1)
    with decoding(source, name):
        if 0 < frame < frames:
            picture.seek(frame)
    # libheif has turned the picture already; libavif leaves it to the reader.
    turned = orientation(picture.info.get("exif")) if name == "AVIF" else 1
    return Header(
        name,
        *picture.size,
        frames=frames,
        bits=picture.info.get("bit_depth", 8),
        mode="gray" if picture.mode in ("L", "LA") else "rgb",
        alpha=picture.mode in ("LA", "RGBA"),
        orientation=turned,
        profile=is_foreign(picture.info.get("icc_profile") or b""),
    )


def _walk(data: bytes, source: str, name: str) -> None:
    """Raise if the file ends within a box."""
    position = 0
    for _ in range(MOST_PARTS):
        if position == len(data):
            return
        if position + 8 > len(data):
            raise truncated(source, name)
        (length,) = struct.unpack_from(">I", data, position)
        if length == TO_THE_END:
            return
        if length == WIDE:
            length = int.from_bytes(data[position + 8 : position + 16], "big")
        if length < 8:
            raise damaged(source, name, f"a box of length {length} at byte {position}")
        position = min(position + length, len(data) + 1)
    raise endless(source, name)
