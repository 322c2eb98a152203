"""What a user says of an ONNX model: every setting once, with its default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from imagegate.engines.network.tensors import Fit, Size
from imagegate.errors import SettingsError, UnknownNameError

OnnxOutput = Literal["classes", "embedding", "mask", "image"]
Colours = Literal["rgb", "bgr"]
ValuesAre = Literal["auto", "probabilities", "logits"]
CHOICES: dict[str, tuple[str, ...]] = {
    "output": get_args(OnnxOutput),
    "fit": get_args(Fit),
    "colours": get_args(Colours),
    "values": get_args(ValuesAre),
}
# Which kinds of output a setting says something of; those not listed are for all.
MEANT_FOR: dict[str, tuple[OnnxOutput, ...]] = {
    "class_names": ("classes",),
    "values": ("classes", "mask"),
    "mask_channel": ("mask",),
    "tile": ("image",),
    "output_scaling": ("image",),
    "input_multiple": ("mask", "image"),
}
LEAST = {"input_multiple": 1, "tile": 16, "mask_channel": 0}


@dataclass(frozen=True)
class Settings:
    """What a user says of a model; it must not contradict what the model says of itself.

    Parameters
    ----------
    output : {"classes", "embedding", "mask", "image"}
        What the model gives: a score a class, a row of numbers, the subject's mask, a picture.
    input_size : int or (int, int), optional
        Side, or (width, height), of the pictures that it was trained on, where the model takes
        any. Without it, a mask or a picture is made of the picture as it is, up to 2.1
        megapixels.
    fit : {"stretch", "crop", "pad"}
        How a picture of another aspect is brought to that size: bent, its middle, or whole with
        black beside it. A mask is brought back to the picture; outside a crop it is 0.
    scaling : str, optional
        ``"0..1"`` (default), ``"-1..1"``, ``"0..255"`` (the only one for models that take
        bytes), ``"imagenet"``, or mean and deviation of values in 0..1, as ``"0.5/0.25"``.
    colours : {"rgb", "bgr"}
        The order of the channels; a model of one channel is shown luma after BT.601.
    input_multiple : int
        For masks and pictures of any size: what the sides must be multiples of.
    tile : int, optional
        For pictures: run in overlapping squares of this side. Memory then stays bounded; do not
        use it with a model that looks at the picture as a whole.
    class_names : str, Path or sequence of str
        For classes: their names, or a text file with one a line; else they are called by their
        number. They must be those that the truth has.
    output_name : str, optional
        The output to look at; the first by default.
    output_scaling : str, optional
        For pictures: how they are scaled, if other than the input.
    values : {"auto", "probabilities", "logits"}
        What the scores of classes or the values of a mask are; ``"auto"`` tells it by their
        range, see :mod:`imagegate.engines.network.adapters`.
    mask_channel : int, optional
        For masks of several planes, or of class numbers: which is the subject. By default all
        but plane 0, the background.

    Raises
    ------
    SettingsError
        If a setting cannot be meant, whatever the model is.
    """

    output: OnnxOutput
    input_size: int | tuple[int, int] | None = None
    fit: Fit = "stretch"
    scaling: str | None = None
    colours: Colours = "rgb"
    input_multiple: int = 1
    tile: int | None = None
    class_names: str | Path | Sequence[str] = ()
    output_name: str | None = None
    output_scaling: str | None = None
    values: ValuesAre = "auto"
    mask_channel: int | None = None

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise UnknownNameError(name, str(getattr(self, name)), choices)
        for field in fields(self):
            kinds = MEANT_FOR.get(field.name, (self.output,))
            if self.output not in kinds and getattr(self, field.name) != field.default:
                wanted = " or ".join(kinds)
                raise SettingsError(f"{field.name} is for models that give {wanted}")
        for name, least in LEAST.items():
            given = getattr(self, name)
            if given is not None and given < least:
                raise SettingsError(f"expected {name} of at least {least}, got {given}")
        if self.output == "image" and self.fit == "crop":
            raise SettingsError("fit crop loses the rest of the picture: use stretch, pad or tile")


def size_of(given: Any) -> Size | None:
    """Return a declared size, a side or (width, height), as (height, width)."""
    if given is None:
        return None
    pair = tuple(given) if isinstance(given, Sequence) else (given, given)
    if len(pair) != 2 or not all(isinstance(side, int) and side > 0 for side in pair):
        raise SettingsError(f"expected input_size: a side, or (width, height), got {given!r}")
    return pair[1], pair[0]


def names_of(given: str | Path | Sequence[str]) -> tuple[str, ...]:
    """Return the names of classes, from a file if need be."""
    lines = given
    if isinstance(lines, str | Path):
        try:
            lines = Path(lines).expanduser().read_text(encoding="utf-8-sig").rstrip().split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"expected class names, one a line, in {given}: {error}") from error
    names = tuple(line.strip() for line in lines)
    if not all(names):
        raise SettingsError(
            f"expected a class name in every line, line {names.index('') + 1} is empty"
        )
    return names
