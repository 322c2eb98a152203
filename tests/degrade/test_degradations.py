"""Every row of the degradation table, then closed forms cause by cause."""

import cv2
import numpy as np
import pytest

from imagegate.degrade import DEGRADATIONS, apply_chain, at_strength, single_chain
from imagegate.degrade.blur import disc_kernel, line_kernel
from imagegate.degrade.chain import EVERY
from imagegate.degrade.compression import decode, encode
from imagegate.degrade.exposure import FLOOR_SD
from imagegate.degrade.pixelation import block_px
from imagegate.degrade.resolution import kept
from imagegate.errors import SettingsError
from imagegate.features import CAUSES

REFERENCE_PX = 12.0
EACH = pytest.mark.parametrize("row", EVERY.values(), ids=lambda row: row.name)
GRADED = pytest.mark.parametrize(
    "row", [row for row in EVERY.values() if row.graded], ids=lambda row: row.name
)


@pytest.fixture(scope="module")
def photo():
    """Smooth coloured shapes with sharp edges and fine texture, as in a photograph."""
    rng = np.random.default_rng(5)
    ground = cv2.resize(rng.uniform(40, 220, (6, 8, 3)), (320, 240), interpolation=cv2.INTER_CUBIC)
    for _ in range(25):
        x, y, radius = rng.integers(0, 320), rng.integers(0, 240), rng.integers(4, 30)
        cv2.circle(ground, (int(x), int(y)), int(radius), rng.uniform(0, 255, 3).tolist(), -1)
    return np.clip(ground + rng.normal(0, 3, ground.shape), 0, 255).astype(np.uint8)


def worsened(pixels, name, severity, seed=3):
    return apply_chain(pixels, single_chain(name, severity, seed), reference_px=REFERENCE_PX)


def damage(pixels, worse):
    """Mean absolute difference, a smaller image enlarged first."""
    size = (pixels.shape[1], pixels.shape[0])
    return float(np.abs(cv2.resize(worse, size).astype(float) - pixels).mean())


@GRADED
def test_is_named_after_a_cause_and_has_rising_or_falling_strengths(row):
    assert row.cause in CAUSES
    steps = np.diff(row.strengths)
    assert (steps > 0).all() or (steps < 0).all()


def test_every_cause_has_variants():
    assert {row.cause for row in EVERY.values()} == set(CAUSES)


@EACH
def test_returns_new_rgb_bytes_and_leaves_the_input_alone(row, photo):
    before = photo.copy()
    worse = worsened(photo, row.name, 3)
    assert worse.dtype == np.uint8
    assert worse.ndim == 3
    assert worse.shape[2] == 3
    assert not np.shares_memory(worse, photo)
    np.testing.assert_array_equal(photo, before)


@GRADED
def test_damage_grows_with_severity(row, photo):
    # one random middle or direction for all five: the seed is the same
    done = [damage(photo, worsened(photo, row.name, severity)) for severity in range(1, 6)]
    growth = np.diff([0.0, *done])
    assert growth[0] > 0
    # whole block sides may coincide at two levels; where pixels are left out, luck plays a part
    assert (growth > -0.08 * done[-1]).all()
    assert done[4] > done[0]


@GRADED
def test_damage_grows_with_the_strength_of_a_chain(row, photo):
    chain = single_chain(row.name, 3, 3)
    assert at_strength(chain, 1.0) == chain
    weak, half, full = (
        damage(photo, apply_chain(photo, at_strength(chain, strength), reference_px=40.0))
        for strength in (0.2, 0.5, 1.0)
    )
    assert weak < half < full


@EACH
def test_same_seed_same_bytes(row, photo):
    np.testing.assert_array_equal(worsened(photo, row.name, 4), worsened(photo, row.name, 4))


@EACH
@pytest.mark.parametrize("shape", [(16, 16, 3), (9, 40, 3), (1, 1, 3)], ids=str)
def test_tiny_images_survive(row, shape):
    assert min(worsened(np.full(shape, 200, np.uint8), row.name, 5).shape) >= 1


@pytest.mark.parametrize("length", [1.0, 4.5, 13.0])
def test_line_kernel_spans_the_path(length):
    kernel = line_kernel(length, 0.0)
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    assert kernel.sum(axis=0).max() * length == pytest.approx(1, abs=0.05)
    np.testing.assert_allclose(kernel, kernel[::-1, ::-1], atol=1e-6)
    np.testing.assert_allclose(line_kernel(length, np.pi / 2), kernel.T, atol=1e-6)


