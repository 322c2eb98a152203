"""What engines return: a transcript, a class, boxes or an embedding; a mask or a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# (left, top, width, height) in shares of the picture, and a confidence if the detector tells one
Box = tuple[float, float, float, float] | tuple[float, float, float, float, float]
Boxes = Sequence[Box] | NDArray[np.floating[Any]]
Embedding = Sequence[float] | NDArray[np.floating[Any]]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OcrOutput:
    """A transcript with the confidence of the engine.

    Parameters
    ----------
    text : str
        The words, lines apart by line breaks.
    confidence : float
        0..1 as the engine reports it, 0 if it read nothing, NaN if it does not say.
        It covers only what was found: missing lines do not lower it.
    confidences : tuple of float
        Likewise of each word (Tesseract) or line (rapidocr); empty if it does not say.
    """

    text: str
    confidence: float
    confidences: tuple[float, ...] = ()


@dataclass(frozen=True)
class Prediction:
    """The answer of a classifier.

    Parameters
    ----------
    class_name : str
        The class; its number as text where classes have no names.
    confidence : float
        0..1 as the classifier tells it, NaN if it does not.
    """

    class_name: str
    confidence: float = math.nan


def overlaps(first: Floats, second: Floats) -> Floats:
    """Return intersection over union of n boxes with m others, (n, m); 0 without area."""
    one, two = first[:, None, :4], second[None, :, :4]
    start = np.maximum(one[..., :2], two[..., :2])
    end = np.minimum(one[..., :2] + one[..., 2:], two[..., :2] + two[..., 2:])
    shared = np.prod(np.maximum(end - start, 0), axis=-1)
    union = np.prod(one[..., 2:], axis=-1) + np.prod(two[..., 2:], axis=-1) - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))
