"""The pair: one size, masks in any shape, and an edit that is found where it is."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from edit_pictures import box_mask, resaved, scene

from imagegate.errors import SettingsError
from imagegate.features.edits import make_pair

BOX = (120, 80, 200, 150)


@pytest.fixture(scope="module")
def before() -> np.ndarray:
    return scene()


@pytest.fixture(scope="module")
def after(before: np.ndarray) -> np.ndarray:
    """The box was filled from elsewhere."""
    edited = before.copy()
    left, top, right, bottom = BOX
    edited[top:bottom, left:right] = before[top + 100 : bottom + 100, left + 100 : right + 100] // 2
    return edited


def overlap(one: np.ndarray, two: np.ndarray) -> float:
    return np.count_nonzero(one & two) / np.count_nonzero(one | two)


MASKS = {
    "bool": lambda box: box,
    "0 and 1": lambda box: box.astype(np.uint8),
    "white on black": lambda box: box.astype(np.uint8) * 255,
    "black on white": lambda box: (~box).astype(np.uint8) * 255,
    "float": lambda box: box.astype(np.float32),
    "16 bits": lambda box: box.astype(np.uint16) * 65535,
    "colour": lambda box: np.dstack([box.astype(np.uint8) * 200] * 3),
    "alpha": lambda box: np.dstack([np.full((*box.shape, 3), 255, np.uint8), ~box * np.uint8(255)]),
    "half size": lambda box: cv2.resize(box.astype(np.uint8) * 255, None, fx=0.5, fy=0.5),
}


@pytest.mark.parametrize("shape", MASKS)
def test_a_mask_tells_the_same_in_any_shape(
    shape: str, before: np.ndarray, after: np.ndarray
) -> None:
    box = box_mask(before, *BOX)
    pair = make_pair(before, after, MASKS[shape](box))
    assert not pair.found
    assert pair.region.dtype == bool
    assert overlap(pair.region, box) > 0.95


@pytest.mark.parametrize(
    "mask", [np.zeros((30, 40, 2)), np.zeros(5), np.zeros((300, 100)), np.full((300, 400), np.nan)]
)
def test_what_is_no_mask_is_refused(mask: Any, before: np.ndarray) -> None:
    with pytest.raises(SettingsError, match="mask"):
        make_pair(before, before, mask)


@pytest.mark.parametrize("saved", [(".png", 0), (".jpg", 90), (".jpg", 75), (".webp", 80)])
def test_the_edit_is_found_whatever_saving_did(
    saved: tuple[str, int], before: np.ndarray, after: np.ndarray
) -> None:
    pair = make_pair(before, resaved(after, *saved))
    assert pair.found
    assert overlap(pair.region, box_mask(before, *BOX)) > 0.7


@pytest.mark.parametrize("saved", [(".png", 0), (".jpg", 90), (".jpg", 75), (".webp", 80)])
def test_nothing_is_found_where_nothing_was_edited(
    saved: tuple[str, int], before: np.ndarray
) -> None:
    assert not make_pair(before, resaved(before, *saved)).region.any()


def test_the_original_is_brought_to_the_size_of_the_edited(before: np.ndarray) -> None:
    pair = make_pair(before, before[::2, ::2])
    assert pair.original.shape == pair.edited.shape == (150, 200, 3)
    assert make_pair(before[..., 0], before).original.shape == before.shape
