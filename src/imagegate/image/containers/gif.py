"""Walk the blocks of a GIF: its extent, its frames, and whether it ends."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from imagegate.image.header import MOST_PARTS, Header, damaged, endless, truncated

EXTENSION, PICTURE, TRAILER, PADDING = 0x21, 0x2C, 0x3B, 0x00
GRAPHIC_CONTROL = 0xF9


def header(data: bytes, source: str, frame: int, most_frames: int) -> Header:
    """Return the facts of all blocks; counting stops one frame beyond ``most_frames``."""
    try:
        return _walk(data, source, frame, most_frames)
    except (IndexError, struct.error):
        raise truncated(source, "GIF") from None


def _walk(data: bytes, source: str, frame: int, most_frames: int) -> Header:
    width, height, packed = struct.unpack_from("<HHB", data, 6)
    position = 13 + _colours(packed)
    frames, alpha = 0, False
    parts = iter(range(MOST_PARTS))
    for _ in parts:
        kind = data[position]
        if kind == TRAILER or frames > most_frames:
            break
        if kind == EXTENSION:
            alpha |= data[position + 1] == GRAPHIC_CONTROL and bool(data[position + 3] & 1)
            position = _past_blocks(data, position + 2, parts)
        elif kind == PICTURE:
            left, top, wide, high, packed = struct.unpack_from("<HHHHB", data, position + 1)
            if frames <= frame:
                # Decoders enlarge the canvas for a frame that hangs over its edge.
                width, height = max(width, left + wide), max(height, top + high)
            frames += 1
            position = _past_blocks(data, position + 11 + _colours(packed), parts)
        elif kind == PADDING:
            position += 1
        else:
            raise damaged(source, "GIF", f"an unknown block at byte {position}")
    else:
        raise endless(source, "GIF")
    if not frames or not width or not height:
        raise damaged(source, "GIF", "no picture in it")
    return Header("GIF", width, height, frames=frames, mode="palette", alpha=alpha)


def _colours(packed: int) -> int:
    return 3 << ((packed & 7) + 1) if packed & 0x80 else 0


def _past_blocks(data: bytes, position: int, parts: Iterator[int]) -> int:
    """Return the place behind a row of data blocks; ``parts`` counts down for the whole file."""
    for _ in parts:
        length = data[position]
        position += length + 1
        if not length:
            break
    return position
