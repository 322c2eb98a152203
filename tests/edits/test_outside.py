"""Outside of an edit: collateral changes are told by name, honest saving is none."""

from __future__ import annotations

import io
import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from edit_pictures import box_mask, scene
from PIL import Image

from imagegate.edits.outside import KINDS, Outside, check_outside
from imagegate.edits.saving import resaves_of, webp_quality
from imagegate.features.edits import make_pair
from imagegate.image import open_file
from imagegate.tables import Pixels

BOX = (300, 200, 420, 300)
HEIGHT, WIDTH = 600, 800


def clipped(plane: np.ndarray) -> Pixels:
    return np.clip(np.rint(plane), 0, 255).astype(np.uint8)


def unsharp(x: Pixels) -> Pixels:
    return clipped(x + 0.5 * (x.astype(float) - cv2.GaussianBlur(x, (0, 0), 1)))


def other_place(x: Pixels) -> Pixels:
    changed = x.copy()
    changed[450:500, 60:120] = 255 - changed[450:500, 60:120]
    return changed


def enlarged(x: Pixels) -> Pixels:
    return cv2.resize(x[4:-4, 4:-4], (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


# kind: the change, in which the kind is among those told
CHANGES: dict[str, Callable[[Pixels], Pixels]] = {
    "shifted": lambda x: np.roll(x, 1, axis=1),
    "scaled": enlarged,
    "lighter": lambda x: clipped(x + 3.0),
    "contrast": lambda x: clipped(128 + 1.06 * (x - 128.0)),
    "uneven": lambda x: clipped(x + np.linspace(-5, 5, WIDTH)[None, :, None]),
    "blurred": lambda x: cv2.GaussianBlur(x, (0, 0), 0.8),
    "sharpened": unsharp,
    "noise": lambda x: clipped(x + np.random.default_rng(0).normal(0, 3, x.shape)),
    "denoised": lambda x: cv2.fastNlMeansDenoisingColored(x, None, 3, 3, 3, 7),
    "recoloured": lambda x: clipped(x * [1.03, 1.0, 0.97]),
    "saturation": lambda x: clipped(
        x.mean(axis=2, keepdims=True) + 1.25 * (x - x.mean(axis=2, keepdims=True))
    ),
    "elsewhere": other_place,
}


@pytest.fixture(scope="module")
def before() -> Pixels:
    return scene(0, HEIGHT, WIDTH)


@pytest.fixture(scope="module")
def after(before: Pixels) -> Pixels:
    edited = before.copy()
    edited[BOX[1] : BOX[3], BOX[0] : BOX[2]] = 90
    return edited


def outside(before: Pixels, after: Pixels, kind: str = "PNG", quality: int = 0) -> Outside:
    data = io.BytesIO()
    Image.fromarray(after).save(data, kind, **({"quality": quality} if quality else {}))
    file = open_file(data.getvalue())
    pair = make_pair(before, file.page(1), box_mask(before, *BOX))
    return check_outside(pair, resaves_of(file))


@pytest.mark.parametrize("save", [("PNG", 0), ("JPEG", 95), ("JPEG", 75), ("WEBP", 90)])
@pytest.mark.parametrize("seed", [0, 1])
def test_honest_saving_is_no_change(seed: int, save: tuple[str, int]) -> None:
    before = scene(seed, HEIGHT, WIDTH)
    after = before.copy()
    after[BOX[1] : BOX[3], BOX[0] : BOX[2]] = 90
    found = outside(before, after, *save)
    assert found.changed is False, found
    assert found.kinds == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_is_caught_and_named(kind: str, before: Pixels, after: Pixels) -> None:
    found = outside(before, CHANGES[kind](after))
    assert found.changed
    assert kind in found.kinds, found
    assert found.amounts[kind] > found.limits[kind]
    assert outside(before, CHANGES[kind](after), "JPEG", 90).changed


def test_what_is_ignored_is_no_change(before: Pixels, after: Pixels) -> None:
    pair = make_pair(before, other_place(after), box_mask(before, *BOX))
    told = check_outside(pair).kinds
    assert told[0] == "elsewhere"
    assert check_outside(pair, ignore=("elsewhere",)).kinds == told[1:]
    assert check_outside(pair, ignore=told).changed is False


def test_nothing_can_be_said_where_all_was_edited(before: Pixels) -> None:
    found = check_outside(make_pair(before, 255 - before, np.ones((HEIGHT, WIDTH), bool)))
    assert found.changed is None
    assert all(math.isnan(amount) for amount in found.amounts.values())


@pytest.mark.parametrize("profile", [b"", b"x" * 3000])
def test_a_webp_tells_about_its_quality(profile: bytes, before: Pixels) -> None:
    for quality in (80, 90, 100):
        data = io.BytesIO()
        Image.fromarray(before).save(data, "WEBP", quality=quality, icc_profile=profile)
        assert webp_quality(data.getvalue()) == pytest.approx(quality, abs=4)
    Image.fromarray(before).save(data := io.BytesIO(), "WEBP", lossless=True)
    assert webp_quality(data.getvalue()) is None
