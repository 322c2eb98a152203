"""The task of reading text: how wrong a reading is, and the engines that read."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from imagegate.engines import tesseract
from imagegate.errors import EngineError, MissingExtraError
from imagegate.features.outputs.transcript import transcript
from imagegate.tables import Pixels, Table
from imagegate.tasks.task import Engine, Task
from imagegate.tasks.text import character_error_rate, word_recall, words
from imagegate.tasks.transcript import OcrOutput

# A transcript that may stand in for the truth: some words, and an engine that is sure of them.
MIN_WORDS = 10
MIN_CONFIDENCE = 0.85

RAPIDOCR_SETTINGS = {
    "Global.use_cls": False,  # the angle classifier flips upright lines: CER 0.16 on a clean page
    "Global.log_level": "critical",
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}


def recall_loss(output: OcrOutput | str, truth: OcrOutput | str) -> float:
    """Return 1 − word recall: the share of the words that was not read.

    Parameters
    ----------
    output, truth : OcrOutput or str
        What was read and what stands there.

    Returns
    -------
    float
        0..1, whatever the order of the lines; NaN if the truth has no words.

    Examples
    --------
    >>> recall_loss("Total 9.00", "TOTAL: 9.00 RM")
    0.33333333333333337
    """
    return 1 - word_recall(transcript(output), transcript(truth))


def in_order_loss(output: OcrOutput | str, truth: OcrOutput | str) -> float:
    """Return the character error rate, at most 1; only where the order of lines is known."""
    # np.minimum keeps the NaN of an empty truth, min() would not.
    return float(np.minimum(1.0, character_error_rate(transcript(output), transcript(truth))))


def confidence(output: OcrOutput | str) -> float:
    """Return how sure the engine says it is, 0 for nothing read, NaN if it does not say."""
    if not transcript(output).strip():
        return 0.0
    return output.confidence if isinstance(output, OcrOutput) else float("nan")


def verified(output: OcrOutput | str) -> bool:
    """Tell whether a reading of a clean image is good enough to stand in for its truth."""
    # An engine that tells no confidence (NaN) is judged by its words alone.
    return len(words(transcript(output))) >= MIN_WORDS and not confidence(output) < MIN_CONFIDENCE


def read_transcript(path: str) -> str:
    """Read a UTF-8 text file as truth."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise EngineError(f"{path}: expected a transcript in UTF-8, got other bytes") from error


def parse_transcript(text: str) -> OcrOutput:
    """Return what a command printed as a reading that tells no confidence."""
    return OcrOutput(text, float("nan"))


def open_rapidocr() -> Callable[[Pixels], OcrOutput]:
    """Load PP-OCR from the rapidocr wheel; one thread, nothing is downloaded."""
    try:
        from rapidocr import RapidOCR

        engine = RapidOCR(params=RAPIDOCR_SETTINGS)
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


def rapidocr_version() -> str:
    """Return the installed version of rapidocr and its runtime."""
    try:
        parts = [f"{name} {metadata.version(name)}" for name in ("rapidocr", "onnxruntime")]
    except metadata.PackageNotFoundError as error:
        raise MissingExtraError(str(error.name), "ocr") from error
    return ", ".join(parts)


ENGINES = Table(
    "OCR engine",
    (
        Engine("rapidocr", open_rapidocr, rapidocr_version, "Apache-2.0"),
        Engine("tesseract", tesseract.open_tesseract, tesseract.version, "Apache-2.0"),
    ),
)

TASKS = (
    Task(
        "ocr",
        recall_loss,
        0.3,
        ENGINES,
        verified,
        read_transcript,
        confidence=confidence,
        text=True,
        truth="text",
        parse=parse_transcript,
        onnx="",
        about="read text, whatever the order of the lines",
    ),
    Task(
        "ocr-in-order",
        in_order_loss,
        0.1,
        ENGINES,
        verified,
        read_transcript,
        confidence=confidence,
        text=True,
        truth="text",
        parse=parse_transcript,
        onnx="",
        about="read text where the order of the lines is known",
    ),
)
