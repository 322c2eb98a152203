"""Rules: presets, thresholds from everywhere, and the drop-in form."""

import json
import math

import numpy as np
import pytest

from imagegate.errors import SettingsError, UnknownNameError
from imagegate.features import SCORES
from imagegate.image import Image
from imagegate.models.card_text import card_lines
from imagegate.models.rules import (
    PRESETS,
    RulesGate,
    RuleThresholds,
    broken_rules,
    load_thresholds,
    validate,
)

GOOD = dict.fromkeys(SCORES, 90.0)
PAGE = Image.from_array(np.full((400, 600), 250, np.uint8))


def test_presets_have_the_sizes_of_their_tasks():
    sizes = {task: (rule.min_width, rule.min_height) for task, rule in PRESETS.items()}
    assert sizes["ocr"] == (300, 300)
    assert sizes["face-recognition"] == (160, 160)
    assert sizes["background-removal"] == (512, 512)
    assert max(sizes["general"]) <= 16


def test_file_and_mapping_give_the_same(tmp_path):
    wanted = {"blur_score": 60.0, "min_width": 100}
    toml, plain = tmp_path / "rules.toml", tmp_path / "rules.json"
    toml.write_text("blur_score = 60.0\nmin_width = 100\n")
    plain.write_text(json.dumps(wanted))
    expected = RuleThresholds(blur_score=60.0, min_width=100, min_height=300)
    for given in (wanted, toml, str(plain), expected):
        assert load_thresholds(given, task="ocr") == expected


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'blur_score'"):
        load_thresholds({"blur_scroe": 60})
    with pytest.raises(UnknownNameError, match="no preset named 'orc'"):
        validate(PAGE, task="orc")


@pytest.mark.parametrize(
    "given",
    [
        {"blur_score": "60"},
        {"blur_score": True},
        {"blur_score": 101},
        {"blur_score": math.nan},
        {"blur_score": None},
        {"min_width": 10.5},
        {"min_height": -1},
    ],
    ids=repr,
)
def test_wrong_values_are_refused(given):
    with pytest.raises(SettingsError, match=next(iter(given))):
        load_thresholds(given)


@pytest.mark.parametrize("text", ["[1, 2", "{", "blur_score = "])
def test_broken_files_are_refused(tmp_path, text):
    for path in (tmp_path / "rules.json", tmp_path / "rules.toml", tmp_path / "rules.yaml"):
        path.write_text(text)
        with pytest.raises(SettingsError, match=path.name):
            load_thresholds(path)
    (tmp_path / "rules.json").write_text("[60]")
    with pytest.raises(SettingsError, match="expected names and numbers, got list"):
        load_thresholds(tmp_path / "rules.json")
    with pytest.raises(SettingsError, match="missing"):
        load_thresholds(tmp_path / "missing.toml")


def broken(monkeypatch, found, thresholds):
    """Let the rules see these scores on the page."""
    monkeypatch.setattr("imagegate.models.rules.scores", lambda readings: found)
    return broken_rules(PAGE, {}, thresholds)


def test_broken_rules_are_reasons_with_reading_and_what_the_rule_asks_for(monkeypatch):
    low = {**GOOD, "blur": 12.0, "noise": 30.0}
    reasons = broken(monkeypatch, low, RuleThresholds(min_width=700))
    assert [(r.code, r.measure, r.reading, r.unit, r.usual) for r in reasons] == [
        ("size.width", "min_width", 600.0, "px", (700.0, math.inf)),
        ("blur.focus", "blur_score", 12.0, "of 100", (40.0, 100.0)),
        ("noise.grain", "noise_score", 30.0, "of 100", (40.0, 100.0)),
    ]
    assert all(math.isnan(r.probability) and math.isnan(r.gain) for r in reasons)


def test_threshold_itself_and_undefined_pass(monkeypatch):
    scores = {**GOOD, "blur": 40.0, "noise": math.nan}
    assert broken(monkeypatch, scores, RuleThresholds()) == ()
    assert RulesGate("general", load_thresholds()).check(PAGE).quality == 40


def test_validate_reads_and_measures():
    found = validate(PAGE.gray, {"min_height": 500})
    assert found.reasons[0].code == "size.height"
    assert set(found.scores) == set(SCORES)


def test_rules_look_like_a_gate():
    gate = RulesGate("ocr", load_thresholds(task="ocr"))
    verdict = gate.check(np.full((200, 600), 128, np.uint8))
    assert (verdict.decision, verdict.p_fail, verdict.gate) == ("reject", None, "rules:ocr")
    assert verdict.reasons[0].cause == "size"
    assert gate.card.engine is None
    assert "fixed thresholds" in gate.card.guarantee_text()
    assert any("min_width 300" in line for line in card_lines(gate.card))
