"""Worn print: ink goes missing, paper stays; a scan in two levels has two."""

from __future__ import annotations

import numpy as np
import pytest

from imagegate.synthetic.wear import BITONAL_SHARE, FLAWS, bitonal, print_and_scan, worn

X_HEIGHT = 10.0


@pytest.fixture
def page() -> np.ndarray:
    """Return dark strokes on light paper."""
    pixels = np.full((120, 160, 3), 245, np.uint8)
    pixels[20:100:16, 10:150] = 20
    pixels[20:100:16, ::7] = 245
    return pixels


@pytest.mark.parametrize("seed", range(8))
def test_ink_only_goes_missing(page: np.ndarray, seed: int) -> None:
    """Every pixel stays between its ink and the paper around it, and the input is not touched."""
    before = page.copy()
    tired = worn(page, X_HEIGHT, np.random.default_rng(seed))
    assert (tired >= page).all()
    assert tired.max() == page.max()
    assert (page == before).all()


def test_light_ink_on_dark_paper_fades_to_the_dark(page: np.ndarray) -> None:
    """Which of both is darker does not matter."""
    tired = worn(255 - page, X_HEIGHT, np.random.default_rng(0))
    assert (tired <= 255 - page).all()


@pytest.mark.parametrize("name", FLAWS)
def test_a_flaw_takes_more_ink_the_stronger_it_is(name: str) -> None:
    """The mean ink left falls with the strength, and never leaves 0 to 1 by much."""
    left = [
        np.mean(
            [
                np.clip(FLAWS[name](90, 110, X_HEIGHT, s, np.random.default_rng(i)), 0, 1).mean()
                for i in range(6)
            ]
        )
        for s in (0.1, 0.5, 0.9)
    ]
    assert left[0] > left[1] > left[2]


def test_bitonal_has_two_levels_and_keeps_ink_dark(page: np.ndarray) -> None:
    """Black strokes on white."""
    for seed in range(4):
        seen = bitonal(page, np.random.default_rng(seed))
        assert set(np.unique(seen)) <= {0, 255}
        assert seen[page == 20].mean() < 40


def test_prints_draw_the_same_bytes_again_and_some_are_bitonal(page: np.ndarray) -> None:
    """About a third are in black and white."""
    taken = [print_and_scan(page, X_HEIGHT, np.random.default_rng(s)).pixels for s in range(40)]
    again = print_and_scan(page, X_HEIGHT, np.random.default_rng(5)).pixels
    assert (again == taken[5]).all()
    share = np.mean([set(np.unique(pixels)) <= {0, 255} for pixels in taken])
    assert abs(share - BITONAL_SHARE) < 0.2
