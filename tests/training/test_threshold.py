"""Risk targets are met as often as stated, and MAPIE and scipy agree on the numbers."""

import warnings

import numpy as np
import pytest
from scipy import stats

from imagegate.errors import SettingsError
from imagegate.stats.binomial import (
    allowed_failures,
    binomial_p,
    clopper_pearson,
    sources_needed,
    upper_bound,
    wilson,
)
from imagegate.training.learning.threshold import (
    ScoredRows,
    cost_threshold,
    first_step,
    ltt_threshold,
    more_sources,
    one_row_per_source,
    risk_curve,
)

RISK_TARGET = 0.05


def world(rng, sources, *, hump=False):
    """Scores and outcomes of sources; the score does not see everything.

    With a hump the risk is not monotone: some images of middling score fail more than worse ones.
    """
    score = rng.normal(-1.2, 3.2, sources)
    chance = 1 / (1 + np.exp(-1.6 * score - 0.6 - rng.normal(size=sources)))
    if hump:
        chance = np.where(np.abs(score + 3.0) < 0.3, 0.5, chance)
    return score, rng.random(sources) < chance


def true_risks(**kind):
    score, fails = world(np.random.default_rng(99), 400_000, **kind)
    order = np.argsort(score)
    return score[order], np.cumsum(fails[order]) / np.arange(1, score.size + 1)


def naive(score, fails):
    """Tune: the most lenient threshold whose observed risk meets the target."""
    order = np.argsort(score)
    risk = np.cumsum(fails[order]) / np.arange(1, score.size + 1)
    fine = np.flatnonzero(risk <= RISK_TARGET)
    return score[order][fine[-1]] if fine.size else -np.inf


def missed_share(choose, *, sources=400, times=300, **kind):
    truth, risk = true_risks(**kind)
    rng = np.random.default_rng(1)
    missed = passing = 0.0
    for _ in range(times):
        score, fails = world(rng, sources, **kind)
        threshold = choose(score, fails)
        below = int(np.searchsorted(truth, threshold, side="right"))
        missed += bool(below and risk[below - 1] > RISK_TARGET)
        passing += below / truth.size
    return missed / times, passing / times


def by_risk_target(score, fails, start=None):
    threshold, *_ = ltt_threshold(
        score, fails, risk_target=RISK_TARGET, confidence=0.95, start=start
    )
    return -np.inf if threshold is None else threshold


@pytest.mark.parametrize("hump", [False, True], ids=["one crossing", "hump"])
@pytest.mark.parametrize("start", [None, 93])
def test_risk_target_is_met_as_often_as_stated(hump, start):
    missed, passing = missed_share(lambda s, f: by_risk_target(s, f, start), hump=hump)
    assert missed <= 0.07  # 5 % and what 300 draws may add
    assert passing > 0.2


def test_naive_tuning_misses_it_about_half_of_the_time():
    missed, _ = missed_share(naive)
    assert missed > 0.35


def test_pooling_variants_of_one_source_misses_it():
    copies, once = 8, {"sources": 150}  # variants that fare alike
    pooled, _ = missed_share(
        lambda s, f: by_risk_target(np.repeat(s, copies), np.repeat(f, copies)), **once
    )
    drawn, _ = missed_share(by_risk_target, **once)
    assert pooled > 0.15
    assert drawn <= 0.07


def test_start_chosen_on_other_sources_keeps_it_valid():
    rng = np.random.default_rng(3)
    score, fails = world(rng, 1200)
    target = {"risk_target": RISK_TARGET, "confidence": 0.95}
    training = ScoredRows(score, fails, np.ones(1200))
    start = first_step(training, sources=400, **target)
    assert 59 <= start < 250
    missed, passing = missed_share(lambda s, f: by_risk_target(s, f, start))
    assert missed <= 0.07
    assert passing >= missed_share(by_risk_target)[1] - 0.01
    assert first_step(training, sources=40, **target) == 59


