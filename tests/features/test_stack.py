"""Tiles in a stack read as each of them alone, and what is sampled comes from everywhere."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from probes import image, text

from imagegate.features import readings, sharpness
from imagegate.features.letters.lines import letter_count
from imagegate.features.letters.marks import ink, read_marks
from imagegate.features.planes import Stack

RNG = np.random.default_rng(0)


def page(blur, height=256, width=256):
    plane = np.full((height, width), 230, np.uint8)
    for row in range(10, height + 14, 17):
        cv2.putText(plane, "Hello world the quick", (-5, row), 0, 0.45, 20, 1)
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), blur), np.uint8)


TILES = [
    page(0.6),
    255 - page(0.9),
    RNG.integers(0, 256, (256, 256), np.uint8),
    np.zeros((256, 256), np.uint8),
    page(3.0),
    np.full((256, 256), 255, np.uint8),
    page(1.3),
    np.asarray(cv2.GaussianBlur(RNG.integers(0, 256, (256, 256), np.uint8), (0, 0), 4), np.uint8),
]
STACK = Stack(np.concatenate(TILES), len(TILES))
ALONE = [Stack(tile, 1) for tile in TILES]


@pytest.mark.parametrize("grid", [(1, 1), (2, 1), (3, 4)])
def test_edges(grid):
    together, _ = sharpness.all_widths(STACK, grid)
    apart = [sharpness.all_widths(tile, grid)[0] for tile in ALONE]
    np.testing.assert_array_equal(together, np.concatenate(apart, axis=1))


def test_ink():
    together = ink(STACK, 1.0)
    np.testing.assert_array_equal(together, np.concatenate([ink(t, 1.0) for t in ALONE]))


def test_marks():
    together, apart = read_marks(STACK, 1.0)[0], []
    for n, tile in enumerate(ALONE):
        found = read_marks(tile, 1.0)[0]
        found[:, 1] += n * tile.height
        apart.append(found)
    expected = np.concatenate(apart)
    assert len(together) == len(expected) > 100
    np.testing.assert_allclose(
        together[np.lexsort(together.T)], expected[np.lexsort(expected.T)], rtol=1e-12
    )


@pytest.mark.parametrize("direction", sharpness.DIRECTIONS)
@pytest.mark.parametrize(("height", "width"), [(256, 256), (64, 256), (256, 104)])
def test_no_piece_of_the_spectrum_crosses_a_seam(direction, height, width):
    numbers = np.repeat(np.arange(8, dtype=np.uint8), height)[:, None]
    found = sharpness.pieces(
        Stack(np.ascontiguousarray(np.broadcast_to(numbers, (8 * height, width))), 8), *direction
    )
    assert (np.ptp(found, axis=1) == 0).all()
    assert (np.bincount(found[:, 0]) == len(found) / 8).all()


def test_more_marks_than_labels_of_16_bits():
    # lone pixels two apart, in the first column too
    plane = np.full((1972, 264), 128, np.uint8)
    plane[::2, ::2] = 0
    assert readings(image(plane))["text.components"] == 0


@pytest.mark.parametrize("where", [np.s_[:, :1000], np.s_[:, -1000:], np.s_[:800], np.s_[-800:]])
def test_specks_and_noise_are_seen_wherever_they_are(where):
    clean = np.full((2400, 3000), 128, np.uint8)
    specks = clean.copy()
    specks[where][RNG.random(specks[where].shape) < 0.03] = 255
    assert readings(image(specks))["noise.impulse_share"] > 0.003
    grainy = RNG.normal(128, 15, clean.shape).astype(np.uint8)
    grainy[where] = 128
    # the flattest tenth is the clean part
    assert readings(image(grainy))["noise.flat_rms"] < 0.2
    assert readings(image(grainy))["noise.coarse_rms"] < 0.2


def test_letters_are_counted_wherever_they_are():
    block = text(3)
    counts = []
    for down, right in ((0, 0), (1, 1)):
        plane = np.full((1200, 1600), 235, np.uint8)
        top, left = down * (1200 - block.shape[0]), right * (1600 - block.shape[1])
        plane[top : top + block.shape[0], left : left + block.shape[1]] = block
        counts.append(letter_count(image(plane)))
    assert min(counts) > 0.3 * 8 * 14
    assert max(counts) < 3 * 8 * 14
