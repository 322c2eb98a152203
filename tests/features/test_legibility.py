"""Legibility on text of which it is known what is wrong with it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from probes import image, noise, page, scene, text

from imagegate.features import readings
from imagegate.features.legibility import otsu
from imagegate.features.planes import histogram


def read(pixels, name):
    return readings(image(np.ascontiguousarray(pixels, np.uint8)))[f"text.{name}"]


@pytest.mark.parametrize("make", [scene, page, lambda: noise(30)])
def test_otsu_agrees_with_opencv(make):
    plane = make()
    _, split = cv2.threshold(plane, 0, 1, cv2.THRESH_OTSU)
    # between two levels that leave the same pixels on either side
    ours = otsu(image(plane).cached(histogram))
    assert ((plane > ours) == (split > 0)).mean() > 0.999


def test_one_threshold_fails_where_light_falls_off():
    pixels = page(ink=60, paper=200)
    light = np.linspace(1.0, 0.2, pixels.shape[1])
    assert read(pixels, "one_threshold_share") > 0.98
    assert read(pixels * light, "one_threshold_share") < 0.8


def test_fading_shows_in_the_evenness():
    pixels = text(4)
    faded = pixels.copy()
    faded[: len(pixels) // 3] = 235 - (235 - faded[: len(pixels) // 3].astype(int)) // 3
    assert read(pixels, "contrast_evenness") == pytest.approx(1, abs=0.02)
    assert read(faded, "contrast_evenness") == pytest.approx(1 / 3, abs=0.05)


def test_missing_letters_loosen_the_lines():
    pixels = page()
    rng = np.random.default_rng(1)
    for top, left in zip(
        rng.integers(0, pixels.shape[0] - 40, 150),
        rng.integers(0, pixels.shape[1] - 24, 150),
        strict=True,
    ):
        pixels[top : top + 40, left : left + 24] = 235
    assert read(pixels, "linked_share") < read(page(), "linked_share") - 0.05


def test_letters_off_their_line_are_uneven():
    pixels = text(4, letters=16)
    shaken = pixels.copy()
    for left in range(0, pixels.shape[1], 64):
        shaken[:, left : left + 32] = np.roll(shaken[:, left : left + 32], 5, axis=0)
    assert read(pixels, "uneven_share") == 0
    assert read(shaken, "uneven_share") > 0.2


def test_headings_raise_the_spread_of_heights():
    large, small = text(6, lines=4, letters=8), text(3, lines=8, letters=16)
    pixels = np.full((large.shape[0] + small.shape[0], small.shape[1]), 235, np.uint8)
    pixels[: large.shape[0], : large.shape[1]] = large[:, : small.shape[1]]
    pixels[large.shape[0] :] = small
    assert read(small, "height_spread") == 1
    assert read(pixels, "height_spread") == pytest.approx(2, abs=0.1)
