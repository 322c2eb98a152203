"""Between picture and tensor: sizes and places come back, tiles join, scalings are undone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from imagegate.engines.onnx.arrays import (
    SCALINGS,
    Input,
    back,
    batch,
    chances,
    in_tiles,
    mask,
    picture,
    prediction,
    resized,
    row,
    shown_to,
)
from imagegate.errors import OutputError

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("name", [*SCALINGS, "0.5/0.25", "0.1,0.2,0.3/0.4,0.5,0.6"])
@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_a_scaling_is_undone(name: str, layout: Any) -> None:
    pixels = RNG.integers(0, 256, (9, 7, 3), dtype=np.uint8)
    takes = Input(scaling=name, layout=layout, bgr=True)
    np.testing.assert_array_equal(picture(batch(takes, pixels), takes, pixels), pixels)


def test_whatever_the_sizes_a_mask_and_a_picture_come_back() -> None:
    for height, width, tall, wide in RNG.integers(1, 90, (60, 4)):
        pixels, takes = np.full((height, width, 3), 200, np.uint8), Input(size=(tall, wide))
        shown = shown_to(takes, pixels)
        assert shown.shape == (tall, wide, 3)
        whole = back((shown[..., 0] > 0).astype(np.float32), takes, shown, pixels)
        assert whole.shape == (height, width)
        assert whole.min() > 0.9999
        twice = back(resized(shown, (2 * tall, 2 * wide)), takes, shown, pixels)
        assert twice.shape == (2 * height, 2 * width, 3)


def test_padding_to_a_multiple_is_cut_off_again() -> None:
    for height, width, multiple in RNG.integers(1, 50, (40, 3)):
        pixels = RNG.integers(0, 256, (height, width, 3), dtype=np.uint8)
        takes = Input(multiple=multiple)
        shown = shown_to(takes, pixels)
        assert [side % multiple for side in shown.shape[:2]] == [0, 0]
        np.testing.assert_array_equal(back(shown, takes, shown, pixels), pixels)


def test_tiles_join_without_a_seam() -> None:
    """A mean over 5 px reaches no further than the margin of a tile."""
    kernel = np.ones(5) / 5

    def blurred(pixels: Any) -> Any:
        seen = np.pad(pixels.astype(float), ((2, 2), (2, 2), (0, 0)), mode="symmetric")
        for axis in (0, 1):
            seen = np.apply_along_axis(np.convolve, axis, seen, kernel, "valid")
        return np.rint(seen).astype(np.uint8).repeat(3, axis=0).repeat(3, axis=1)

    for height, width in ((70, 61), (20, 90), (29, 9), (32, 32)):
        pixels = RNG.integers(0, 256, (height, width, 3), dtype=np.uint8)
        joined = in_tiles(blurred, pixels, 32)
        np.testing.assert_array_equal(joined, blurred(pixels))
    with pytest.raises(OutputError, match="a whole number of times as large, got 36x48"):
        in_tiles(lambda part: np.zeros((48, 36, 3), np.uint8), pixels, 32)


@pytest.mark.parametrize(
    "given", [[], [[1.0, np.inf]], [["a", "b"]], np.ones((1, 5, 4)), np.float32(3), None]
)
def test_what_is_no_embedding_is_refused(given: Any) -> None:
    with pytest.raises(OutputError, match="expected an embedding"):
        row(given, "an embedding", least=2)


def test_chances_stay_chances() -> None:
    extreme = np.array([1e4, -1e4, 0], np.float32)
    assert prediction(extreme, (), "logits").confidence == 1
    assert mask(extreme.reshape(1, 1, 1, 3), "nchw", "logits").tolist() == [[1, 0, 0.5]]
    assert chances(np.array([1.25, -0.25]), "probabilities").tolist() == [1, 0]
    with pytest.raises(OutputError, match=r"expected probabilities in 0\.\.1, got -1e.04 to 1e.04"):
        prediction(extreme, (), "probabilities")
