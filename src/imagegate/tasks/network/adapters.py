"""Turn the numbers that a network gives into outputs of tasks, refusing what cannot be one."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.errors import OutputError
from imagegate.tables import Pixels
from imagegate.tasks.classification import Prediction
from imagegate.tasks.network.graph import Spoken
from imagegate.tasks.network.scaling import Scaling, unscaled
from imagegate.tasks.network.tensors import Layout, resized

Values = NDArray[np.float32]
Channel = int | None
SLACK = 2e-3  # by which probabilities in half precision miss 0, 1 or their sum


def checked(given: Any, expected: str) -> NDArray[Any]:
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
    values = checked(given, wanted)
    if values.size != max(values.shape, default=0) or values.size < 2:
        raise OutputError(f"expected {wanted}, got shape {values.shape}")
    return values.reshape(-1).astype(np.float32)


def prediction(given: Any, labels: tuple[str, ...], spoken: Spoken) -> Prediction:
    """Return an output as the class with the highest score.

    Parameters
    ----------
    given : array_like
        One score a class; a single one says how sure the second of two classes is.
    labels : tuple of str
        The names of the classes; empty names them by their number.
    spoken : {"probabilities", "logits", "unknown"}
        What the scores are. Unknown ones are taken for probabilities if they sum to 1.
    """
    values = checked(given, "one score a class")
    if values.dtype.kind != "f" or values.size != max(values.shape, default=1):
        raise OutputError(
            f"expected one score a class, floats of shape (1, classes), got {values.dtype} of "
            f"shape {values.shape}"
        )
    scores = values.reshape(-1)
    chances = both(scores, spoken) if scores.size == 1 else all_chances(scores, spoken)
    if labels and len(labels) != chances.size:
        raise OutputError(f"expected one score for each of {len(labels)} labels, got {scores.size}")
    best = int(np.argmax(chances))
    return Prediction(labels[best] if labels else str(best), float(np.clip(chances[best], 0, 1)))


def both(score: Values, spoken: Spoken) -> Values:
    """Return the chances of two classes by the score of the second."""
    second = sigmoid(score) if spoken == "logits" else in_range(score)
    return np.concatenate([1 - second, second])


def all_chances(scores: Values, spoken: Spoken) -> Values:
    """Return the chance of each class."""
    if spoken == "unknown":
        summed = abs(float(scores.sum()) - 1) < SLACK
        spoken = "probabilities" if summed and scores.min() >= -SLACK else "logits"
    return in_range(scores) if spoken == "probabilities" else softmax(scores, axis=0)


def mask(given: Any, layout: Layout, spoken: Spoken, channel: Channel) -> Values:
    """Return an output as a mask, float32 (height, width) in 0..1.

    Parameters
    ----------
    given : array_like
        One plane of probabilities or logits; several, the first of which is the background; or
        the number of a class for each pixel, 0 for the background.
    layout : {"nchw", "nhwc"}
        Where the planes stand.
    spoken : {"probabilities", "logits", "unknown"}
        What the values are. Unknown ones are taken for probabilities if they lie in 0..1.
    channel : int or None
        The plane or class that is the subject; None for all but the background.
    """
    values = checked(given, "a mask")
    planes = without_batch(values, layout)
    if values.dtype.kind != "f" and values.dtype != np.uint8:
        return subject(planes, channel)
    if values.dtype == np.uint8:
        planes, spoken = planes.astype(np.float32) / np.float32(255), "probabilities"
    if planes.ndim == 2:
        if channel:
            raise OutputError(f"expected a plane {channel} (mask_channel), got one plane, 0")
        return chances_of_plane(planes.astype(np.float32), spoken)
    return chosen(planes.astype(np.float32), spoken, channel)


def without_batch(values: NDArray[Any], layout: Layout) -> NDArray[Any]:
    """Return one plane (height, width), or several as (planes, height, width)."""
    planes = values[0] if values.ndim == 4 and values.shape[0] == 1 else values
    if planes.ndim == 2:
        return planes
    if planes.ndim != 3:
        raise OutputError(
            f"expected a mask of one picture, such as (1, 1, height, width), got {values.shape}"
        )
    first, last = planes.shape[0], planes.shape[2]
    if first != 1 and (layout == "nhwc" or last == 1):
        planes = planes.transpose(2, 0, 1)
    return planes[0] if planes.shape[0] == 1 else planes


def subject(classes: NDArray[Any], channel: Channel) -> Values:
    """Return the mask of the pixels of a class, or of any class but the background."""
    if classes.ndim != 2:
        raise OutputError(
            f"expected one class number a pixel, (height, width), got shape {classes.shape}"
        )
    chosen = classes > 0 if channel is None else classes == channel
    return chosen.astype(np.float32)


def chances_of_plane(plane: Values, spoken: Spoken) -> Values:
    """Return one plane as probabilities."""
    if spoken == "unknown":
        inside = plane.min() >= -SLACK and plane.max() <= 1 + SLACK
        spoken = "probabilities" if inside else "logits"
    return in_range(plane) if spoken == "probabilities" else sigmoid(plane)


def chosen(planes: Values, spoken: Spoken, channel: Channel) -> Values:
    """Return the subject's mask of several planes."""
    count = planes.shape[0]
    if channel is not None and channel >= count:
        raise OutputError(f"expected a plane {channel} (mask_channel), got {count} planes")
    if channel is None and count > 2:
        return np.asarray(planes.argmax(axis=0) > 0, np.float32)
    if spoken == "unknown":
        summed = np.abs(planes.sum(axis=0) - 1).max() < SLACK and planes.min() >= -SLACK
        spoken = "probabilities" if summed else "logits"
    chances = in_range(planes) if spoken == "probabilities" else softmax(planes, axis=0)
    return np.asarray(chances[1 if channel is None else channel], np.float32)


