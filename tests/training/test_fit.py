"""One tiny training from end to end, and what each of its steps must keep."""

import re
from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from standins import corpus

from imagegate.errors import CorpusError, SettingsError
from imagegate.features import MEASURES
from imagegate.models.artifact import from_bytes, to_bytes
from imagegate.models.calibration import fit_calibration, sigmoid
from imagegate.models.rules import RuleThresholds
from imagegate.training.corpus import join_corpora
from imagegate.training.learning.fit import images_only, train
from imagegate.training.learning.learner import (
    DIRECTIONS,
    MOST_BINS,
    LearnerSettings,
    bin_edges,
    decoded,
    encode,
    from_sklearn,
    one_thread,
    varying,
)
from imagegate.training.learning.rules import tune_rules

ROWS = corpus(sources=120, variants=5, seed=3)


@pytest.fixture(scope="module")
def result():
    return train(ROWS, name="tiny", risk_target=0.2, confidence=0.8, seed=4, date="2026-11-20")


def test_no_group_is_on_two_sides(result):
    groups = ROWS.column("group")
    sides = {part: set(groups[result.split == part]) for part in set(result.split)}
    assert set(sides) == {"train", "calibration", "test"}
    assert not sides["train"] & sides["test"]
    assert not sides["train"] & sides["calibration"]
    assert not sides["calibration"] & sides["test"]
    assert {part: set(names) for part, names in result.gate.card.groups.items()} == sides


def test_test_rows_change_nothing(result):
    """Spoil every test row: the gate must come out the same but for its counts."""
    test = result.split == "test"
    rows = dict(ROWS.rows)
    rows["loss"] = np.where(test, 1 - rows["loss"], rows["loss"]).astype(np.float32)
    spoiled = replace(ROWS, rows=rows, X=np.where(test[:, None], np.float32(3), ROWS.X))
    again = train(spoiled, name="tiny", risk_target=0.2, confidence=0.8, seed=4).gate
    np.testing.assert_array_equal(again.p_fail(ROWS.X), result.gate.p_fail(ROWS.X))
    np.testing.assert_array_equal(again.unfamiliar(ROWS.X), result.gate.unfamiliar(ROWS.X))
    assert again.thresholds == result.gate.thresholds
    assert again.card.rules_tuned == result.gate.card.rules_tuned


def test_same_seed_same_bytes(result):
    again = train(ROWS, name="tiny", risk_target=0.2, confidence=0.8, seed=4, date="2026-11-20")
    data = to_bytes(result.gate)
    assert to_bytes(again.gate) == data
    assert to_bytes(from_bytes(data)) == data
    assert len(data) < 2_000_000


def test_gate_knows_what_makes_the_task_fail(result):
    test = result.split == "test"
    p, fails = result.gate.p_fail(ROWS.X[test]), ROWS.fails[test]
    assert p[fails].mean() > p[~fails].mean() + 0.25
    assert p.mean() == pytest.approx(fails.mean(), abs=0.12)
    assert next(iter(result.gate.card.lesson["importance"])) == "blur"


def test_guarantee_and_facts_are_on_the_card(result):
    card = result.gate.card
    assert card.guarantee.kept
    assert card.guarantee.bound <= 0.2
    assert card.thresholds["reject"] >= max(0.5, card.thresholds["pass"])
    assert card.parts["train"]["sources"] == len(
        set(ROWS.column("source_id")[result.split == "train"])
    )
    assert card.libraries["scikit-learn"]
    assert card.date == "2026-11-20"
    assert any(
        "at most 20 % of the images passed fail" in line for line in result.summary.guarantee
    )
    drawn = result.gate.history
    assert len(drawn.raw) == card.parts["calibration"]["rows"]


def test_probability_rises_towards_the_bad_end_of_every_measure(result):
    gate = result.gate
    rng = np.random.default_rng(0)
    own = gate.columns(ROWS.X)
    for j, name in enumerate(gate.card.measures):
        sign = DIRECTIONS[MEASURES[name].worse]
        rows = np.tile(own[rng.integers(len(own))], (50, 1))
        rows[:, j] = np.sort(rng.uniform(np.nanmin(own[:, j]), np.nanmax(own[:, j]), 50))
        assert (sign * np.diff(gate.p_fail(rows)) >= -1e-12).all() or sign == 0


def test_risk_target_that_cannot_be_met():
    few = train(corpus(sources=30, variants=4, seed=1), name="few", risk_target=0.05, seed=0)
    assert few.gate.thresholds.passing is None
    assert not few.gate.passes(ROWS.X).any()
    assert "nothing passes automatically" in few.gate.card.guarantee_text()
    text = " ".join([*few.summary.guarantee, *few.summary.shortfall])
    assert "The risk target cannot be met" in text
    assert len(re.findall(r"[\d,]+ more", text)) == 1
    assert "Warning: only 6 sources to calibrate on" in text


def test_costs_set_the_threshold():
    gate = train(corpus(sources=30, seed=1), name="costs", costs=(9.0, 1.0), seed=0).gate
    assert gate.thresholds.passing == pytest.approx(0.1)
    assert gate.card.guarantee is None
    assert "least cost" in gate.card.guarantee_text()


