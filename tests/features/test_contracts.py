"""What every measure promises, whatever it measures."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest
from probes import ODD, image, scene

from imagegate import features
from imagegate.errors import UnknownNameError
from imagegate.features import CAUSES, LEARNABLE, MEASURES, SCORES, every_measure

every = pytest.mark.parametrize("row", MEASURES.values(), ids=lambda row: row.name)
of_outputs_too = pytest.mark.parametrize("row", every_measure().values(), ids=lambda row: row.name)


@of_outputs_too
def test_row_reads_well(row):
    assert re.fullmatch(r"[a-z]+\.[a-z0-9_]+", row.name)
    assert row.unit
    assert row.worse in {"high", "low", "either"}
    assert row.family in {*CAUSES, "text", "letters", "content", "mask", "reading", "edit"}
    assert row.label == row.label.strip() != ""
    if row.unit == "px":
        assert row.name.endswith("_px")


def test_no_two_measures_are_called_the_same():
    labels = [row.label for row in every_measure().values()]
    assert len(set(labels)) == len(labels)


@of_outputs_too
def test_docstring_says_what_it_measures_and_after_whom(row):
    text = inspect.getdoc(row.function) or ""
    meaning, _, source = text.replace("References\n----------\n", "Source: ").partition("Source: ")
    assert meaning.startswith("Return ")
    assert len(meaning.split("\n\n", 1)[1].strip()) > 3
    assert len(source.strip()) > 2


@pytest.fixture(scope="module")
def odd_readings():
    return {name: features.readings(image(make())) for name, make in ODD.items()}


@every
def test_is_finite_or_nan_on_odd_images(row, odd_readings):
    for name, found in odd_readings.items():
        value = found[row.name]
        assert type(value) is float, name
        assert not np.isinf(value), name
        if row.unit == "share":
            assert np.isnan(value) or 0 <= value <= 1, name


@pytest.mark.parametrize("name", ODD)
def test_scores_are_0_to_100_or_nan(name, odd_readings):
    found = features.scores(odd_readings[name])
    assert tuple(found) == tuple(SCORES)
    assert all(np.isnan(value) or 0 <= value <= 100 for value in found.values())


def test_same_bytes_same_numbers():
    np.testing.assert_array_equal(
        features.measure(image(scene())), features.measure(image(scene().copy()))
    )


def test_input_is_not_written_to():
    pixels = np.dstack([scene()] * 3)
    before = pixels.copy()
    features.measure(image(pixels))
    np.testing.assert_array_equal(pixels, before)


def test_measure_gives_what_was_asked_in_that_order():
    names = ["text.contrast", "blur.edge_width_px", "exposure.range"]
    found = features.measure(image(scene()), names)
    everything = features.readings(image(scene()))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.array([everything[n] for n in names], np.float32))


def test_measure_computes_nothing_else(monkeypatch):
    def forbidden(_image):
        raise AssertionError("computed unasked")

    picture = image(scene())
    monkeypatch.setattr(type(picture), "rgb", property(forbidden))
    features.measure(picture, ["exposure.range", "noise.flat_rms"])


def test_unknown_measure_is_refused():
    with pytest.raises(UnknownNameError, match=r"blur\.edge_width_px"):
        features.measure(image(scene()), ["blur.edge_widht_px"])


def test_causes_name_known_measures():
    for cause in CAUSES.values():
        assert set(cause.measures) <= set(MEASURES)


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda row: row.name)
def test_a_cause_shows_in_one_way_at_least_whatever_the_image(cause, odd_readings):
    for code in cause.codes:
        assert re.fullmatch(rf"{cause.name}\.[a-z_]+", code.name)
        assert code.measure in MEASURES
    for name, make in ODD.items():
        held = [code.when(image(make()), odd_readings[name]) for code in cause.codes]
        assert set(map(type, held)) == {bool}, name
        assert held[-1], name


@pytest.mark.parametrize("cause", SCORES.values(), ids=lambda row: row.name)
def test_score_reads_only_the_measures_it_names(cause):
    assert np.isnan(cause.score(dict.fromkeys(cause.measures, np.nan)))


def test_shortcuts_are_not_learnable():
    assert set(LEARNABLE) < set(MEASURES)
    assert not [n for n in LEARNABLE if n.startswith("resolution.short_side")]
    assert list(LEARNABLE) == [n for n in MEASURES if n in LEARNABLE]
