"""Shapley values: the axioms, and brute force over all orders and all coalitions."""

from dataclasses import replace
from itertools import permutations
from math import factorial

import numpy as np
import pytest
from tiny import stump_forest, tiny_gate

from imagegate.models.calibration import Calibration
from imagegate.models.explain import (
    Explanation,
    Pair,
    first_and_last_weights,
    shapley,
    shapley_weights,
)
from imagegate.models.forest import Forest
from imagegate.models.reasons import signal_reasons
from imagegate.models.words import reading_in_words
from imagegate.tables import CAUSES

FINE = dict.fromkeys(CAUSES, 90.0)
GROUPS = [[0], [1, 2], [3], [4, 5]]  # column 6 is context
RAW = Calibration(1.0, 0.0)


def random_forest(rng, *, features=7, trees=6, splits=40):
    """Trees of all shapes whose nodes lie mixed; the nodes of a way look at columns again."""
    left = [0] * trees
    for _ in range(splits):
        leaf = rng.choice(np.flatnonzero(np.array(left) == 0))
        left[leaf] = len(left)
        left += [0, 0]
    nodes = len(left)
    return Forest(
        roots=rng.permutation(trees).astype(np.int32),
        left=np.array(left, np.int32),
        feature=rng.integers(0, features, nodes).astype(np.int16),
        threshold=rng.normal(scale=0.5, size=nodes),
        missing_left=rng.random(nodes) < 0.5,
        value=np.where(left, 0, rng.normal(size=nodes)),
        base=float(rng.normal()),
        features=features,
    ).check()


def two_rows(rng, features=7):
    """An image and a reference, each with readings that are missing."""
    image, reference = rng.normal(size=(2, features))
    image[rng.random(features) < 0.2] = np.nan
    reference[rng.random(features) < 0.1] = np.nan
    return image, reference


def explained(forest, image, reference, groups=GROUPS, calibration=RAW):
    typical = float(forest.decision(reference[None])[0])
    return shapley(Pair(forest, image, reference), groups, calibration, typical=typical)


def nobody(image, reference, groups):
    row = image.copy()
    for columns in groups:
        row[columns] = np.where(np.isnan(image[columns]), np.nan, reference[columns])
    return row


def by_orders(decision, image, reference, groups):
    """Return the mean, over all orders of joining, of what each player adds."""
    found = np.zeros(len(groups))
    for order in permutations(range(len(groups))):
        rows = [nobody(image, reference, groups)]
        for g in order:
            rows.append(rows[-1].copy())
            rows[-1][groups[g]] = image[groups[g]]
        found[list(order)] += np.diff(decision(np.array(rows)))
    return found / factorial(len(groups))


def by_coalitions(decision, image, reference, groups, chance):
    """Return what each player adds to the others, by the chance of joining k of them."""
    numbers = np.arange(2 ** len(groups))
    rows = np.tile(nobody(image, reference, groups), (len(numbers), 1))
    for g, columns in enumerate(groups):
        rows[np.ix_(numbers >> g & 1 == 1, columns)] = image[columns]
    worth, size = decision(rows), np.array([int(number).bit_count() for number in numbers])
    found = []
    for g in range(len(groups)):
        others = numbers[numbers >> g & 1 == 0]
        found.append(chance[size[others]] @ (worth[others | 1 << g] - worth[others]))
    return found


@pytest.mark.parametrize("seed", range(8))
def test_equals_brute_force_and_adds_up(seed):
    rng = np.random.default_rng(seed)
    forest, (image, reference) = random_forest(rng), two_rows(rng)
    found = explained(forest, image, reference)
    expected = by_orders(forest.decision, image, reference, GROUPS)
    np.testing.assert_allclose(found.contributions, expected, atol=1e-12)
    absent = nobody(image, reference, GROUPS)
    assert found.base == pytest.approx(forest.decision(absent[None])[0], abs=1e-12)
    assert found.base + sum(found.contributions) == pytest.approx(found.log_odds, abs=1e-12)
    assert found.log_odds == forest.decision(image[None])[0]  # to the last bit
    assert found.typical == forest.decision(reference[None])[0]


@pytest.mark.parametrize("players", [0, 1, 2, 6, 7, 10])
def test_any_number_of_players(players):
    rng = np.random.default_rng(players)
    forest, (image, reference) = random_forest(rng, features=14), two_rows(rng, 14)
    groups = [[g] for g in range(players)]
    if players:
        groups[0] += [10, 11]
    leaves = Pair(forest, image, reference).leaves(groups)
    k = range(players)
    fair = np.array([factorial(i) * factorial(players - 1 - i) for i in k]) / factorial(players)
    ends = np.array([((i == 0) + (i == players - 1)) / 2 for i in k])
    for chance, weights in ((fair, shapley_weights), (ends, first_and_last_weights)):
        expected = by_coalitions(forest.decision, image, reference, groups, chance)
        np.testing.assert_allclose(leaves.shares(weights(players)), expected, atol=1e-12)


def test_as_many_players_as_there_are_bits():
    forest = replace(stump_forest(), features=63)
    image, reference = np.full((2, 63), [[6.0], [2.0]])
    groups = [[j] for j in range(62, 0, -1)]  # column 0 is context
    found = explained(forest, image, reference, groups)
    expected = explained(forest, image, reference, [[3], [1]])
    assert found.contributions[-3::2] == expected.contributions
    assert found.log_odds == expected.log_odds
    with pytest.raises(ValueError, match="at most 62 groups, got 63"):
        explained(forest, image, reference, [*groups, [0]])


