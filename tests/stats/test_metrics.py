from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from imagegate.stats import bootstrap as intervals
from imagegate.stats import metrics


def one(metric, risk, fails, weights=None):
    return float(metric(metrics.passing(risk, fails, weights))[0])


@pytest.fixture
def simulated():
    """Calibrated probabilities with ties, and what came of them."""
    rng = np.random.default_rng(1)
    p = np.round(rng.beta(0.5, 0.7, 800), 2)
    return p, rng.random(800) < p


def test_perfect_ranking():
    fails = np.repeat([False, True], [70, 30])
    assert one(metrics.auroc, fails, fails) == 1
    assert one(metrics.average_precision, fails, fails) == 1
    assert one(metrics.e_aurc, np.arange(100), fails) == pytest.approx(0, abs=1e-12)
    assert one(lambda c: metrics.coverage_at_risk(c, 0.0), fails, fails) == 0.7
    assert one(lambda c: metrics.oracle_coverage(c, 0.3), fails, fails) == 1
    assert one(lambda c: metrics.oracle_coverage(c, 0.05), fails, fails) == 0.7 / 0.95


def test_constant_predictor_is_chance():
    fails = np.repeat([False, True], [70, 30])
    flat = np.zeros(100)
    assert one(metrics.auroc, flat, fails) == 0.5
    assert one(metrics.average_precision, flat, fails) == pytest.approx(0.3)
    assert one(metrics.e_aurc, flat, fails) == pytest.approx(-0.7 * math.log(0.7))
    assert one(lambda c: metrics.coverage_at_risk(c, 0.05), flat, fails) == 0
    assert one(lambda c: metrics.coverage_at_risk(c, 0.30), flat, fails) == 1


def test_random_ranking_is_chance():
    rng = np.random.default_rng(0)
    fails = rng.random(40_000) < 0.3
    risk = rng.random(40_000)
    assert one(metrics.auroc, risk, fails) == pytest.approx(0.5, abs=0.01)
    assert one(metrics.e_aurc, risk, fails) == pytest.approx(-0.7 * math.log(0.7), abs=0.01)


def test_e_aurc_by_hand():
    # Pass the failure first: the risk is 1 up to half coverage, then 1/2x down to 1/2, so the area
    # is (1 + ln 2) / 2; the perfect order has (1 - ln 2) / 2.
    assert one(metrics.e_aurc, [0, 1], [True, False]) == pytest.approx(math.log(2))
    assert one(metrics.e_aurc, [0, 1], [False, True]) == pytest.approx(0)


def test_e_aurc_nears_the_mean_over_rows():
    rng = np.random.default_rng(3)
    p = rng.random(5000)
    fails = rng.random(5000) < p
    order = np.argsort(p)

    def mean_risk(sorted_fails):
        return (np.cumsum(sorted_fails) / np.arange(1, 5001)).mean()

    excess = mean_risk(fails[order]) - mean_risk(np.sort(fails))
    assert one(metrics.e_aurc, p, fails) == pytest.approx(excess, abs=1e-3)


def test_agrees_with_scikit_learn(simulated):
    p, fails = simulated
    weights = np.random.default_rng(2).integers(0, 4, p.size).astype(float)
    w = weights[None]
    kept = {"sample_weight": weights}
    assert one(metrics.auroc, p, fails, w) == pytest.approx(roc_auc_score(fails, p, **kept))
    assert one(metrics.average_precision, p, fails, w) == pytest.approx(
        average_precision_score(fails, p, **kept)
    )
    assert metrics.brier(p, fails, w)[0] == pytest.approx(brier_score_loss(fails, p, **kept))


@pytest.mark.parametrize("name", ["auroc", "average_precision", "e_aurc"])
def test_a_weight_is_a_repetition(name, simulated):
    p, fails = simulated
    times = np.random.default_rng(4).integers(0, 4, p.size)
    metric = getattr(metrics, name)
    repeated = one(metric, np.repeat(p, times), np.repeat(fails, times))
    assert one(metric, p, fails, times[None].astype(float)) == pytest.approx(repeated)


def test_undefined_risk_is_passed_last():
    curve = metrics.passing([0.1, math.nan, 5.0], [False, True, False])
    assert curve.fails[0].tolist() == [0, 0, 0, 1]


def test_risk_at_coverage_spreads_ties():
    curve = metrics.passing([0, 0, 0, 0, 1], [True, False, False, False, True])
    assert metrics.risk_at_coverage(curve, np.array([0.4]))[0] == pytest.approx(0.25)
    assert math.isnan(metrics.risk_at_coverage(curve, np.array([0.0]))[0])


def test_nothing_gives_nan():
    empty = metrics.passing([], [])
    for metric in (metrics.auroc, metrics.average_precision, metrics.e_aurc):
        assert math.isnan(metric(empty)[0])
    assert math.isnan(one(metrics.auroc, [1, 2], [False, False]))
    assert math.isnan(intervals.share_interval([], []).value)


