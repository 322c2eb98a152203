"""Between pictures and the arrays of a network: what it is shown, and what it makes of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.engines.engine import Prediction, same_aspect
from imagegate.errors import OutputError, SettingsError
from imagegate.tables import Pixels

Values = NDArray[np.float32]
Size = tuple[int, int]  # height, width
Layout = Literal["nchw", "nhwc"]
Fit = Literal["stretch", "crop", "pad"]
ValuesAre = Literal["auto", "probabilities", "logits"]

TYPES = {"tensor(uint8)": "uint8", "tensor(float16)": "float16", "tensor(float)": "float32"}
OVERLAP = 8  # a tile's margin, which is thrown away, is this part of its side
MOST_OVERSHOOT = 4.0  # in units of white: a network may overshoot, but not by so much
ROUNDING = 2e-3  # by which probabilities in half precision miss 0, 1 or their sum
CUBIC = 0.45  # by which cubic resizing of 0..1 leaves it at most (ONNX Resize, a = -0.75)
UNCLEAR = 1.0  # how far out a mask may still be either; logits of something sure lie beyond
SCORES = "one score a class, of shape (1, classes)"
SAY = "say values probabilities or logits (--values)"


# ``value = (pixel / 255 - mean) / deviation``: one number for all colours, or red, green, blue.
Scaling = tuple[tuple[float, ...], tuple[float, ...]]
SCALINGS: dict[str, Scaling] = {
    "0..1": ((0.0,), (1.0,)),
    "-1..1": ((0.5,), (0.5,)),
    "0..255": ((0.0,), (1 / 255,)),
    # of ImageNet's training pictures, as torchvision has them
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


def scaling_of(given: str) -> Scaling:
    """Read a scaling: a name in ``SCALINGS``, or ``"MEAN/STD"``, each one number or three."""
    if given in SCALINGS:
        return SCALINGS[given]
    try:
        mean, std = (tuple(map(float, part.split(","))) for part in given.split("/"))
    except ValueError:
        mean, std = (), ()
    in_range = all(0 <= one <= 1 for one in mean) and all(0 < one < math.inf for one in std)
    if not in_range or not {len(mean), len(std)} <= {1, 3}:
        raise SettingsError(
            f"expected a scaling: {', '.join(SCALINGS)}, or MEAN/STD of values in 0..1 such as "
            "0.5/0.25 or 0.48,0.46,0.41/0.23,0.22,0.22 (of values in 0..255, divide mean and "
            f"deviation by 255); got {given!r}"
        )
    return mean, std


@dataclass(frozen=True)
class Input:
    """What a model is shown: 1 channel of luma or 3 of colour; ``size`` None is any size."""

    layout: Layout = "nchw"
    channels: int = 3
    dtype: str = "float32"
    size: Size | None = None
    scaling: str = "0..1"
    fit: Fit = "stretch"
    bgr: bool = False
    multiple: int = 1


def layout_of(shape: Sequence[Any]) -> tuple[Layout, int, tuple[int | None, int | None]]:
    """Read the shape of an input: where its channels are, how many, and height and width."""
    sides = [side if isinstance(side, int) and side > 0 else None for side in shape]
    if len(sides) == 4 and sides[0] in (None, 1):
        _, first, middle, last = sides
        # a side of 1 or 3 tells more than an open one
        for wanted in ((1, 3), (None,)):
            if first in wanted:
                return "nchw", first or 3, (middle, last)
            if last in wanted:
                return "nhwc", last or 3, (first, middle)
    raise SettingsError(
        "expected an input of one picture, (1, channels, height, width) or (1, height, width, "
        f"channels) with 1 or 3 channels, got ({', '.join(map(str, shape))})"
    )


def size_in(own: tuple[int | None, int | None], given: Any, *, sized: bool) -> Size | None:
    """Return height and width, None if both are open and may be."""
    width, height = given if isinstance(given, tuple) and len(given) == 2 else (given, given)
    if given is not None and not all(isinstance(one, int) and one > 0 for one in (width, height)):
        raise SettingsError(f"expected input_size: a side, or (width, height), got {given!r}")
    takes = f"{own[1] or 'any'}x{own[0] or 'any'}" if any(own) else "any size"
    if given is not None and (own[0] or height, own[1] or width) != (height, width):
        raise SettingsError(
            f"input size {width}x{height} (WIDTHxHEIGHT) was declared, but the model takes {takes}"
        )
    size = own[0] or height, own[1] or width
    if size[0] and size[1]:
        return size
    if any(size) or sized:
        raise SettingsError(
            f"the model takes {takes}: say which one it was trained on, as input_size "
            "(--input-size 224 or 320x240)"
        )
    return None


def shown_to(takes: Input, pixels: Pixels) -> Pixels:
    """Bring an RGB picture to the size that a model takes, or its sides to the multiple."""
    (height, width), size = pixels.shape[:2], takes.size
    if size is None:
        return mirrored(pixels, -height % takes.multiple, -width % takes.multiple)
    if takes.fit == "pad":
        shown = np.zeros((*size, 3), np.uint8)
        inside = middle(shown, (height, width))
        inside[:] = resized(pixels, inside.shape[:2])
        return shown
    return resized(middle(pixels, size) if takes.fit == "crop" else pixels, size)


def middle(array: NDArray[Any], aspect: Size) -> NDArray[Any]:
    """Return a view of the largest part of an aspect in the middle of a picture."""
    room = array.shape[:2]
    scale = min(room[0] / aspect[0], room[1] / aspect[1])
    height, width = (
        min(most, max(1, round(side * scale))) for most, side in zip(room, aspect, strict=True)
    )
    top, left = (room[0] - height) // 2, (room[1] - width) // 2
    return array[top : top + height, left : left + width]


def mirrored(pixels: Pixels, down: int, across: int) -> Pixels:
    """Continue a picture downwards and to the right by its reflection."""
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


def batch(takes: Input, pixels: Pixels) -> NDArray[Any]:
    """Return RGB pixels as a batch of one; one channel is luma after BT.601, bytes stay bytes."""
    values: NDArray[Any] = shown_to(takes, pixels)
    if takes.channels == 1:
        values = np.asarray(cv2.cvtColor(values, cv2.COLOR_RGB2GRAY))[..., None]
    if takes.dtype != "uint8":
        mean, std = map(np.array, scaling_of(takes.scaling))
        values = values * (1 / (255 * std)).astype(np.float32) + (-mean / std).astype(np.float32)
    if takes.bgr:
        values = values[..., ::-1]
    if takes.layout == "nchw":
        values = values.transpose(2, 0, 1)
    return np.ascontiguousarray(values[None], dtype=takes.dtype)


def back(made: NDArray[Any], takes: Input, shown: Pixels, pixels: Pixels) -> NDArray[Any]:
    """Take padding or bending back in a mask or a picture, of any size, of what was shown."""
    if not same_aspect(made.shape, shown.shape):
        sizes = [f"{array.shape[1]}x{array.shape[0]}" for array in (shown, made)]
        raise OutputError(
            f"expected the aspect of what the model is shown, {sizes[0]}, got {sizes[1]}"
        )
    if made.ndim == 2:  # a coarse mask cannot be cut at a fine padding
        made = resized(made, (shown.shape[0], shown.shape[1]))
    height, width = (
        max(1, round(side * (of / whole)))
        for side, of, whole in zip(pixels.shape[:2], made.shape, shown.shape, strict=False)
    )
    found = made[:height, :width] if takes.size is None else resized(made, (height, width))
    return np.ascontiguousarray(found)


def in_tiles(run: Callable[[Pixels], Pixels], pixels: Pixels, tile: int) -> Pixels:
    """Run a function over the square tiles of an RGB picture, and join what it makes of them.

    It is the same as ``run(pixels)`` for a network that looks no further than the margin, an
    eighth of the tile's side, and a picture no smaller than a tile.
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
            factor = made.shape[0] // tile
            joined = np.empty((room.shape[0] * factor, room.shape[1] * factor, 3), np.uint8)
        if made.shape != (tile * factor, tile * factor, 3):
            raise OutputError(
                f"expected of a tile of {tile}x{tile} a picture a whole number of times as large, "
                f"got {made.shape[1]}x{made.shape[0]}"
            )
        # a tile's own margin is kept only along the picture's edges
        down, across = (margin if top else 0), (margin if left else 0)
        part = made[down * factor :, across * factor :]
        y, x = (top + down) * factor, (left + across) * factor
        joined[y : y + part.shape[0], x : x + part.shape[1]] = part
    return joined[: height * factor, : width * factor]