def test_games_add_up_and_bystanders_get_nothing():
    rng = np.random.default_rng(3)
    forest, (image, reference) = random_forest(rng), two_rows(rng)
    part = forest.value * rng.random(len(forest.value))
    halves = [replace(forest, value=value) for value in (part, forest.value - part)]
    each = [explained(half, image, reference).contributions for half in halves]
    whole = explained(forest, image, reference).contributions
    np.testing.assert_allclose(np.sum(each, axis=0), whole, atol=1e-12)
    found = explained(stump_forest(), np.full(4, 20.0), np.zeros(4), [[0], [1], [2]])
    assert found.contributions == (4.0, 2.0, 0.0)  # nobody looks at column 2


def test_symmetric_players_share_alike():
    both = Forest(  # 6 beyond 1 in both columns, else 0
        roots=np.array([0], np.int32),
        left=np.array([1, 0, 3, 0, 0], np.int32),
        feature=np.array([0, 0, 1, 0, 0], np.int16),
        threshold=np.ones(5),
        missing_left=np.zeros(5, bool),
        value=np.array([0, 0, 0, 0, 6.0]),
        base=0.0,
        features=2,
    ).check()
    found = explained(both, np.array([3.0, 3.0]), np.zeros(2), [[0], [1]])
    assert found.contributions == (3.0, 3.0)
    found = explained(both, np.array([3.0, 0.0]), np.array([0.0, 3.0]), [[0], [1]])
    assert found.contributions == (3.0, -3.0)


def test_unmeasured_is_never_blamed():
    image, reference = np.array([np.nan, 2.0, 14.0, np.nan]), np.array([2.0, 2.0, 14.0, 0.1])
    found = explained(stump_forest(), image, reference, [[0], [1], [2], [3]])
    assert found.contributions == (0.0,) * 4
    assert found.content == 4.5


@pytest.mark.parametrize("slope", [1.1, 40.0, -40.0])
def test_adds_up_where_the_calibration_cuts_off(slope):
    gate = replace(tiny_gate(), calibration=Calibration(slope, 0.1))
    x = np.array([6.0, 20.0, 14.0, 0.0])
    found = gate.explain(x)
    assert found.base + sum(found.contributions) == pytest.approx(found.log_odds)
    assert found.contributions[0] == pytest.approx(slope * 4)
    assert found.p_fail == gate.p_fail(x[None])[0]


def reasons(gate, x, scores=FINE, *, passes=False):
    pair = Pair(gate.forest, x, gate.reference)
    return signal_reasons(gate.explain(x), pair, gate._background, scores, passes=passes)


def test_reasons_name_what_speaks_against_the_image():
    gate = tiny_gate()
    x = np.array([6.0, 20.0, 14.0, 0.1])
    blur, noise = reasons(gate, x)
    assert (blur.signal, noise.signal) == ("blur", "noise")
    assert blur.contribution == pytest.approx(1.1 * 4)
    assert blur.sentence == "Blur: edge width is 6 px; images that pass usually have 1.6–3.1."
    assert "light" in noise.advice


def test_passing_images_hear_only_of_what_matters():
    gate = tiny_gate()
    x = np.array([2.0, 1.0, 14.0, 0.1])
    assert reasons(gate, x, passes=True) == ()
    pair = Pair(gate.forest, x, gate.reference)
    for log_odds, signals in ((-4.0, []), (-3.8, ["blur"])):  # p_fail 0.018 and 0.022
        likely = Explanation(log_odds - 9, 0.0, (9.0, *(0.0,) * 5), log_odds)
        found = signal_reasons(likely, pair, gate._background, FINE, passes=True)
        assert [reason.signal for reason in found] == signals


def test_content_is_the_reason_if_no_signal_is():
    gate = tiny_gate()
    x = np.array([2.5, 2.0, 14.0, 0.0])
    (reason,) = reasons(gate, x)
    assert reason.signal == "content"
    assert reason.measure == "content.edge_density"
    nothing = np.full(4, np.nan)
    (reason, *_) = reasons(gate, nothing)
    assert reason.sentence == "Content: what could not be measured speaks against it."


def test_content_takes_its_advice_from_the_lowest_score():
    gate = tiny_gate()
    x = np.array([2.5, 2.0, 14.0, 0.0])
    low = FINE | {"exposure": 5.0, "noise": float("nan")}
    (reason,) = reasons(gate, x, low)
    assert reason.advice.startswith("Of the six scores exposure is the lowest. Light")


def test_readings_within_the_usual_range_are_told_against_the_typical():
    gate = tiny_gate()
    wide = replace(gate, usual=np.array([[0.0, 9.0]] * 4))
    x = np.array([6.0, 2.0, 14.0, 0.1])
    (reason,) = reasons(wide, x)
    assert reason.sentence == "Blur: edge width is 6 px; 2.5 is typical of images that pass."


def test_words_for_readings():
    assert reading_in_words("text.x_height_px", 7.0) == "text x-height is 7 px"
    assert reading_in_words("text.contrast_p10", float("nan")) == (
        "text contrast in the weakest tenth could not be measured"
    )
