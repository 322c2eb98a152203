"""Tell whether a JPEG that lacks its end marker has all its rows."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from math import ceil, prod

SOF, PROGRESSIVE, DRI, SOS, EOI = frozenset({0xC0, 0xC1, 0xC2}), 0xC2, 0xDD, 0xDA, b"\xff\xd9"
SIDE_INFORMATION = frozenset({0xFE, *range(0xE1, 0xEE)})  # Exif, profiles, texts
ALONE = frozenset({0xD8, 0x01})  # markers without a segment
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
RESTART = re.compile(rb"\xff[\xd0-\xd7]")

# What might follow the last byte: nothing, of which libjpeg makes zeros and then gray, and other
# bits. If bits are missing, at least one of them changes the picture.
TAILS = (EOI, *(pattern * 64 + EOI for pattern in (b"\xff\0", b"\x55", b"\xaa", b"\x9c\x6d\x31")))

# Without so many bytes rows are missing; otherwise the end is not that of the picture, but what
# stood on the disk before.
LAST_BYTES = 8

END_WITHIN = 64  # bytes of a JPEG inside another file, which may be padded

Factors = dict[int, tuple[int, int]]  # of subsampling, across and down, by component


@dataclass
class _Scans:
    """What the scans up to the end of the file bring."""

    progressive: bool = False
    height: int = 0
    width: int = 0
    factors: Factors = field(default_factory=dict)
    interval: int = 0  # of restarts, in blocks of the last scan
    left: dict[tuple[int, int], int] = field(default_factory=dict)  # bits, by coefficient
    last: tuple[int, ...] = ()  # components of the last scan
    start: int = 0  # of the last scan's data; 0 if another segment follows it


def is_whole(data: bytes) -> bool:
    """Tell whether a JPEG inside another file has its end marker, or all its rows without."""
    return EOI in data[-END_WITHIN:] or all_rows(data)


def all_rows(data: bytes) -> bool:
    """Tell whether the data of a JPEG, which ends without a marker, is complete to the last bit.

    All scans and restart markers must be there, and the pixels may depend on the last bytes, but
    not on what follows them.
    """
    data = data.rstrip(b"\xff")
    try:
        scans = _walk(data)
        if not scans.start or not _complete(scans) or _restarts(scans) != _found(data, scans):
            return False
    except (struct.error, IndexError, KeyError, ValueError, ZeroDivisionError):
        return False
    bare = _bare(data)
    return _settled(bare) and not _settled(bare[:-LAST_BYTES])


def _bare(data: bytes) -> bytes:
    """Return the data without side information, about which Pillow might warn."""
    parts = [data[:2]]
    for marker, start, end in _segments(data):
        if marker == SOS:
            return b"".join((*parts, data[start - 4 :]))
        if marker not in SIDE_INFORMATION:
            parts.append(data[start - 4 : end])
    return data


def _walk(data: bytes) -> _Scans:
    scans = _Scans()
    for marker, start, end in _segments(data):
        body, scans.start = data[start:end], 0
        if marker in SOF:
            scans.progressive = marker == PROGRESSIVE
            scans.height, scans.width, count = struct.unpack_from(">HHB", body, 1)
            parts = (body[6 + 3 * number :] for number in range(count))
            scans.factors = {part[0]: (part[1] >> 4, part[1] & 15) for part in parts}
            scans.left = dict.fromkeys(product(scans.factors, range(64)), 16)
        elif marker == DRI:
            (scans.interval,) = struct.unpack_from(">H", body)
        elif marker == SOS:
            scans.last, scans.start = tuple(body[1 : 1 + 2 * body[0] : 2]), end
            first, last, bits = body[1 + 2 * body[0] :][:3]
            coefficients = range(first, last + 1) if scans.progressive else range(64)
            left = bits & 15 if scans.progressive else 0
            scans.left |= dict.fromkeys(product(scans.last, coefficients), left)
    return scans


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of the body of each segment."""
    position = 2
    while found := MARKER.search(data, position):
        marker, position = data[found.start() + 1], found.end()
        if marker not in ALONE:
            (length,) = struct.unpack_from(">H", data, position)
            yield marker, position + 2, position + length
            position += max(length, 2)


def _complete(scans: _Scans) -> bool:
    return bool(scans.left) and not any(scans.left.values())


def _restarts(scans: _Scans) -> int:
    """Return how many restart markers the last scan must have."""
    if not scans.interval:
        return 0
    most = [max(sides) for sides in zip(*scans.factors.values(), strict=True)]
    sides = scans.width, scans.height
    if len(scans.last) == 1:  # its own blocks, without those that fill up a group
        own = scans.factors[scans.last[0]]
        sides = tuple(ceil(a * b / c) for a, b, c in zip(sides, own, most, strict=True))
        most = [1, 1]
    blocks: int = prod(ceil(side / (8 * factor)) for side, factor in zip(sides, most, strict=True))
    return ceil(blocks / scans.interval) - 1


def _found(data: bytes, scans: _Scans) -> int:
    return sum(1 for _ in RESTART.finditer(data, scans.start))


def _settled(data: bytes) -> bool:
    """Tell whether the pixels are the same, whatever follows."""
    first = _checksum(data + TAILS[0])
    return first is not None and all(_checksum(data + tail) == first for tail in TAILS[1:])


def _checksum(data: bytes) -> int | None:
    """Return a checksum of the pixels; None where they cannot be decoded."""
    from PIL.JpegImagePlugin import JpegImageFile  # it keeps libjpeg from writing to stderr

    try:
        with JpegImageFile(io.BytesIO(data)) as picture:
            return zlib.crc32(picture.tobytes())
    except (OSError, SyntaxError, ValueError, struct.error):
        return None
