"""Verdicts in the words of Google Document AI: known names only, and values that JSON can hold."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from imagegate import load_gate
from imagegate.features import CAUSES
from imagegate.models.reasons import CODES
from imagegate.models.verdict import DEFECTS, Reason, Verdict

# https://cloud.google.com/document-ai/docs/enterprise-document-ocr, "Quality defects".
DOCUMENTED = {
    f"quality/defect_{name}"
    for name in (
        *("blurry", "noisy", "dark", "faint", "text_too_small"),
        *("document_cutoff", "text_cutoff", "glare"),
    )
}


def reason(code: str, probability: float) -> Reason:
    return Reason(code, probability, math.nan, "", "", "", math.nan, "", (math.nan, math.nan))


def verdict(*reasons: Reason, p_fail: float | None = 0.75, quality: int = 25) -> Verdict:
    return Verdict("reject", False, p_fail, quality, reasons, {}, {}, "g")


def defects(found: Verdict) -> list[tuple[str, float]]:
    plain = found.to_document_ai()
    return [(one["type"], one["confidence"]) for one in plain["detectedDefects"]]


def test_every_known_code_has_a_documented_name() -> None:
    assert set(DEFECTS.values()) <= DOCUMENTED
    assert set(DEFECTS) <= set(CODES)
    causes = {code.partition(".")[0] for code in DEFECTS}
    assert causes == set(CAUSES) - {"compression", "pixelation", "occlusion"}


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_its_defect_or_is_left_out(code: str) -> None:
    told = [(DEFECTS[code], 0.6)] if code in DEFECTS else []
    assert defects(verdict(reason(code, 0.6))) == told


def test_defects_are_told_once_and_the_likeliest_first() -> None:
    found = verdict(
        reason("exposure.uneven", 0.5),
        reason("noise.grain", 0.7),
        reason("exposure.dark", 0.9),
        reason("compression.strong", 0.99),
    )
    assert defects(found) == [("quality/defect_dark", 0.9), ("quality/defect_noisy", 0.7)]


def test_the_score_is_the_chance_of_success_or_the_quality() -> None:
    assert verdict().to_document_ai() == {"qualityScore": 0.25, "detectedDefects": []}
    assert verdict(p_fail=None, quality=31).to_document_ai()["qualityScore"] == 0.31


def test_what_has_no_probability_is_sure() -> None:
    assert defects(verdict(reason("blur.focus", math.nan))) == [("quality/defect_blurry", 1.0)]


@pytest.mark.parametrize("shade", [9, 250])
def test_verdicts_of_rules_are_plain_values_in_range(shade: int) -> None:
    rng = np.random.default_rng(0)
    pixels = np.clip(shade + rng.normal(0, 2, (320, 320)), 0, 255).astype(np.uint8)
    plain = load_gate("rules:ocr").check(pixels).to_document_ai()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert 0 <= plain["qualityScore"] <= 1
    assert plain["detectedDefects"]
    assert all(0 <= one["confidence"] <= 1 for one in plain["detectedDefects"])
    assert {one["type"] for one in plain["detectedDefects"]} <= DOCUMENTED