def finite(given: Any, expected: str) -> NDArray[Any]:
    """Return an output as an array of finite numbers, floats as float32."""
    values = np.asarray(given)
    if values.dtype.kind not in "bfiu" or not values.size:
        raise OutputError(f"expected {expected}, got {values.dtype} of shape {values.shape}")
    bad = values.size - int(np.count_nonzero(np.isfinite(values)))
    if bad:
        raise OutputError(f"expected {expected}, got {bad:,} of {values.size:,} values NaN or inf")
    return values.astype(np.float32) if values.dtype.kind == "f" else values


def row(given: Any, expected: str, *, least: int = 1) -> Values:
    """Return an output as one row of at least so many floats."""
    values = finite(given, expected)
    one_row = values.size == max(values.shape, default=1) and values.size >= least
    if not one_row or values.dtype.kind != "f":
        raise OutputError(f"expected {expected}, got {values.dtype} of shape {values.shape}")
    return values.reshape(-1)


def planes(given: Any, layout: Layout, expected: str) -> NDArray[Any]:
    """Return an output as (height, width, channels); the shape tells more than the layout."""
    values = finite(given, expected)
    one = values[0] if values.ndim == 4 and values.shape[0] == 1 else values
    if one.ndim == 2:
        return one[..., None]
    if one.ndim != 3:
        raise OutputError(f"expected {expected}, got shape {values.shape}")
    first, last = one.shape[0] in (1, 3), one.shape[2] in (1, 3)
    return one if (last if first != last else layout == "nhwc") else np.moveaxis(one, 0, -1)


