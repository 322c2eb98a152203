"""Read the header of a BMP and whether its rows are all there."""

from __future__ import annotations

import struct

from imagegate.errors import BrokenImageError, TruncatedImageError
from imagegate.header import Header

OS2_HEADER_BYTES = 12
UNCOMPRESSED = frozenset({0, 3, 6})
END_OF_BITMAP = b"\0\1"


def header(data: bytes, source: str, frame: int, most_frames: int) -> Header:
    """Return the facts of the header."""
    try:
        width, height, bits, _ = _facts(data)
    except struct.error:
        raise _truncated(source) from None
    if width <= 0 or not height or bits not in (1, 2, 4, 8, 16, 24, 32):
        raise BrokenImageError(
            source, f"the BMP header makes no sense ({width} × {height}, {bits} bits)"
        )
    mode = "palette" if bits <= 8 else "rgb"
    return Header("BMP", width, abs(height), bits=min(bits, 8), mode=mode)


def verify(data: bytes, source: str) -> None:
    """Raise if the last row is not in the file."""
    width, height, bits, compression = _facts(data)
    (start,) = struct.unpack_from("<I", data, 10)
    if compression in UNCOMPRESSED:
        row = (width * bits + 31) // 32 * 4
        if start + row * abs(height) > len(data):
            raise _truncated(source)
    elif END_OF_BITMAP not in data[-4:]:
        raise _truncated(source)


def _facts(data: bytes) -> tuple[int, int, int, int]:
    (size,) = struct.unpack_from("<I", data, 14)
    if size == OS2_HEADER_BYTES:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        return width, height, bits, 0
    width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    return width, height, bits, compression


def _truncated(source: str) -> TruncatedImageError:
    return TruncatedImageError(
        source, "the BMP ends before its picture does; copy or download it again"
    )
