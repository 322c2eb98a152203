"""Damage to a part of the page is seen, and where it is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from imagegate.features import CAUSES, readings
from imagegate.image import Image
from imagegate.synthetic.pages import render_page

PAGE = render_page(1050)
PLAIN = PAGE.pixels
HEIGHT, WIDTH = PLAIN.shape[:2]
LETTER = PAGE.x_height_px
MIDDLE = (slice(HEIGHT * 2 // 5, HEIGHT * 3 // 5), slice(WIDTH // 4, WIDTH * 3 // 4))


def changed(part, change):
    worse = PLAIN.copy()
    worse[part] = change(worse)[part]
    return worse


def soft(pixels):
    return cv2.GaussianBlur(pixels, (0, 0), 0.4 * LETTER)


def box_of(part):
    rows, columns = (each.indices(side) for each, side in zip(part, (HEIGHT, WIDTH), strict=True))
    return columns[0], rows[0], columns[1], rows[1]


def overlap(one, other):
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    areas = [np.prod(np.subtract(box[2:], box[:2])) for box in (one, other)]
    shared = np.prod(np.maximum(high - low, 0))
    return shared / (sum(areas) - shared)


def told(pixels, cause):
    """Return the first code that holds for a cause, and where it is."""
    image = Image.from_array(pixels)
    found = readings(image)
    code = next(code for code in CAUSES[cause].codes if code.when(image, found))
    return code.name, code.where and code.where(image)


DAMAGE = {
    "lower half out of focus": ("blur.partly", (slice(HEIGHT // 2, HEIGHT), slice(0, WIDTH)), soft),
    "left half out of focus": ("blur.partly", (slice(0, HEIGHT), slice(0, WIDTH // 2)), soft),
    "lower half in shadow": (
        "exposure.shadow",
        (slice(HEIGHT // 2, HEIGHT), slice(0, WIDTH)),
        lambda pixels: (pixels * 0.3).astype(np.uint8),
    ),
    "glare": ("exposure.glare", MIDDLE, lambda pixels: np.full_like(pixels, 255)),
    "card": ("occlusion.covered", MIDDLE, lambda pixels: np.full_like(pixels, 120)),
}


@pytest.mark.parametrize("name", DAMAGE)
@pytest.mark.parametrize("negative", [False, True], ids=["dark letters", "light letters"])
def test_the_damaged_part_is_found(name, negative):
    code, part, change = DAMAGE[name]
    worse = changed(part, change)
    if negative and code.startswith("exposure"):
        pytest.skip("light is never negative")
    found, where = told(255 - worse if negative else worse, code.partition(".")[0])
    assert found == code
    assert overlap(where, box_of(part)) > 0.4


def test_what_is_alike_everywhere_has_no_worse_part():
    assert {told(PLAIN, cause)[1] for cause in ("blur", "exposure", "occlusion")} == {None}
    assert told(soft(PLAIN), "blur")[1] is None


def test_measures_answer_to_their_damage():
    clean = readings(Image.from_array(PLAIN))
    half = (slice(HEIGHT // 2, HEIGHT), slice(0, WIDTH))
    blurred = readings(Image.from_array(changed(half, soft)))
    assert blurred["blur.edge_ratio"] > 2 * clean["blur.edge_ratio"]
    assert clean["text.unreadable_share"] < 0.05 < 0.3 < blurred["text.unreadable_share"]
    cut = readings(Image.from_array(np.ascontiguousarray(PLAIN[:, WIDTH // 3 :])))
    assert cut["geometry.border_ink_share"] > clean["geometry.border_ink_share"] + 0.1
    corners = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)
    far = corners + np.array([[0.25 * WIDTH, 0], [-0.25 * WIDTH, 0], [0, 0], [0, 0]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, far)
    paper = tuple(np.median(PLAIN, axis=(0, 1)))
    slanted = cv2.warpPerspective(PLAIN, matrix, (WIDTH, HEIGHT), borderValue=paper)
    gradient = readings(Image.from_array(slanted))["geometry.size_gradient"]
    assert gradient > clean["geometry.size_gradient"] + 0.2
    ruled = PLAIN.copy()
    for y in range(0, HEIGHT, round(1.3 * LETTER)):
        ruled[y : y + 2] = 40
    lines = readings(Image.from_array(ruled))["occlusion.rule_contrast"]
    assert lines > clean["occlusion.rule_contrast"] + 0.3
