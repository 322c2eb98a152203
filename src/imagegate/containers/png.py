"""Walk the chunks of a PNG: size, samples, orientation, and whether all of it arrived unharmed."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from imagegate.containers.exif import is_srgb, orientation
from imagegate.errors import BrokenImageError, TruncatedImageError
from imagegate.header import Header

SIGNATURE_BYTES = 8
MODES = {0: "gray", 2: "rgb", 3: "palette", 4: "gray", 6: "rgb"}
WITH_ALPHA = frozenset({4, 6})
LARGEST_PROFILE = 1 << 20

Chunk = tuple[bytes, int, int]


def header(data: bytes, source: str, frame: int, most_frames: int) -> Header:
    """Return the facts of all chunks but the picture data."""
    facts: dict[bytes, bytes] = {}
    for kind, start, end in _chunks(data, source):
        if kind not in facts:
            facts[kind] = b"" if kind == b"IDAT" else data[start:end]
    first = facts.get(b"IHDR", b"")
    if len(first) != 13 or b"IDAT" not in facts:
        raise BrokenImageError(source, "the PNG has no picture in it; export it again")
    width, height, bits, kind_of_colour = struct.unpack_from(">IIBB", first)
    if not width or not height or kind_of_colour not in MODES:
        raise BrokenImageError(
            source, f"the PNG header makes no sense ({width} × {height}, type {kind_of_colour})"
        )
    turned = orientation(facts.get(b"eXIf", b""))
    if turned >= 5:
        width, height = height, width
    return Header(
        "PNG",
        width,
        height,
        frames=_frames(facts),
        bits=bits,
        mode=MODES[kind_of_colour],
        alpha=kind_of_colour in WITH_ALPHA or b"tRNS" in facts,
        orientation=turned,
        profile=_foreign_profile(facts),
    )


def verify(data: bytes, source: str) -> None:
    """Raise if the checksum of a chunk that the picture needs is wrong."""
    view = memoryview(data)
    for kind, start, end in _chunks(data, source):
        needed = kind[:1].isupper()
        (stated,) = struct.unpack_from(">I", data, end)
        if needed and zlib.crc32(view[start - 4 : end]) != stated:
            name = kind.decode("latin-1")
            raise BrokenImageError(
                source, f"the PNG is damaged (checksum of {name} at byte {start}); get it again"
            )


def _chunks(data: bytes, source: str) -> Iterator[Chunk]:
    """Yield the kind, start and end of each chunk's body, up to IEND."""
    position = SIGNATURE_BYTES
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length
        if end + 4 > len(data):
            break
        yield kind, position + 8, end
        if kind == b"IEND":
            return
        position = end + 4
    raise TruncatedImageError(
        source, "the PNG ends before its picture does; copy or download it again"
    )


def _frames(facts: dict[bytes, bytes]) -> int:
    control = facts.get(b"acTL", b"")
    return max(1, int.from_bytes(control[:4], "big")) if len(control) == 8 else 1


def _foreign_profile(facts: dict[bytes, bytes]) -> bool:
    chunk = facts.get(b"iCCP")
    if chunk is None:
        return False
    name, _, packed = chunk.partition(b"\0")
    try:
        profile = zlib.decompressobj().decompress(packed[1:], LARGEST_PROFILE)
    except zlib.error:
        return False
    return not (is_srgb(name) or is_srgb(profile))
