"""PP-OCR through the rapidocr package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from imagegate.engines.engine import Engine, EngineLimits, OcrOutput, installed
from imagegate.errors import MissingExtraError
from imagegate.extras import require
from imagegate.tables import Pixels

SHRINKS_TO = 2000  # pixels, its own default
# Pixels after shrinking: drawn pages lose 12 % of their words at 4.4, 43 % at 4.1 and 67 % at 3.6.
LEAST_X_HEIGHT = 4.2
SETTINGS = {
    "Global.max_side_len": SHRINKS_TO,
    "Global.use_cls": False,  # the angle classifier flips upright lines: CER 0.16 on a clean page
    "Global.log_level": "critical",
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}


def open_rapidocr() -> Callable[[Pixels], OcrOutput]:
    """Load PP-OCR from the rapidocr wheel; one thread, nothing is downloaded."""
    rapidocr = require("rapidocr", "ocr")
    try:
        engine = rapidocr.RapidOCR(params=SETTINGS)
    except ImportError as error:  # onnxruntime is missed as late as here
        raise MissingExtraError(error.name or "onnxruntime", "ocr") from error

    def read(pixels: Pixels) -> OcrOutput:
        found: Any = engine(np.ascontiguousarray(pixels[..., ::-1]))  # it expects BGR
        if not found.txts:
            return OcrOutput("", 0.0)
        lengths = [max(1, len(line)) for line in found.txts]
        mean = float(np.average(found.scores, weights=lengths))
        return OcrOutput("\n".join(found.txts), mean, tuple(map(float, found.scores)))

    return read


def version() -> str:
    """Return the installed version of rapidocr and its runtime."""
    return ", ".join(installed(name, "ocr") for name in ("rapidocr", "onnxruntime"))


def limits(version: str) -> EngineLimits:
    """Return what PP-OCR can do at all: one model for Chinese, Japanese and Latin letters."""
    return EngineLimits(
        shrinks_to=SHRINKS_TO,
        least_x_height=LEAST_X_HEIGHT,
        orientations=("upright", "upside_down", "clockwise", "counterclockwise"),
        language="ch",
        scripts=("east_asian", "latin"),
    )


RAPIDOCR = Engine("rapidocr", open_rapidocr, version, "Apache-2.0", limits)