def values_of(given: Any, kind: str) -> ValuesAre:
    """Tell by the range of an output on one picture whether it holds probabilities or logits."""
    classes = kind == "classes"
    values = row(given, SCORES) if classes else finite(given, "a mask")
    low, high = float(values.min()), float(values.max())
    out = max(-low, high - 1)  # how far they leave 0..1
    if values.dtype.kind != "f":
        return "probabilities"
    sums = not classes or abs(float(values.sum()) - 1) <= ROUNDING
    if out <= (ROUNDING if classes else CUBIC) and sums and values.size > 1:
        return "probabilities"
    if out > (ROUNDING if classes else UNCLEAR) and values.size > 1:
        return "logits"
    raise OutputError(f"values from {low:.4g} to {high:.4g} may be probabilities or logits: {SAY}")


def chances(scores: Values, values_are: ValuesAre) -> Values:
    """Return scores as probabilities along the first axis; a single one is the second of two."""
    if values_are == "logits":
        scores = np.concatenate([np.zeros_like(scores), scores]) if len(scores) == 1 else scores
        powers = np.exp(scores - scores.max(axis=0))
        return np.asarray(powers / powers.sum(axis=0), np.float32)
    low, high = float(scores.min()), float(scores.max())
    if max(-low, high - 1) > CUBIC:
        raise OutputError(f"expected probabilities in 0..1, got {low:.4g} to {high:.4g}: {SAY}")
    found = np.clip(scores, 0, 1)
    return np.concatenate([1 - found, found]) if len(found) == 1 else found


def prediction(given: Any, names: Sequence[str], values_are: ValuesAre) -> Prediction:
    """Return an output as the class with the highest score; without names by its number."""
    found = chances(row(given, SCORES), values_are)
    if names and len(names) != found.size:
        raise OutputError(
            f"expected one score for each of {len(names)} class names, got {found.size}"
        )
    best = int(np.argmax(found))
    return Prediction(names[best] if names else str(best), float(found[best]))


def mask(given: Any, layout: Layout, values_are: ValuesAre) -> Values:
    """Return an output as a mask, float32 (height, width) in 0..1.

    It may be one plane of probabilities or logits; several, the first of which is the background;
    or the number of a class for each pixel, 0 for the background.
    """
    found = np.moveaxis(planes(given, layout, "a mask (1, planes, height, width)"), -1, 0)
    numbers = found.dtype.kind != "f" and found.dtype != np.uint8
    if numbers and len(found) > 1:
        raise OutputError(f"expected one class number a pixel, got shape {np.shape(given)}")
    if numbers or len(found) > 2:
        return np.asarray((found[0] if numbers else found.argmax(axis=0)) > 0, np.float32)
    if found.dtype == np.uint8:
        found, values_are = found.astype(np.float32) / np.float32(255), "probabilities"
    return np.asarray(chances(found, values_are)[-1])


def picture(given: Any, takes: Input, shown: Pixels) -> Pixels:
    """Return an output as RGB pixels; luma made of luma takes the colours of what is shown."""
    wanted = "a picture (1, channels, height, width) of 1 or 3 channels"
    values = planes(given, takes.layout, wanted)
    if values.shape[2] not in (1, 3):
        raise OutputError(f"expected {wanted}, got shape {np.shape(given)}")
    made = (values[..., ::-1] if takes.bgr else values).astype(np.float32)
    if values.dtype != np.uint8:
        count = made.shape[2]
        mean, std = (np.array(each[:count], np.float32) for each in scaling_of(takes.scaling))
        made = made * std + mean
        if made.max() > 1 + MOST_OVERSHOOT or made.min() < -MOST_OVERSHOOT:
            raise OutputError(
                f"expected a picture scaled like the input, {takes.scaling}, got values from "
                f"{values.min():.4g} to {values.max():.4g}: give a function as postprocess"
            )
        made = np.rint(np.clip(made, 0, 1) * 255)
    if made.shape[2] == takes.channels == 1:
        wide = resized(cv2.cvtColor(shown, cv2.COLOR_RGB2YCrCb), made.shape[:2])
        luma = np.dstack([made.astype(np.uint8), wide[..., 1:]])
        return np.asarray(cv2.cvtColor(luma, cv2.COLOR_YCrCb2RGB), np.uint8)
    return np.ascontiguousarray(np.broadcast_to(made, (*made.shape[:2], 3)), np.uint8)


def interpreted(
    takes: Input,
    kind: str,
    class_names: Sequence[str],
    values: ValuesAre,
    outputs: Sequence[Any],
    pixels: Pixels,
) -> Any:
    """Return what the first output of a model says of a picture, as tasks know it."""
    if kind == "embedding":
        return row(outputs[0], "an embedding, one row of at least 2 numbers", least=2)
    if kind == "classes":
        return prediction(outputs[0], class_names, values)
    shown = shown_to(takes, pixels)
    if kind == "mask":
        return np.clip(back(mask(outputs[0], takes.layout, values), takes, shown, pixels), 0, 1)
    return back(picture(outputs[0], takes, shown), takes, shown, pixels)
