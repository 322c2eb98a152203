"""Turn decoded samples into what an Image holds: upright uint8, RGB or gray, without alpha."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.errors import EmptyImageError, UnsupportedImageError

Pixels = NDArray[np.uint8]

# 65535 / 255: full scale to full scale, white stays white.
SIXTEEN_TO_EIGHT = 257
ROWS_AT_ONCE = 256

DECODED_16_BIT = "16-bit samples scaled to 8 bits"
WANTED = "expected uint8 or uint16 RGB of shape (height, width, 3), or gray (height, width)"
COMPOSITED = "transparency composited over white"


def check_array(pixels: NDArray[Any], source: str) -> None:
    """Refuse an array that is not uint8 or uint16 gray, RGB or RGBA."""
    shape, found = pixels.shape, f"got {pixels.dtype} of shape {pixels.shape}"
    if pixels.dtype.newbyteorder("=") not in (np.uint8, np.uint16):
        raise UnsupportedImageError(source, f"{WANTED}, {found}; {_advice(pixels.dtype)}")
    if not (pixels.ndim == 2 or (pixels.ndim == 3 and shape[2] in (1, 3, 4))):
        hint = "; move the channels last" if pixels.ndim == 3 and shape[0] in (1, 3, 4) else ""
        raise UnsupportedImageError(source, f"{WANTED}, {found}{hint}")
    if not pixels.size:
        raise EmptyImageError(source, f"{WANTED}, {found}, which has no pixels")


def contiguous(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return (height, width) or (height, width, 3 or 4) in native order, copied only if needed."""
    plain = pixels[..., 0] if pixels.shape[2:] == (1,) else pixels
    return np.ascontiguousarray(plain, dtype=plain.dtype.newbyteorder("="))


def _advice(dtype: np.dtype[Any]) -> str:
    if dtype.kind == "b":
        return "for a mask, pass mask.astype(np.uint8) * 255"
    if dtype.kind == "f":
        return "if it runs from 0 to 1, pass (pixels * 255).round().astype(np.uint8)"
    return "scale it to 0..255 and pass pixels.astype(np.uint8)"


def to_gray(pixels: Pixels) -> Pixels:
    """Return the luma (height, width) of RGB or gray pixels; ITU-R BT.601, rounded."""
    if pixels.ndim == 2:
        return pixels
    return _u8(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))


def to_rgb(pixels: Pixels) -> Pixels:
    """Return RGB pixels (height, width, 3) of RGB or gray pixels."""
    if pixels.ndim == 3:
        return pixels
    return _u8(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB))


def to_8_bits(samples: NDArray[np.uint16]) -> Pixels:
    """Scale the full range of 16-bit samples to the full range of 8 bits, rounded to nearest."""
    scaled = np.empty(samples.shape, np.uint8)
    for start in range(0, len(samples), ROWS_AT_ONCE):
        rows = samples[start : start + ROWS_AT_ONCE].astype(np.uint32)
        scaled[start : start + ROWS_AT_ONCE] = (rows + SIXTEEN_TO_EIGHT // 2) // SIXTEEN_TO_EIGHT
    return scaled


def simplify(samples: NDArray[Any]) -> tuple[Pixels, tuple[str, ...]]:
    """Return samples as uint8 RGB or gray, and notes on what that took.

    Parameters
    ----------
    samples : NDArray
        uint8 or uint16, of shape (height, width) or (height, width, 3 or 4).
    """
    if samples.dtype == np.uint16:
        pixels = to_8_bits(samples)
        notes: tuple[str, ...] = (DECODED_16_BIT,)
    else:
        pixels, notes = samples, ()
    if pixels.ndim == 2 or pixels.shape[2] == 3:
        return pixels, notes
    if pixels[..., 3].min() == 255:
        return _u8(cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB)), notes
    return over_white(pixels), (*notes, COMPOSITED)


def over_white(rgba: Pixels) -> Pixels:
    """Composite RGBA pixels (height, width, 4) over white paper, rounded to nearest."""
    out = np.empty((*rgba.shape[:2], 3), np.uint8)
    for start in range(0, len(rgba), ROWS_AT_ONCE):
        rows = rgba[start : start + ROWS_AT_ONCE]
        opacity = cv2.cvtColor(cv2.extractChannel(rows, 3), cv2.COLOR_GRAY2RGB)
        ink = cv2.multiply(~rows[..., :3], opacity, scale=1 / 255)
        np.invert(ink, out=out[start : start + ROWS_AT_ONCE])
    return out


def upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Apply an EXIF orientation, 1 to 8, to pixels of any kind.

    References
    ----------
    CIPA DC-008 (Exif 2.32), tag 274: 2 mirrored, 3 turned by 180°, 4 flipped, 5 transposed,
    6 to be turned right, 7 transposed across the other diagonal, 8 to be turned left.
    """
    match orientation:
        case 2:
            turned = cv2.flip(pixels, 1)
        case 3:
            turned = cv2.rotate(pixels, cv2.ROTATE_180)
        case 4:
            turned = cv2.flip(pixels, 0)
        case 5:
            turned = cv2.transpose(pixels)
        case 6:
            turned = cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE)
        case 7:
            turned = cv2.flip(cv2.transpose(pixels), -1)
        case 8:
            turned = cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE)
        case _:
            return pixels
    return turned


def turn_note(orientation: int) -> tuple[str, ...]:
    """Return the note on an image that was turned, none if it stood upright."""
    return () if orientation == 1 else (f"turned upright (EXIF orientation {orientation})",)


def halved(plane: Pixels) -> Pixels:
    """Return a plane (height, width) at half size, each pixel the mean of four."""
    height, width = plane.shape[0] // 2, plane.shape[1] // 2
    # of an odd side a last pixel is left out: exact halves are ten times as fast
    even = plane[: 2 * height, : 2 * width]
    return _u8(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA))


def frozen(pixels: Pixels) -> Pixels:
    """Return a read-only view; the array that was given stays as it is."""
    view = pixels.view()
    view.flags.writeable = False
    return view


def _u8(pixels: Any) -> Pixels:
    # OpenCV's stubs do not carry the type through.
    result: Pixels = pixels
    return result
