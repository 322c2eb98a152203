"""Which causes are present and what is gained without each: closed forms, files, and verdicts."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from importlib import resources
from typing import Any

import jsonschema
import numpy as np
import pytest
from test_artifact import forged
from tiny import MEASURES, tiny_gate

from imagegate.cli.checking import sentence
from imagegate.errors import GateFileError
from imagegate.features import MEASURES as TABLE
from imagegate.features import SCORES
from imagegate.image import Image
from imagegate.models.artifact import DIAGNOSIS, from_bytes, to_bytes
from imagegate.models.calibration import Calibration, sigmoid
from imagegate.models.forest import Forest
from imagegate.models.gate import Gate
from imagegate.models.reasons import (
    CODES,
    LEAST_GAIN,
    Diagnosis,
    Evidence,
    Finding,
    cause_reason,
    explains,
    findings_by_score,
    other_reason,
    worth_telling,
)
from imagegate.models.verdict import Result, Verdict
from imagegate.pipeline.repair import repaired
from imagegate.pipeline.route import Router
from imagegate.tables import Code

SCHEMA = json.loads(
    (resources.files("imagegate") / "schema" / "verdict.schema.json").read_text(encoding="utf-8")
)
EDGE, NOISE = 4.0, 10.0  # where the stumps change
CLEAN, BLURRED, NOISY, BOTH = (
    (2.5, 2, 14, 0.1),
    (6, 2, 14, 0.1),
    (2.5, 20, 14, 0.1),
    (6, 20, 14, 0.1),
)
EDGE_WIDTH = "blur.edge_width_px"
DEAR = "resolution.resampling"  # the gate itself does not look at it
HELD_OUT = {
    "one": {"blur": [9, 9], "noise": [9, 8]},
    "several": [9, 8],
    "helps": [9, 8],
    "clean": [9, 8],
    "gain": {"rows": 9, "stated": 0.5, "measured": 0.4},
}
FACTS = {
    "causes": ["blur", "noise"],
    "measures": [*MEASURES, DEAR],
    "hurts_from": [1.5, 2.0],
    "rows": 90,
    "sources": 9,
    "sets": [],
    "held_out": HELD_OUT,
}


def stump(column: int, threshold: float, low: float, high: float) -> Forest:
    """Return a tree of one question: low up to the threshold of a column, high above."""
    return Forest(
        roots=np.zeros(1, np.int32),
        left=np.array([1, 0, 0], np.int32),
        feature=np.array([column, 0, 0], np.int16),
        threshold=np.array([threshold, 0, 0]),
        missing_left=np.array([1, 0, 0], bool),
        value=np.array([0, low, high]),
        base=0.0,
        features=5,
    )


def seen_by_it(*rows: tuple[float, ...]) -> np.ndarray:
    """Return the columns of the diagnosis, what the gate does not look at undefined."""
    return np.array([[*row, np.nan] for row in rows])


def named(row: tuple[float, ...]) -> dict[str, float]:
    return dict(zip((*MEASURES, DEAR), (*row, np.nan), strict=True))


def tiny_diagnosis(**changes: Any) -> Diagnosis:
    """Blur beyond 4 px would gain 0.3, noise beyond 10 levels 2.4, which is clipped."""
    trees = (
        *(stump(0, EDGE, -1.5, 0.5), stump(0, EDGE, -0.5, 0.5)),  # presence of blur: -2 or 1
        stump(1, NOISE, -3.0, 1.0),  # of noise
        stump(0, EDGE, -0.4, 0.2),  # gain without blur
        stump(1, NOISE, 0.0, 2.0),  # without noise
    )
    parts = {
        "causes": ("blur", "noise"),
        "measures": (*MEASURES, DEAR),
        "forest": Forest.joined(trees),
        "trees": np.array([2, 1, 1, 1], np.int32),
        "base": np.array([0.0, 0.5, 0.1, 0.4]),
        "calibration": np.array([[2.0, 0.0], [1.0, -0.5]]),
    }
    return Diagnosis(**{**parts, **changes})


def diagnosing_gate(**facts: Any) -> Gate:
    return replace(tiny_gate(diagnosis=FACTS, **facts), diagnosis=tiny_diagnosis())


def test_probability_and_gain_are_what_the_trees_add_up_to() -> None:
    probability, gain = tiny_diagnosis().check().of(seen_by_it(CLEAN, BLURRED, NOISY, BOTH))
    raw = np.array([[-4, -3.0], [2, -3.0], [-4, 1.0], [2, 1.0]])
    np.testing.assert_allclose(probability, sigmoid(raw))
    np.testing.assert_allclose(gain, [[0, 0.4], [0.3, 0.4], [0, 1], [0.3, 1]])


def test_undefined_readings_and_no_rows_are_answered() -> None:
    probability, gain = tiny_diagnosis().of(np.full((1, 5), np.nan))
    np.testing.assert_allclose(probability, sigmoid(np.array([[-4, -3.0]])))
    assert np.isfinite(gain).all()
    assert all(part.shape == (0, 2) for part in tiny_diagnosis().of(np.empty((0, 5))))


def test_findings_are_in_the_order_of_probability_times_gain() -> None:
    found = tiny_diagnosis().findings(named(BOTH))
    assert [one.cause for one in found] == ["noise", "blur"]
    assert found[0].probability < found[1].probability, "the gain turns the order"
    worth = [one.probability * (one.gain + LEAST_GAIN) for one in found]
    assert worth == sorted(worth, reverse=True)
    surer = np.array([[1.0, 0.0], [3.0, 0.0]])
    level = tiny_diagnosis(base=np.array([0.0, 0.5, -0.2, -2.0]), calibration=surer)
    assert [one.gain for one in level.findings(named(BOTH))] == [0.0, 0.0]
    assert level.findings(named(BOTH))[0].cause == "noise", "without a gain the surer one"


def test_a_cause_is_plain_from_one_half() -> None:
    edge = tiny_diagnosis(calibration=np.array([[0.0, 0.0], [1.0, -9.0]]))
    assert all(explains(edge.findings(named(row))) for row in (CLEAN, BLURRED))
    usual = tiny_diagnosis()
    told = [explains(usual.findings(named(row))) for row in (CLEAN, BLURRED, NOISY)]
    assert told == [False, True, True]
    assert not explains([Finding("blur", math.nan, math.nan)])


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"causes": ()}, "causes"),
        ({"causes": ("blur", "blur")}, "causes"),
        ({"causes": ("blur", "content")}, "causes"),
        ({"measures": (*MEASURES, "blur.none")}, "measures"),
        ({"trees": np.array([2, 1, 2], np.int32)}, "for every cause, twice"),
        ({"trees": np.array([3, 2, 0, 0], np.int32)}, "for every cause, twice"),
        ({"trees": np.array([1, 1, 1, 1], np.int32)}, "do not add up"),
        ({"base": np.zeros(3)}, "base, slope and intercept"),
        ({"base": np.array([0, 0, 0, np.nan])}, "base, slope and intercept"),
        ({"calibration": np.zeros((2, 3))}, "base, slope and intercept"),
        ({"calibration": np.full((2, 2), np.inf)}, "base, slope and intercept"),
    ],
    ids=repr,
)
def test_parts_that_do_not_fit_are_refused(broken: dict[str, Any], said: str) -> None:
    with pytest.raises(GateFileError, match=f"diagnosis: .*{said}"):
        tiny_diagnosis(**broken).check()


def test_low_scores_stand_for_a_diagnosis() -> None:
    found = findings_by_score(
        {"blur": 39.9, "noise": 12.0, "exposure": 40.0, "pixelation": math.nan}
    )
    assert [one.cause for one in found] == ["noise", "blur"]
    assert all(math.isnan(one.probability) and math.isnan(one.gain) for one in found)


def test_what_is_told_of_findings() -> None:
    sure, useless = Finding("noise", 0.9, 0.5), Finding("blur", 0.6, 0.01)
    likely, unlikely = Finding("exposure", 0.3, 0.4), Finding("pixelation", 0.05, 0.9)
    every = [sure, likely, unlikely, useless]
    assert worth_telling(every, {}, 0.6, passes=False) == [sure, useless]
    assert worth_telling(every, {}, 0.6, passes=True) == [sure], (
        "of an image that passes, what gains little"
    )
    assert worth_telling(every, {}, 0.01, passes=True) == [], (
        "no more can be gained than there is risk"
    )
    assert worth_telling([likely, unlikely], {}, 0.6, passes=False) == [likely], (
        "else the likeliest"
    )
    assert worth_telling([likely, unlikely], {}, 0.6, passes=True) == []
    assert worth_telling([unlikely], {}, 0.6, passes=False) == []
    good, less = {"exposure": 80.0}, Finding("exposure", 0.15, 0.4)
    assert worth_telling([less], {}, 0.6, passes=False) == [less]
    assert worth_telling([less], good, 0.6, passes=False) == [], "its score says otherwise"
    score = Finding("blur", math.nan, math.nan)
    assert worth_telling([score], {}, 0.6, passes=False) == [score]


def test_a_reason_gains_no_more_than_the_risk() -> None:
    seen = Evidence(
        Image.from_array(np.zeros((9, 9), np.uint8)), {}, {}, lambda name: (math.nan,) * 2
    )
    assert cause_reason(Finding("blur", 0.9, 0.8), seen, 0.3).gain == 0.3
    assert cause_reason(Finding("blur", 0.9, 0.2), seen, 0.3).gain == 0.2
    assert math.isnan(cause_reason(Finding("blur", math.nan, math.nan), seen, 0.3).gain)


def test_round_trip() -> None:
    gate = diagnosing_gate()
    data = to_bytes(gate)
    again = from_bytes(data)
    assert to_bytes(again) == data
    assert again.diagnosis
    assert again.diagnosis.causes == ("blur", "noise")
    X = np.random.default_rng(0).normal(5, 9, (60, 5))
    for one, other in zip(again.diagnosis.of(X), gate.diagnosis.of(X), strict=True):
        np.testing.assert_array_equal(one, other)
    assert from_bytes(to_bytes(tiny_gate())).diagnosis is None


HELD = {
    **{f"diagnosis.{name}": getattr(tiny_diagnosis().forest, name) for name in
       ("roots", "left", "feature", "threshold", "missing_left", "value")},
    **{f"diagnosis.{name}": getattr(tiny_diagnosis(), name) for name in
       ("trees", "base", "calibration")},
}  # fmt: skip


def with_arrays(facts: dict[str, Any] | None = None, **changes: Any) -> bytes:
    """Return a gate file whose diagnosis has other arrays, and a hash that fits them."""
    arrays = {name: np.asarray(HELD[name], kind) for name, (kind, _) in DIAGNOSIS.items()}
    arrays |= {f"diagnosis.{name}": array for name, array in changes.items()}
    return forged({"diagnosis": FACTS, **(facts or {})}, **arrays)


def test_forgery_helper_is_sound() -> None:
    assert to_bytes(from_bytes(with_arrays())) == to_bytes(diagnosing_gate())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (with_arrays({"diagnosis": {}}), "alone"),
        (with_arrays({"diagnosis": {**FACTS, "causes": ["blur", "odd"]}}), "unknown"),
        (with_arrays({"diagnosis": {**FACTS, "hurts_from": [1.0]}}), "hurts_from"),
        (with_arrays({"diagnosis": {**FACTS, "measures": [*MEASURES, "x"]}}), "unknown measures"),
        (with_arrays({"diagnosis": {**FACTS, "measures": MEASURES[:1]}}), "does not exist"),
        (with_arrays(trees=np.array([2, 1, 1, 2], "<i4")), "do not add up"),
        (with_arrays(base=np.zeros(1)), "base"),
        (with_arrays(calibration=np.full((2, 2), np.nan)), "slope"),
        (with_arrays(feature=np.full(15, 5, "<i2")), "does not exist"),
        (with_arrays(roots=np.array([0, 3, 6, 9, 99], "<i4")), "root"),
        (with_arrays(value=np.zeros(15, "<f4")), r"diagnosis\.value"),
        (with_arrays({"format": 1}), "unexpected or missing members"),
    ],
)
def test_doctored_files_are_refused(data: bytes, said: str) -> None:
    with pytest.raises(GateFileError, match=said):
        from_bytes(data)


def verdict_of(monkeypatch: pytest.MonkeyPatch, gate: Gate, x: tuple[float, ...]) -> Verdict:
    """Let a gate see these readings of its measures on a picture, and nothing else."""
    known = dict(zip(MEASURES, x, strict=True))
    monkeypatch.setattr(
        "imagegate.models.gate.measure",
        lambda image, names: np.array([known.get(name, np.nan) for name in names], np.float32),
    )
    verdict = gate.check(np.full((40, 60), 128, np.uint8))
    jsonschema.validate(json.loads(json.dumps(verdict.to_dict(), allow_nan=False)), SCHEMA)
    assert {reason.code for reason in verdict.reasons} <= set(CODES)
    return verdict


def alarmed(gate: Gate) -> Gate:
    """Return the gate with a guard that finds everything odd."""
    return replace(gate, ood=replace(gate.ood, limit=0.0))


def test_reasons_have_probability_gain_and_code(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = verdict_of(monkeypatch, diagnosing_gate(), BOTH)
    assert verdict.decision == "reject"
    assert [reason.code for reason in verdict.reasons] == ["noise.grain", "blur.focus"]
    noise, blur = verdict.reasons
    assert noise.probability == pytest.approx(sigmoid(np.array(1.0)))
    assert noise.gain == verdict.p_fail, "all of the risk, not more"
    assert blur.gain == pytest.approx(0.3)
    assert (blur.measure, blur.reading, blur.unit) == ("blur.edge_width_px", 6.0, "px")
    assert blur.usual == (1.6, 3.1)
    assert verdict_of(monkeypatch, diagnosing_gate(), CLEAN).reasons == ()


def test_a_reason_says_where_if_its_code_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    half = Code("blur.focus", EDGE_WIDTH, where=lambda image: (0, 20, 60, 40))
    monkeypatch.setattr("imagegate.models.reasons.code_of", lambda *found: half)
    verdict = verdict_of(monkeypatch, diagnosing_gate(), BLURRED)
    assert verdict.reasons[0].where == (0, 20, 60, 40)
    row = Result("page", verdict=verdict, width=60, height=40).to_dict()
    assert row["reasons"][0]["where"] == [0, 20, 60, 40]
    for language, part in (("en", "See the lower half."), ("de", "Siehe die untere Hälfte.")):
        assert sentence(row, row["reasons"][0], language).endswith(f" {part}")
    elsewhere = {**row, "width": None, "height": None}
    assert sentence(elsewhere, row["reasons"][0], "en") == row["reasons"][0]["message"]


def test_what_is_dear_is_measured_where_there_is_something_to_tell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sure = replace(diagnosing_gate(), calibration=Calibration(3.0, 0.0))
    assert DEAR not in verdict_of(monkeypatch, sure, CLEAN).measures
    for gate, x in ((sure, BLURRED), (alarmed(sure), CLEAN)):
        assert DEAR in verdict_of(monkeypatch, gate, x).measures


def test_causes_that_are_not_learned_are_known_by_their_scores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = diagnosing_gate()
    monkeypatch.setattr(
        "imagegate.models.gate.scores",
        lambda readings: dict.fromkeys(SCORES, 90.0) | {"blur": 1.0, "exposure": 20.0},
    )
    codes = [reason.code for reason in verdict_of(monkeypatch, gate, NOISY).reasons]
    assert codes == ["noise.grain", "exposure.faint"]


def test_a_held_back_image_without_a_cause_is_unexplained(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = diagnosing_gate(thresholds={"pass": 0.0, "reject": 0.5})
    (reason,) = verdict_of(monkeypatch, gate, CLEAN).reasons
    assert reason.code == "unexplained.doubt"


def test_only_a_gate_of_text_misses_text() -> None:
    blank, image = (
        {"text.components": 0.0, "text.x_height_px": math.nan},
        np.zeros((9, 9), np.uint8),
    )
    seen = [Evidence(Image.from_array(image), readings, {}, no_range) for readings in (blank, {})]
    assert [other_reason(one, 0.6).code for one in seen] == ["content.no_text", "unexplained.risk"]
    assert other_reason(seen[1], 0.4).code == "unexplained.doubt"


def no_range(measure: str) -> tuple[float, float]:
    return math.nan, math.nan


@pytest.mark.parametrize(
    ("x", "thresholds", "decision", "codes"),
    [
        (CLEAN, (0.1, 0.5), "review", ["unfamiliar.letters"]),
        (CLEAN, (0.0, 0.01), "review", ["unfamiliar.letters"]),
        (BLURRED, (0.1, 0.5), "reject", ["blur.focus"]),
        (BLURRED, (0.1, 0.999), "review", ["blur.focus"]),
        (BLURRED, (0.9, 0.9), "review", ["blur.focus"]),
        (NOISY, (0.99, 0.999), "review", ["noise.grain"]),  # its risk alone would pass
    ],
)
def test_what_is_unfamiliar_never_passes_and_a_plain_cause_decides(
    monkeypatch: pytest.MonkeyPatch,
    x: tuple[float, ...],
    thresholds: tuple[float, float],
    decision: str,
    codes: list[str],
) -> None:
    limits = dict(zip(("pass", "reject"), thresholds, strict=True))
    gate = alarmed(diagnosing_gate(thresholds=limits))
    own = np.array([x])
    assert gate.unfamiliar(own).all()
    verdict = verdict_of(monkeypatch, gate, x)
    assert (verdict.decision, verdict.ok) == (decision, False)
    assert gate.decisions(own).tolist() == [decision]
    assert not gate.passes(own).any()
    assert verdict.p_fail == (pytest.approx(gate.p_fail(own)[0]) if decision == "reject" else None)
    assert [reason.code for reason in verdict.reasons] == codes
    assert not gate.knows(verdict)


def test_not_even_what_lies_right_on_the_threshold_passes() -> None:
    gate, own = diagnosing_gate(), np.array([BLURRED])
    risk = float(gate.p_fail(own)[0])
    exact = replace(gate, card=replace(gate.card, thresholds={"pass": risk, "reject": risk}))
    assert exact.decisions(own).tolist() == ["pass"]
    assert alarmed(exact).decisions(own).tolist() == ["review"]


def test_what_is_odd_is_told_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cause that is not plain, yet the likeliest, stands before what is odd."""
    weak = tiny_diagnosis(calibration=np.array([[0.5, -1.7], [1.0, -0.5]]))
    verdict = verdict_of(monkeypatch, replace(alarmed(diagnosing_gate()), diagnosis=weak), BLURRED)
    assert (verdict.decision, verdict.p_fail) == ("review", None)
    assert [reason.cause for reason in verdict.reasons] == ["blur", "unfamiliar"]
    assert 0.15 < verdict.reasons[0].probability < 0.5
    assert math.isnan(verdict.reasons[1].probability)


