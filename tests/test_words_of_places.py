"""Places in words: turn and mirror the picture, and the words turn with it."""

from __future__ import annotations

import numpy as np
import pytest

from imagegate.text import PLACES, place

WIDTH, HEIGHT = 600, 800
OPPOSITE = {"left": "right", "right": "left", "upper": "lower", "lower": "upper"}
TRANSPOSED = {"left": "upper", "right": "lower", "upper": "left", "lower": "right"}


def boxes(seed: int, count: int = 400) -> list[tuple[int, int, int, int]]:
    """Draw boxes, large and small, some along the border."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        left, right = np.sort(rng.choice(WIDTH + 1, 2, replace=False) * (rng.random() < 0.9))
        top, bottom = np.sort(rng.choice(HEIGHT + 1, 2, replace=False))
        found.append((int(left), int(top), max(int(right), int(left) + 1), int(bottom)))
    return [*found, (0, 0, WIDTH, 60), (WIDTH - 30, 0, WIDTH, HEIGHT)]


def swapped(name: str, words: dict[str, str]) -> set[str]:
    return {words.get(word, word) for word in name.split("_")}


@pytest.mark.parametrize("box", boxes(1))
def test_the_words_follow_the_picture(box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box
    name = place(box, WIDTH, HEIGHT)
    sides = {key: value for key, value in OPPOSITE.items() if key in ("left", "right")}
    mirrored = place((WIDTH - right, top, WIDTH - left, bottom), WIDTH, HEIGHT)
    assert set(mirrored.split("_")) == swapped(name, sides)
    turned = place((top, left, bottom, right), HEIGHT, WIDTH)
    assert set(turned.split("_")) == swapped(name, TRANSPOSED)
    assert place((2 * left, 2 * top, 2 * right, 2 * bottom), 2 * WIDTH, 2 * HEIGHT) == name


def test_every_place_is_some_box_and_nearly_all_is_none() -> None:
    assert {place(box, WIDTH, HEIGHT) for box in boxes(2, 3000)} == {"", *PLACES}
    assert place((0, 0, WIDTH, HEIGHT), WIDTH, HEIGHT) == ""
