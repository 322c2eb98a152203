"""OCR: word recall in any order, and character errors in order."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
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

# A transcript that may stand in for the truth: some words, and an engine that is sure of them.
MIN_WORDS = 10
MIN_CONFIDENCE = 0.85
# Typographic variants that no reader would call a mistake.
SAME = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "`": "'", "‐": "-", "‑": "-", "–": "-", "—": "-"}
)
# Scripts written without spaces: each sign counts as a word.
UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
# A run of letters and digits; between digits . , : / belong to the number, so 12.50 is not 1250.
WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+(?:(?<=\d)[.,:/](?=\d)[^\W_{UNSPACED}]+)*")
LINE_END_HYPHEN = re.compile(r"(?<=\w)-\s*\n\s*(?=\w)")
INNER_MARK = re.compile(r"(?<=\w)['-](?=\w)")


def words(text: str) -> list[str]:
    r"""Return the words of a text as they are compared: folded, without punctuation.

    A hyphen or apostrophe inside a word is dropped, so that ``well-known``, ``well-`` + ``known``
    on the next line and ``wellknown`` are one word; other punctuation separates, except inside
    numbers.

    >>> words("The 'well-\nknown' TOTAL(RM): 12.50,")
    ['the', 'wellknown', 'total', 'rm', '12.50']
    """
    plain = unicodedata.normalize("NFKC", text).translate(SAME).casefold()
    return WORD.findall(INNER_MARK.sub("", LINE_END_HYPHEN.sub("", plain)))


def word_recall(text: str, truth: str) -> float:
    """Return the share of the truth's words that the text holds, in any order.

    0..1, each word counted as often as it occurs; NaN if the truth has no words. Words that were
    made up cost nothing: do not use it to compare two engines.

    >>> word_recall("one two two", "two two three one")
    0.75
    """
    wanted = Counter(words(truth))
    if not wanted:
        return float("nan")
    return (wanted & Counter(words(text))).total() / wanted.total()


def edit_distance(first: str, second: str) -> int:
    """Return the Levenshtein distance: insertions, deletions and replacements.

    Bit-parallel, Hyyrö 2003 after Myers 1999, doi:10.1145/316542.316550; Python's long integers
    serve as the bit vectors, so a page costs milliseconds.

    >>> edit_distance("kitten", "sitting")
    3
    """
    if not first:
        return len(second)
    positions: dict[str, int] = {}
    for index, char in enumerate(first):
        positions[char] = positions.get(char, 0) | 1 << index
    full, last = (1 << len(first)) - 1, 1 << (len(first) - 1)
    plus, minus, distance = full, 0, len(first)
    for char in second:
        same = positions.get(char, 0)
        across = (((same & plus) + plus) ^ plus) | same
        up, down = minus | ~(across | plus) & full, plus & across
        distance += bool(up & last) - bool(down & last)
        up = up << 1 | 1
        level = same | minus
        plus, minus = (down << 1 | ~(level | up)) & full, up & level & full
    return distance


def character_error_rate(text: str, truth: str) -> float:
    """Return the edit distance to the truth per character of the truth.

    0 is perfect; above 1 if the errors outnumber the characters of the truth; NaN if the truth is
    empty. Runs of white space count as one space. Only for layouts with one order of lines: on
    receipts, tables and columns a right transcript in another order scores badly; see
    ``word_recall``.

    >>> character_error_rate("helo  world", "hello world")
    0.09090909090909091
    """
    wanted = " ".join(truth.split())
    if not wanted:
        return float("nan")
    return edit_distance(" ".join(text.split()), wanted) / len(wanted)


def recall_loss(output: OcrOutput | str, truth: OcrOutput | str) -> float:
    """Return 1 − word recall: the share of the words that was not read.

    0..1, whatever the order of the lines; NaN if the truth has no words.

    >>> recall_loss("Total 9.00", "TOTAL: 9.00 RM")
    0.33333333333333337
    """
    return 1 - word_recall(text_of(output), text_of(truth))


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
OCR_IN_ORDER = replace(
    OCR,
    name="ocr-in-order",
    loss=in_order_loss,
    failure_threshold=0.1,
    about="read text where the order of the lines is known",
)
