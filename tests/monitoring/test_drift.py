"""Drift: against closed forms, published tests and what happens by chance."""

from dataclasses import replace

import numpy as np
import pytest
from logs import EDGE, HEIGHT, MEASURES, NOISE, filed, readings, rows, watched_gate, write
from scipy import stats

from imagegate.monitoring import watch
from imagegate.monitoring.advice import PassRate, against_periods
from imagegate.monitoring.drift import by_cause, drift
from imagegate.monitoring.histograms import Histograms, training_reference
from imagegate.monitoring.periods import Period
from imagegate.stats.tests import chi_square_95, ks_p

GATE = watched_gate()
TRAINING = training_reference(GATE)


def counted(X):
    found = Histograms(TRAINING)
    found.add(X)
    return found


def shifts(X, reference=TRAINING):
    return {one.measure: one for one in drift(counted(X), reference)}


def test_reference_is_training():
    """Shares, medians and the share without a reading are those of the rows the detector saw."""
    X = readings(2000, seed=100)
    for column, distribution in enumerate(TRAINING.distributions):
        known = X[~np.isnan(X[:, column]), column]
        for level in (0.1, 0.5, 0.9):
            wanted = np.quantile(known, level)
            assert distribution.quantile(level) == pytest.approx(
                wanted, abs=0.02 * float(np.ptp(known))
            )
        assert distribution.shares.sum() == pytest.approx(1)
        assert distribution.undefined == pytest.approx(np.isnan(X[:, column]).mean(), abs=0.04)
        assert (distribution.least <= distribution.below + 1e-12).all()
        assert (distribution.below <= distribution.most + 1e-12).all()


def test_the_share_of_a_common_reading_is_known_within_bounds():
    """A third of training has no noise at all; how many exactly is between two quantiles."""
    none = (readings(2000, seed=100)[:, NOISE] == 0).mean()
    distribution = TRAINING.distributions[NOISE]
    (step,) = np.flatnonzero(distribution.edges == 0)
    assert distribution.steps[step]
    assert distribution.least[step] < none < distribution.most[step]


def test_same_images_have_not_shifted_more_often_than_they_should():
    alarms = above = 0
    for seed in range(150):
        found = shifts(readings(80, seed))
        alarms += min(one.p for one in found.values()) < 0.05
        above += sum(one.psi > one.psi_by_chance for one in found.values())
    assert alarms <= 0.08 * 150
    assert 0.01 * 600 <= above <= 0.09 * 600


def test_index_of_a_shifted_normal_is_its_closed_form():
    """Heights are all but normal: tenths of training hold known shares of shifted heights."""
    shift = 1.2
    X = readings(40_000, seed=7)
    X[:, HEIGHT] += 2 * shift
    tenths = stats.norm.ppf(np.arange(1, 10) / 10)
    p, q = np.diff(stats.norm.cdf(tenths - shift), prepend=0, append=1), 0.1
    wanted = 0.9 * ((p - q) * np.log(p / q)).sum()  # a tenth of the images has no height
    assert shifts(X)[MEASURES[HEIGHT]].psi == pytest.approx(wanted, rel=0.1)


def test_distance_is_that_of_kolmogorov_and_smirnov_or_a_little_less():
    X, training = readings(3000, seed=8), readings(2000, seed=100)
    X[:, EDGE] += 0.8
    exact = stats.ks_2samp(X[:, EDGE], training[:, EDGE])
    found = shifts(X)[MEASURES[EDGE]]
    assert exact.statistic - 0.04 <= found.distance <= exact.statistic + 1e-9


@pytest.mark.parametrize("scaled", [0.3, 0.6, 1.0, 1.36, 1.63, 2.5])
def test_p_follows_kolmogorov(scaled):
    size = 1e8  # the correction for small samples vanishes
    assert ks_p(scaled / 1e4, size) == pytest.approx(stats.kstwobign.sf(scaled), abs=1e-4)


@pytest.mark.parametrize("degrees", [1, 4, 10, 12])
def test_chance_follows_chi_square(degrees):
    assert chi_square_95(degrees) == pytest.approx(stats.chi2.ppf(0.95, degrees), rel=0.03)


def test_what_has_shifted_is_named_with_its_direction():
    X = readings(300, seed=9)
    X[:, HEIGHT] -= 9
    found = by_cause(list(shifts(X).values()))
    smaller = found["text"]
    assert (smaller.measure, smaller.level()) == (MEASURES[HEIGHT], "large")
    assert smaller.outside()
    assert smaller.sentence().startswith("letters are smaller than in training: text x-height")
    assert smaller.sentence().endswith(f"median {smaller.median:.3g} px against 13.9 px")
    assert found["blur"].level() == found["noise"].level() == "none"


def test_the_sentence_is_about_where_the_rare_ones_are():
    """A quarter has huge letters, the rest somewhat smaller ones: the huge ones are what counts."""
    X = readings(300, seed=21)
    X[:, HEIGHT] -= 2
    X[:75, HEIGHT] = 40
    found = shifts(X)[MEASURES[HEIGHT]]
    assert found.outside()
    assert found.median < found.reference_median
    assert found.sentence().startswith("letters are larger")
    assert "90th percentile" in found.sentence()


