"""Measures: what can be said about an image in numbers, and the six scores that people read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import UnknownNameError
from imagegate.features import (
    blur,
    compression,
    content,
    exposure,
    geometry,
    legibility,
    noise,
    occlusion,
    pixelation,
    resolution,
    text,
)
from imagegate.features.letters import glyphs
from imagegate.features.letters.channel import as_read
from imagegate.image import Image
from imagegate.tables import Cause, Measure, Table

__all__ = [
    "CAUSES",
    "LEARNABLE",
    "MEASURES",
    "OUTPUTS",
    "OUTPUT_VERSION",
    "SCORES",
    "VERSION",
    "every_measure",
    "find",
    "measure",
    "measure_output",
    "output_measures",
    "output_table",
    "readings",
    "scores",
]

# Raised whenever a measure gives other numbers, not when one is added: gates refuse another one.
VERSION = 4

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
        *legibility.MEASURES,
        *content.MEASURES,
        *geometry.MEASURES,
        *occlusion.MEASURES,
        *glyphs.MEASURES,
    ),
)

# Raised whenever a measure of outputs gives other numbers, and VERSION with it, which gates look
# at; a corpus keeps its measures of outputs when its images are measured again.
OUTPUT_VERSION = 2

# Whose outputs are measured, and by which file of ``outputs``, imported with the first output.
OUTPUTS = {"background-removal": "mask", "ocr": "transcript", "ocr-in-order": "transcript"}

CAUSES: Table[Cause] = Table(
    "cause",
    (
        blur.CAUSE,
        resolution.CAUSE,
        noise.CAUSE,
        exposure.CAUSE,
        compression.CAUSE,
        pixelation.CAUSE,
        geometry.CAUSE,
        occlusion.CAUSE,
    ),
)

# The six causes that have a score: what people see at a glance, and what rules speak of.
SCORES: Table[Cause] = Table("score", (row for row in CAUSES.values() if row.score))

LEARNABLE: tuple[str, ...] = tuple(row.name for row in MEASURES.values() if row.learnable)


def measure(image: Image, names: Iterable[str] | None = None) -> NDArray[np.float32]:
    """Measure an image.

    Parameters
    ----------
    image : Image
        The image; what several measures need is computed once and kept in it.
    names : Iterable of str, optional
        Which measures, in this order; all of the table by default. If one of them is about text
        and letters stand in one colour channel alone, that channel is measured.

    Returns
    -------
    ndarray of float32
        One number a name, NaN where undefined.

    Raises
    ------
    UnknownNameError
        If there is no measure of a name.
    """
    rows = list(MEASURES.values() if names is None else [MEASURES[name] for name in names])
    if any(row.about == "text" for row in rows):
        image = image.cached(as_read)
    return np.array([image.cached(row.function) for row in rows], np.float32)


def output_table(task: str) -> Table[Measure]:
    """Return the measures of a task's output, none for a task that has none."""
    return Table("output measure", _outputs(task).MEASURES if task in OUTPUTS else ())


def output_measures(task: str) -> tuple[str, ...]:
    """Return the names of the measures of a task's output."""
    return tuple(output_table(task))


def find(name: str) -> Measure:
    """Return the row of a measure, of images or of outputs."""
    return MEASURES[name] if name in MEASURES else every_measure()[name]


def every_measure() -> Table[Measure]:
    """Return the measures of images and those of outputs."""
    outputs = {name: row for task in OUTPUTS for name, row in output_table(task).items()}
    return Table("measure", (*MEASURES.values(), *outputs.values()))


def measure_output(
    task: str, image: Image, output: Any, *, second: Any = None
) -> NDArray[np.float32]:
    """Measure what an engine has made of an image.

    Parameters
    ----------
    task : str
        The name of a task in ``OUTPUTS``.
    image : Image
        The image that the engine was given.
    output : ndarray, OcrOutput or str
        What it returned: a mask in 0..1 of the image's aspect, or a transcript.
    second : ndarray, optional
        For masks: what it returned for the image at half size.

    Returns
    -------
    ndarray of float32
        One number a row of ``output_table(task)``, NaN where undefined.

    Raises
    ------
    UnknownNameError
        If outputs of the task cannot be measured.
    OutputError
        If the output is not what engines of the task return.
    """
    if task not in OUTPUTS:
        raise UnknownNameError("task with measures of its output", task, OUTPUTS)
    outputs = _outputs(task)
    prepared = outputs.prepare(image, output, second)
    return np.array([row.function(prepared) for row in outputs.MEASURES], np.float32)


def _outputs(task: str) -> ModuleType:
    return import_module(f"imagegate.features.outputs.{OUTPUTS[task]}")


def readings(image: Image) -> dict[str, float]:
    """Return every measure of an image by name, in table order, NaN where undefined."""
    image = image.cached(as_read)
    return {name: float(image.cached(row.function)) for name, row in MEASURES.items()}


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
    return {name: row.score(readings) for name, row in SCORES.items() if row.score}