def test_disc_kernel_is_even_and_of_that_radius():
    kernel = disc_kernel(5.0)
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    assert kernel.max() == pytest.approx(1 / (np.pi * 25), rel=0.02)


def test_stops_are_stops_of_light():
    gray = np.full((8, 8, 3), 200, np.uint8)
    row = DEGRADATIONS["exposure.under"]
    darker = row.function(gray, 2.2, REFERENCE_PX, np.random.default_rng(0))
    assert darker.mean() == pytest.approx(100, abs=0.3)
    assert darker.std() == pytest.approx(FLOOR_SD, abs=0.3)


def test_wash_out_clips_at_white():
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    row = DEGRADATIONS["exposure.over"]
    lifted = row.function(ramp, 0.4, REFERENCE_PX, np.random.default_rng(0))[0, :, 0]
    assert lifted[0] == 102
    assert (lifted[153:] == 255).all()


def test_low_contrast_leaves_that_share_of_the_range():
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    row = DEGRADATIONS["exposure.low_contrast"]
    flat = row.function(ramp, 0.1, REFERENCE_PX, np.random.default_rng(0))
    across = flat[0].mean(axis=1)
    assert across[-20:].mean() - across[:20].mean() == pytest.approx(0.1 * 236, abs=1)


def test_gaussian_noise_has_its_deviation_and_no_bias():
    gray = np.full((200, 200, 3), 128, np.uint8)
    row = DEGRADATIONS["noise.gaussian"]
    noise = row.function(gray, 20.0, 10.0, np.random.default_rng(0)).astype(float) - 128
    assert noise.std() == pytest.approx(20, rel=0.03)
    assert abs(noise.mean()) < 0.5
    coarse = row.function(gray, 20.0, 40.0, np.random.default_rng(0)).astype(float) - 128
    assert coarse.std() == pytest.approx(40, rel=0.03)


def test_shot_noise_spares_black():
    black = np.zeros((32, 32, 3), np.uint8)
    assert worsened(black, "noise.shot", 5).max() == 0


def test_iso_noise_reaches_blank_pages():
    blank = np.full((64, 64, 3), 180, np.uint8)
    assert worsened(blank, "noise.iso", 1).std() > 10


def test_salt_and_pepper_turn_that_share_white_or_black():
    gray = np.full((200, 200, 3), 128, np.uint8)
    row = DEGRADATIONS["noise.salt_pepper"]
    worse = row.function(gray, 0.2, 10.0, np.random.default_rng(0))
    assert (worse == 0).mean() == pytest.approx(0.1, abs=0.01)
    assert (worse == 255).mean() == pytest.approx(0.1, abs=0.01)


def test_left_small_leaves_so_many_pixels_of_the_reference(photo):
    row = DEGRADATIONS["resolution.left_small"]
    small = row.function(photo, REFERENCE_PX / 3, REFERENCE_PX, np.random.default_rng(0))
    assert small.shape == (80, 107, 3)


def test_what_is_already_small_still_loses_something_but_never_a_side(photo):
    assert kept(photo, 5.0) == 0.9
    assert kept(photo, 1e-6) * 240 == pytest.approx(16)


def test_pixelation_makes_flat_squares_of_their_mean(photo):
    side = block_px(photo, 6.0)
    row = DEGRADATIONS["pixelation.block"]
    worse = row.function(photo, 0.5, REFERENCE_PX, np.random.default_rng(0))
    square = worse[side : 2 * side, :side].reshape(-1, 3)
    assert (square == square[0]).all()
    mean = photo[side : 2 * side, :side].reshape(-1, 3).mean(axis=0)
    np.testing.assert_allclose(square[0], mean, atol=0.51)


@pytest.mark.parametrize("container", ["png", "jpg", "webp"])
def test_encoders_keep_the_colour_order(container):
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 250
    back = decode(encode(red, container, quality=None if container == "png" else 90))
    np.testing.assert_allclose(back.reshape(-1, 3).mean(axis=0), [250, 0, 0], atol=4)


def test_refuses_what_is_not_rgb():
    with pytest.raises(SettingsError, match=r"expected uint8 RGB .* got float64 of shape \(4, 4\)"):
        apply_chain(np.zeros((4, 4)), (), reference_px=1.0)


@pytest.mark.parametrize("reference", [0.0, -1.0, float("nan"), float("inf")])
def test_refuses_a_reference_without_size(reference):
    with pytest.raises(SettingsError, match="reference of more than 0 px"):
        apply_chain(np.zeros((4, 4, 3), np.uint8), (), reference_px=reference)
