"""OCR: what was read against what stands there, in any order or in order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from imagegate.engines.engine import OcrOutput
from imagegate.engines.rapidocr import RAPIDOCR
from imagegate.engines.tesseract import TESSERACT
from imagegate.errors import EngineError
from imagegate.features.outputs.transcript import text_of
from imagegate.tables import Table
from imagegate.tasks.task import Task
from imagegate.tasks.text import character_error_rate, unspaced_recall, word_recall, words

# A transcript that may stand in for the truth: some words, and an engine that is sure of them.
MIN_WORDS = 10
MIN_CONFIDENCE = 0.85


class Unspaced(str):
    """A truth that lacks the spaces within a line."""

    __slots__ = ()


def recall_loss(output: OcrOutput | str, truth: OcrOutput | str) -> float:
    """Return 1 − word recall: the share of the words that was not read.

    0..1, whatever the order of the lines; NaN if the truth has no words. Of a truth without spaces
    it is the share of the characters that lies in no word read.

    >>> recall_loss("Total 9.00", "TOTAL: 9.00 RM")
    0.33333333333333337
    """
    recall = unspaced_recall if isinstance(truth, Unspaced) else word_recall
    return 1 - recall(text_of(output), text_of(truth))


def in_order_loss(output: OcrOutput | str, truth: OcrOutput | str) -> float:
    """Return the character error rate, at most 1; only where the order of lines is known."""
    # np.minimum keeps the NaN of an empty truth, min() would not.
    return float(np.minimum(1.0, character_error_rate(text_of(output), text_of(truth))))


def confidence(output: OcrOutput | str) -> float:
    """Return the confidence of the engine, 0 for an empty transcript, NaN if it gives none."""
    if not text_of(output).strip():
        return 0.0
    return output.confidence if isinstance(output, OcrOutput) else float("nan")


def verified(output: OcrOutput | str) -> bool:
    """Tell whether a transcript of a clean image is good enough to stand in for its truth."""
    # An engine without confidences (NaN) is judged by its words alone.
    return len(words(text_of(output))) >= MIN_WORDS and not confidence(output) < MIN_CONFIDENCE


def read_transcript(path: str) -> str:
    """Read a UTF-8 text file as truth."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise EngineError(f"{path}: expected a transcript in UTF-8, got other bytes") from error


def read_unspaced(path: str) -> Unspaced:
    """Read a UTF-8 text file as truth that lacks the spaces within a line."""
    return Unspaced(read_transcript(path))


def parse_transcript(text: str) -> OcrOutput:
    """Return what a command printed as a transcript without a confidence."""
    return OcrOutput(text, float("nan"))


# The first is the default, and that of the gate "ocr" (models/artifact).
ENGINES = Table("OCR engine", (TESSERACT, RAPIDOCR))

OCR = Task(
    "ocr",
    loss=recall_loss,
    failure_threshold=0.3,
    engines=ENGINES,
    verified=verified,
    read_truth=read_transcript,
    confidence=confidence,
    text=True,
    truth="text",
    parse=parse_transcript,
    onnx="",
    rules={"min_width": 300, "min_height": 300},
    about="read text, whatever the order of the lines",
)
# The same task, where the truth lacks spaces: rows of both belong together.
OCR_UNSPACED = replace(OCR, read_truth=read_unspaced)
OCR_IN_ORDER = replace(
    OCR,
    name="ocr-in-order",
    loss=in_order_loss,
    failure_threshold=0.1,
    about="read text where the order of the lines is known",
)
