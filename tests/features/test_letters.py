"""Finding letters: on made text of known size, and not where there is none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from probes import image, noise, scene, static, text

from imagegate.features import readings
from imagegate.features.letters.lines import TEXT_SHARE
from imagegate.features.letters.marks import native_marks
from imagegate.synthetic.pages import render_page


@pytest.mark.parametrize("unit", [1, 2, 3, 5, 8])
def test_x_height_and_stroke_are_measured(unit):
    found = readings(image(text(unit)))
    assert found["text.x_height_px"] == 5 * unit
    assert found["text.stroke_width_px"] == pytest.approx(unit, rel=0.35)
    if unit < 8:  # larger than tiles that are cut out show
        assert found["text.components"] == pytest.approx(8 * 14, rel=0.35)


@pytest.mark.parametrize(("ink", "paper"), [(20, 235), (235, 20), (120, 160), (90, 40)])
def test_contrast_is_that_of_ink_to_paper(ink, paper):
    found = readings(image(text(3, ink=ink, paper=paper)))
    assert found["text.x_height_px"] == 15
    assert found["text.contrast"] == pytest.approx(abs(ink - paper), abs=2)


def test_fainter_lines_pull_the_lower_tail():
    pixels = text(3)
    pixels[-60:] = 235 - (235 - pixels[-60:]) // 4
    found = readings(image(pixels))
    assert found["text.contrast"] > 200
    assert found["text.contrast_p10"] < 70


def test_smaller_lines_pull_the_lower_tail():
    large, small = text(4, lines=6), text(2, lines=8)
    pixels = np.full((large.shape[0] + small.shape[0], large.shape[1]), 235, np.uint8)
    pixels[: large.shape[0]] = large
    pixels[large.shape[0] :, : small.shape[1]] = small
    pixels[large.shape[0] :, small.shape[1] : 2 * small.shape[1]] = small
    assert readings(image(pixels))["text.x_height_p10_px"] == 10


@pytest.mark.parametrize("degrees", [1, 3, 5])
def test_skew_is_tolerated(degrees):
    pixels = text(4)
    height, width = pixels.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    turned = cv2.warpAffine(pixels, turn, (width, height), borderValue=235)
    found = readings(image(np.asarray(turned, np.uint8)))
    assert found["text.x_height_px"] == pytest.approx(20, abs=3)


def test_rules_and_specks_are_no_letters():
    pixels = text(3)
    pixels[14::30, 6:-6] = 20
    pixels[8:-8, 4:6] = 20
    rng = np.random.default_rng(0)
    pixels[rng.integers(0, pixels.shape[0], 40), rng.integers(0, pixels.shape[1], 40)] = 20
    found = readings(image(pixels))
    assert found["text.x_height_px"] == 15
    assert found["text.components"] <= 8 * 14


def test_broken_strokes_raise_the_share_of_pieces():
    whole = text(4)
    broken = whole.copy()
    broken[np.random.default_rng(0).random((whole.shape[0], 1))[:, 0] < 0.15] = 235
    before, after = readings(image(whole)), readings(image(broken))
    assert before["text.broken_share"] == 0
    assert not after["text.broken_share"] < 0.2  # so broken that no text is left is fine too


def test_joined_letters_are_merged():
    pixels = text(3)
    for line in range(0, 8, 2):
        pixels[3 * (8 + 10 * line), 40:100] = 20
    before, after = readings(image(text(3))), readings(image(pixels))
    assert before["text.merged_share"] == 0
    assert after["text.merged_share"] > 0.1


@pytest.mark.parametrize(
    "pixels",
    [scene(), scene((700, 900), 5), static((300, 300)), noise(30)],
    ids=["scene", "other scene", "static", "noise"],
)
def test_no_text_no_numbers(pixels):
    found = readings(image(pixels))
    assert found["text.components"] == 0
    assert np.isnan(found["text.x_height_px"])


def test_small_text_beside_enlarged_text():
    fine = readings(image(text(4)))
    enlarged = cv2.resize(text(1), None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    coarse = readings(image(np.asarray(enlarged, np.uint8)))
    assert coarse["text.x_height_px"] == pytest.approx(fine["text.x_height_px"], abs=3)
    assert coarse["text.x_height_per_edge_width"] < 0.7 * fine["text.x_height_per_edge_width"]
    assert coarse["text.x_height_effective_px"] < 0.7 * fine["text.x_height_effective_px"]


@pytest.mark.parametrize("unit", [12, 20, 32])
def test_letters_are_never_too_large(unit):
    found = readings(image(text(unit)))
    assert found["text.x_height_px"] == pytest.approx(5 * unit, rel=0.03)
    assert found["text.components"] >= 12


def test_text_in_one_colour_channel_is_read_there():
    letters = text(3) < 128
    red, green = np.array([200, 0, 0]), np.array([0, 102, 0])  # of one luma
    pixels = np.where(letters[..., None], red, green).astype(np.uint8)
    assert np.ptp(image(pixels).gray) <= 1
    assert readings(image(pixels))["text.x_height_px"] == 15


@pytest.mark.parametrize("size", [1, 4])
def test_few_letters_are_counted_and_not_measured(size):
    pixels = np.full((45 * size, 260 * size), 235, np.uint8)
    place = 15 * size, 35 * size
    cv2.putText(pixels, "1,249.80 EUR", place, cv2.FONT_HERSHEY_SIMPLEX, size, 20, 2 * size)
    found = readings(image(pixels))
    assert 3 <= found["text.components"] < 12
    assert np.isnan(found["text.x_height_px"])
    blurred = cv2.GaussianBlur(pixels, (0, 0), 8 * size)
    assert readings(image(blurred))["text.components"] == 0


@pytest.mark.parametrize("degrees", [90, 270])
def test_words_of_a_page_on_its_side_are_no_letters(degrees):
    pixels = np.ascontiguousarray(np.rot90(render_page(3).pixels, degrees // 90))
    assert readings(image(pixels))["text.components"] == 0


def test_few_of_the_marks_in_lines_are_text_if_they_look_like_letters():
    rng = np.random.default_rng(0)
    blots = np.full((900, 740), 235, np.uint8)
    for turn in np.pi * rng.random(900):
        middle = rng.integers([10, 400], [730, 890])
        step = np.rint([7 * np.cos(turn), 7 * np.sin(turn)]).astype(int)
        cv2.line(blots, (middle - step).tolist(), (middle + step).tolist(), 60, 2)
    mixed = blots.copy()
    mixed[20:280, 20:580] = render_page(3).pixels[200:460, 60:620, 0]
    marks = image(mixed).cached(native_marks)
    assert marks.inline.sum() < TEXT_SHARE * marks.letter.sum()
    assert readings(image(mixed))["text.components"] >= 40
    assert readings(image(blots))["text.components"] == 0
