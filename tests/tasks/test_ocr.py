"""OCR: losses by closed forms, properties and known values; what serves as truth."""

from __future__ import annotations

import math
import string
from pathlib import Path

import numpy as np
import pytest

from imagegate.errors import EngineError
from imagegate.tasks import TASKS, OcrOutput
from imagegate.tasks.ocr import character_error_rate, edit_distance, word_recall, words

OCR, IN_ORDER = TASKS["ocr"], TASKS["ocr-in-order"]
GOOD = "one two three four five six seven eight nine ten eleven"
LETTERS = list("abcd ")


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


def random_text(rng: np.random.Generator, length: int) -> str:
    return "".join(rng.choice(LETTERS, length))


def plain_distance(first: str, second: str) -> int:
    """Levenshtein by the textbook table, the oracle of the bit-parallel one."""
    above = list(range(len(second) + 1))
    for row, one in enumerate(first, start=1):
        line = [row]
        for column, two in enumerate(second, start=1):
            swap = above[column - 1] + (one != two)
            line.append(min(above[column] + 1, line[-1] + 1, swap))
        above = line
    return above[-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Total: 12.50", ["total", "12.50"]),
        ("(12.50)", ["12.50"]),
        ("12.50 is not 1250", ["12.50", "is", "not", "1250"]),
        ("25/12/2018 8:13:39", ["25/12/2018", "8:13:39"]),
        ("RM9.00", ["rm9.00"]),
        ("BHD(123-X)", ["bhd", "123x"]),
        ("well-known", ["wellknown"]),
        ("well-\n known", ["wellknown"]),
        ("don’t DON'T", ["dont", "dont"]),
        ("“quoted”, e.g. this…", ["quoted", "e", "g", "this"]),
        ("ﬁne", ["fine"]),
        ("Straße", ["strasse"]),
        ("日本語 ok", ["日", "本", "語", "ok"]),
        ("— * _ …", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_word_recall_counts_each_word_as_often_as_it_occurs() -> None:
    assert word_recall("a b b", "b b b a") == 0.75
    assert word_recall("", "one two") == 0
    assert word_recall("two, ONE!", "one two") == 1
    assert word_recall("one two and much more that nobody wrote", "one two") == 1
    assert math.isnan(word_recall("anything", " -- "))


def test_word_recall_ignores_order_and_stays_in_range() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        truth, text = (random_text(rng, 40) + " x" for _ in range(2))
        shuffled = " ".join(rng.permutation(words(text)))
        assert word_recall(text, truth) == word_recall(shuffled, truth)
        assert 0 <= word_recall(text, truth) <= 1
        assert word_recall(truth, truth) == 1


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [
        ("kitten", "sitting", 3),
        ("saturday", "sunday", 3),
        ("", "abc", 3),
        ("abc", "", 3),
        ("", "", 0),
        ("same", "same", 0),
        ("intention", "execution", 5),
    ],
)
def test_edit_distance_known_values(first: str, second: str, distance: int) -> None:
    assert edit_distance(first, second) == distance


def test_edit_distance_equals_the_textbook_and_is_symmetric() -> None:
    rng = np.random.default_rng(2)
    for _ in range(100):
        first, second = (random_text(rng, rng.integers(0, 90)) for _ in range(2))
        assert edit_distance(first, second) == plain_distance(first, second)
        assert edit_distance(first, second) == edit_distance(second, first)


def test_character_error_rate() -> None:
    assert character_error_rate("hello  world\n", "hello world") == 0
    assert character_error_rate("", "hello") == 1
    assert character_error_rate("helo world", "hello world") == pytest.approx(1 / 11)
    assert character_error_rate(string.ascii_letters, "ab") == 25
    assert math.isnan(character_error_rate("anything", " \n"))