def test_decisions_of_rows_are_those_of_images(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = diagnosing_gate()
    X = np.random.default_rng(0).uniform([1, 0, 3, 0], [9, 40, 30, 0.5], (60, 4))
    X[::7, 3] += 9
    X[::14, :2] = CLEAN[:2]
    each = [verdict_of(monkeypatch, gate, tuple(x)).decision for x in X.astype(np.float32)]
    assert gate.decisions(X.astype(np.float32)).tolist() == each
    odd = gate.unfamiliar(X)
    explained = np.array([explains(tiny_diagnosis().findings(named(tuple(x)))) for x in X])
    assert (odd & explained).any()
    assert (odd & ~explained).any()
    whole = np.full((len(X), len(TABLE)), np.nan, np.float32)
    whole[:, [list(TABLE).index(name) for name in MEASURES]] = X
    assert gate.decisions(whole).tolist() == each


def test_a_policy_uses_nothing_unfamiliar(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = alarmed(diagnosing_gate(thresholds={"pass": 0.1, "reject": 0.2}))
    verdict = verdict_of(monkeypatch, gate, NOISY)
    assert verdict.decision == "reject"
    assert verdict.p_fail
    lax = {"repair": {}, "use_below": 0.9, "reject_from": 0.95}
    assert Router(gate, lax).route(np.full((40, 60), 128, np.uint8)).action == "review"
    page = Image.from_array(np.random.default_rng(0).integers(0, 255, (60, 80), np.uint8))
    rejected = Result("page", verdict=verdict)
    assert repaired(rejected, page, gate, {"noise": 1.0}) is rejected, "it is unfamiliar, too"
    familiar = replace(gate, ood=replace(gate.ood, limit=1e9))
    assert repaired(rejected, page, familiar, {"noise": 1.0}).repair == "noise"
    assert Router(familiar, lax).route(np.full((40, 60), 128, np.uint8)).action == "use"
