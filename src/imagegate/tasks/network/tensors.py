"""Fit a picture into what a network takes, and bring what it gives back to the picture's size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.errors import OutputError
from imagegate.tables import Pixels
from imagegate.tasks.network.scaling import Scaling, scaled

Values = NDArray[np.float32]
Size = tuple[int, int]  # height, width
Box = tuple[int, int, int, int]  # top, left, height, width
Layout = Literal["nchw", "nhwc"]
Fit = Literal["stretch", "crop", "pad"]
MOST_STRETCH = 0.05  # log ratio of two aspects that still count as one


@dataclass(frozen=True)
class Placement:
    """Where a picture lies in what the network is shown.

    Parameters
    ----------
    picture, shown : (int, int)
        Height and width of the picture, and of what the network is shown.
    part : (int, int, int, int)
        Top, left, height and width of the part of the picture that is shown.
    inside : (int, int, int, int)
        Likewise where that part lies in what is shown; the rest is padding.
    """

    picture: Size
    shown: Size
    part: Box
    inside: Box


def fitted(pixels: Pixels, size: Size | None, fit: Fit, multiple: int) -> tuple[Pixels, Placement]:
    """Bring a picture to a size.

    Parameters
    ----------
    pixels : ndarray of uint8
        RGB (height, width, 3).
    size : (int, int) or None
        Height and width; None leaves the picture as it is.
    fit : {"stretch", "crop", "pad"}
        Bend the picture to the size; show only the largest middle part of that aspect; or show
        all of it with black beside it.
    multiple : int
        Without a size: what the sides must be multiples of. The picture is continued by its
        reflection, to the right and downwards.
    """
    height, width = pixels.shape[:2]
    whole = (0, 0, height, width)
    if size is None:
        down, across = -height % multiple, -width % multiple
        return mirrored(pixels, down, across), Placement(
            (height, width), (height + down, width + across), whole, whole
        )
    inside, part = (0, 0, *size), whole
    if fit == "pad":
        inside = centred(size, (height, width))
    elif fit == "crop":
        part = centred((height, width), size)
    middle = resized(cut(pixels, part), inside[2:])
    shown = np.zeros((*size, *pixels.shape[2:]), np.uint8)
    cut(shown, inside)[:] = middle
    return shown, Placement((height, width), size, part, inside)


def centred(room: Size, aspect: Size) -> Box:
    """Return the largest box of an aspect (height, width) in the middle of a room."""
    scale = min(room[0] / aspect[0], room[1] / aspect[1])
    height, width = (
        min(most, max(1, round(side * scale))) for most, side in zip(room, aspect, strict=True)
    )
    return (room[0] - height) // 2, (room[1] - width) // 2, height, width


def cut(array: NDArray[Any], box: Box) -> NDArray[Any]:
    """Return the part of an array in a box, as a view."""
    top, left, height, width = box
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
    pixels: Pixels, *, channels: int, bgr: bool, scaling: Scaling, layout: Layout, dtype: str
) -> NDArray[Any]:
    """Return a fitted picture as a batch of one.

    Parameters
    ----------
    pixels : ndarray of uint8
        RGB (height, width, 3).
    channels : int
        3, or 1 for luma after ITU-R BT.601.
    bgr : bool
        Whether blue comes first.
    scaling : Scaling
        Unused where ``dtype`` is ``"uint8"``: pixels are taken as they are.
    layout : {"nchw", "nhwc"}
        Whether the channels stand before or after height and width.
    dtype : str
        ``"uint8"``, ``"float16"``, ``"float32"`` or ``"float64"``.
    """
    plane = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)) if channels == 1 else pixels
    values: NDArray[Any] = plane if dtype == "uint8" else scaled(plane.astype(np.uint8), scaling)
    if values.ndim == 2:
        values = values[..., None]
    elif bgr:
        values = values[..., ::-1]
    if layout == "nchw":
        values = values.transpose(2, 0, 1)
    return np.ascontiguousarray(values[None], dtype=dtype)


def same_aspect(got: Size, shown: Size) -> bool:
    """Tell whether two sizes have one aspect, but for rounding."""
    stretch = (got[0] / shown[0]) / (got[1] / shown[1])
    return bool(abs(np.log(stretch)) <= max(MOST_STRETCH, 1 / min(*got, *shown)))


def mask_back(mask: Values, place: Placement) -> Values:
    """Bring a mask of what was shown to the picture's size; 0 where nothing was shown."""
    if not same_aspect((mask.shape[0], mask.shape[1]), place.shown):
        raise OutputError(
            f"expected a mask with the aspect of what the model is shown, {place.shown[1]}x"
            f"{place.shown[0]}, got {mask.shape[1]}x{mask.shape[0]}"
        )
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
    if not same_aspect(got, place.shown):
        raise OutputError(
            f"expected a picture with the aspect of what the model is shown, {place.shown[1]}x"
            f"{place.shown[0]}, got {got[1]}x{got[0]}"
        )
    down, across = got[0] / place.shown[0], got[1] / place.shown[1]
    top, left, height, width = place.inside
    edges = (round(top * down), round(left * across))
    inside = (*edges, max(1, round(height * down)), max(1, round(width * across)))
    seen = cut(pixels, inside)
    if place.inside[2:] != place.picture:
        sides = (round(place.picture[0] * down), round(place.picture[1] * across))
        seen = resized(seen, (max(1, sides[0]), max(1, sides[1])))
    return np.ascontiguousarray(seen, np.uint8)