def test_nothing_to_learn_is_refused():
    never = replace(ROWS, rows={**ROWS.rows, "loss": np.zeros(len(ROWS), np.float32)})
    with pytest.raises(CorpusError, match="never fails"):
        train(never, name="x")
    with pytest.raises(CorpusError, match="too few groups"):
        train(ROWS.select(ROWS.column("group") == "g0"), name="x")


@pytest.mark.parametrize(("recipe", "wrong"), [("counterfactuals", "only teach"), ("causes", "no")])
def test_rows_for_causes_alone_are_not_learned_from(recipe, wrong):
    shown = replace(ROWS, meta=ROWS.meta | {"recipe": recipe})
    with pytest.raises(CorpusError, match=wrong):
        train(shown, name="x")
    with pytest.raises(CorpusError, match="cannot be joined"):
        join_corpora([ROWS, shown])


@pytest.mark.parametrize("version", ["1.5.2", "1.10.0", "2.0rc1"])
def test_untested_versions_of_scikit_learn_are_refused(version, monkeypatch):
    monkeypatch.setattr("sklearn.__version__", version)
    with pytest.raises(SettingsError, match=f"scikit-learn {version} .* from 1.6 to 1.9"):
        train(ROWS, name="x")


def test_settings_say_how_much_is_tried():
    few = LearnerSettings(grid=LearnerSettings().grid[1:2], trees=10, members=3)
    settings = train(ROWS, name="x", settings=few).gate.card.settings
    assert (settings["leaves"], settings["members"]) == (8, 3)
    assert settings["trees"] in (5, 10)
    with pytest.raises(SettingsError, match="at least 5 trees"):
        LearnerSettings(trees=4)


def test_measures_that_never_vary_are_left_out():
    X = ROWS.X.copy()
    blank = list(MEASURES).index("compression.header_quality")
    X[:, blank] = np.nan
    X[0, blank] = 80
    gate = train(replace(ROWS, X=X), name="x", seed=0).gate
    assert "compression.header_quality" not in gate.card.measures
    groups = np.array(["a", "a", "b", "b", "c", "c"])
    readings = np.array([[1, 0, 0], [2, 0, 0], [3, 0, 0], [4, 0, 0], [5, 0, 9], [6, 1, 8]])
    assert varying(readings.astype(np.float32), groups, seed=0) == [0]


def test_forest_on_readings_answers_as_on_their_bins():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 4)).astype(np.float32)
    X[:, 1] = rng.integers(0, 5, 600)
    X[rng.random(X.shape) < 0.2] = np.nan
    fails = np.nan_to_num(X[:, 0]) + np.isnan(X[:, 2]) + rng.normal(size=600) > 0.5
    edges = bin_edges(X)
    assert max(map(len, edges)) < MOST_BINS
    some = rng.random(600) < 0.5  # leaves bins empty, so that thresholds fall on whole numbers
    model = HistGradientBoostingClassifier(max_iter=20, max_bins=MOST_BINS)
    with one_thread():
        model.fit(encode(X[some], edges), fails[some])
    forest = decoded(from_sklearn([model]), edges).check()
    probe = np.concatenate([X, rng.normal(size=(600, 4)).astype(np.float32) * 3])
    expected = model.decision_function(encode(probe, edges))
    np.testing.assert_allclose(forest.decision(probe), expected, atol=1e-12)


def test_calibration_finds_the_line_and_is_humble_with_few():
    rng = np.random.default_rng(0)
    raw = rng.normal(0, 3, 20_000)
    fails = rng.random(20_000) < sigmoid(0.6 * raw - 0.5)
    line = fit_calibration(raw, fails, np.ones(20_000))
    assert (line.slope, line.intercept) == pytest.approx((0.6, -0.5), abs=0.05)
    apart = fit_calibration(np.array([-1.0, 1.0]), np.array([False, True]), np.ones(2))
    assert 1 < apart.slope < 2
    turned = fit_calibration(raw, ~fails, np.ones(20_000))
    assert turned.slope > 0


def test_tuned_rules_find_the_cuts_that_made_the_labels():
    rng = np.random.default_rng(0)
    scores = rng.uniform(0, 100, (4000, 6))
    fails = (scores[:, 0] < 30) | (scores[:, 3] < 50)
    scores[rng.random(scores.shape) < 0.02] = np.nan
    rules = tune_rules(scores, fails, np.ones(4000), RuleThresholds(min_width=300))
    assert rules.blur_score == pytest.approx(30, abs=2.5)
    assert rules.exposure_score == pytest.approx(50, abs=2.5)
    assert max(rules.noise_score, rules.compression_score, rules.pixelation_score) <= 5
    assert rules.min_width == 300


@pytest.mark.parametrize(("text", "barred"), [(True, "picture"), (False, "text"), (None, None)])
def test_a_gate_learns_only_what_its_task_is_about(text, barred):
    meta = {name: value for name, value in ROWS.meta.items() if name != "text"}
    if text is not None:
        meta["text"] = text
    learned = images_only(replace(ROWS, meta=meta))
    assert {MEASURES[name].about for name in learned} == {"image", "text", "picture"} - {barred}
    assert all(MEASURES[name].learnable for name in learned)
