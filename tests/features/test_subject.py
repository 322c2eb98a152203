"""A subject that stands out from its border, by closed forms on drawn pictures."""

from __future__ import annotations

import numpy as np
import pytest
from probes import image

from imagegate.features import readings

GROUND, SUBJECT = (90, 120, 150), (220, 60, 40)


def picture(discs, shape=(128, 128)):
    pixels = np.full((*shape, 3), GROUND, np.uint8)
    y, x = np.mgrid[: shape[0], : shape[1]]
    for row, column, radius in discs:
        pixels[np.hypot(y - row, x - column) < radius] = SUBJECT
    return pixels


def found(pixels):
    read = readings(image(pixels))
    return {name.partition(".")[2]: read[name] for name in read if name.startswith("content.")}


def test_one_disc_on_a_plain_ground():
    got = found(picture([(64, 64, 30)]))
    assert got["subject_share"] == pytest.approx(np.pi * 30**2 / 128**2, rel=0.05)
    assert got["subject_whole"] == 1
    assert got["subject_separation"] > 0.95
    assert got["border_spread"] == got["border_clutter"] == 0


def test_two_discs_are_half_a_subject_each():
    assert found(picture([(40, 40, 20), (90, 90, 20)]))["subject_whole"] == pytest.approx(0.5)


def test_a_subject_of_the_colour_of_its_ground_is_none():
    got = found(np.full((128, 128, 3), GROUND, np.uint8))
    assert got["subject_share"] == 0
    assert np.isnan(got["subject_whole"])
    assert np.isnan(got["subject_separation"])


def test_clutter_is_at_the_border_only():
    rng = np.random.default_rng(0)
    busy, middle = picture([]), picture([])
    noise = rng.integers(0, 255, busy.shape, np.uint8)
    busy[:20], middle[40:90, 40:90] = noise[:20], noise[40:90, 40:90]
    assert found(busy)["border_clutter"] > 5
    assert found(busy)["border_spread"] > found(middle)["border_spread"] == 0
    assert found(middle)["border_clutter"] == 0
