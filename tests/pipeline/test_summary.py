"""How many failures to expect: the sum, and an interval that covers as often as it says."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "monitoring"))
from logs import watched_gate

from imagegate.models.artifact import load_gate
from imagegate.models.calibration import Calibration, History, fit_calibration, sigmoid
from imagegate.pipeline.summary import CENTRES, Chances, calibration_lines, expected_failures

GATE = watched_gate()


def test_sum_is_exact_and_cells_are_near():
    p = sigmoid(np.random.default_rng(0).normal(-2, 3, 5000))
    chances = Chances.of(p)
    assert chances.images == 5000
    assert chances.total == pytest.approx(p.sum(), rel=1e-12)
    assert chances.cells @ sigmoid(CENTRES) == pytest.approx(p.sum(), rel=1e-3)


def test_parts_add_up_and_images_without_a_probability_are_left_out():
    p = np.random.default_rng(1).random(400).tolist()
    whole, part = Chances.of([*p, None]), Chances.of(p[:150])
    part.merge(Chances.of(p[150:]))
    assert part.images == whole.images == 400
    assert part.total == pytest.approx(whole.total)
    found = [expected_failures(GATE, chances) for chances in (whole, part)]
    assert [(one.low, one.high) for one in found] == [(found[0].low, found[0].high)] * 2


def test_certain_outcomes_and_no_images():
    gate = replace(GATE, calibration=Calibration(1.0, 0.0))
    none = expected_failures(gate, Chances())
    assert (none.images, none.low, none.high) == (0, 0, 0)
    sure = expected_failures(gate, Chances.of([1e-12] * 50 + [1 - 1e-12] * 7))
    assert (sure.low, sure.high) == (7, 7)


def test_a_surer_interval_is_wider_and_the_seed_decides():
    chances = Chances.of([0.03] * 300)
    narrow, wide = (expected_failures(GATE, chances, level=level) for level in (0.8, 0.99))
    assert wide.low <= narrow.low <= narrow.failures <= narrow.high <= wide.high
    assert expected_failures(GATE, chances) == expected_failures(GATE, chances)


def test_rules_expect_nothing():
    assert expected_failures(load_gate("rules:ocr"), Chances.of([0.1])) is None


@pytest.mark.parametrize("sources", [60, 150])
def test_interval_covers_as_often_as_it_says(sources):
    """Calibrate on some sources of two rows each, then let a batch of others pass and fail."""
    rng = np.random.default_rng(sources)
    hits, batches, level = 0, 100, 0.9
    for _ in range(batches):
        source = np.repeat(np.arange(sources), 2)
        own = rng.normal(0, 0.5, sources)  # rows of a source resemble each other
        raw = rng.normal(-1, 2, source.size)
        fails = rng.random(source.size) < sigmoid(0.7 * raw - 0.3 + own[source])
        line = fit_calibration(raw, fails, np.full(source.size, 0.5))
        kept = History(raw, fails, source.astype(np.int32), np.ones(source.size, bool))
        gate = replace(GATE, calibration=line, history=kept)
        new = rng.normal(-1, 2, 400)
        p = line.probability(new)
        passed = p <= 0.2
        failed = rng.random(400) < sigmoid(0.7 * new - 0.3 + rng.normal(0, 0.5, 400))
        lines = calibration_lines(gate, draws=40, seed=1)
        found = expected_failures(gate, Chances.of(p[passed]), lines=lines, level=level)
        hits += found.low <= failed[passed].sum() <= found.high
    # binomial: two standard errors of 100 batches are 0.06
    assert level - 0.06 <= hits / batches <= 0.99