def picture(
    given: Any, layout: Layout, scaling: Scaling, pixels: Pixels, *, bgr: bool, luma: bool
) -> Pixels:
    """Return an output as RGB uint8 pixels.

    Parameters
    ----------
    given : array_like
        One picture of three channels, or of one.
    layout, scaling, bgr
        How it is written.
    pixels : ndarray of uint8
        The RGB picture that the network was shown.
    luma : bool
        Whether the network was shown luma alone: the colours then are those of ``pixels``.
    """
    wanted = "a picture (1, channels, height, width) of 1 or 3 channels"
    values = checked(given, wanted)
    if values.ndim == 4 and values.shape[0] == 1:
        values = values[0]
    if values.ndim == 3:
        first = values.shape[0] in (1, 3) and (layout == "nchw" or values.shape[2] not in (1, 3))
        values = values.transpose(1, 2, 0) if first else values
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[..., 0]
    if values.ndim != 2 and (values.ndim != 3 or values.shape[2] != 3):
        raise OutputError(f"expected {wanted}, got shape {np.shape(given)}")
    if bgr and values.ndim == 3:
        values = values[..., ::-1]
    made = values if values.dtype == np.uint8 else unscaled(values.astype(np.float32), scaling)
    if made.ndim == 3:
        return np.ascontiguousarray(made)
    return coloured(made, pixels) if luma else np.repeat(made[..., None], 3, axis=2)


def coloured(luma: Pixels, pixels: Pixels) -> Pixels:
    """Give a plane of luma the colours of a picture, as models of luma alone are used."""
    whole = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb)
    wide = np.array(resized(whole, (luma.shape[0], luma.shape[1])))
    wide[..., 0] = luma
    return np.asarray(cv2.cvtColor(wide, cv2.COLOR_YCrCb2RGB), np.uint8)


def in_range(values: Values) -> Values:
    """Return probabilities within 0..1, refusing what are none."""
    low, high = float(values.min()), float(values.max())
    if low < -SLACK or high > 1 + SLACK:
        raise OutputError(
            f"expected probabilities in 0..1, got {low:.4g} to {high:.4g}: say values logits"
        )
    return np.clip(values, 0, 1)


def sigmoid(values: Values) -> Values:
    """Return the logistic function, without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * values)), np.float32)


def softmax(values: Values, axis: int) -> Values:
    """Return exponentials that sum to 1."""
    powers = np.exp(values - values.max(axis=axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis=axis, keepdims=True), np.float32)
