"""Pages that lie wrong: straightened exactly where that can be, never a page that lies right."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from imagegate import load_gate, read
from imagegate.degrade import apply_chain, single_chain
from imagegate.degrade.geometry import rotated
from imagegate.features.letters.glyphs import orientation
from imagegate.features.skew import skew
from imagegate.image import Image
from imagegate.models.verdict import Result
from imagegate.pipeline.repair import denoise, repaired
from imagegate.pipeline.route import Policy, Router
from imagegate.pipeline.sort import Sorter
from imagegate.pipeline.straighten import LEAST_TILT, UNDO, straighten
from imagegate.synthetic.pages import render_page

PAGE = render_page(1050)
PAPER = render_page(8).pixels
TURNS = {
    "upside_down": lambda page: np.rot90(page, 2),
    "clockwise": lambda page: np.rot90(page, -1),
    "counterclockwise": lambda page: np.rot90(page, 1),
    "mirrored": np.fliplr,
    "flipped": np.flipud,
}


def turned(page, name):
    return np.ascontiguousarray(TURNS[name](page))


@pytest.fixture(scope="module")
def gate():
    return load_gate("ocr-tesseract")


@pytest.mark.parametrize("name", UNDO)
def test_a_turned_page_comes_back_pixel_by_pixel(name):
    wrong = turned(PAGE.pixels, name)
    kept = wrong.copy()
    np.testing.assert_array_equal(straighten(wrong, {}), PAGE.pixels)
    np.testing.assert_array_equal(wrong, kept)
    plain = cv2.cvtColor(wrong, cv2.COLOR_RGB2GRAY)
    np.testing.assert_array_equal(UNDO[name](plain), straighten(plain, {}))


@pytest.mark.parametrize("name", ["clockwise", "upside_down"])
@pytest.mark.parametrize("degrees", [-14.0, -3.0, 1.5, 9.0])
def test_a_page_that_is_tilted_and_turned_is_levelled_upright_and_whole(name, degrees):
    page = PAPER.copy()
    page[:4, :4] = page[-4:, -4:] = (200, 30, 30)  # the corners stay in the picture
    straight = straighten(rotated(turned(page, name), degrees), {})
    seen = Image.from_array(straight)
    assert straight.shape[2] == 3
    assert abs(skew(seen)) < 0.3
    assert orientation(seen) == "upright"
    assert (straight[..., 0] > straight[..., 1].astype(int) + 100).sum() > 10


@pytest.mark.parametrize("degrees", [0.0, 0.8 * LEAST_TILT, -0.8 * LEAST_TILT])
def test_a_page_that_lies_right_is_left_alone(degrees):
    for page in (PAGE.pixels, PAPER):
        assert straighten(rotated(page, degrees) if degrees else page, {}) is None


def test_slanted_strokes_are_no_tilted_lines():
    page, rng = np.full((500, 500), 255, np.uint8), np.random.default_rng(0)
    for y in range(40, 480, 40):
        for x in np.cumsum(rng.integers(9, 22, 28)):
            cv2.line(page, (int(x), y), (int(x) + 5, y - 18), 0, 3, cv2.LINE_AA)
    assert skew(Image.from_array(page)) < -10
    assert straighten(page, {}) is None


def test_what_is_no_page_is_left_alone():
    grain = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    for picture in (grain, np.full((200, 300), 255, np.uint8), np.zeros((5, 4), np.uint8)):
        assert straighten(picture, {}) is None


def test_a_page_beyond_the_limits_of_its_engine_is_levelled(gate):
    image = read(rotated(PAGE.pixels, 12))
    result = Result("tilted", verdict=gate.check(image))
    assert not result.ok
    better = repaired(result, image, gate, {"geometry": 0.1})
    assert (better.action, better.repair) == ("repair", "geometry")
    assert better.after == gate.check(better.pixels).p_fail <= 0.1
    assert repaired(result, image, gate, {"noise": 0.1}) is result


def test_noise_is_taken_out_after_the_page_is_turned(gate):
    noisy = apply_chain(
        PAGE.pixels, single_chain("noise.gaussian", 3, 7), reference_px=PAGE.x_height_px
    )
    image = read(turned(noisy, "upside_down"))
    result = Result("both", verdict=gate.check(image))
    better = repaired(result, image, gate, {"geometry": 0.1, "noise": 0.1})
    assert better.repair == "geometry+noise"
    upright = gate.check(noisy)
    np.testing.assert_array_equal(better.pixels, denoise(noisy, upright.measures))


def test_sorting_writes_the_upright_page_beside_the_one_that_lies_wrong(tmp_path, gate):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    path = str(inbox / "page.png")
    cv2.imwrite(path, rotated(turned(PAGE.pixels, "upside_down"), 12))
    router = Router(gate, Policy(repair={"geometry": 0.1}))
    (result,) = Sorter(router, str(inbox), str(tmp_path / "out"), "copy")(path)
    assert (result.action, result.repair) == ("repair", "geometry")
    written = read(result.written)
    assert orientation(written) == "upright"
    assert abs(skew(written)) < 0.3
