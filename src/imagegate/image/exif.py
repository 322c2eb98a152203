"""Find the orientation in an EXIF block."""

from __future__ import annotations

import struct

ORIENTATION_TAG = 0x0112
SHORT = 3


def orientation(exif: bytes) -> int:
    r"""Return the EXIF orientation, 1 to 8; 1 where there is none or it makes no sense.

    Parameters
    ----------
    exif : bytes
        A TIFF structure, with or without the leading ``Exif\0\0``. Only its first
        directory is read, as viewers do: the second describes the thumbnail.
    """
    block = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(order + "I", block, 4)
        (count,) = struct.unpack_from(order + "H", block, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", block, entry)
            if tag == ORIENTATION_TAG:
                return value if kind == SHORT and 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def is_srgb(profile: bytes) -> bool:
    """Tell whether an ICC profile, or its name, calls itself sRGB."""
    # Version 4 profiles keep their description in UTF-16.
    return b"sRGB" in profile.replace(b"\0", b"")
