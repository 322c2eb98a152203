"""What a model takes: read from it, and declared where it leaves that open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from imagegate.errors import SettingsError
from imagegate.tasks.network.tensors import Layout, Size

Colours = Literal["rgb", "bgr", "gray"]
Sides = tuple[int | None, int | None]  # height and width; None is open
TYPES = {
    "tensor(uint8)": "uint8",
    "tensor(float16)": "float16",
    "tensor(float)": "float32",
    "tensor(double)": "float64",
}


@dataclass(frozen=True)
class Entry:
    """What a model takes.

    Parameters
    ----------
    name : str
        The name of its input.
    layout : {"nchw", "nhwc"}
        Whether channels stand before or after height and width.
    channels : int
        1 for gray, 3 for colour.
    dtype : str
        The type of its numbers, as NumPy calls it.
    size : (int, int) or None
        Height and width; None takes pictures as they are.
    """

    name: str
    layout: Layout
    channels: int
    dtype: str
    size: Size | None


def entry_of(
    name: str,
    shape: Sequence[Any],
    kind: str,
    *,
    layout: Layout | None = None,
    colours: Colours = "rgb",
    size: Size | None = None,
    sized: bool,
) -> Entry:
    """Put together what a model says of its input and what is declared.

    Parameters
    ----------
    name, shape, kind
        What the model says; open sides are no integers above 0.
    layout, colours, size
        What is declared; ``size`` is (height, width).
    sized : bool
        Whether pictures of any size will not do.

    Raises
    ------
    SettingsError
        If the model takes no pictures, or if it and what is declared contradict each other.
    """
    if kind not in TYPES:
        raise SettingsError(f"takes {kind}; expected one of {', '.join(TYPES)}")
    sides = [side if isinstance(side, int) and side > 0 else None for side in shape]
    if len(sides) != 4 or sides[0] not in (None, 1):
        raise SettingsError(
            "expected an input of one picture, (1, channels, height, width) or (1, height, width, "
            f"channels), got {told(shape)}"
        )
    found = layout_of(sides, shape, layout)
    channels = channels_of(sides[1 if found == "nchw" else 3], colours)
    own: Sides = (sides[2], sides[3]) if found == "nchw" else (sides[1], sides[2])
    return Entry(name, found, channels, TYPES[kind], size_of(own, size, sized=sized))


def layout_of(sides: Sequence[int | None], shape: Sequence[Any], given: Layout | None) -> Layout:
    """Tell where the channels stand; a side of 1 or 3 tells more than an open one."""
    places: dict[Layout, int | None] = {"nchw": sides[1], "nhwc": sides[3]}
    known: list[Layout] = [name for name in get_args(Layout) if places[name] in (1, 3)]
    fits = known or [name for name in get_args(Layout) if places[name] is None]
    if not fits:
        raise SettingsError(f"expected 1 or 3 channels, got an input of {told(shape)}")
    if given and given not in fits:
        raise SettingsError(f"layout {given} was declared, but the model takes {told(shape)}")
    return given or fits[0]


def channels_of(own: int | None, colours: Colours) -> int:
    """Return how many channels a picture has; the model may leave it to what is declared."""
    if own is None:
        return 1 if colours == "gray" else 3
    if colours == "gray" and own == 3:
        raise SettingsError("colours gray was declared, but the model takes 3 channels")
    if colours == "bgr" and own == 1:
        raise SettingsError("colours bgr was declared, but the model takes 1 channel")
    return own


def size_of(own: Sides, given: Size | None, *, sized: bool) -> Size | None:
    """Return height and width, None if both are open and may be."""
    if given:
        if any(side not in (None, wanted) for side, wanted in zip(own, given, strict=True)):
            own_height, own_width = ("any" if side is None else side for side in own)
            raise SettingsError(
                f"input size {given[1]}x{given[0]} (WIDTHxHEIGHT) was declared, but the model "
                f"takes {own_width}x{own_height}"
            )
        return given
    height, width = own
    if height and width:
        return height, width
    if height or width or sized:
        takes = f"height {height}" if height else f"width {width}" if width else "any size"
        raise SettingsError(
            f"the model takes {takes}: say which one it was trained on, as input_size "
            "(--input-size 224 or 320x240)"
        )
    return None


def told(shape: Sequence[Any]) -> str:
    """Show a shape; open sides by their names."""
    return f"({', '.join('any' if side is None else str(side) for side in shape)})"
