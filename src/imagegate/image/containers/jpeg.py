"""Walk the segments of a JPEG: size, quantisation table, orientation, and whether it ends."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from operator import itemgetter

from imagegate.errors import UnsupportedImageError
from imagegate.image.containers.jpeg_rows import all_rows
from imagegate.image.header import (
    UNENDED,
    Header,
    damaged,
    is_foreign,
    orientation,
    truncated,
)

SOI, EOI, SOS, DQT, APP1, APP2, TEM = 0xD8, 0xD9, 0xDA, 0xDB, 0xE1, 0xE2, 0x01
FRAME = frozenset({0xC0, 0xC1, 0xC2})
FRAME_WITHOUT_DECODER = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
BETWEEN_SCANS = frozenset({0xC4, 0xCC, SOS, DQT, 0xDC, 0xDD, 0xFE, *range(0xE0, 0xF0)})
MODES = {1: "gray", 3: "rgb", 4: "cmyk"}

# Stuffed zeros, restart markers and fill bytes belong to the entropy-coded data.
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")

# A progressive file costs one pass over all its coefficients a scan; encoders write about ten,
# with one to three segments before each.
MOST_SEGMENTS = 1000

# ITU-T T.81, figure A.6: place in the zigzag sequence of each coefficient, row by row.
ZIGZAG_PLACE = (
    *(0, 1, 5, 6, 14, 15, 27, 28, 2, 4, 7, 13, 16, 26, 29, 42),
    *(3, 8, 12, 17, 25, 30, 41, 43, 9, 11, 18, 24, 31, 40, 44, 53),
    *(10, 19, 23, 32, 39, 45, 52, 54, 20, 22, 33, 38, 46, 51, 55, 60),
    *(21, 34, 37, 47, 50, 56, 59, 61, 35, 36, 48, 49, 57, 58, 62, 63),
)

_by_rows = itemgetter(*ZIGZAG_PLACE)

Tables = dict[int, tuple[int, ...]]


def header(data: bytes, source: str, frame: int, most_frames: int) -> Header:
    """Return the facts that stand before the first scan."""
    tables: Tables = {}
    turned, profile, start_of_frame = 1, b"", b""
    for marker, start, end in _segments(data, source):
        body = data[start:end]
        if marker == DQT:
            tables.update(_tables(body, source))
        elif marker in FRAME:
            start_of_frame = body
        elif marker in FRAME_WITHOUT_DECODER:
            raise UnsupportedImageError(
                source,
                f"found a lossless, hierarchical or arithmetic JPEG (marker FF{marker:02X}); "
                "save it as baseline",
            )
        elif marker == APP1 and body.startswith(b"Exif\0\0"):
            turned = orientation(body)
        elif marker == APP2 and body.startswith(b"ICC_PROFILE\0"):
            # A profile names itself in its first part.
            profile = profile or body[14:]
    return _describe(start_of_frame, tables, turned, is_foreign(profile), source)


def verify(data: bytes, source: str) -> tuple[str, ...]:
    """Raise unless an end-of-image marker follows the scans, or is all that is missing.

    Whatever follows that marker (second pictures, motion photos, padding) is not looked at.
    Damage inside a scan that leaves the markers intact cannot be seen here.
    """
    *_, (_, _, position) = _segments(data, source)
    for _ in range(MOST_SEGMENTS):
        found = MARKER.search(data, position)
        if found is None:
            if all_rows(data):
                return (UNENDED,)
            raise truncated(source, "JPEG")
        marker = data[found.start() + 1]
        if marker == EOI:
            return ()
        if marker not in BETWEEN_SCANS:
            raise damaged(source, "JPEG", f"marker FF{marker:02X} at byte {found.start()}")
        position = _end(data, found.end(), source)
    raise damaged(source, "JPEG", f"more than {MOST_SEGMENTS} segments")


def _segments(data: bytes, source: str) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of each segment's body, up to the first start-of-scan."""
    position = 2
    for _ in range(MOST_SEGMENTS):
        found = MARKER.search(data, position)
        if found is None:
            raise truncated(source, "JPEG")
        marker = data[found.start() + 1]
        if marker == EOI:
            raise damaged(source, "JPEG", "it ends without a picture")
        if marker in (SOI, TEM):
            position = found.end()
            continue
        position = _end(data, found.end(), source)
        yield marker, found.end() + 2, position
        if marker == SOS:
            return
    raise damaged(source, "JPEG", f"more than {MOST_SEGMENTS} segments")


def _end(data: bytes, position: int, source: str) -> int:
    length = int.from_bytes(data[position : position + 2], "big")
    if position + max(length, 2) > len(data):
        raise truncated(source, "JPEG")
    if length < 2:
        raise damaged(source, "JPEG", f"a segment of length {length} at byte {position}")
    return position + length


def _tables(body: bytes, source: str) -> Iterator[tuple[int, tuple[int, ...]]]:
    position = 0
    while position < len(body):
        wide, number = body[position] >> 4, body[position] & 15
        form = ">64H" if wide else ">64B"
        if len(body) < position + 1 + struct.calcsize(form):
            raise damaged(source, "JPEG", "an incomplete quantisation table")
        zigzag = struct.unpack_from(form, body, position + 1)
        yield number, _by_rows(zigzag)
        position += 1 + struct.calcsize(form)


def _describe(frame: bytes, tables: Tables, turned: int, foreign: bool, source: str) -> Header:
    if len(frame) < 9:
        raise damaged(source, "JPEG", "no frame header")
    bits, height, width, components = struct.unpack_from(">BHHB", frame)
    if bits != 8 or components not in MODES:
        raise UnsupportedImageError(
            source,
            f"found a JPEG of {components} components of {bits} bits; "
            "save it with 8 bits, gray or colour",
        )
    if not width or not height:
        raise damaged(source, "JPEG", f"a size of {width} × {height} pixels")
    return Header(
        "JPEG",
        width,
        height,
        mode=MODES[components],
        orientation=turned,
        profile=foreign,
        luma_table=tables.get(frame[8]),
    )
