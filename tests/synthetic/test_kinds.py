"""Pages in other scripts, by hand and from offices: each layout draws, the same from a seed."""

import unicodedata
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from imagegate.errors import SettingsError
from imagegate.synthetic.fonts import find_shaped
from imagegate.synthetic.hands import HANDWRITTEN, render_hand
from imagegate.synthetic.office import OFFICE, render_office
from imagegate.synthetic.pages import Page
from imagegate.synthetic.paper import LEAST_CONTRAST, draw_look, luma
from imagegate.synthetic.scripts import SCRIPTS, Script, render_script
from imagegate.training.data.clean import KINDS, Kind, drawn


def page_or_skip(make: Callable[..., Page], *args: Any, **options: Any) -> Page:
    """Draw a page, or skip the test where the fonts for it are not installed."""
    try:
        return make(*args, **options)
    except SettingsError as error:
        pytest.skip(str(error))


def check(page: Page, again: Page) -> None:
    """A page has ink, and is the same from the same seed."""
    np.testing.assert_array_equal(page.pixels, again.pixels)
    assert page.text == again.text
    assert page.pixels.dtype == np.uint8
    assert page.pixels.std() > 1


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_page_is_written_in_its_script(name: str) -> None:
    page = page_or_skip(render_script, 5, script=name)
    check(page, render_script(5, script=name))
    letters = [letter for letter in page.text if unicodedata.category(letter)[0] in "LM"]
    assert len(letters) >= 20
    spelt = unicodedata.normalize("NFC", SCRIPTS[name].letters)
    assert np.mean([letter.lower() in spelt for letter in letters]) > 0.9
    assert page.text == unicodedata.normalize("NFC", page.text)
    assert page.x_height_px >= 9


@pytest.mark.parametrize("layout", HANDWRITTEN)
def test_a_page_is_written_by_hand(layout: str) -> None:
    page = page_or_skip(render_hand, 5, layout=layout)
    check(page, render_hand(5, layout=layout))
    assert len(page.text.split()) >= 8


@pytest.mark.parametrize("layout", OFFICE)
def test_a_page_is_of_an_office(layout: str) -> None:
    page = page_or_skip(render_office, 5, layout=layout)
    check(page, render_office(5, layout=layout))
    assert page.layout == layout
    assert page.text.split()


def test_letters_on_labels_are_large() -> None:
    pages = [page_or_skip(render_office, seed, layout="label") for seed in range(30)]
    assert all(page.text for page in pages)
    sizes = [page.x_height_px for page in pages]
    assert min(sizes) >= 35
    assert max(sizes) >= 70


def test_colours_of_like_luma_differ_in_a_channel() -> None:
    for seed in range(100):
        look = draw_look("like-luma", np.random.default_rng(seed))
        assert abs(luma(look.paper) - luma(look.ink)) < 45
        assert np.abs(np.subtract(look.paper, look.ink)).max() >= LEAST_CONTRAST


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=lambda script: script.name)
def test_words_are_spelt_alike_and_not_empty(script: Script) -> None:
    first, again = ([script.word(np.random.default_rng(3)) for _ in range(9)] for _ in range(2))
    assert first == again
    assert all(first)
    assert "-" not in "".join(first)
    assert "*" not in "".join(first)


def test_scripts_need_shaping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.features.check", lambda name: False)
    with pytest.raises(SettingsError, match="raqm"):
        find_shaped({"thai": "ก"})


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.of != "pages"])
def test_kinds_draw_what_they_are_called(kind: Kind) -> None:
    assert page_or_skip(drawn, kind, 1).text
    assert kind.name.startswith(kind.of)
