"""Fit a picture into what a network takes, and bring what it gives back to the picture's size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.engines.network.scaling import Scaling, scaled
from imagegate.errors import OutputError
from imagegate.tables import Pixels

Values = NDArray[np.float32]
Size = tuple[int, int]  # height, width
Window = tuple[int, int, int, int]  # top, left, height, width, in pixels
Layout = Literal["nchw", "nhwc"]
Fit = Literal["stretch", "crop", "pad"]
MOST_STRETCH = 0.05  # log ratio of two aspects that still count as one


@dataclass(frozen=True)
class Placement:
    """Where a picture lies in what the network is shown.

    ``part`` is the window of the picture that is shown, ``inside`` the window of what is shown
    that holds it; the rest is padding.
    """

    picture: Size
    shown: Size
    part: Window
    inside: Window


def fitted(pixels: Pixels, size: Size | None, fit: Fit, multiple: int) -> tuple[Pixels, Placement]:
    """Bring an RGB picture to a size: bent, its largest middle part, or with black beside it.

    Without a size its sides become multiples of a number: it is continued by its reflection, to
    the right and downwards.
    """
    height, width = pixels.shape[:2]
    part = inside = (0, 0, height, width)
    if size is None:
        down, across = -height % multiple, -width % multiple
        shown = mirrored(pixels, down, across)
        return shown, Placement((height, width), (height + down, width + across), part, inside)
    inside = centred(size, (height, width)) if fit == "pad" else (0, 0, *size)
    if fit == "crop":
        part = centred((height, width), size)
    shown = np.zeros((*size, 3), np.uint8)
    cut(shown, inside)[:] = resized(cut(pixels, part), inside[2:])
    return shown, Placement((height, width), size, part, inside)


def centred(room: Size, aspect: Size) -> Window:
    """Return the largest window of an aspect (height, width) in the middle of a room."""
    scale = min(room[0] / aspect[0], room[1] / aspect[1])
    height, width = (
        min(most, max(1, round(side * scale))) for most, side in zip(room, aspect, strict=True)
    )
    return (room[0] - height) // 2, (room[1] - width) // 2, height, width


def cut(array: NDArray[Any], window: Window) -> NDArray[Any]:
    """Return the part of an array in a window, as a view."""
    top, left, height, width = window
    return array[top : top + height, left : left + width]


def mirrored(pixels: Pixels, down: int, across: int) -> Pixels:
    """Continue a picture downwards and to the right by its reflection."""
    if not (down or across):
        return pixels
    # symmetric, for a picture of one pixel has nothing beside its edge to reflect
    return np.pad(pixels, ((0, down), (0, across), (0, 0)), mode="symmetric")


def resized(array: NDArray[Any], size: Size) -> NDArray[Any]:
    """Resize to (height, width): averaged where it shrinks, linear where it grows."""
    small = (min(size[0], array.shape[0]), min(size[1], array.shape[1]))
    if small != array.shape[:2]:
        array = cv2.resize(array, small[::-1], interpolation=cv2.INTER_AREA)
    if small != size:
        array = cv2.resize(array, size[::-1], interpolation=cv2.INTER_LINEAR)
    return array


def tensor(
    pixels: Pixels, layout: Layout, channels: int, dtype: str, scaling: Scaling, *, bgr: bool
) -> NDArray[Any]:
    """Return RGB pixels (height, width, 3) as a batch of one.

    One channel is luma after ITU-R BT.601; bytes (``"uint8"``) are not scaled.
    """
    values: NDArray[Any] = pixels
    if channels == 1:
        values = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))[..., None]
    if dtype != "uint8":
        values = scaled(values.astype(np.uint8), scaling)
    if bgr:
        values = values[..., ::-1]
    if layout == "nchw":
        values = values.transpose(2, 0, 1)
    return np.ascontiguousarray(values[None], dtype=dtype)


def check_aspect(got: Size, place: Placement, what: str) -> None:
    """Refuse what has another aspect than the picture that the network was shown."""
    height, width = place.shown
    stretch = (got[0] / height) / (got[1] / width)
    if abs(np.log(stretch)) > max(MOST_STRETCH, 1 / min(*got, height, width)):
        raise OutputError(
            f"expected a {what} with the aspect of what the model is shown, {width}x{height}, "
            f"got {got[1]}x{got[0]}"
        )


def mask_back(mask: Values, place: Placement) -> Values:
    """Bring a mask of what was shown to the picture's size; 0 where nothing was shown."""
    check_aspect((mask.shape[0], mask.shape[1]), place, "mask")
    # first to the size shown: a coarse mask cannot be cut at a fine padding
    seen = resized(cut(resized(mask, place.shown), place.inside), place.part[2:])
    whole = np.zeros(place.picture, np.float32)
    cut(whole, place.part)[:] = np.clip(seen, 0, 1)
    return whole


def picture_back(pixels: Pixels, place: Placement) -> Pixels:
    """Cut the padding off a picture made of what was shown, and take the bending back.

    A model that makes pictures twice as large makes this one twice as large, too.
    """
    got = (pixels.shape[0], pixels.shape[1])
    check_aspect(got, place, "picture")
    down, across = got[0] / place.shown[0], got[1] / place.shown[1]
    top, left, height, width = place.inside
    edges = (round(top * down), round(left * across))
    inside = (*edges, max(1, round(height * down)), max(1, round(width * across)))
    seen = cut(pixels, inside)
    if place.inside[2:] != place.picture:
        sides = (round(place.picture[0] * down), round(place.picture[1] * across))
        seen = resized(seen, (max(1, sides[0]), max(1, sides[1])))
    return np.ascontiguousarray(seen, np.uint8)
