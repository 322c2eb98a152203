"""Walk the chunks of a WebP: size, frames, orientation, and whether all of it arrived."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from imagegate.image.header import (
    MOST_PARTS,
    Header,
    damaged,
    endless,
    is_foreign,
    orientation,
    truncated,
)

RIFF_HEADER_BYTES = 12
LOSSY_START_CODE = b"\x9d\x01\x2a"


def header(data: bytes, source: str, frame: int, most_frames: int) -> Header:
    """Return the facts of all chunks but the picture data."""
    facts: dict[bytes, bytes] = {}
    frames = 0
    for kind, body in _chunks(data, source):
        facts.setdefault(kind, body)
        frames += kind == b"ANMF"
    width, height, alpha = _size(facts, source)
    return Header(
        "WebP",
        width,
        height,
        frames=max(1, frames),
        alpha=alpha,
        orientation=orientation(facts.get(b"EXIF")),
        profile=is_foreign(facts.get(b"ICCP", b"")),
    )


def _chunks(data: bytes, source: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and body of each chunk; of picture data only the first bytes."""
    stop = 8 + int.from_bytes(data[4:8], "little")
    if stop > len(data):
        raise truncated(source, "WebP")
    position = RIFF_HEADER_BYTES
    for _ in range(MOST_PARTS):
        if position + 8 > stop:
            return
        kind, length = struct.unpack_from("<4sI", data, position)
        start = position + 8
        if start + length > stop:
            raise truncated(source, "WebP")
        metadata = kind in (b"EXIF", b"ICCP")
        yield kind, data[start : start + (length if metadata else min(length, 16))]
        position = start + length + (length & 1)
    raise endless(source, "WebP")


def _size(facts: dict[bytes, bytes], source: str) -> tuple[int, int, bool]:
    extended, lossy, lossless = facts.get(b"VP8X"), facts.get(b"VP8 "), facts.get(b"VP8L")
    try:
        if extended is not None:
            flags, low, high = extended[0], extended[4:7], extended[7:10]
            return _u24(low) + 1, _u24(high) + 1, bool(flags & 0x10)
        if lossy is not None and lossy[3:6] == LOSSY_START_CODE:
            width, height = struct.unpack_from("<HH", lossy, 6)
            return width & 0x3FFF, height & 0x3FFF, False
        if lossless is not None and lossless[0] == 0x2F:
            (bits,) = struct.unpack_from("<I", lossless, 1)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
    except (IndexError, struct.error):
        raise truncated(source, "WebP") from None
    raise damaged(source, "WebP", "no picture in it")


def _u24(body: bytes) -> int:
    return int.from_bytes(body, "little")
