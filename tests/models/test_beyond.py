"""What a gate leaves to people: too little text is neither passed nor rejected."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from importlib import resources

import cv2
import jsonschema
import numpy as np
import pytest
from PIL import Image as Pillow
from tiny import MEASURES, tiny_gate

from imagegate import load_gate
from imagegate.errors import SettingsError
from imagegate.image import Image, read
from imagegate.models.beyond import (
    FEWEST_LETTERS,
    HANDWRITTEN,
    LITTLE_TEXT,
    USUAL,
    rows_beyond,
    usual_shares,
)
from imagegate.models.card import Card
from imagegate.models.gate import Gate
from imagegate.models.verdict import Verdict
from imagegate.monitoring.periods import is_unfamiliar
from imagegate.pipeline.route import Router
from imagegate.synthetic.pages import render_page
from imagegate.synthetic.scripts import render_script

SCHEMA = json.loads(
    (resources.files("imagegate") / "schema" / "verdict.schema.json").read_text(encoding="utf-8")
)
SHARP, BLURRED = 2.5, 9.0  # edges of an image that passes, and of one that is rejected


def counting_gate() -> Gate:
    """Return a gate that sees how many letters there are in the place of clutter."""
    names = (*MEASURES[:3], "text.components")
    return tiny_gate(measures=names, thresholds={"pass": 0.4, "reject": 0.5})


def page_in(script: str | None) -> Image:
    """Return a made page, in Latin script for None."""
    if script is None:
        return read(render_page(4).pixels)
    try:
        return read(render_script(0, script=script).pixels)
    except SettingsError:
        pytest.skip("no installed font writes it")


@pytest.mark.parametrize(
    ("language", "script", "code"),
    [
        ("eng", "thai", "unfamiliar.script"),
        ("eng+tha", "thai", "unfamiliar.letters"),
        ("tha", "devanagari", "unfamiliar.script"),
        ("", "thai", None),
        ("eng", None, None),
    ],
)
def test_another_script_is_for_review_and_words_tell_if_the_engine_reads_it(
    language: str, script: str | None, code: str | None
) -> None:
    gate = tiny_gate(
        measures=(*MEASURES[:3], "letters.other_script"), thresholds={"pass": 0.99, "reject": 0.995}
    )
    card = replace(gate.card, engine="tesseract", engine_version=f"5, {language}")
    gate = replace(gate, card=card, ood=replace(gate.ood, limit=1e9))
    verdict = gate.check(page_in(script))
    told = [one.code for one in verdict.reasons if one.code.startswith("unfamiliar")]
    assert told == ([code] if code else [])
    assert verdict.decision == ("review" if code else "pass")
    at_home = replace(card, guard=dict.fromkeys(card.measures, USUAL))
    assert replace(gate, card=at_home).check(page_in(script)).decision == "pass"


def test_training_records_what_its_pages_often_are() -> None:
    card = Card("a", "ocr", "tesseract", "5, rus", measures=("letters.handwriting",))
    X = np.array([[HANDWRITTEN], [np.nan], [-1.0], [HANDWRITTEN + 1]])
    assert usual_shares(X, card) == {"letters.handwriting": 0.5}
    assert rows_beyond(X, card).tolist() == [True, False, False, True]
    assert not rows_beyond(X, replace(card, guard=usual_shares(X, card))).any()


def verdict_of(monkeypatch: pytest.MonkeyPatch, edge: float, letters: float) -> Verdict:
    gate = counting_gate()
    known = dict(zip(gate.card.measures, (edge, 2.0, 14.0, letters), strict=True))
    monkeypatch.setattr(
        "imagegate.models.gate.measure",
        lambda image, names: np.array([known.get(name, np.nan) for name in names], np.float32),
    )
    return replace(gate, ood=replace(gate.ood, limit=1e9)).check(np.full((40, 60), 128, np.uint8))


@pytest.mark.parametrize("edge", [SHARP, BLURRED])
@pytest.mark.parametrize("letters", [0, 1, FEWEST_LETTERS - 1, FEWEST_LETTERS, 900])
def test_few_letters_are_for_review_and_have_no_probability(
    monkeypatch: pytest.MonkeyPatch, edge: float, letters: int
) -> None:
    verdict = verdict_of(monkeypatch, edge, letters)
    jsonschema.validate(json.loads(json.dumps(verdict.to_dict(), allow_nan=False)), SCHEMA)
    codes = [reason.code for reason in verdict.reasons]
    if 0 < letters < FEWEST_LETTERS:
        assert (verdict.decision, verdict.p_fail) == ("review", None)
        assert codes[-1] == LITTLE_TEXT
        assert not is_unfamiliar({**verdict.to_dict(), "gate": "tiny"}), "more training is no help"
    else:
        assert verdict.decision == ("pass" if edge == SHARP else "reject")
        assert LITTLE_TEXT not in codes


def test_rows_are_decided_as_images_are_and_no_policy_uses_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = counting_gate()
    gate = replace(gate, ood=replace(gate.ood, limit=1e9))
    letters = (0, 1, 11, 12, 40)
    X = np.array([(edge, 2, 14, n) for edge in (SHARP, BLURRED) for n in letters], np.float32)
    each = [verdict_of(monkeypatch, x[0], x[3]).decision for x in X]
    assert gate.decisions(X).tolist() == each
    assert not gate.knows(verdict_of(monkeypatch, SHARP, 5))
    lax = Router(gate, {"repair": {}, "use_below": 0.99, "reject_from": 0.995})
    assert lax.route(np.full((40, 60), 128, np.uint8)).action == "review"


def test_white_letters_on_a_transparent_ground_are_told_as_such() -> None:
    opacity = np.zeros((400, 600), np.uint8)
    for row in range(60, 380, 40):
        cv2.putText(opacity, "white words", (40, row), cv2.FONT_HERSHEY_SIMPLEX, 1, 255, 2)
    file = io.BytesIO()
    Pillow.fromarray(np.dstack([np.full_like(opacity, 255)] * 3 + [opacity])).save(file, "PNG")
    gate = load_gate("ocr-tesseract")
    verdict = gate.check(file.getvalue())
    assert [reason.code for reason in verdict.reasons] == ["content.white_on_transparent"]
    assert verdict.decision != "pass"
    white = gate.check(np.full((400, 600), 255, np.uint8))
    assert "content.white_on_transparent" not in {reason.code for reason in white.reasons}
