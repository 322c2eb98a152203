"""The limits of engines: declared, kept on the card, and never passed beyond."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from importlib import resources

import cv2
import numpy as np
import pytest
from jsonschema import validate

from imagegate import Gate, load_gate
from imagegate.engines.engine import EngineLimits
from imagegate.engines.scripts import scripts_of
from imagegate.image import read
from imagegate.models.card import Card, limits_of
from imagegate.models.limits import within_limits
from imagegate.synthetic.pages import render_page

TALL = 16000


@pytest.fixture(scope="module")
def page() -> np.ndarray:
    return render_page(3).pixels


def tall(page: np.ndarray) -> np.ndarray:
    return np.tile(page, (math.ceil(TALL / len(page)), 1, 1))[:TALL]


def limited(gate: Gate, limits: EngineLimits | None) -> Gate:
    return replace(gate, card=replace(gate.card, limits=limits))


def test_a_picture_whose_letters_the_engine_shrinks_away_is_rejected(page: np.ndarray) -> None:
    gate = load_gate("ocr-rapidocr")
    verdict = gate.check(tall(page))
    first = verdict.reasons[0]
    assert (verdict.decision, verdict.ok, verdict.p_fail) == ("reject", False, None)
    assert first.code == "limits.too_tall"
    assert first.reading < first.usual[0]
    wide = np.tile(page, (1, math.ceil(TALL / page.shape[1]), 1))
    assert gate.check(wide).reasons[0].code == "limits.too_wide"
    assert all(reason.cause != "limits" for reason in gate.check(page).reasons)


def test_a_verdict_by_limits_is_as_of_the_schema(page: np.ndarray) -> None:
    folder = resources.files("imagegate") / "schema" / "verdict.schema.json"
    verdict = load_gate("ocr-rapidocr").check(tall(page))
    assert verdict.reasons[0].cause == "limits"
    validate(verdict.to_dict(), json.loads(folder.read_text(encoding="utf-8")))


def test_a_side_that_the_engine_refuses_is_rejected(page: np.ndarray) -> None:
    gate = load_gate("ocr-tesseract")
    sides = max(page.shape[:2])
    beyond = limited(gate, EngineLimits(longest_side=sides - 1)).check(page)
    assert beyond.reasons[0].cause == "limits"
    assert beyond.reasons[0].reading == sides
    within = limited(gate, EngineLimits(longest_side=sides)).check(page)
    assert (within.p_fail, within.reasons) == (gate.check(page).p_fail, gate.check(page).reasons)


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (lambda pixels: pixels[::-1, ::-1], "geometry.upside_down"),
        (np.rot90, "geometry.sideways"),
        (lambda pixels: pixels[:, ::-1], "geometry.mirrored"),
        (lambda pixels: pixels[::-1], "geometry.mirrored"),
    ],
)
def test_text_that_lies_as_the_engine_does_not_read_it_is_rejected(
    page: np.ndarray, lie: Callable[[np.ndarray], np.ndarray], code: str
) -> None:
    gate, lying = load_gate("ocr-tesseract"), np.ascontiguousarray(lie(page))
    assert gate.check(page).ok
    verdict = gate.check(lying)
    assert (verdict.decision, verdict.p_fail, verdict.reasons[0].code) == ("reject", None, code)
    assert [reason.code for reason in verdict.reasons].count(code) == 1
    other = EngineLimits(orientations=("upright",), scripts=("indic",))
    assert limited(gate, other).check(lying).p_fail is not None


def test_spoilt_letters_do_not_tell_how_they_lie(page: np.ndarray) -> None:
    gate, lying = load_gate("ocr-tesseract"), read(np.ascontiguousarray(page[::-1, ::-1]))
    spoilt = gate.check(cv2.GaussianBlur(page, (0, 0), 4))
    assert spoilt.reasons[0].cause == "blur"
    assert within_limits(spoilt, lying, gate.card) == spoilt
    other = replace(spoilt, reasons=())
    assert within_limits(other, lying, gate.card).reasons[0].code == "geometry.upside_down"


def test_limits_are_recorded_or_those_of_the_engine_that_was_learned() -> None:
    limits = EngineLimits(shrinks_to=1600, least_x_height=5.0, language="x", scripts=("latin",))
    recorded = Card("a", "ocr", "tesseract", "tesseract 5.5 (program), hin", limits=limits)
    assert limits_of(Card.from_dict(recorded.to_dict())) == limits
    assert limits_of(replace(recorded, limits=None)).scripts == ("indic",)
    assert limits_of(load_gate("ocr-tesseract").card).scripts == ("latin",)
    assert limits_of(Card("a", "qr", "mine")) == EngineLimits()


@pytest.mark.parametrize(
    ("language", "scripts"),
    [
        ("eng", {"latin"}),
        ("rus+eng", {"latin", "cyrillic"}),
        ("srp_latn", {"latin"}),
        ("script/HanS_vert", {"east_asian"}),
        ("tha", {"southeast_asian"}),
        ("fas", {"arabic_hebrew"}),
        ("eng+mine", set()),
        ("", set()),
    ],
)
def test_scripts_of_languages(language: str, scripts: set[str]) -> None:
    assert scripts_of(language) == scripts
