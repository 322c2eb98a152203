"""Measures on pictures whose right answer is known."""

from __future__ import annotations

from math import erf, sqrt

import cv2
import numpy as np
import pytest
from probes import flat, image, jpeg, noise, pixelated, scene, step_edge, text

from imagegate.features import measure, readings
from imagegate.image import read


def one(pixels, name):
    return float(measure(image(pixels), [name])[0])


def test_flat_image():
    found = readings(image(flat(128, (200, 200))))
    for name in ("exposure.range", "exposure.entropy_bits", "noise.flat_rms"):
        assert found[name] == 0
    for name in ("blur.edge_width_px", "blur.spectral_cutoff", "text.x_height_px"):
        assert np.isnan(found[name])
    assert found["pixelation.equal_share"] == 1
    assert found["text.components"] == 0


def phi(x, sigma):
    return 0.5 * (1 + erf(x / sigma / sqrt(2)))


@pytest.mark.parametrize("sigma", [0.7, 1.0, 1.5, 1.8])
def test_edge_width_of_a_blurred_step(sigma):
    # range over 9 px and central difference of the Gaussian's integral around the edge
    middle = 0.5
    rise = phi(4 + middle, sigma) - phi(-4 + middle, sigma)
    slope = (phi(1 + middle, sigma) - phi(-1 + middle, sigma)) / 2
    assert one(step_edge(sigma), "blur.edge_width_px") == pytest.approx(rise / slope, rel=0.1)


@pytest.mark.parametrize("sigma", [3.0, 5.0, 8.0])
def test_edge_width_of_a_wide_blur_is_two_and_a_half_sigma(sigma):
    expected = sqrt(2 * np.pi) * sigma
    assert one(step_edge(sigma), "blur.edge_width_px") == pytest.approx(expected, rel=0.2)


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_spectrum_of_an_enlarged_picture_ends_early(factor):
    fine = scene((512, 512)).astype(np.float32)
    fine += np.random.default_rng(0).normal(0, 8, fine.shape)
    spectrum = np.fft.fft2(fine)
    frequency = np.fft.fftfreq(512)
    kept = np.abs(frequency) < 0.5 / factor
    limited = np.fft.ifft2(spectrum * kept[:, None] * kept[None, :]).real
    pixels = np.clip(np.rint(limited), 0, 255).astype(np.uint8)
    assert one(pixels, "blur.spectral_cutoff") == pytest.approx(0.5 / factor, rel=0.15)


@pytest.mark.parametrize("factor", [2.5, 3.0, 6.3])
@pytest.mark.parametrize("way", [cv2.INTER_LINEAR, cv2.INTER_CUBIC])
def test_enlarging_leaves_its_period(factor, way):
    fine = noise(8.0, (512, 512))
    small = cv2.resize(fine, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
    large = cv2.resize(small, (512, 512), interpolation=way)
    found = one(large, "resolution.resampling")
    assert found > 1.5
    assert one(np.ascontiguousarray(large.T), "resolution.resampling") == pytest.approx(found)
    for other in (fine, cv2.GaussianBlur(fine, (0, 0), factor / 2), cv2.blur(fine, (5, 5))):
        assert one(other, "resolution.resampling") < 1
    assert np.isnan(one(large[:97], "resolution.resampling"))


@pytest.mark.parametrize("sigma", [1, 2, 5, 10, 20])
def test_noise_is_recovered(sigma):
    assert one(noise(sigma), "noise.flat_rms") == pytest.approx(sigma, rel=0.15)


def test_clean_text_is_no_noise():
    found = readings(image(text(4)))
    assert found["noise.flat_rms"] == 0


def test_noise_through_jpeg_still_shows():
    found = readings(read(jpeg(noise(20), 50)))
    assert found["noise.coarse_rms"] > 5


def test_impulses_are_counted():
    pixels = scene((300, 300))
    where = np.random.default_rng(0).random(pixels.shape) < 0.01
    hit = np.where(where, 255 * (pixels < 128), pixels).astype(np.uint8)
    assert one(pixels, "noise.impulse_share") < 0.001
    assert one(hit, "noise.impulse_share") == pytest.approx(0.01, rel=0.25)


@pytest.mark.parametrize("period", [2, 3, 5, 7, 12, 25])
def test_period_of_squares(period):
    found = readings(image(pixelated(period, scene((400, 480)))))
    assert found["pixelation.period_px"] == pytest.approx(period, rel=0.05)
    assert found["pixelation.grid_energy"] > 1


def test_grid_survives_one_jpeg():
    found = readings(read(jpeg(pixelated(6, scene((400, 480))), 75)))
    assert found["pixelation.period_px"] == pytest.approx(6, rel=0.05)


@pytest.mark.parametrize("quality", [5, 20, 50, 75, 90, 95])
def test_quality_is_read_from_the_header(quality):
    found = readings(read(jpeg(scene(), quality)))
    assert found["compression.header_quality"] == quality


def test_blocks_show_whatever_the_crop():
    damaged = read(jpeg(scene(), 10)).gray
    whole = one(damaged, "compression.blockiness")
    shifted = one(np.ascontiguousarray(damaged[3:, 5:]), "compression.blockiness")
    assert one(scene(), "compression.blockiness") < 0.1
    assert whole > 0.7
    assert shifted == pytest.approx(whole, rel=0.1)


def test_bits_are_counted_in_lossy_files_only():
    fine, coarse = (readings(read(jpeg(scene(), q)))["compression.bits_per_step"] for q in (95, 20))
    assert fine > 2 * coarse
    assert np.isnan(one(scene(), "compression.bits_per_step"))


def test_light_that_falls_off_by_two_halvings():
    fall = np.exp2(-np.linspace(0, 2, 300))
    pixels = np.rint(240 * np.tile(fall, (200, 1))).astype(np.uint8)
    assert one(pixels, "exposure.light_falloff") == pytest.approx(2, rel=0.1)
    assert one(flat(200, (200, 300)), "exposure.light_falloff") == 0
