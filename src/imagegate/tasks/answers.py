"""Read what engines answer, printed or in a file: text, JSON, pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from imagegate.engines.engine import same_aspect
from imagegate.errors import OutputError
from imagegate.image import read
from imagegate.tables import Pixels

SHOWN = 80  # characters of an answer that is none


def parse_json(text: str) -> Any:
    """Return the JSON value that a program printed, or raise OutputError if it is none."""
    try:
        return json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise OutputError(f"expected JSON, got {text.strip()[:SHOWN]!r}: {error}") from None


def refuse_constant(name: str) -> Any:
    """Refuse NaN and Infinity, which Python reads though JSON does not have them."""
    raise ValueError(f"{name} is no JSON")


def parsed_file(parse: Callable[[str], Any], path: str) -> Any:
    """Parse the text of a UTF-8 file, or raise OutputError with the file's name."""
    try:
        return parse(Path(path).read_text(encoding="utf-8-sig"))
    except (OutputError, UnicodeDecodeError) as error:
        raise OutputError(f"{path}: {error}") from None


def read_picture(path: str) -> Pixels:
    """Read an image file as a picture that is right: what a program wrote, or given truth."""
    return read(path).rgb


def picture_of(output: Any) -> Pixels:
    """Return an output as an RGB uint8 picture, or raise OutputError if it is anything else."""
    found = type(output).__name__
    if isinstance(output, np.ndarray):
        if output.dtype == np.uint8 and output.ndim == 3 and output.shape[2] == 3 and output.size:
            return output
        found = f"{output.dtype} of shape {output.shape}"
    raise OutputError(f"expected a uint8 RGB picture of shape (height, width, 3), got {found}")


def fitted(picture: Pixels, shape: tuple[int, ...]) -> Pixels:
    """Resize a picture to (height, width), refusing one of another aspect."""
    (height, width), (tall, wide) = picture.shape[:2], shape[:2]
    if picture.shape[:2] == shape[:2]:
        return picture
    if not same_aspect(picture.shape, shape):
        raise OutputError(
            f"expected a picture shaped like {wide} x {tall} px, got {width} x {height} px"
        )
    way = cv2.INTER_AREA if width > wide else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (wide, tall), interpolation=way), np.uint8)
