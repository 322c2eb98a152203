from __future__ import annotations

import numpy as np
import pytest

from imagegate.image import Image


def static(height, width, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (height, width), dtype=np.uint8)


@pytest.mark.parametrize(("height", "width"), [(300, 512), (512, 1), (3, 4), (50, 3000)])
def test_a_small_or_thin_plane_is_its_own_working_plane(height, width):
    image = Image.from_array(static(height, width))
    assert image.working is image.gray


@pytest.mark.parametrize(
    ("height", "width", "factor"),
    [(513, 400, 2), (1024, 1023, 2), (2501, 3001, 8), (500, 3500, 8), (70, 3000, 2)],
)
def test_the_working_plane_holds_the_means_of_whole_blocks(height, width, factor):
    gray = static(height, width)
    rows, columns = height // factor, width // factor
    blocks = gray[: rows * factor, : columns * factor].reshape(rows, factor, columns, factor)
    working = Image.from_array(gray).working
    assert working.shape == (rows, columns)
    # halving rounds at every step
    assert np.abs(working - blocks.mean(axis=(1, 3))).max() <= 0.5 * np.log2(factor) + 1e-6


@pytest.mark.parametrize(("height", "width"), [(3000, 4200), (9000, 700), (40, 20_000)])
def test_the_working_plane_of_a_large_picture_is_small_and_like_it(height, width):
    gray = np.full((height, width), 200, np.uint8)
    gray[: height // 2] = 100
    working = Image.from_array(gray).working
    assert max(working.shape) <= 512 or min(working.shape) < 64
    assert min(working.shape) >= 32
    assert working.mean() == pytest.approx(gray.mean(), rel=0.02)


def test_a_small_plane_is_its_own_tile():
    image = Image.from_array(static(500, 1000))
    assert image.tiles == (image.gray,)


@pytest.mark.parametrize(
    ("height", "width", "rows", "columns"),
    [
        (3000, 4000, 2, 4),
        (4001, 2999, 4, 2),
        (501, 1101, 1, 4),
        (612, 1024, 2, 4),
        (900, 612, 3, 2),
        (100, 30_000, 1, 8),
        (9000, 500, 8, 1),
    ],
)
def test_tiles_are_native_windows_on_the_block_grid_one_in_each_cell(height, width, rows, columns):
    image = Image.from_array(static(height, width))
    tiles = image.tiles
    assert len(tiles) == rows * columns
    cells = set()
    for tile, (top, left) in zip(tiles, image.tile_places, strict=True):
        assert tile.shape == (min(256, height), min(256, width))
        assert top % 16 == left % 16 == 0
        np.testing.assert_array_equal(tile, image.gray[top : top + 256, left : left + 256])
        # A window may begin up to 15 pixels before its cell, to stand on the block grid.
        cells.add(((top + 15) * rows // height, (left + 15) * columns // width))
    assert len(cells) == rows * columns


def test_tiles_lie_where_the_content_is():
    gray = np.full((3000, 4000), 200, np.uint8)
    gray[400:640, 560:800] = static(240, 240)
    tile = Image.from_array(gray).tiles[0]
    assert tile.shape == (256, 256)
    assert (tile != 200).sum() > 0.95 * 240 * 240


def test_a_line_is_its_own_tile():
    assert len(Image.from_array(np.zeros((1, 600_000), np.uint8)).tiles) == 1


def test_a_flat_plane_has_tiles_too():
    assert len(Image.from_array(np.full((2000, 2000), 255, np.uint8)).tiles) == 8


def test_a_view_is_computed_once():
    calls = []

    def view(image):
        calls.append(image)
        return object()

    image = Image.from_array(static(9, 9))
    assert image.cached(view) is image.cached(view)
    assert calls == [image]