def test_readings_that_vanish_are_drift():
    X = readings(300, seed=10)
    X[:150, HEIGHT] = np.nan
    found = shifts(X)[MEASURES[HEIGHT]]
    assert found.level() == "large"
    assert "could be measured in 4" in found.sentence()


def test_what_could_always_be_measured_and_now_cannot_is_where_training_had_none():
    X = readings(300, seed=10)
    X[:90, EDGE] = np.nan
    found = shifts(X)[MEASURES[EDGE]]
    assert found.outside()
    assert found.rare == pytest.approx(0.3, abs=0.05)
    X = readings(300, seed=10)
    X[:90, HEIGHT] = np.nan  # a tenth of training has no height: that is no rare place
    assert shifts(X)[MEASURES[HEIGHT]].rare < 0.1


@pytest.mark.parametrize(
    ("passed", "images", "many", "wanted"),
    [
        (0, 60, 1, True),
        (30, 60, 1, False),  # as usual
        (20, 60, 1, False),  # lower, but not by a fifth of all
        (0, 4, 1, False),  # may be chance
        (3, 20, 1, True),
        (3, 20, 500, False),  # one of 500 days may look so
        (0, 0, 1, False),
    ],
)
def test_a_collapse_is_large_and_beyond_chance(passed, images, many, wanted):
    found = PassRate(passed, images, usual=0.5, usual_low=0.48, sentence="")
    assert found.collapsed(0.05 / many) == wanted


def test_what_is_usual_is_known_from_as_many_as_there_are():
    """Three of four others prove nothing, 300 of 400 do."""

    def period(used, held):
        found = Period("x", None)
        found.tally.routes.update(use=used, review=held)
        return found

    own = period(0, 60)
    assert not against_periods(own, [period(3, 1)], where="", alpha=0.001).collapsed(0.001)
    found = against_periods(own, [period(100, 0), period(200, 100)], where="others", alpha=0.001)
    assert found.collapsed(0.001)
    assert (found.passed, found.images, found.usual) == (0, 60, 0.75)
    assert "300 of 400 others (75 %)" in found.sentence
    assert against_periods(own, [period(0, 0)], where="", alpha=0.001) is None


def test_a_common_reading_is_a_step():
    """A third of training has no noise: if all images have none, that is seen."""
    X = readings(2000, seed=11)
    clean = shifts(X)[MEASURES[NOISE]]
    X[:, NOISE] = 0
    still = shifts(X)[MEASURES[NOISE]]
    assert clean.level() == "none"
    assert still.level() == "large"
    assert still.median == 0


def test_within_its_range_is_not_away():
    """All images in the middle of training: the index is large, but nothing is where none was."""
    X = readings(4000, seed=12)
    middle = X[np.abs(X[:, HEIGHT] - 14) < 1]
    found = shifts(middle)[MEASURES[HEIGHT]]
    assert found.level() == "large"
    assert not found.outside()


def test_another_group_can_be_the_reference():
    usual, new = readings(500, seed=13), readings(500, seed=14)
    usual[:, HEIGHT] -= 9
    new[:, HEIGHT] -= 9
    reference = counted(usual).as_reference("may")
    assert shifts(new)[MEASURES[HEIGHT]].level() == "large"
    assert shifts(new, reference)[MEASURES[HEIGHT]].level() == "none"
    assert shifts(readings(500, seed=15), reference)[MEASURES[HEIGHT]].level() == "large"


def test_counting_in_parts_is_counting_at_once():
    X = readings(700, seed=16)
    whole, first = counted(X), counted(X[:300])
    first.merge(counted(X[300:]))
    for one, other in zip(whole.counts, first.counts, strict=True):
        assert (one == other).all()
        assert one.sum() == 700
    assert (whole.ends == first.ends).all()


def held(gate, count, seed, **facts):
    """Return lines of images as training has them that nobody may use."""
    wanted = (line for line in rows(gate, readings(20 * count, seed), **facts))
    return [line for line in wanted if line["decision"] != "pass" and line["p_fail"]][:count]


def test_a_collapse_of_the_share_to_use_is_looked_at(tmp_path):
    """Beside the other periods; one alone, beside what the card says of images held out."""
    gate, file = filed(GATE, tmp_path)
    usual = rows(gate, readings(200, 7), batch="usual")
    log = write(tmp_path / "log.jsonl", [*usual, *held(gate, 60, 8, batch="fell")])
    fell = watch([log], gate=file).periods[1].advice
    used = sum(line["route"] == "use" for line in usual)
    assert fell.level == "look"
    assert fell.reason.startswith("0 of 60 images (0 %)")
    assert f"{used} of 200 others" in fell.reason
    assert fell.labels is None
    known = {"learned": {"coverage": {"value": 0.7, "low": 0.6, "high": 0.8}}}
    known_gate, alone = filed(replace(GATE, card=replace(GATE.card, results=known)), tmp_path)
    one = write(tmp_path / "one.jsonl", held(known_gate, 60, 8))
    assert "against 70 % of its held-out images" in watch([one], gate=alone).total.advice.reason
    fine = write(tmp_path / "fine.jsonl", rows(known_gate, readings(200, 7)))
    assert watch([fine], gate=alone).total.advice.level == "keep"
