"""Scores: a clean page is clean, and each cause pulls its own score down."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from probes import image, jpeg, noise, page, pixelated, scene

from imagegate.features import readings, scores
from imagegate.features.planes import ramp, worst
from imagegate.image import read


def score(pixels):
    picture = read(pixels) if isinstance(pixels, bytes) else image(pixels)
    return scores(readings(picture))


CLEAN = {
    "page": page(),
    "two-tone page": ((page() > 127) * 255).astype(np.uint8),
    "light on dark": page(ink=240, paper=25),
    "scene": scene((480, 640)),
}


@pytest.mark.parametrize("name", CLEAN)
def test_clean_pictures_are_not_blamed(name):
    found = score(CLEAN[name])
    assert {k: v for k, v in found.items() if v < 60} == {}


def blurred(pixels):
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), min(pixels.shape) / 60), np.uint8)


WORSE = {
    "blur": blurred,
    "noise": lambda p: np.clip(p + 3.0 * (noise(25, p.shape) - 128.0), 0, 255).astype(np.uint8),
    "exposure": lambda p: (p // 12).astype(np.uint8),
    "compression": lambda p: jpeg(p, 4),
    "pixelation": lambda p: pixelated(10, p),
    "resolution": lambda p: np.asarray(
        cv2.resize(p, None, fx=0.15, fy=0.15, interpolation=cv2.INTER_AREA), np.uint8
    ),
}


@pytest.mark.parametrize("cause", WORSE)
@pytest.mark.parametrize("name", ["page", "scene"])
def test_each_cause_is_caught(name, cause):
    assert score(WORSE[cause](CLEAN[name]))[cause] < 40


def test_ramp_and_worst():
    assert ramp(5.0, (0, 0), (10, 100)) == 50
    assert ramp(99.0, (0, 0), (10, 100)) == 100
    assert np.isnan(ramp(float("nan"), (0, 0), (10, 100)))
    assert worst(float("nan"), 30.0, 70.0) == 30
    assert np.isnan(worst(float("nan")))
