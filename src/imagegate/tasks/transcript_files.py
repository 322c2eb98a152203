"""Read what an OCR engine wrote: text, Tesseract's TSV, hOCR, ALTO XML or JSON."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from imagegate.engines.engine import OcrOutput
from imagegate.engines.tesseract import read_tsv
from imagegate.errors import OutputError
from imagegate.tasks.answers import parse_json

Word = tuple[str, float]  # and its confidence in 0..1, NaN if the file has none

HOCR_LINES = {"ocr_line", "ocrx_line", "ocr_header", "ocr_caption", "ocr_textfloat"}
HOCR_WORDS = {"ocrx_word", "ocr_word"}
HOCR_CONFIDENCE = re.compile(r"x_wconf\s+(-?[\d.]+)")


def read_transcript_file(path: str) -> OcrOutput | str:
    """Return a transcript with the confidences that its file holds.

    The suffix says how to read it, see ``READERS``; anything else is plain text, which holds no
    confidences and is returned as it is. OutputError if it is not UTF-8 or not in that format.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise OutputError("expected a transcript in UTF-8, got other bytes") from None
    return READERS.get(Path(path).suffix.lower(), str)(text)


def parse_tsv(text: str) -> OcrOutput:
    """Read the table that ``tesseract … tsv`` writes."""
    header = set(map(str.strip, text.partition("\n")[0].split("\t")))
    if not {"block_num", "par_num", "line_num", "conf", "text"} <= header:
        raise OutputError("expected Tesseract's TSV, with the columns conf and text")
    return read_tsv(text)


def parse_markup(text: str) -> OcrOutput:
    """Read hOCR (kba.github.io/hocr-spec/1.2) or ALTO XML (loc.gov/standards/alto)."""
    page = _Markup()
    page.feed(text)
    page.close()
    if not page.known:
        raise OutputError("expected hOCR or ALTO XML")
    return joined(page.lines)


def parse_answer(text: str) -> OcrOutput:
    """Read JSON: the text and its confidences, or a list of words or lines with theirs."""
    answer = parse_json(text)
    if isinstance(answer, dict) and isinstance(answer.get("text"), str):
        each = tuple(sure(one) for one in answer.get("confidences") or ())
        overall = sure(answer.get("confidence"))
        known = [one for one in each if not math.isnan(one)]
        if math.isnan(overall) and known:
            overall = sum(known) / len(known)
        return OcrOutput(answer["text"], overall, each)
    parts = answer
    if isinstance(answer, dict):
        parts = answer.get("words", answer.get("lines"))
    if not isinstance(parts, list) or not all(
        isinstance(part, dict) and isinstance(part.get("text"), str) for part in parts
    ):
        raise OutputError('expected {"text": …, "confidence": …} or a list of such objects')
    separate = isinstance(answer, dict) and "words" in answer
    found = [(part["text"], sure(part.get("confidence"))) for part in parts]
    return joined([found] if separate else [[line] for line in found])


def sure(value: Any) -> float:
    """Return a confidence, NaN for none, refusing what is not in 0..1."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise OutputError(f"expected a confidence in 0..1, got {value!r}")
    return float(value)


def joined(lines: Iterable[list[Word]]) -> OcrOutput:
    """Return words, line by line, as one transcript with its mean confidence."""
    kept = [line for line in lines if line]
    text = "\n".join(" ".join(word for word, _ in line) for line in kept)
    if not text.strip():
        return OcrOutput("", 0.0)
    known = tuple(each for line in kept for _, each in line if not math.isnan(each))
    return OcrOutput(text, sum(known) / len(known) if known else math.nan, known)


class _Markup(HTMLParser):
    """Gathers the words of hOCR and ALTO by line; entities of XML are never expanded."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[list[Word]] = [[]]
        self.known = False  # whether it is one of the two formats at all
        self._word: list[str] | None = None
        self._sure, self._tag, self._depth = math.nan, "", 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name, given = tag.rpartition(":")[2], {key: value or "" for key, value in attrs}
        classes = set(given.get("class", "").split())
        self.known |= name == "alto" or any(one.startswith("ocr") for one in classes)
        if name == "textline" or classes & HOCR_LINES:
            self.lines.append([])
        if name == "string":
            self.lines[-1].append((given.get("content", ""), ratio(given.get("wc"), 1)))
        elif name == "hyp" and self.lines[-1]:
            word, confidence = self.lines[-1].pop()
            self.lines[-1].append((word + given.get("content", "-"), confidence))
        elif classes & HOCR_WORDS:
            found = HOCR_CONFIDENCE.search(given.get("title", ""))
            self._sure = ratio(found[1] if found else None, 100)
            self._word, self._tag, self._depth = [], tag, 0
        if self._word is not None and tag == self._tag:
            self._depth += 1

    def handle_data(self, data: str) -> None:
        if self._word is not None:
            self._word.append(data)

    def handle_endtag(self, tag: str) -> None:
        if self._word is None or tag != self._tag:
            return
        self._depth -= 1
        if not self._depth:
            text = "".join(self._word).strip()
            self.lines[-1] += [(text, self._sure)] if text else []
            self._word = None


def ratio(text: str | None, full: float) -> float:
    """Return a confidence as 0..1, NaN for what is missing, no number or negative."""
    try:
        value = float(text or "nan") / full
    except ValueError:
        return math.nan
    return min(value, 1.0) if value >= 0 else math.nan


READERS: Mapping[str, Callable[[str], OcrOutput | str]] = {
    ".txt": str,
    ".tsv": parse_tsv,
    ".hocr": parse_markup,
    ".html": parse_markup,
    ".xml": parse_markup,
    ".json": parse_answer,
}
