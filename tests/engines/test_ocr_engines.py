"""Engines that read: clean pages well, ruined ones badly."""

from __future__ import annotations

import shutil
from importlib.util import find_spec

import cv2
import numpy as np
import pytest

from imagegate.engines import tesseract
from imagegate.errors import MissingExtraError, SettingsError
from imagegate.synthetic.pages import Page, render_page
from imagegate.tasks import TASKS, OcrOutput

OCR, IN_ORDER = TASKS["ocr"], TASKS["ocr-in-order"]


@pytest.fixture(scope="module")
def page() -> Page:
    return render_page(3, layout="letter")


def test_word_table_of_the_program() -> None:
    head = "level page_num block_num par_num line_num word_num left top width height conf text"
    rows = [
        "4 1 1 1 1 0 0 0 9 9 -1 ",
        "5 1 1 1 1 1 0 0 9 9 90 Total",
        '5 1 1 1 1 2 0 0 9 9 70 "9.00',
        "5 1 1 1 2 1 0 0 9 9 80 Thanks",
    ]
    table = "\n".join(line.replace(" ", "\t") for line in (head, *rows))
    assert tesseract.read_tsv(table) == OcrOutput(
        'Total "9.00\nThanks', pytest.approx(0.8), (0.9, 0.7, 0.8)
    )
    assert tesseract.read_tsv(head.replace(" ", "\t")) == OcrOutput("", 0.0)


def test_tesseract_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tesseract, "PLACES", ())
    monkeypatch.delenv("TESSDATA_PREFIX", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(tesseract, "find_spec", lambda name: object())
    with pytest.raises(SettingsError, match=r"no eng\.traineddata found.*TESSDATA_PREFIX"):
        tesseract.open_tesseract()
    monkeypatch.setattr(tesseract, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"imagegate\[tesseract\]"):
        tesseract.open_tesseract()


@pytest.mark.engine
def test_rapidocr_reads_a_clean_page_and_fails_on_a_ruined_one(page: Page) -> None:
    read = OCR.engines["rapidocr"].open()
    clean = read(page.pixels)
    assert OCR.loss(clean, page.text) < 0.1
    assert OCR.verified(clean)
    assert len(clean.confidences) == len(clean.text.split("\n"))
    assert all(0 <= sure <= 1 for sure in clean.confidences)
    assert (
        OCR.loss(read(cv2.GaussianBlur(page.pixels, (0, 0), 8)), page.text) > OCR.failure_threshold
    )
    assert read(np.full((40, 60, 3), 255, np.uint8)) == OcrOutput("", 0.0)


@pytest.mark.engine
@pytest.mark.parametrize("way", ["library", "program"])
def test_tesseract_reads_a_clean_page_and_fails_on_a_ruined_one(page: Page, way: str) -> None:
    folder = tesseract.tessdata()
    if way == "library" and not (folder and find_spec("tesserocr")):
        pytest.skip("tesserocr or its language files are not installed")
    if way == "program" and not shutil.which("tesseract"):
        pytest.skip("the tesseract program is not installed")
    read = (
        tesseract.open_library(folder) if way == "library" and folder else tesseract.open_program()
    )
    clean = read(page.pixels)
    assert OCR.loss(clean, page.text) < 0.1
    assert OCR.verified(clean)
    assert len(clean.confidences) == len(clean.text.split())
    assert all(0 <= sure <= 1 for sure in clean.confidences)
    assert (
        OCR.loss(read(cv2.GaussianBlur(page.pixels, (0, 0), 8)), page.text) > OCR.failure_threshold
    )
    assert read(np.full((40, 60, 3), 255, np.uint8)) == OcrOutput("", 0.0)
    assert read(page.pixels) == clean  # nothing is carried over from image to image
