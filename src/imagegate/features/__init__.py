"""Measures: what can be said about an image in numbers, and the six scores that people read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

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
from imagegate.image import Image
from imagegate.tables import Measure, Signal, Table

__all__ = ["LEARNABLE", "MEASURES", "SIGNALS", "VERSION", "measure", "readings", "scores"]

VERSION = 1  # raised whenever a measure gives other numbers; gates refuse a different one

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

SIGNALS: Table[Signal] = Table(
    "signal",
    (
        blur.SIGNAL,
        resolution.SIGNAL,
        noise.SIGNAL,
        exposure.SIGNAL,
        compression.SIGNAL,
        pixelation.SIGNAL,
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


def readings(image: Image) -> dict[str, float]:
    """Return every measure of an image by name.

    Parameters
    ----------
    image : Image
        The image to measure.

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
        The measures by name, at least those that the signals name.

    Returns
    -------
    dict of str to float
        By cause; NaN where nothing could be measured.
    """
    return {name: row.score(readings) for name, row in SIGNALS.items()}
