"""Measures: what can be said about an image in numbers, and the six scores that people read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import UnknownNameError
from imagegate.features import (
    blur,
    compression,
    content,
    exposure,
    noise,
    pixelation,
    resolution,
    text,
)
from imagegate.features.outputs import cutout, mask
from imagegate.features.outputs import transcript as reading
from imagegate.image import Image
from imagegate.tables import Cause, Measure, OutputMeasure, Table

__all__ = [
    "CAUSES",
    "KNOWN",
    "LEARNABLE",
    "MEASURES",
    "OUTPUT_MEASURES",
    "OUTPUT_VERSION",
    "VERSION",
    "measure",
    "measure_output",
    "output_measures",
    "readings",
    "scores",
]

VERSION = 3  # raised whenever a measure gives other numbers; gates refuse a different one

MEASURES: Table[Measure] = Table(
    "measure",
    (
        *blur.MEASURES,
        *resolution.MEASURES,
        *noise.MEASURES,
        *exposure.MEASURES,
        *compression.MEASURES,
        *pixelation.MEASURES,
        *text.MEASURES,
        *content.MEASURES,
    ),
)

# Raised whenever a measure of outputs gives other numbers, and VERSION with it, which gates look
# at; a corpus keeps its measures of outputs when its images are measured again.
OUTPUT_VERSION = 2

_MASK = Table("mask measure", mask.MEASURES)
_READING = Table("reading measure", reading.MEASURES)
OUTPUT_MEASURES: Mapping[str, Table[OutputMeasure]] = {
    "background-removal": _MASK,
    "ocr": _READING,
    "ocr-in-order": _READING,
}
_BESIDE: Mapping[str, Callable[[Image, Any, Any], Any]] = {
    "background-removal": cutout.cutout,
    "ocr": reading.page,
    "ocr-in-order": reading.page,
}

# Every measure by name, of images and of outputs.
KNOWN: Table[Measure | OutputMeasure] = Table(
    "measure", (*MEASURES.values(), *_MASK.values(), *_READING.values())
)

CAUSES: Table[Cause] = Table(
    "cause",
    (
        blur.CAUSE,
        resolution.CAUSE,
        noise.CAUSE,
        exposure.CAUSE,
        compression.CAUSE,
        pixelation.CAUSE,
    ),
)

LEARNABLE: tuple[str, ...] = tuple(row.name for row in MEASURES.values() if row.learnable)


def measure(image: Image, names: Iterable[str] | None = None) -> NDArray[np.float32]:
    """Measure an image.

    Parameters
    ----------
    image : Image
        The image; what several measures need is computed once and kept in it.
    names : Iterable of str, optional
        Which measures, in this order; all of the table by default.

    Returns
    -------
    ndarray of float32
        One number a name, NaN where undefined.

    Raises
    ------
    UnknownNameError
        If there is no measure of a name.
    """
    rows = MEASURES.values() if names is None else [MEASURES[name] for name in names]
    return np.array([row.function(image) for row in rows], np.float32)


def output_measures(task: str) -> tuple[str, ...]:
    """Return the names of the measures of a task's output, none for a task that has none."""
    return tuple(OUTPUT_MEASURES.get(task, ()))


def measure_output(
    task: str, image: Image, output: Any, *, second: Any = None
) -> NDArray[np.float32]:
    """Measure what an engine has made of an image.

    Parameters
    ----------
    task : str
        The name of a task in ``OUTPUT_MEASURES``.
    image : Image
        The image that the engine was given.
    output : ndarray, OcrOutput or str
        What it returned: a mask in 0..1 of the image's aspect, or a reading.
    second : ndarray, optional
        For masks: what it returned for the image at half size.

    Returns
    -------
    ndarray of float32
        One number a row of ``OUTPUT_MEASURES[task]``, NaN where undefined.

    Raises
    ------
    UnknownNameError
        If outputs of the task cannot be measured.
    OutputError
        If the output is not what engines of the task return.
    """
    if task not in OUTPUT_MEASURES:
        raise UnknownNameError("task with measures of its output", task, OUTPUT_MEASURES)
    beside = _BESIDE[task](image, output, second)
    return np.array([row.function(beside) for row in OUTPUT_MEASURES[task].values()], np.float32)


def readings(image: Image) -> dict[str, float]:
    """Return every measure of an image by name.

    Returns
    -------
    dict of str to float
        In table order, NaN where undefined.
    """
    return {name: float(row.function(image)) for name, row in MEASURES.items()}


def scores(readings: Mapping[str, float]) -> dict[str, float]:
    """Return the six 0–100 scores, 100 is best.

    Parameters
    ----------
    readings : Mapping of str to float
        The measures by name, at least those that the causes name.

    Returns
    -------
    dict of str to float
        By cause; NaN where nothing could be measured.
    """
    return {name: row.score(readings) for name, row in CAUSES.items()}