@pytest.mark.parametrize("seed", range(4))
def test_mapie_finds_the_same_threshold(seed, monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mapie.risk_control import BinaryClassificationController, _base_controller

    # MAPIE 1.6 counts ceil(n * risk) failures, one too many where that is 3.0000000000000004.
    plain = _base_controller.compute_hoeffding_bentkus_p_value
    monkeypatch.setattr(
        _base_controller,
        "compute_hoeffding_bentkus_p_value",
        lambda risk, *rest: plain(np.maximum(risk - 1e-9, 0), *rest),
    )
    rng = np.random.default_rng(seed)
    score, fails = world(rng, 500)
    p_success = 1 / (1 + np.exp(score))
    start = 93
    found, *_ = ltt_threshold(
        -p_success, fails, risk_target=RISK_TARGET, confidence=0.95, start=start
    )
    strict_to_lenient = np.sort(p_success)[::-1][start - 1 :]
    controller = BinaryClassificationController(
        predict_function=lambda X: np.column_stack([1 - X[:, 0], X[:, 0]]),
        risk="precision",
        target_level=1 - RISK_TARGET,
        confidence_level=0.95,
        list_predict_params=strict_to_lenient,
        fwer_method="fixed_sequence",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        controller.calibrate(p_success[:, None], (~fails).astype(int))
    valid = np.ravel(controller.valid_predict_params)
    expected = valid.min() if valid.size else None
    assert found == (None if expected is None else pytest.approx(-expected, abs=1e-12))


def test_equal_scores_pass_together_or_not_at_all():
    score = np.repeat([0.0, 1.0], [80, 40])
    fails = np.zeros(120, bool)
    fails[80:110] = True
    found = ltt_threshold(score, fails, risk_target=RISK_TARGET, confidence=0.95)
    assert found == (0.0, 80, 0)


@pytest.mark.parametrize(("count", "kept"), [(58, False), (59, True)])
def test_it_takes_59_sources_without_failure_for_5_percent(count, kept):
    threshold, passed, _ = ltt_threshold(
        np.arange(count), np.zeros(count, bool), risk_target=0.05, confidence=0.95
    )
    assert (threshold is not None) == kept
    assert passed == count
    assert ltt_threshold([], [], risk_target=0.05, confidence=0.95) == (None, 0, 0)


def test_sources_needed():
    assert [sources_needed(p, 0.95) for p in (0.01, 0.05, 0.1)] == [299, 59, 29]
    assert sources_needed(0.1, 0.9) == 22
    assert sources_needed(0.05, 0.95, failures=1) == 93
    assert sources_needed(0.5, 0.5) == 1
    with pytest.raises(SettingsError, match="between 0 and 1"):
        sources_needed(0, 0.95)


def test_more_sources_are_estimated_and_hopeless_cases_known():
    rng = np.random.default_rng(0)
    score, fails = world(rng, 4000)
    target = {"risk_target": RISK_TARGET, "confidence": 0.95}
    more = more_sources(ScoredRows(score, fails, np.ones(4000)), sources=50, **target)
    assert 60 < more < 400
    enough = [by_risk_target(*world(rng, 50 + int(1.3 * more))) > -np.inf for _ in range(40)]
    assert np.mean(enough) > 0.5
    coin = ScoredRows(rng.random(400), rng.random(400) < 0.5, np.ones(400))
    assert more_sources(coin, sources=50, **target) is None


def test_binomial_numbers_equal_scipy():
    n = np.arange(1, 60)
    np.testing.assert_allclose(binomial_p(2, n, 0.07), stats.binom.cdf(2, n, 0.07), rtol=1e-10)
    exact = stats.binomtest(3, 40).proportion_ci(0.95, method="exact")
    assert clopper_pearson(3, 40) == pytest.approx((exact.low, exact.high))
    near = stats.binomtest(3, 40).proportion_ci(0.95, method="wilson")
    assert wilson(3, 40) == pytest.approx((near.low, near.high))
    assert clopper_pearson(0, 10)[0] == 0
    assert clopper_pearson(10, 10)[1] == 1
    assert wilson(0, 0) == (0.0, 1.0)
    assert upper_bound(0, 59, 0.95) < 0.05 < upper_bound(0, 58, 0.95)
    assert upper_bound(0, 0, 0.95) == 1.0


def test_allowed_failures_are_the_most_that_meet_the_target():
    counts = np.array([10, 58, 59, 93, 400])
    allowed = allowed_failures(counts, RISK_TARGET, 0.95)
    assert allowed.tolist()[:4] == [-1, -1, 0, 1]
    assert (
        binomial_p(allowed[-1], 400, RISK_TARGET)
        <= 0.05
        < binomial_p(allowed[-1] + 1, 400, RISK_TARGET)
    )


def test_cost_threshold_is_where_both_cost_the_same():
    assert cost_threshold(10, 1) == pytest.approx(1 / 11)
    assert cost_threshold(1, 1) == 0.5
    with pytest.raises(SettingsError, match="positive"):
        cost_threshold(0, 1)


def test_one_row_per_source_is_drawn_evenly():
    sources = np.repeat(np.arange(300), 4)
    rows = one_row_per_source(sources, seed=0)
    assert sources[rows].tolist() == list(range(300))
    variants = np.bincount(rows % 4, minlength=4)
    assert variants.min() > 50
    assert (rows != one_row_per_source(sources, seed=1)).any()


def test_risk_curve_counts_sources_alike():
    columns = [0.0, 1.0, 1.5, 2.0], [False, True, True, True], [1.0, 0.5, 0.5, 1.0]
    share, risk = risk_curve(ScoredRows(*map(np.array, columns)))
    np.testing.assert_allclose(share, [1 / 3, 0.5, 2 / 3, 1.0])
    assert (np.diff(risk) > 0).all()
