"""Between picture and tensor: sizes and places come back, tiles join, scalings are undone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from imagegate.engines.onnx.input import (
    SCALINGS,
    fitted,
    in_tiles,
    mask_back,
    picture_back,
    resized,
    scaled,
    scaling_of,
    unscaled,
)
from imagegate.engines.onnx.output import mask, prediction, vector
from imagegate.errors import OutputError

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("name", [*SCALINGS, "0.5/0.25", "0.1,0.2,0.3/0.4,0.5,0.6"])
def test_a_scaling_is_undone(name: str) -> None:
    pixels = RNG.integers(0, 256, (9, 7, 3), dtype=np.uint8)
    scaling = scaling_of(name)
    np.testing.assert_array_equal(unscaled(scaled(pixels, scaling), scaling), pixels)
    assert scaling_of(str(scaling)) == scaling


@pytest.mark.parametrize("fit", ["stretch", "pad", "crop"])
def test_whatever_the_sizes_a_mask_has_the_picture_s(fit: Any) -> None:
    for height, width, tall, wide in RNG.integers(1, 90, (60, 4)):
        pixels = np.full((height, width, 3), 200, np.uint8)
        shown, place = fitted(pixels, (tall, wide), fit, 1)
        assert shown.shape == (tall, wide, 3)
        back = mask_back((shown[..., 0] > 0).astype(np.float32), place)
        assert back.shape == (height, width)
        assert back.any()
        if fit != "crop":
            assert back.min() > 0.9999  # black lies beside the picture, never on it
            twice = picture_back(resized(shown, (2 * tall, 2 * wide)), place)
            assert abs(twice.shape[0] - 2 * height) <= 1
            assert abs(twice.shape[1] - 2 * width) <= 1


def test_padding_to_a_multiple_is_cut_off_again() -> None:
    for height, width, multiple in RNG.integers(1, 50, (40, 3)):
        pixels = RNG.integers(0, 256, (height, width, 3), dtype=np.uint8)
        shown, place = fitted(pixels, None, "stretch", multiple)
        assert [side % multiple for side in shown.shape[:2]] == [0, 0]
        np.testing.assert_array_equal(picture_back(shown, place), pixels)


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
        vector(given)


def test_chances_stay_chances() -> None:
    extreme = np.float32([1e4, -1e4, 0])
    assert prediction(extreme, (), "logits").confidence == 1
    assert mask(extreme.reshape(1, 1, 1, 3), "nchw", "logits", None).tolist() == [[1, 0, 0.5]]
    rounded = np.float16([0.3333, 0.3333, 0.3335])
    assert prediction(rounded, (), "auto").confidence == pytest.approx(0.3335, abs=1e-3)
    with pytest.raises(OutputError, match=r"expected probabilities in 0\.\.1, got -1e.04 to 1e.04"):
        prediction(extreme, (), "probabilities")
