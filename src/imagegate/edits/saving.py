"""Saving: what storing a picture as another one was stored would have made of it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import JpegImagePlugin

from imagegate.features.planes import Plane, u8
from imagegate.image import ImageFile


@dataclass(frozen=True)
class Resave:
    """A way to save: the format of Pillow and its settings.

    ``exact`` tells whether blocks come out as they did in the file: what WebP makes of a block
    depends on the rest of the picture.
    """

    kind: str
    settings: Mapping[str, Any]

    @property
    def exact(self) -> bool:
        """Whether a part is saved as the whole would be."""
        return self.kind == "JPEG"

    def __call__(self, pixels: Plane) -> Plane:
        """Return what saving leaves of pixels, RGB (height, width, 3)."""
        stored = io.BytesIO()
        Pillow.fromarray(pixels).save(stored, self.kind, **self.settings)
        with Pillow.open(stored) as picture:
            return u8(np.asarray(picture.convert("RGB")))


# A WebP file tells the quantisers of its segments. The quality that they give is right to 3 from 80
# on, and up to 11 too low below that: on photographs libwebp makes the segments coarser there.
WEBP_FINE, WEBP_BEYOND, WEBP_BELOW, WEBP_STEP = 80, 3, 11, 5


def resaves_of(file: ImageFile) -> Sequence[Resave]:
    """Return the ways in which a file may have been saved; none if saving changes nothing.

    A JPEG tells its tables and its sampling of colour; of a WebP the quality is known but for a few
    steps.
    """
    kind = file.header.format
    if kind == "JPEG":
        with Pillow.open(io.BytesIO(file.file.data)) as picture:
            if picture.mode not in ("RGB", "L") or not isinstance(
                picture, JpegImagePlugin.JpegImageFile
            ):
                return ()
            sampling = JpegImagePlugin.get_sampling(picture) if picture.mode == "RGB" else 0
            given = {"qtables": picture.quantization, "subsampling": max(0, sampling)}
        return (Resave("JPEG", given),)
    quality = webp_quality(file.file.data) if kind == "WebP" else None
    if quality is not None:
        most = quality + (WEBP_BEYOND if quality >= WEBP_FINE else WEBP_BELOW)
        near = {one for one in range(0, 101, WEBP_STEP) if quality - WEBP_BEYOND <= one <= most}
        return [Resave("WEBP", {"quality": one}) for one in sorted({quality, *near})]
    return ()


def webp_quality(data: bytes) -> int | None:
    """Return about the quality, 0 to 100, that a lossy WebP was saved with; None for others.

    libwebp turns a quality into a quantiser and varies that a little by segment; their mean is
    turned back. Source: RFC 6386, sections 7 and 9.2 to 9.6, and ``QualityToCompression`` of
    libwebp.
    """
    frame = data.find(b"VP8 ") + 8
    if frame < 8 or data[frame + 3 : frame + 6] != b"\x9d\x01\x2a":
        return None
    bits = _Bits(data[frame + 10 :])
    bits.number(2)  # colour space, clamping
    quantisers = _segments(bits) if bits.number(1) else []
    bits.number(10)  # loop filter
    if bits.number(1) and bits.number(1):
        _optional(bits, 8, 6)
    bits.number(2)  # partitions
    base = bits.number(7)
    quantiser = float(np.mean(quantisers)) if quantisers else float(base)
    linear = max(0.0, 1 - quantiser / 127) ** 3
    return round(100 * (1.5 * linear if linear < 0.5 else (linear + 1) / 2))


class _Bits:
    """The arithmetic decoder of VP8, for bits that are as likely 0 as 1 (RFC 6386, 7.3)."""

    def __init__(self, data: bytes) -> None:
        self.data, self.position = data, 2
        self.value, self.range, self.shifted = int.from_bytes(data[:2], "big"), 255, 0

    def number(self, count: int) -> int:
        """Return the next bits as a number, the highest first."""
        found = 0
        for _ in range(count):
            found = 2 * found + self._bit()
        return found

    def _bit(self) -> int:
        split = 1 + ((self.range - 1) * 128 >> 8)
        bit = int(self.value >= split << 8)
        if bit:
            self.range -= split
            self.value -= split << 8
        else:
            self.range = split
        while self.range < 128:
            self.value <<= 1
            self.range <<= 1
            self.shifted += 1
            if self.shifted == 8:
                self.shifted = 0
                self.value |= self.data[self.position] if self.position < len(self.data) else 0
                self.position += 1
        return bit


def _segments(bits: _Bits) -> list[int]:
    """Return the quantisers of the segments; none where they are differences."""
    by_map, by_data = bits.number(1), bits.number(1)
    found = []
    if by_data:
        absolute = bits.number(1)
        values = _optional(bits, 4, 7)
        _optional(bits, 4, 6)  # loop filter
        found = values if absolute else []
    if by_map:
        for _ in range(3):
            if bits.number(1):
                bits.number(8)
    return found


def _optional(bits: _Bits, count: int, width: int) -> list[int]:
    """Return numbers with a sign that are each there or not, 0 where not."""
    found = []
    for _ in range(count):
        value = bits.number(width) if bits.number(1) else None
        found.append(0 if value is None else -value if bits.number(1) else value)
    return found
