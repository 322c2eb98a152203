"""Turn the numbers that a network returns into outputs of tasks.

Unless declared, the range decides whether scores and masks are probabilities or logits:
class scores that sum to 1 are probabilities, those outside 0..1 are logits; a mask within
-0.45..1.45 holds probabilities, one that leaves -1..2 holds logits.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.engines.onnx.input import Layout, Scaling, Values, resized, shape_text, unscaled
from imagegate.engines.outputs import Prediction
from imagegate.errors import OutputError, SettingsError
from imagegate.tables import Pixels

ValuesAre = Literal["auto", "probabilities", "logits"]
ROUNDING = 2e-3  # by which probabilities in half precision miss 0, 1 or their sum
OVERSHOOT = 0.45  # by which cubic resizing of 0..1 leaves it at most (ONNX Resize, a = -0.75)
UNCLEAR = 1.0  # how far out values may still be either; logits of something sure lie beyond
SAY = "say values probabilities or logits (--values)"


def name_in(session: Any, wanted: str | None, kind: str, values_are: ValuesAre) -> str:
    """Return the name of the output to look at, refusing one that cannot be meant."""
    outputs = {found.name: list(found.shape or []) for found in session.get_outputs()}
    name = wanted or next(iter(outputs))
    if name not in outputs:
        raise SettingsError(f"has no output {name!r}; it has {', '.join(outputs)}")
    shape = outputs[name]
    sides = [side for side in shape if side != 1]
    vectors = kind in ("classes", "embedding")
    definite = [side for side in sides if isinstance(side, int)]
    if shape and (len(definite) > 1 if vectors else len(sides) < 2):
        like = "(1, numbers)" if vectors else "(1, planes, height, width)"
        others = ", ".join(other for other in outputs if other != name)
        raise SettingsError(
            f"expected {kind} in the output {name}, of a shape like {like}, got "
            f"{shape_text(shape)}{f'; choose another by output_name: {others}' if others else ''}"
        )
    scores = shape[1:] if shape and not isinstance(shape[0], int) else shape  # an open batch
    if kind == "classes" and values_are == "auto" and scores and set(scores) == {1}:
        raise SettingsError(
            "gives one score, and its range cannot tell what it is: say values probabilities or "
            "logits (--values)"
        )
    return name


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


def finite(given: Any, expected: str) -> NDArray[Any]:
    """Return an output as an array of finite numbers."""
    values = np.asarray(given)
    if values.dtype.kind not in "bfiu":
        raise OutputError(f"expected {expected}, got values of type {values.dtype}")
    if not values.size:
        raise OutputError(f"expected {expected}, got an empty array of shape {values.shape}")
    bad = values.size - int(np.count_nonzero(np.isfinite(values)))
    if bad:
        raise OutputError(f"expected {expected}, got {bad:,} of {values.size:,} values NaN or inf")
    return values.astype(np.float32) if values.dtype.kind == "f" else values


def vector(given: Any) -> Values:
    """Return an output as an embedding: float32, one dimension, as the network gave it."""
    wanted = "an embedding, one row of at least 2 numbers"
    values = finite(given, wanted)
    if values.size != max(values.shape, default=0) or values.size < 2:
        raise OutputError(f"expected {wanted}, got shape {values.shape}")
    return values.reshape(-1).astype(np.float32)


def prediction(given: Any, class_names: tuple[str, ...], values_are: ValuesAre) -> Prediction:
    """Return an output as the class with the highest score; without names by its number.

    A single score says how sure the second of two classes is.
    """
    values = finite(given, "one score a class")
    if values.dtype.kind != "f" or values.size != max(values.shape, default=1):
        raise OutputError(
            f"expected one score a class, floats of shape (1, classes), got {values.dtype} of "
            f"shape {values.shape}"
        )
    scores = values.reshape(-1)
    if scores.size == 1:
        if values_are == "auto":
            raise OutputError(f"one score may be a probability or a logit: {SAY}")
        second = sigmoid(scores) if values_are == "logits" else in_range(scores)
        scores, values_are = np.concatenate([1 - second, second]), "probabilities"
    if class_names and len(class_names) != scores.size:
        raise OutputError(
            f"expected one score for each of {len(class_names)} class names, got {scores.size}"
        )
    best = int(np.argmax(scores))
    return Prediction(class_names[best] if class_names else str(best), chance(scores, values_are))


def chance(scores: Values, values_are: ValuesAre) -> float:
    """Return the probability of the likeliest class.

    NaN if it is unclear: scores in 0..1 with another sum than 1 may be weak logits, or classes
    that do not exclude each other.
    """
    if values_are == "auto":
        inside = scores.min() >= -ROUNDING and scores.max() <= 1 + ROUNDING
        if inside and abs(float(scores.sum()) - 1) > ROUNDING:
            return float("nan")
        values_are = "probabilities" if inside else "logits"
    chances = in_range(scores) if values_are == "probabilities" else softmax(scores)
    return float(chances.max())


def mask(given: Any, layout: Layout, values_are: ValuesAre, channel: int | None) -> Values:
    """Return an output as a mask, float32 (height, width) in 0..1.

    It may be one plane of probabilities or logits; several, the first of which is the background;
    or the number of a class for each pixel, 0 for the background. ``channel`` is the plane or
    class that is the subject; None for all but the background.
    """
    values = finite(given, "a mask")
    planes = planes_of(values, layout)
    count = len(planes)
    if values.dtype.kind != "f" and values.dtype != np.uint8:
        if count > 1:
            raise OutputError(f"expected one class number a pixel, got shape {values.shape}")
        return np.asarray(planes[0] > 0 if channel is None else planes[0] == channel, np.float32)
    if channel is not None and channel >= count:
        raise OutputError(f"expected a plane {channel} (mask_channel), got {count} planes")
    if channel is None and count > 2:
        return np.asarray(planes.argmax(axis=0) > 0, np.float32)
    if values.dtype == np.uint8:
        planes, values_are = planes.astype(np.float32) / np.float32(255), "probabilities"
    chances = chances_of(planes, values_are)
    return np.asarray(chances[count - 1 if channel is None else channel])


def planes_of(values: NDArray[Any], layout: Layout) -> NDArray[Any]:
    """Return an output as (planes, height, width)."""
    planes = values[0] if values.ndim == 4 and values.shape[0] == 1 else values
    if planes.ndim == 2:
        return planes[None]
    if planes.ndim != 3:
        raise OutputError(
            f"expected a mask of one picture, such as (1, 1, height, width), got {values.shape}"
        )
    last = planes.shape[0] != 1 and (layout == "nhwc" or planes.shape[2] == 1)
    return planes.transpose(2, 0, 1) if last else planes


def chances_of(planes: Values, values_are: ValuesAre) -> Values:
    """Return planes as probabilities."""
    low, high = float(planes.min()), float(planes.max())
    out = max(-low, high - 1)  # how far they leave 0..1
    if values_are == "auto" and OVERSHOOT < out <= UNCLEAR:
        raise OutputError(
            f"values from {low:.4g} to {high:.4g} may be probabilities or logits: {SAY}"
        )
    if values_are == "logits" or (values_are == "auto" and out > UNCLEAR):
        return sigmoid(planes) if len(planes) == 1 else softmax(planes)
    return in_range(planes)


def picture(
    given: Any, layout: Layout, scaling: Scaling, colours_of: Pixels | None, *, bgr: bool
) -> Pixels:
    """Return an output of three channels, or of one, as RGB uint8 pixels.

    One channel takes the colours of a picture, if given: so models of luma alone are used.
    """
    wanted = "a picture (1, channels, height, width) of 1 or 3 channels"
    values = finite(given, wanted)
    if values.ndim == 4 and values.shape[0] == 1:
        values = values[0]
    if values.ndim == 2:
        values = values[..., None]
    if values.shape[0] in (1, 3) and (layout == "nchw" or values.shape[-1] not in (1, 3)):
        values = np.moveaxis(values, 0, -1)
    if values.ndim != 3 or values.shape[2] not in (1, 3):
        raise OutputError(f"expected {wanted}, got shape {np.shape(given)}")
    if bgr:
        values = values[..., ::-1]
    made = values if values.dtype == np.uint8 else unscaled(values.astype(np.float32), scaling)
    if made.shape[2] == 1 and colours_of is not None:
        return coloured(made[..., 0], colours_of)
    return np.ascontiguousarray(np.broadcast_to(made, (*made.shape[:2], 3)))


def coloured(luma: Pixels, pixels: Pixels) -> Pixels:
    """Give a plane of luma the colours of a picture."""
    whole = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb)
    wide = np.array(resized(whole, (luma.shape[0], luma.shape[1])))
    wide[..., 0] = luma
    return np.asarray(cv2.cvtColor(wide, cv2.COLOR_YCrCb2RGB), np.uint8)


def in_range(values: Values) -> Values:
    """Return probabilities clipped to 0..1, or raise OutputError if they are far outside."""
    low, high = float(values.min()), float(values.max())
    if max(-low, high - 1) > OVERSHOOT:
        raise OutputError(
            f"expected probabilities in 0..1, got {low:.4g} to {high:.4g}: if they are logits, "
            "say values logits (--values)"
        )
    return np.clip(values, 0, 1)


def sigmoid(values: Values) -> Values:
    """Return the logistic function, without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * values)), np.float32)


def softmax(values: Values) -> Values:
    """Return exponentials that sum to 1 over the first axis."""
    powers = np.exp(values - values.max(axis=0))
    return np.asarray(powers / powers.sum(axis=0), np.float32)
