"""Mends: each takes back its own cause, none is offered that has not been shown to help."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from imagegate import load_gate, read
from imagegate.degrade import apply_chain, single_chain
from imagegate.features import CAUSES, readings
from imagegate.image import Image
from imagegate.models.verdict import Result
from imagegate.pipeline.repair import EARNED, REPAIRS, denoise, even_light, proven, repaired
from imagegate.synthetic.pages import render_page
from imagegate.tasks import TASKS, find_engine, word_recall

PAGE = render_page(1050)
GRAY = cv2.cvtColor(PAGE.pixels, cv2.COLOR_RGB2GRAY)
SPOILT = {"noise": ("noise.gaussian", 3), "exposure": ("exposure.uneven", 3)}


def spoil(name, severity):
    chain = single_chain(name, severity, 7)
    return apply_chain(PAGE.pixels, chain, reference_px=PAGE.x_height_px)


def measured(pixels):
    return readings(Image.from_array(pixels))


def far(pixels):
    """How far a page is from the clean one, in gray levels, after the best linear fit."""
    plane = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    slope, level = np.polyfit(plane.ravel().astype(float), GRAY.ravel(), 1)
    return float(np.abs(slope * plane + level - GRAY).mean())


@pytest.fixture(scope="module")
def gate():
    return load_gate("ocr-tesseract")


@pytest.mark.parametrize("row", [REPAIRS[cause] for cause in SPOILT], ids=lambda row: row.name)
def test_a_mend_brings_the_page_back_and_leaves_its_input_alone(row):
    worse = spoil(*SPOILT[row.name])
    kept, seen = worse.copy(), measured(worse)
    repaired = row.function(worse, seen)
    assert far(repaired) < 0.75 * far(worse)
    assert repaired.dtype == np.uint8
    np.testing.assert_array_equal(worse, kept)
    np.testing.assert_array_equal(repaired, row.function(worse, seen))
    np.testing.assert_array_equal(
        repaired, row.function(cv2.cvtColor(worse, cv2.COLOR_RGB2GRAY), seen)
    )


@pytest.mark.parametrize("row", REPAIRS.values(), ids=lambda row: row.name)
@pytest.mark.parametrize("pixels", [PAGE.pixels, np.full((9, 7, 3), 250, np.uint8)])
def test_nothing_is_repaired_where_nothing_is_wrong(row, pixels):
    assert row.name in CAUSES
    assert row.function(pixels, {}) is None
    assert row.function(PAGE.pixels, measured(PAGE.pixels)) is None


def test_lone_pixels_go_and_letters_stay():
    salted = spoil("noise.salt_pepper", 1)
    repaired = denoise(salted, measured(salted))
    assert measured(repaired)["noise.impulse_share"] < 0.1 * measured(salted)["noise.impulse_share"]
    assert far(repaired) < 0.5 * far(salted)


def test_light_that_falls_off_is_evened():
    dark = spoil("exposure.uneven", 4)
    repaired = even_light(dark, measured(dark))
    before, after = (measured(page)["exposure.light_falloff"] for page in (dark, repaired))
    assert before > 1
    assert after < 0.3 * before


def test_a_flat_picture_has_no_contrast_to_spread():
    assert even_light(np.full((64, 64), 90, np.uint8), {"exposure.range": 0.0}) is None


def test_the_gate_is_asked_again_and_decides(gate):
    image = read(spoil("noise.gaussian", 3))
    harmed = Result("harmed", verdict=gate.check(image))
    assert not harmed.ok
    better = repaired(harmed, image, gate, proven(gate))
    assert (better.action, better.repair) == ("repair", "noise")
    assert better.after == gate.check(better.pixels).p_fail <= proven(gate)["noise"]
    for limits in ({"noise": better.after - 1e-9}, {"exposure": 1.0}, {}):  # it is not dark
        assert repaired(harmed, image, gate, limits) is harmed


def test_only_what_is_proven_is_offered_and_never_more_laxly_than_the_gate(gate):
    limits = proven(gate)
    assert set(limits) <= set(REPAIRS)
    assert max(limits.values()) <= gate.thresholds.passing

    def limits_with(**facts):
        return proven(replace(gate, card=replace(gate.card, **facts)))

    assert set(limits_with(thresholds={"pass": 0.001, "reject": 0.5}).values()) == {0.001}
    assert limits_with(thresholds={"pass": None, "reject": 0.5}) == {}
    assert limits_with(engine="another") == limits_with(task="another") == {}


@pytest.mark.parametrize(("task", "engine"), EARNED)
def test_what_is_earned_is_known(task, engine):
    assert engine in TASKS[task].engines
    assert set(EARNED[task, engine]) <= set(REPAIRS)
    assert all(0 < limit < 0.5 for limit in EARNED[task, engine].values())


@pytest.mark.engine
@pytest.mark.parametrize("cause", SPOILT)
def test_the_real_engine_reads_more(cause):
    pytest.importorskip("tesserocr")
    run = find_engine("ocr", "tesseract").open()
    worse = spoil(*SPOILT[cause])
    repaired = REPAIRS[cause].function(worse, measured(worse))
    before = word_recall(run(worse).text, PAGE.text)
    after = word_recall(run(cv2.cvtColor(repaired, cv2.COLOR_GRAY2RGB)).text, PAGE.text)
    assert after > before + 0.1
