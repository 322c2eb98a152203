"""Rendered pages: made again from a seed, readable, and their text known."""

import shutil

import numpy as np
import pytest

from imagegate.errors import SettingsError, UnknownNameError
from imagegate.synthetic import fonts
from imagegate.synthetic.fonts import find_faces
from imagegate.synthetic.pages import (
    LARGE_FACTOR,
    LAYOUTS,
    LEAST_X_HEIGHT_PX,
    MOST_HEIGHT_PX,
    draw_faces,
    render_page,
)
from imagegate.synthetic.paper import LEAST_CONTRAST, LOOKS, draw_look, luma
from imagegate.synthetic.writing import common_words, sentence

EACH = pytest.mark.parametrize("layout", LAYOUTS)


@EACH
def test_a_page_is_rgb_with_text_of_readable_size(layout):
    for seed in range(4):
        page = render_page(seed, layout=layout)
        assert page.layout == layout
        assert page.pixels.dtype == np.uint8
        assert page.pixels.shape[2] == 3
        assert page.x_height_px >= LEAST_X_HEIGHT_PX - 1  # hinting rounds to whole pixels
        assert len(page.text.split()) >= 8
        assert min(page.pixels.shape[:2]) >= 120


@EACH
def test_same_seed_same_page_other_seed_another(layout):
    first, again, other = (render_page(seed, layout=layout) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.pixels, again.pixels)
    assert first.text == again.text
    assert first.text != other.text


def test_layouts_are_all_drawn():
    assert {render_page(seed).layout for seed in range(60)} == set(LAYOUTS)


def test_the_transcript_is_what_is_drawn():
    """Text that is cut at an edge or drawn twice would leave ink at the rim of the page."""
    for seed in range(12):
        page = render_page(seed, layout="letter")
        rim = np.concatenate([page.pixels[:4].reshape(-1, 3), page.pixels[-4:].reshape(-1, 3)])
        assert (rim == page.pixels[0, 0]).all()


@pytest.mark.parametrize("kind", LOOKS)
def test_ink_and_paper_can_be_told_apart(kind):
    for seed in range(200):
        look = draw_look(kind, np.random.default_rng(seed))
        assert abs(luma(look.paper) - luma(look.ink)) >= LEAST_CONTRAST
        assert abs(luma(look.accent) - luma(look.on_accent)) >= LEAST_CONTRAST
        assert (luma(look.paper) < luma(look.ink)) == kind.startswith("dark")


def test_bundled_faces_write_latin_and_leave_symbols_out():
    faces = find_faces()
    names = {face.name for face in faces}
    assert {"DejaVu Sans Book", "DejaVu Serif Book", "STIXGeneral Regular"} <= names
    assert not any(word in name.lower() for name in names for word in ("cmsy", "siz", "display"))
    assert {face.family for face in faces} >= {"DejaVu Sans Mono", "Computer Modern"}


def test_installed_faces_are_added_to_the_bundled_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(fonts, "SYSTEM_FOLDERS", (str(tmp_path),))
    look_anew = find_faces.__wrapped__
    with pytest.raises(SettingsError, match=r"none: install some .* keep to the bundled ones"):
        look_anew("system")
    shutil.copy(fonts.bundled_folder() / "STIXSizOneSymReg.ttf", tmp_path)  # no letters
    with pytest.raises(SettingsError, match="found none"):
        look_anew("system")
    shutil.copy(fonts.bundled_folder() / "DejaVuSans.ttf", tmp_path)
    assert look_anew("system") == find_faces()


def test_pages_are_of_moderate_size():
    sizes = np.array([render_page(seed).pixels.shape[:2] for seed in range(40)])
    assert 0.3e6 < sizes.prod(axis=1).mean() < 0.6e6
    assert sizes.max() <= max(MOST_HEIGHT_PX) * LARGE_FACTOR
    receipts = [render_page(seed, layout="receipt").pixels for seed in range(8)]
    assert all(pixels.shape[1] < 0.8 * pixels.shape[0] for pixels in receipts)


def test_heads_are_of_the_same_family():
    for seed in range(30):
        plain, bold = draw_faces(find_faces(), np.random.default_rng(seed))
        assert plain.family == bold.family


def test_words_are_many_and_plain():
    words = common_words()
    assert len(words) == len(set(words)) >= 1000
    assert all(word.isascii() and word.isalpha() and word.islower() for word in words)
    assert sentence(np.random.default_rng(1)) == sentence(np.random.default_rng(1))


def test_unknown_names_are_refused():
    with pytest.raises(UnknownNameError, match=r"no layout named 'leter'\. Did you mean 'letter'"):
        render_page(0, layout="leter")
    with pytest.raises(SettingsError, match="expected fonts 'bundled' or 'system', got 'mine'"):
        render_page(0, fonts="mine")


@pytest.mark.engine
@EACH
def test_tesseract_reads_clean_pages(layout):
    pytest.importorskip("tesserocr")
    from imagegate.engines.tesseract import open_tesseract, tessdata
    from imagegate.tasks.ocr import recall_loss

    if tessdata() is None:
        pytest.skip("Tesseract's language files are not installed")
    page = render_page(21, layout=layout)
    assert recall_loss(open_tesseract()(page.pixels), page.text) <= 0.1
