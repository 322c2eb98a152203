"""The letter network: how pages lie, what is no text, and what must not change its answer."""

from __future__ import annotations

import numpy as np
import pytest
from probes import image, noise, text

from imagegate.errors import SettingsError
from imagegate.features import readings
from imagegate.features.geometry import CAUSE
from imagegate.features.letters import glyphs, network
from imagegate.features.letters.marks import native_marks
from imagegate.features.planes import stack
from imagegate.synthetic.pages import render_page
from imagegate.synthetic.scripts import render_script

TURNS = {
    "upright": lambda page: page,
    "upside_down": lambda page: page[::-1, ::-1],
    "clockwise": lambda page: np.rot90(page, -1),
    "counterclockwise": np.rot90,
    "mirrored": lambda page: page[:, ::-1],
    "flipped": lambda page: page[::-1],
}


def page(seed):
    return render_page(seed).pixels


def seen(pixels):
    return image(np.ascontiguousarray(pixels))


@pytest.mark.parametrize("seed", [3, 4, 5])
@pytest.mark.parametrize("turn", TURNS)
def test_orientation(turn, seed):
    assert glyphs.orientation(seen(TURNS[turn](page(seed)))) == turn


@pytest.mark.parametrize("turn", TURNS)
def test_geometry_is_told_by_its_own_code(turn):
    codes = dict.fromkeys(("mirrored", "flipped"), "geometry.mirrored")
    codes |= dict.fromkeys(("clockwise", "counterclockwise"), "geometry.sideways")
    codes |= {"upside_down": "geometry.upside_down", "upright": "geometry.skewed"}
    picture = seen(TURNS[turn](page(4)))
    held = [code.name for code in CAUSE.codes if code.when(picture, {})]
    assert held[0] == codes[turn]


def test_turned_letters_are_not_upright():
    before, after = readings(seen(page(3))), readings(seen(page(3)[::-1, ::-1]))
    assert before["letters.turned"] < 0 < after["letters.turned"]
    assert before["letters.upright"] > 2 * after["letters.upright"]


def test_english_print_is_no_other_script_and_not_handwriting():
    found = readings(seen(page(4)))
    assert glyphs.script(seen(page(4))) is None
    assert found["letters.other_script"] < 0
    assert found["letters.handwriting"] < 0


@pytest.mark.parametrize("pixels", [np.full((300, 300), 200, np.uint8), noise(40), text(3)[:20]])
def test_without_lines_nothing_is_told(pixels):
    assert glyphs.orientation(image(pixels)) is None
    assert glyphs.script(image(pixels)) is None


def test_polarity_does_not_matter():
    pixels = page(5)
    before, after = (seen(each).cached(glyphs.glyphs) for each in (pixels, 255 - pixels))
    assert np.abs(before.mean - after.mean).max() < 0.05


def test_marks_lie_on_ink_of_the_picture():
    picture = seen(page(4))
    found = picture.cached(glyphs.glyphs)
    assert len(picture.tiles) > 1
    assert len(found.x) == network.MOST
    np.testing.assert_allclose(found.probability.sum(axis=1), 1, atol=1e-5)
    for x, y in zip(found.x.astype(int), found.y.astype(int), strict=True):
        around = picture.gray[max(y - 12, 0) : y + 12, max(x - 12, 0) : x + 12]
        assert np.ptp(around.astype(int)) > 60


def test_thumbnails_show_ink_on_nothing():
    picture = image(text(4))
    marks = picture.cached(native_marks)
    thumbs = network.thumbnails(picture.cached(stack), marks, np.flatnonzero(marks.inline))
    square = thumbs.reshape(-1, network.SIDE, network.SIDE)
    assert square.min() >= 0
    assert square.max() <= network.DARKEST
    assert np.median(square.max(axis=(1, 2))) == pytest.approx(1, abs=0.1)
    assert square[:, 0].max() < 0.1  # the margin


@pytest.mark.parametrize(
    ("name", "family"),
    [("cyrillic", "cyrillic"), ("devanagari", "indic"), ("thai", "southeast_asian")],
)
def test_other_scripts_are_told(name, family):
    try:
        pixels = render_script(0, script=name).pixels
    except SettingsError:
        pytest.skip("no installed font writes it")
    assert glyphs.script(seen(pixels)) == family
    assert readings(seen(pixels))["letters.other_script"] > 0
