"""HaarPSI: closed forms, properties, and values of another implementation."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from imagegate.tables import Pixels
from imagegate.tasks.haarpsi import ALPHA, C, haarpsi

# piq 0.8.0 (PyTorch): piq.haarpsi(distorted, reference, data_range=255) in float64 on the pictures
# below, in colour and of their green plane, by height. YIQ is put in with the three decimals of
# the authors; with the four of piq the values in colour move by up to 1e-4.
ELSEWHERE = {
    ("colour", 95): (0.686925, 1.0),
    ("colour", 96): (0.681322, 1.0),
    ("dark", 95): (0.724178, 0.734979),
    ("dark", 96): (0.726651, 0.739667),
    ("noise", 95): (0.698756, 0.53173),
    ("noise", 96): (0.678359, 0.521886),
    ("pixelation", 95): (0.419933, 0.343246),
    ("pixelation", 96): (0.40579, 0.333922),
}


def patches(height: int = 96, width: int = 128) -> Pixels:
    """Draw patches of chance colours with a ramp over them."""
    rng = np.random.default_rng(7)
    coarse = rng.integers(0, 200, (22, 22, 3)).repeat(6, axis=0).repeat(6, axis=1)
    ramp = np.arange(132)[:, None, None] // 4
    return (coarse + ramp)[:height, :width].astype(np.uint8)


def spoilt(picture: Pixels) -> dict[str, Pixels]:
    """Spoil a picture in several ways, with whole numbers only."""
    height, width = picture.shape[:2]
    noise = np.random.default_rng(8).integers(-40, 41, picture.shape)
    coarse = picture[::4, ::4].repeat(4, axis=0).repeat(4, axis=1)
    return {
        "noise": np.clip(picture + noise, 0, 255).astype(np.uint8),
        "pixelation": np.ascontiguousarray(coarse[:height, :width]),
        "dark": picture // 2,
        "colour": np.ascontiguousarray(picture[..., ::-1]),
    }


def spot(level: int) -> Pixels:
    """Draw one bright spot that is a single pixel once the picture is halved."""
    picture = np.zeros((40, 48), np.uint8)
    picture[20:22, 24:26] = level
    return picture


@pytest.mark.parametrize("colour", [False, True])
def test_one_pixel_of_another_brightness(colour: bool) -> None:
    """Count by hand the windows of 2, 4 and 8 px that hold the pixel: 4, 16 and 64."""

    def similarity(one: float, two: float) -> float:
        return (2 * one * two + C) / (one**2 + two**2 + C)

    def logistic(value: float) -> float:
        return 1 / (1 + math.exp(-ALPHA * value))

    fine, coarse = similarity(200 / 2, 50 / 2), similarity(200 / 4, 50 / 4)
    places = {(fine + coarse) / 2: 4, (1 + coarse) / 2: 12, 1.0: 48}
    edges = sum(count * logistic(value) for value, count in places.items()) / 64
    share = (2 * edges + logistic(1)) / 3 if colour else edges  # gray in colour: the same chroma
    expected = (math.log(share / (1 - share)) / ALPHA) ** 2
    pair = [np.stack([spot(level)] * 3, -1) if colour else spot(level) for level in (200, 50)]
    assert haarpsi(*pair) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("kind", "height"), ELSEWHERE)
def test_values_of_another_implementation(kind: str, height: int) -> None:
    picture = patches(height, height + 32)
    other = spoilt(picture)[kind]
    found = haarpsi(picture, other), haarpsi(picture[..., 1], other[..., 1])
    assert found == pytest.approx(ELSEWHERE[kind, height], abs=2e-6)


def test_the_same_picture_is_alike_whatever_it_shows() -> None:
    rng = np.random.default_rng(3)
    for shape in ((1, 1), (1, 9, 3), (40, 33, 3), (16, 16)):
        for picture in (rng.integers(0, 256, shape, np.uint8), np.zeros(shape, np.uint8)):
            assert haarpsi(picture, picture) == 1


def test_symmetric_bounded_and_blind_to_orientation() -> None:
    picture = patches()
    for other in spoilt(picture).values():
        value = haarpsi(picture, other)
        assert 0 < value < 1
        assert haarpsi(other, picture) == pytest.approx(value, abs=1e-7)
        turned = haarpsi(picture.swapaxes(0, 1), other.swapaxes(0, 1))
        assert turned == pytest.approx(value, abs=1e-6)


def test_worse_is_less_alike() -> None:
    picture = patches()
    blurred = [cv2.GaussianBlur(picture, (0, 0), sigma) for sigma in (0.7, 1.5, 3, 6)]
    noise = np.random.default_rng(4).normal(size=picture.shape)
    noisy = [np.clip(picture + sd * noise, 0, 255).astype(np.uint8) for sd in (5, 15, 40, 90)]
    for steps in (blurred, noisy):
        values = [1.0, *(haarpsi(picture, np.asarray(step, np.uint8)) for step in steps)]
        assert values == sorted(values, reverse=True)
        assert values[-1] < 0.5
