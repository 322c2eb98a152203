"""Looks of pictures: one of the names, whatever the picture."""

import numpy as np
import pytest
from edit_pictures import scene

from imagegate.edits.looks import LOOKS, look_of
from imagegate.synthetic.pages import render_page


@pytest.mark.parametrize(
    ("pixels", "look"),
    [
        (np.full((200, 300, 3), 12, np.uint8), "dark"),
        (np.full((200, 300, 3), 240, np.uint8), "light"),
        (np.full((200, 300, 3), 128, np.uint8), "flat"),
        (np.random.default_rng(0).integers(60, 200, (200, 300, 3), np.uint8), "fabric"),
        (render_page(3).pixels, "text"),
    ],
)
def test_a_picture_looks_as_it_was_made(pixels: np.ndarray, look: str) -> None:
    assert look_of(pixels) == look


def test_every_look_has_a_name() -> None:
    assert look_of(scene(1)) in LOOKS