def test_calibration_error_of_one_point_is_its_bias():
    fails = np.repeat([False, True], [50, 50])
    error = metrics.smooth_calibration_error(np.full(100, 0.3), fails)[0]
    assert error == pytest.approx(0.2, abs=1e-3)


@pytest.mark.parametrize("bias", [0.0, 0.1, 0.2])
def test_calibration_error_finds_the_bias(bias):
    rng = np.random.default_rng(5)
    p = rng.uniform(0, 0.8, 20_000)
    fails = rng.random(p.size) < p + bias
    error = metrics.smooth_calibration_error(p, fails)[0]
    chance = intervals.calibration_by_chance(p, seed=0, draws=20)
    assert error == pytest.approx(bias, abs=0.015)
    assert (error <= chance) == (bias == 0)


def test_calibration_error_against_its_definition(simulated):
    """Reflect the Gaussian by hand, integrate on a fine grid, and solve for the width."""
    p, fails = simulated
    p = np.clip(p * 0.8 + 0.15, 0, 1)
    grid = (np.arange(2000) + 0.5) / 2000

    def error(width):
        mirrors = [sign * p + shift for shift in (-2, 0, 2) for sign in (-1, 1)]
        gaps = (grid[:, None] - mirror for mirror in mirrors)
        kernel = sum(np.exp(-((gap / width) ** 2) / 2) for gap in gaps)
        smoothed = (kernel * (fails - p)).mean(axis=1) / (width * math.sqrt(2 * math.pi))
        return np.abs(smoothed).mean()

    found = metrics.smooth_calibration_error(p, fails)[0]
    assert error(found) == pytest.approx(found, abs=1e-3)


def test_share_interval_of_independent_rows_is_clopper_pearson():
    fails = np.repeat([True, False], [4, 96])
    part = intervals.share_interval(fails, np.arange(100))
    exact = binomtest(4, 100).proportion_ci(0.95, method="exact")
    # Independent rows may look a little alike by luck: never narrower, hardly wider.
    assert part.low == pytest.approx(exact.low, abs=0.001)
    assert part.high == pytest.approx(exact.high, abs=0.001)


def test_copies_of_a_row_add_nothing():
    fails = np.repeat([True, False], [8, 32])
    groups = np.arange(40)
    alone = intervals.share_interval(fails, groups)
    copied = intervals.share_interval(np.repeat(fails, 5), np.repeat(groups, 5))
    assert (copied.low, copied.high) == pytest.approx((alone.low, alone.high), abs=0.006)


def test_no_failure_counts_sources():
    part = intervals.share_interval(np.zeros(300, bool), np.repeat(np.arange(30), 10))
    assert part.high == pytest.approx(1 - 0.025 ** (1 / 30))


def test_bootstrap_interval_covers():
    rng = np.random.default_rng(6)
    truth, hits, trials = 0.3, 0, 60
    for trial in range(trials):
        rate = rng.beta(3, 7, 60)  # every group has its own rate around the truth
        groups = np.repeat(np.arange(60), 8)
        fails = rng.random(480) < rate[groups]

        def rate_of(weights, fails=fails):
            return {"rate": metrics.weighted_share(fails, np.ones(480, bool), weights)}

        drawn = intervals.resample(rate_of, groups, count=200, seed=trial)
        part = intervals.estimate(drawn["rate"])
        assert part.value == fails.mean()
        hits += part.low <= truth <= part.high
    assert hits >= 0.85 * trials


def test_draws_are_paired_and_seeded(simulated):
    p, fails = simulated
    groups = np.arange(p.size) // 4

    def both(weights):
        a, b = (metrics.auroc(metrics.passing(r, fails, weights)) for r in (p, p**3))
        return {"a": a, "b": b}

    first, again = (intervals.resample(both, groups, count=50, seed=7) for _ in range(2))
    other = intervals.resample(both, groups, count=50, seed=8)
    assert np.array_equal(first["a"], first["b"])  # the same ranking, so always the same value
    assert np.array_equal(first["a"], again["a"])
    assert not np.array_equal(first["a"], other["a"])


def test_an_estimate_without_enough_draws_has_no_interval():
    part = intervals.estimate(np.array([0.5, math.nan, math.nan, 0.4]))
    assert part.value == 0.5
    assert math.isnan(part.low)
    assert part.to_dict() == {"value": 0.5, "low": None, "high": None}


def test_estimates_in_words():
    part = intervals.Estimate(0.1234, 0.1, 0.15)
    assert part.percent() == "12.3 % (10.0–15.0)"
    assert part.points() == "+12.3 (+10.0 to +15.0)"
    assert part.decimal() == "0.123 (0.100–0.150)"
    assert (part.interval(), part.interval(percent=False)) == ("10.0 to 15.0 %", "0.100 to 0.150")
    assert intervals.Estimate(1, 1, 1).decimal() == "1.000", "no width is no certainty"
    nothing = intervals.Estimate(math.nan)
    assert {nothing.percent(), nothing.decimal(), nothing.interval()} == {"n/a"}
