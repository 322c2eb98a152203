"""Skew: the angle that a page was turned by is found again, and nothing where no text is."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from imagegate.features.skew import skew
from imagegate.image import Image
from imagegate.synthetic.pages import render_page

PAGE = cv2.cvtColor(render_page(1050).pixels, cv2.COLOR_RGB2GRAY)


def turned(degrees):
    """The page, counter-clockwise as seen, cut off at its own size."""
    height, width = PAGE.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    paper = float(np.median(PAGE))
    return cv2.warpAffine(PAGE, matrix, (width, height), borderValue=paper)


@pytest.mark.parametrize("degrees", [0, 0.3, -0.7, 3, -12, 25, -40])
@pytest.mark.parametrize("side_up", [0, 1, 2])
def test_the_angle_is_found_whichever_side_is_up(degrees, side_up):
    found = skew(Image.from_array(np.rot90(turned(degrees), side_up).copy()))
    assert found == pytest.approx(degrees, abs=0.3)


def test_light_letters_on_dark_paper_are_as_good():
    assert skew(Image.from_array(255 - turned(8))) == pytest.approx(8, abs=0.3)


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((300, 400), 200, np.uint8),
        np.random.default_rng(0).integers(0, 255, (300, 400), np.uint8),
        np.full((9, 9), 200, np.uint8),
        np.tile(np.repeat(np.array([0, 255], np.uint8), 8), (400, 20)),
    ],
    ids=["blank", "noise", "tiny", "stripes"],
)
def test_without_text_there_is_no_angle(pixels):
    assert math.isnan(skew(Image.from_array(pixels)))
