"""Read the header of a BMP and whether its rows are all there."""

from __future__ import annotations

import struct

from imagegate.image.header import Header, damaged, truncated

OS2_HEADER_BYTES = 12
UNCOMPRESSED = frozenset({0, 3, 6})
END_OF_BITMAP = b"\0\1"


def header(data: bytes, source: str, frame: int, most_frames: int) -> Header:
    """Return the facts of the header."""
    try:
        width, height, bits, _ = _facts(data)
    except struct.error:
        raise truncated(source, "BMP") from None
    if width <= 0 or not height or bits not in (1, 2, 4, 8, 16, 24, 32):
        raise damaged(source, "BMP", f"a header of {width} × {height} pixels, {bits} bits")
    mode = "palette" if bits <= 8 else "rgb"
    return Header("BMP", width, abs(height), bits=min(bits, 8), mode=mode)


def verify(data: bytes, source: str) -> None:
    """Raise if the last row is not in the file."""
    width, height, bits, compression = _facts(data)
    (start,) = struct.unpack_from("<I", data, 10)
    if compression in UNCOMPRESSED:
        row = (width * bits + 31) // 32 * 4
        if start + row * abs(height) > len(data):
            raise truncated(source, "BMP")
    elif END_OF_BITMAP not in data[-4:]:
        raise truncated(source, "BMP")


def _facts(data: bytes) -> tuple[int, int, int, int]:
    (size,) = struct.unpack_from("<I", data, 14)
    if size == OS2_HEADER_BYTES:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        return width, height, bits, 0
    width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    return width, height, bits, compression
