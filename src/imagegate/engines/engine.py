"""What an engine is, what it returns, and what engines share: versions, weights, sizes."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.errors import MissingExtraError, SettingsError
from imagegate.tables import Pixels

MOST_STRETCH = 0.05  # log ratio of two aspects that still count as one
UNKNOWN = "not told"  # the version and licence of an engine of the user's that names none


@dataclass(frozen=True)
class EngineLimits:
    """What an engine can do at all, by its own account; 0 and empty are not told.

    Parameters
    ----------
    longest_side : int
        Pixels; a picture with a longer side is refused.
    shrinks_to : int
        Pixels; a picture with a longer side is first made so small.
    least_x_height : float
        Pixels, of the picture as the engine has shrunk it: lower letters are not read.
    most_skew : float
        Degrees; lines of text that are tilted by more are not read.
    orientations : tuple of str
        How text may lie, of :data:`imagegate.features.letters.network.ORIENTATIONS`.
    language : str
        What it reads, as the engine calls it, ``"eng+deu"``.
    scripts : tuple of str
        The families of scripts that it reads, of :data:`imagegate.engines.scripts.FAMILIES`.
    """

    longest_side: int = 0
    shrinks_to: int = 0
    least_x_height: float = 0.0
    most_skew: float = 0.0
    orientations: tuple[str, ...] = ()
    language: str = ""
    scripts: tuple[str, ...] = ()


def no_limits(version: str) -> EngineLimits:
    """Return the limits of an engine that tells none."""
    return EngineLimits()


@dataclass(frozen=True)
class Engine:
    """A program that does a task.

    ``open`` returns the loaded engine, a callable from RGB uint8 pixels to the
    task's output; it raises MissingExtraError if it cannot run here. ``version``
    returns what corpus and card record; ``limits`` takes it and returns what
    an engine of that version can do at all.
    """

    name: str
    open: Callable[[], Callable[[Pixels], Any]]
    version: Callable[[], str] = lambda: UNKNOWN
    licence: str = UNKNOWN
    limits: Callable[[str], EngineLimits] = no_limits


# (left, top, width, height) in shares of the picture, and a confidence if the detector tells one
Box = tuple[float, float, float, float] | tuple[float, float, float, float, float]
Boxes = Sequence[Box] | NDArray[np.floating[Any]]
Embedding = Sequence[float] | NDArray[np.floating[Any]]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OcrOutput:
    """A transcript, its lines apart by line breaks, with the confidence of the engine.

    ``confidence`` is 0..1 as the engine reports it, 0 if it read nothing, NaN if it does not say.
    It covers only what was found: missing lines do not lower it. ``confidences`` are likewise those
    of each word (Tesseract) or line (rapidocr); empty if it does not say.
    """

    text: str
    confidence: float
    confidences: tuple[float, ...] = ()


@dataclass(frozen=True)
class Prediction:
    """The class that a classifier names, or its number as text; confidence in 0..1 or NaN."""

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


def installed(package: str, extra: str) -> str:
    """Return ``scikit-image 0.25.2``, or say which extra installs it."""
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError as error:
        raise MissingExtraError(package, extra) from error


def opencv() -> str:
    """Return the version of OpenCV."""
    return f"opencv {cv2.__version__}"


def weights_in(variable: str) -> Path | None:
    """Return the file of weights that a variable of the environment names, None if unset."""
    given = os.environ.get(variable)
    if not given:
        return None
    path = Path(given).expanduser()
    if not path.is_file():
        raise SettingsError(f"{variable} names {given}, which is not a file")
    return path.absolute()


def name_and_content(path: Path) -> str:
    """Return ``u2net.onnx sha256 8d10d2f3bb75``: other weights under one name are noticed."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"{path.name} sha256 {digest[:12]}"


def with_long_side(pixels: Pixels, side: int, *, enlarge: bool = False) -> Pixels:
    """Return a picture with a long side of so many pixels, at most so many unless enlarged."""
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    how = cv2.INTER_AREA if scale < 1 or not enlarge else cv2.INTER_LINEAR
    scale = scale if enlarge else min(1.0, scale)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=how), np.uint8)


def same_aspect(one: tuple[int, ...], two: tuple[int, ...]) -> bool:
    """Tell whether two shapes have one aspect, give or take the rounding to whole pixels."""
    (height, width), (tall, wide) = one[:2], two[:2]
    stretch = (width / wide) / (height / tall)
    return abs(math.log(stretch)) <= max(MOST_STRETCH, 1 / min(height, width, tall, wide))
