"""Walk the blocks of a GIF: its largest extent, its frames, and whether it ends."""

from __future__ import annotations

import struct

from imagegate.errors import BrokenImageError, TruncatedImageError
from imagegate.header import Header

EXTENSION, PICTURE, TRAILER = 0x21, 0x2C, 0x3B
GRAPHIC_CONTROL = 0xF9


def header(data: bytes, source: str, frame: int, most_frames: int) -> Header:
    """Return the facts of all blocks; counting stops one frame beyond ``most_frames``."""
    try:
        return _walk(data, source, most_frames)
    except (IndexError, struct.error):
        raise TruncatedImageError(
            source, "the GIF ends before its pictures do; copy or download it again"
        ) from None


def verify(data: bytes, source: str) -> None:
    """Do nothing: the walk for the header went to the end."""


def _walk(data: bytes, source: str, most_frames: int) -> Header:
    width, height, packed = struct.unpack_from("<HHB", data, 6)
    position = 13 + _colours(packed)
    frames, alpha = 0, False
    while frames <= most_frames and (kind := data[position]) != TRAILER:
        if kind == EXTENSION:
            alpha |= data[position + 1] == GRAPHIC_CONTROL and bool(data[position + 3] & 1)
            position = _past_blocks(data, position + 2)
        elif kind == PICTURE:
            left, top, wide, high, packed = struct.unpack_from("<HHHHB", data, position + 1)
            # Decoders enlarge the canvas for a frame that hangs over its edge.
            width, height = max(width, left + wide), max(height, top + high)
            frames += 1
            position = _past_blocks(data, position + 11 + _colours(packed))
        elif kind == 0:
            position += 1
        else:
            raise BrokenImageError(source, f"the GIF is damaged at byte {position}; get it again")
    if not frames or not width or not height:
        raise BrokenImageError(source, "the GIF has no picture in it; export it again")
    return Header("GIF", width, height, frames=frames, mode="palette", alpha=alpha)


def _colours(packed: int) -> int:
    return 3 << ((packed & 7) + 1) if packed & 0x80 else 0


def _past_blocks(data: bytes, position: int) -> int:
    while length := data[position]:
        position += length + 1
    return position + 1
