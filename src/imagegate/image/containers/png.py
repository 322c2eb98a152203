"""Walk the chunks of a PNG: size, samples, orientation, and whether all of it arrived unharmed."""

from __future__ import annotations

import struct
import zlib
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

SIGNATURE_BYTES = 8
MODES = {0: "gray", 2: "rgb", 3: "palette", 4: "gray", 6: "rgb"}
WITH_ALPHA = frozenset({4, 6})
WANTED = frozenset({b"IHDR", b"tRNS", b"eXIf", b"iCCP", b"acTL", b"fcTL", b"IDAT"})
LARGEST_PROFILE = 1 << 20

# The chunks from which libpng learns, in one version or another, how light the samples stand for.
LIGHT = frozenset({b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP"})

Chunk = tuple[bytes, int, int]


def header(data: bytes, source: str, frame: int, most_frames: int) -> Header:
    """Return the facts of all chunks but the picture data."""
    facts: dict[bytes, bytes] = {}
    for kind, start, end in _chunks(data, source):
        if kind in WANTED and kind not in facts:
            facts[kind] = b"" if kind == b"IDAT" else data[start:end]
    first = facts.get(b"IHDR", b"")
    if len(first) != 13 or b"IDAT" not in facts:
        raise damaged(source, "PNG", "no picture in it")
    width, height, bits, kind_of_colour = struct.unpack_from(">IIBB", first)
    if not width or not height or kind_of_colour not in MODES:
        what = f"a header of {width} × {height} pixels, colour type {kind_of_colour}"
        raise damaged(source, "PNG", what)
    return Header(
        "PNG",
        width,
        height,
        frames=_frames(facts),
        bits=bits,
        mode=MODES[kind_of_colour],
        alpha=kind_of_colour in WITH_ALPHA or b"tRNS" in facts,
        orientation=orientation(facts.get(b"eXIf")),
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
            raise damaged(source, "PNG", f"checksum of {name} at byte {start}")


def without_gamma(data: bytes, source: str) -> bytes:
    """Return the file without the chunks that state its gamma; as it is if it has none."""
    view, kept, begin = memoryview(data), [], 0
    for kind, start, end in _chunks(data, source):
        if kind in LIGHT:
            kept.append(view[begin : start - 8])
            begin = end + 4
    return b"".join([*kept, view[begin:]]) if kept else data


def _chunks(data: bytes, source: str) -> Iterator[Chunk]:
    """Yield the kind, start and end of each chunk's body, up to IEND."""
    position = SIGNATURE_BYTES
    for _ in range(MOST_PARTS):
        if position + 12 > len(data):
            raise truncated(source, "PNG")
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length
        if end + 4 > len(data):
            raise truncated(source, "PNG")
        yield kind, position + 8, end
        if kind == b"IEND":
            return
        position = end + 4
    raise endless(source, "PNG")


def _frames(facts: dict[bytes, bytes]) -> int:
    control = facts.get(b"acTL", b"")
    if len(control) != 8:
        return 1
    order = list(facts)
    # A still picture without a control chunk before it stands outside the animation.
    outside = b"fcTL" not in order or order.index(b"fcTL") > order.index(b"IDAT")
    return max(1, int.from_bytes(control[:4], "big") + outside)


def _foreign_profile(facts: dict[bytes, bytes]) -> bool:
    name, _, packed = facts.get(b"iCCP", b"").partition(b"\0")
    try:
        profile = zlib.decompressobj().decompress(packed[1:], LARGEST_PROFILE)
    except zlib.error:
        return False
    return is_foreign(name + profile)
