"""What a model takes: read from the shape of its input, and declared where that is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from imagegate.engines.network.tensors import Layout, Size
from imagegate.errors import SettingsError

TYPES = {"tensor(uint8)": "uint8", "tensor(float16)": "float16", "tensor(float)": "float32"}


@dataclass(frozen=True)
class Entry:
    """What a model takes: 1 channel of luma or 3 of colour; ``size`` None is any size."""

    name: str
    layout: Layout
    channels: int
    dtype: str
    size: Size | None


def entry_of(
    name: str, shape: Sequence[Any], kind: str, declared: Size | None, *, sized: bool
) -> Entry:
    """Put together what a model says of its input and the size that is declared.

    Sides of the shape that are open are no integers above 0. ``sized`` says that pictures of any
    size will not do. What takes no pictures, or another size, is a SettingsError.
    """
    if kind not in TYPES:
        raise SettingsError(f"takes {kind}; expected one of {', '.join(TYPES)}")
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
            size = size_in((middle, last), declared, sized=sized)
            return Entry(name, "nchw", first or 3, TYPES[kind], size)
        if last in wanted:
            size = size_in((first, middle), declared, sized=sized)
            return Entry(name, "nhwc", last or 3, TYPES[kind], size)
    raise SettingsError(f"expected 1 or 3 channels, got an input of {shape_text(shape)}")


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
