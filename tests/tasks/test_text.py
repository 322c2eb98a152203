"""Texts compared: closed forms, known values, and what holds in every script."""

from __future__ import annotations

import math
import string
import unicodedata

import numpy as np
import pytest

from imagegate.tasks.text import character_error_rate, edit_distance, word_recall, words

LETTERS = list("abcd ")
# A text and one with a sign of each word changed: a vowel sign, an accent, a tone, a letter.
SCRIPTS = {
    "devanagari": ("किताब की दुकान", "केतीब कू दोकिन"),
    "bengali": ("বইয়ের দোকান", "বাইয়ের দেকান"),
    "tamil": ("புத்தகக் கடை", "பித்தகக் கடு"),
    "thai": ("ที่นี่", "ทีนี"),
    "khmer": ("ភ្នំពេញ", "ភ្នាំពិញុ"),
    "burmese": ("မြို့တော်", "မြို့တာ့"),
    "tibetan": ("བོད་ཡིག", "བེད་ཡོག"),
    "arabic": ("كتاب جديد", "كتب حديد"),
    "hebrew": ("שלום עולם", "שלים עולה"),
    "vietnamese": ("tiếng Việt", "tiêng Viêt"),
    "cyrillic": ("мой ёж", "мои еж"),
    "greek": ("ένα βιβλίο", "ενα βιβλιο"),
    "korean": ("한국 사람", "힌국 사럼"),
    "japanese": ("がざだ", "かさた"),
}
POINTED = {
    "كتاب جديد": "كِتَاب جَدِيدٌ",
    "محمد": "مُحَمَّد",
    "هذا سلام": "هـٰذَا ســلام",
    "שלום עולם": "שָׁל֣וֹם עוֹלָם",
}
CHANGED_SCRIPTS = pytest.mark.parametrize(("truth", "changed"), SCRIPTS.values(), ids=SCRIPTS)


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
        ("किताब-घर, दुकान।", ["किताबघर", "दुकान"]),
        ("בית־ספר צה״ל", ["ביתספר", "צהל"]),
        ("می\u200cخواهم \u200f٣٫١٤", ["میخواهم", "٣٫١٤"]),
        ("น้อง ๑๒.๕๐", ["น้", "อ", "ง", "๑๒.๕๐"]),
        ("ក្រុង", ["ក្រុ", "ង"]),
        ("co\N{SOFT HYPHEN}op İzmir", ["coop", "i\u0307zmir"]),
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


def test_word_recall_of_every_vowel_wrong_and_of_vowels_left_out() -> None:
    assert word_recall("केतीब कू दोकिन", "किताब की दुकान") == 0
    assert word_recall("كتاب جديد", "كِتَاب جَدِيد") == 1


@CHANGED_SCRIPTS
def test_word_recall_ignores_form_order_and_punctuation(truth: str, changed: str) -> None:
    found = words(truth)
    assert word_recall(truth, truth) == 1
    forms = [unicodedata.normalize(form, truth) for form in ("NFC", "NFD", "NFKC", "NFKD")]
    others = [" ".join(reversed(found)), f"«{truth}»!", " … ".join(found), f"\u200f{truth}\ufeff"]
    for text in (*forms, *others):
        assert word_recall(text, truth) == word_recall(truth, text) == 1, text


@CHANGED_SCRIPTS
def test_word_recall_falls_with_every_sign_that_counts(truth: str, changed: str) -> None:
    assert word_recall(changed, truth) < 1
    decomposed = unicodedata.normalize("NFD", truth)
    for place, char in enumerate(decomposed):
        if unicodedata.category(char)[0] in "LM":
            assert word_recall(decomposed[:place] + decomposed[place + 1 :], truth) < 1, char


@pytest.mark.parametrize(("bare", "pointed"), POINTED.items())
def test_optional_points_are_ignored_on_both_sides(bare: str, pointed: str) -> None:
    assert words(bare) == words(pointed)


def test_a_mark_never_parts_a_word() -> None:
    """Rule WB4 of UAX #29, for every mark of Unicode that is not optional."""
    for mark in map(chr, range(0x300, 0x1F000)):
        if unicodedata.category(mark)[0] == "M":
            assert len(words(f"क{mark}क")) == 1, hex(ord(mark))


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
    assert (
        character_error_rate("e\N{COMBINING ACUTE ACCENT}te\N{COMBINING ACUTE ACCENT}", "été") == 0
    )
