"""OCR: losses by closed forms; what serves as truth."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from imagegate.errors import EngineError
from imagegate.tasks import TASKS, OcrOutput, find_task
from imagegate.tasks.ocr import OCR_UNSPACED

OCR, IN_ORDER = TASKS["ocr"], TASKS["ocr-in-order"]
GOOD = "one two three four five six seven eight nine ten eleven"


def test_losses() -> None:
    assert OCR.loss(OcrOutput("B a", 1.0), "a b c d") == 0.5
    assert OCR.loss("", "a b") == 1
    assert IN_ORDER.loss("b a", "a b") > 0
    assert IN_ORDER.loss("x" * 100, "ab") == 1
    assert math.isnan(IN_ORDER.loss("x", ""))
    with pytest.raises(EngineError, match="expected a transcript"):
        OCR.loss(3.5, "a b")


def test_verified_wants_words_and_confidence() -> None:
    assert OCR.verified(OcrOutput(GOOD, 0.9))
    assert OCR.verified(OcrOutput(GOOD, math.nan))  # an engine that does not say
    assert not OCR.verified(OcrOutput(GOOD, 0.5))
    assert not OCR.verified(OcrOutput("one two", 0.99))
    assert OCR.confidence(OcrOutput(" \n", 0.95)) == 0


def test_truth_is_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\ufeffStraße", encoding="utf-8")
    assert OCR.read_truth(str(tmp_path / "a.txt")) == "Straße"
    (tmp_path / "a.txt").write_bytes("Straße".encode("latin-1"))
    with pytest.raises(EngineError, match=r"a\.txt: expected a transcript in UTF-8"):
        OCR.read_truth(str(tmp_path / "a.txt"))


def test_truth_without_spaces_is_judged_by_its_characters(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("GRANDTOTAL\n12.00\nx", encoding="utf-8")
    truth = OCR_UNSPACED.read_truth(str(tmp_path / "a.txt"))
    assert OCR_UNSPACED.loss("grand total: 12.00", truth) == 0
    assert OCR_UNSPACED.loss("grand tctal 12.00", truth) == pytest.approx(5 / 15)
    assert OCR_UNSPACED.loss(truth, truth) == 0
    assert OCR_UNSPACED.loss("total total 12.00", truth) == pytest.approx(5 / 15)  # found once only
    assert math.isnan(OCR_UNSPACED.loss("x", type(truth)("x y")))
    assert find_task(OCR_UNSPACED) is OCR_UNSPACED
