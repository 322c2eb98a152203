"""Show pictures to a network, sized and scaled, and bring what it makes of them back."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.engines.engine import same_aspect
from imagegate.errors import OutputError, SettingsError
from imagegate.tables import Pixels

Values = NDArray[np.float32]
Size = tuple[int, int]  # height, width
Window = tuple[int, int, int, int]  # top, left, height, width, in pixels
Layout = Literal["nchw", "nhwc"]
Fit = Literal["stretch", "crop", "pad"]

MOST_OVERSHOOT = 4.0  # in units of white: a network may overshoot, but not by so much
OVERLAP = 8  # a tile's margin, which is thrown away, is this part of its side


@dataclass(frozen=True)
class Scaling:
    """``value = (pixel / 255 − mean) / std``: one number for all colours, or red, green, blue."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __str__(self) -> str:
        for name, row in SCALINGS.items():
            if row == self:
                return name
        return "/".join(
            ",".join(f"{part:.9g}" for part in parts) for parts in (self.mean, self.std)
        )


SCALINGS = {
    "0..1": Scaling((0.0,), (1.0,)),
    "-1..1": Scaling((0.5,), (0.5,)),
    "0..255": Scaling((0.0,), (1 / 255,)),
    # mean and deviation of ImageNet's training pictures, as torchvision has them
    "imagenet": Scaling((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


def scaling_of(given: str) -> Scaling:
    """Read a scaling: a name in ``SCALINGS``, or ``"MEAN/STD"``, each one number or three.

    >>> scaling_of("0.5/0.25")
    Scaling(mean=(0.5,), std=(0.25,))
    """
    if given in SCALINGS:
        return SCALINGS[given]
    try:
        mean, std = (tuple(map(float, part.split(","))) for part in given.split("/"))
        good = {len(mean), len(std)} <= {1, 3}
    except (AttributeError, ValueError):
        good = False
    if not good:
        raise SettingsError(
            f"expected a scaling: {', '.join(SCALINGS)}, or MEAN/STD of values in 0..1 such as "
            f"0.5/0.25 or 0.48,0.46,0.41/0.23,0.22,0.22; got {given!r}"
        )
    if any(not 0 <= part <= 1 for part in mean):
        raise SettingsError(
            f"expected means in 0..1, got {given!r}: of values in 0..255, divide mean and "
            "deviation by 255"
        )
    if any(not (math.isfinite(part) and part > 0) for part in std):
        raise SettingsError(f"expected deviations above 0, got {given!r}")
    return Scaling(mean, std)


def scaling_in(dtype: str, channels: int, given: str | None) -> Scaling:
    """Return how pixels are scaled; a model of bytes takes them as they are."""
    usual = "0..255" if dtype == "uint8" else "0..1"
    scaling = scaling_of(given or usual)
    if dtype == "uint8" and scaling != scaling_of(usual):
        raise SettingsError(f"scaling {scaling} was declared, but the model takes bytes, 0..255")
    if channels == 1 and max(len(scaling.mean), len(scaling.std)) > 1:
        raise SettingsError(f"scaling {scaling} is for 3 channels, but the model takes 1")
    return scaling


def layout_of(shape: Sequence[Any]) -> tuple[Layout, int, tuple[int | None, int | None]]:
    """Read the shape of an input: where its channels stand, how many, and height and width."""
    sides = [side if isinstance(side, int) and side > 0 else None for side in shape]
    if len(sides) != 4 or sides[0] not in (None, 1):
        raise SettingsError(
            "expected an input of one picture, (1, channels, height, width) or (1, height, width, "
            f"channels), got {shape_text(shape)}"
        )
    _, first, middle, last = sides
    # a side of 1 or 3 tells more than an open one
    for wanted in ((1, 3), (None,)):
        if first in wanted:
            return "nchw", first or 3, (middle, last)
        if last in wanted:
            return "nhwc", last or 3, (first, middle)
    raise SettingsError(f"expected 1 or 3 channels, got an input of {shape_text(shape)}")


def size_of(given: Any) -> Size | None:
    """Return a declared size, a side or (width, height), as (height, width)."""
    if given is None:
        return None
    pair = tuple(given) if isinstance(given, Sequence) else (given, given)
    if len(pair) != 2 or not all(isinstance(side, int) and side > 0 for side in pair):
        raise SettingsError(f"expected input_size: a side, or (width, height), got {given!r}")
    return pair[1], pair[0]


def size_in(
    own: tuple[int | None, int | None], declared: Size | None, *, sized: bool
) -> Size | None:
    """Return height and width, None if both are open and may be."""
    height, width = own
    takes = f"{width or 'any'}x{height or 'any'}" if height or width else "any size"
    if declared:
        if height not in (None, declared[0]) or width not in (None, declared[1]):
            raise SettingsError(
                f"input size {declared[1]}x{declared[0]} (WIDTHxHEIGHT) was declared, but the "
                f"model takes {takes}"
            )
        return declared
    if height and width:
        return height, width
    if height or width or sized:
        raise SettingsError(
            f"the model takes {takes}: say which one it was trained on, as input_size "
            "(--input-size 224 or 320x240)"
        )
    return None


def shape_text(shape: Sequence[Any]) -> str:
    """Show a shape; open sides by their names."""
    return f"({', '.join('any' if side is None else str(side) for side in shape)})"


def scaled(pixels: Pixels, scaling: Scaling) -> Values:
    """Scale pixels (height, width, channels) to what the network takes."""
    mean, std = np.array(scaling.mean), np.array(scaling.std)
    factor, shift = (1 / (255 * std)).astype(np.float32), (-mean / std).astype(np.float32)
    return np.asarray(pixels * factor + shift, np.float32)


def unscaled(values: Values, scaling: Scaling) -> Pixels:
    """Scale what a network gave, (height, width, channels), back; a little overshoot is cut."""
    count = values.shape[2]
    std = np.array(scaling.std[:count], np.float32)
    plain = values * std + np.array(scaling.mean[:count], np.float32)
    if plain.max() > 1 + MOST_OVERSHOOT or plain.min() < -MOST_OVERSHOOT:
        raise OutputError(
            f"expected a picture scaled like {scaling}, got values from {values.min():.4g} to "
            f"{values.max():.4g}: say how the output is scaled, such as output_scaling 0..255"
        )
    return np.asarray(np.rint(np.clip(plain, 0, 1) * 255), np.uint8)


@dataclass(frozen=True)
class Placement:
    """Which window of a picture is shown, and in which window of what is shown it lies."""

    picture: Size
    shown: Size
    part: Window
    inside: Window


def fitted(pixels: Pixels, size: Size | None, fit: Fit, multiple: int) -> tuple[Pixels, Placement]:
    """Bring an RGB picture to a size: bent, its largest middle part, or with black beside it.

    Without a size its sides become multiples of a number: it is continued by its reflection.
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
    """Return RGB pixels as a batch of one; one channel is luma after BT.601, bytes stay bytes."""
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


def mask_back(mask: Values, placement: Placement) -> Values:
    """Bring a mask of what was shown to the picture's size; 0 where nothing was shown."""
    check_aspect(mask, placement, "mask")
    # first to the size shown: a coarse mask cannot be cut at a fine padding
    seen = resized(cut(resized(mask, placement.shown), placement.inside), placement.part[2:])
    whole = np.zeros(placement.picture, np.float32)
    cut(whole, placement.part)[:] = np.clip(seen, 0, 1)
    return whole


def picture_back(pixels: Pixels, placement: Placement) -> Pixels:
    """Cut the padding off a picture made of what was shown, of any size, and take bending back."""
    check_aspect(pixels, placement, "picture")
    down, across = pixels.shape[0] / placement.shown[0], pixels.shape[1] / placement.shown[1]
    top, left, height, width = placement.inside
    edges = (round(top * down), round(left * across))
    inside = (*edges, max(1, round(height * down)), max(1, round(width * across)))
    seen = cut(pixels, inside)
    if placement.inside[2:] != placement.picture:
        sides = (round(placement.picture[0] * down), round(placement.picture[1] * across))
        seen = resized(seen, (max(1, sides[0]), max(1, sides[1])))
    return np.ascontiguousarray(seen, np.uint8)


def check_aspect(made: NDArray[Any], placement: Placement, what: str) -> None:
    """Refuse what has another aspect than the picture that the network was shown."""
    (tall, wide), (height, width) = made.shape[:2], placement.shown
    if not same_aspect(made.shape, placement.shown):
        raise OutputError(
            f"expected a {what} with the aspect of what the model is shown, {width}x{height}, "
            f"got {wide}x{tall}"
        )


def in_tiles(run: Callable[[Pixels], Pixels], pixels: Pixels, tile: int) -> Pixels:
    """Run a function over the square tiles of an RGB picture, and join what it makes of them.

    It is the same as ``run(pixels)`` for a network that looks no further than the margin, an
    eighth of the tile's side, and a picture no smaller than a tile. ``run`` must make pictures a
    whole number of times as large; else an OutputError says so.
    """
    height, width = pixels.shape[:2]
    room = mirrored(pixels, max(0, tile - height), max(0, tile - width))
    margin = tile // OVERLAP
    tops, lefts = (
        [*range(0, side - tile, tile - 2 * margin), side - tile] for side in room.shape[:2]
    )
    joined, factor = np.empty((0, 0, 3), np.uint8), 1
    for top, left in product(tops, lefts):
        made = run(room[top : top + tile, left : left + tile])
        if not joined.size:
            factor = whole_factor(made, tile)
            joined = np.empty((room.shape[0] * factor, room.shape[1] * factor, 3), np.uint8)
        # a tile's own margin is kept only along the picture's edges
        down, across = (margin if top else 0), (margin if left else 0)
        part = made[down * factor :, across * factor :]
        y, x = (top + down) * factor, (left + across) * factor
        joined[y : y + part.shape[0], x : x + part.shape[1]] = part
    return joined[: height * factor, : width * factor]


def whole_factor(made: Pixels, tile: int) -> int:
    """Return how many times larger than a tile a picture is."""
    height, width = made.shape[:2]
    if height != width or height % tile:
        raise OutputError(
            f"expected of a tile of {tile}x{tile} a picture a whole number of times as large, "
            f"got {width}x{height}"
        )
    return int(height) // tile
