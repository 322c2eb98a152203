"""Shapley values: the axioms, and brute force over all orders."""

from dataclasses import replace
from itertools import permutations
from math import factorial

import numpy as np
import pytest
from tiny import tiny_gate

from imagegate.models.explain import coalitions, shapley, weights
from imagegate.models.reasons import signal_reasons
from imagegate.models.words import reading_in_words
from imagegate.tables import CAUSES

FINE = dict.fromkeys(CAUSES, 90.0)
GROUPS = [[0], [1, 2], [3], [4, 5]]


def tangled(rows):
    return (
        rows[:, 0] * rows[:, 1]
        + np.sin(rows[:, 2] * rows[:, 4])
        + np.where(np.isnan(rows[:, 5]), 0.7, rows[:, 5]) * rows[:, 6]
    )


def brute_force(decision, x, reference, groups):
    found = np.zeros(len(groups))
    for order in permutations(range(len(groups))):
        row = x.copy()
        for columns in groups:
            row[columns] = np.where(np.isnan(x[columns]), np.nan, reference[columns])
        before = decision(row[None])[0]
        for g in order:
            row[groups[g]] = x[groups[g]]
            after = decision(row[None])[0]
            found[g] += after - before
            before = after
    return found / factorial(len(groups))


@pytest.mark.parametrize("seed", range(3))
def test_equals_brute_force_and_adds_up(seed):
    x, reference = np.random.default_rng(seed).normal(size=(2, 7))
    if seed == 2:
        x[5] = np.nan
    found = shapley(tangled, x, reference, GROUPS)
    np.testing.assert_allclose(found.contributions, brute_force(tangled, x, reference, GROUPS))
    assert found.base + sum(found.contributions) == pytest.approx(tangled(x[None])[0])
    assert found.log_odds == tangled(x[None])[0]
    assert found.contributions[2] == 0  # nobody looks at column 3


def test_symmetric_players_share_alike():
    found = shapley(
        lambda rows: rows[:, 0] * rows[:, 1], np.array([3.0, 3.0]), np.ones(2), [[0], [1]]
    )
    assert found.contributions == (4.0, 4.0)


def test_weights_of_six_players():
    matrix = weights(6)
    assert matrix.shape == (6, 64)
    everybody_but_nobody = np.zeros(64)
    everybody_but_nobody[[0, -1]] = [-1, 1]
    np.testing.assert_allclose(matrix.sum(axis=0), everybody_but_nobody, atol=1e-15)


def test_unmeasured_is_never_blamed():
    x = np.array([np.nan, 1.0])
    rows = coalitions(x, np.where(np.isnan(x), np.nan, 5.0), [[0], [1]])
    assert np.isnan(rows[:, 0]).all()
    found = shapley(lambda r: 9.0 * np.isnan(r[:, 0]), x, np.zeros(2), [[0], [1]])
    assert found.contributions == (0.0, 0.0)
    assert found.content == 9.0


def test_reasons_name_what_speaks_against_the_image():
    gate = tiny_gate()
    x = np.array([6.0, 20.0, 14.0, 0.1])
    explanation = gate.explain(x)
    reasons = signal_reasons(explanation, x, gate._background, FINE, passes=False)
    assert [reason.signal for reason in reasons] == ["blur", "noise"]
    assert reasons[0].contribution == pytest.approx(1.1 * 4)
    assert reasons[0].sentence == "Blur: edge width is 6 px; images that pass usually have 1.6–3.1."
    assert "light" in reasons[1].advice


def test_passing_images_hear_only_of_what_matters():
    gate = tiny_gate()
    x = np.array([2.0, 1.0, 14.0, 0.1])
    assert signal_reasons(gate.explain(x), x, gate._background, FINE, passes=True) == ()


def test_content_is_the_reason_if_no_signal_is():
    gate = tiny_gate()
    x = np.array([2.5, 2.0, 14.0, 0.0])
    (reason,) = signal_reasons(gate.explain(x), x, gate._background, FINE, passes=False)
    assert reason.signal == "content"
    assert reason.measure == "content.edge_density"
    nothing = np.full(4, np.nan)
    (reason, *_) = signal_reasons(
        gate.explain(nothing), nothing, gate._background, FINE, passes=False
    )
    assert reason.sentence == "Content: what could not be measured speaks against it."


def test_content_takes_its_advice_from_the_lowest_score():
    gate = tiny_gate()
    x = np.array([2.5, 2.0, 14.0, 0.0])
    low = FINE | {"exposure": 5.0, "noise": float("nan")}
    (reason,) = signal_reasons(gate.explain(x), x, gate._background, low, passes=False)
    assert reason.advice.startswith("Of the six scores exposure is the lowest. Light")


def test_readings_within_the_usual_range_are_told_against_the_typical():
    gate = tiny_gate()
    wide = replace(gate, usual=np.array([[0.0, 9.0]] * 4))
    x = np.array([6.0, 2.0, 14.0, 0.1])
    (reason,) = signal_reasons(gate.explain(x), x, wide._background, FINE, passes=False)
    assert reason.sentence == "Blur: edge width is 6 px; 2.5 is typical of images that pass."


def test_words_for_readings():
    assert reading_in_words("text.x_height_px", 7.0) == "text x-height is 7 px"
    assert reading_in_words("text.contrast_p10", float("nan")) == (
        "text contrast in the weakest tenth could not be measured"
    )
