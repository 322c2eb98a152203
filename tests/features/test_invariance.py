"""What must not change a measure."""

from __future__ import annotations

import numpy as np
import pytest
from probes import image, noise, page, scene

from imagegate.features import MEASURES, readings

PICTURES = {"scene": scene((256, 320)), "page": page(), "noisy": noise(12, (256, 256))}
BRIGHTER = 15


def same(before, after, *, rel):
    for name, value in before.items():
        if name.startswith("pixelation."):  # so small a page has few segments to pool
            continue
        if name == "blur.edge_width_p90_px":  # one cell more or less with enough edges
            continue
        slack = 0.4 if MEASURES[name].unit == "gray levels" else 0.05
        slack = 0.2 if name == "resolution.resampling" else slack  # the largest of many peaks
        assert after[name] == pytest.approx(value, rel=rel, abs=slack, nan_ok=True), name


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("turn", ["mirrored", "half turn"])
def test_mirror_and_half_turn(name, turn):
    pixels = PICTURES[name]
    turned = pixels[:, ::-1] if turn == "mirrored" else pixels[::-1, ::-1]
    before, after = readings(image(pixels)), readings(image(np.ascontiguousarray(turned)))
    # other measures tell turned letters from upright ones, and shall
    alike = {name: value for name, value in before.items() if not name.startswith("letters.")}
    same(alike, after, rel=0.1)


@pytest.mark.parametrize("name", PICTURES)
def test_brightness_moves_only_exposure(name):
    pixels = np.clip(PICTURES[name], 0, 255 - BRIGHTER)
    keep = [row for row in MEASURES if row.split(".")[0] not in {"exposure", "content"}]
    before, after = readings(image(pixels)), readings(image(pixels + np.uint8(BRIGHTER)))
    same({k: before[k] for k in keep}, {k: after[k] for k in keep}, rel=1e-6)


def test_contrast_does_not_move_edge_width():
    pixels = scene()
    half = (pixels // 2 + 60).astype(np.uint8)
    before, after = readings(image(pixels)), readings(image(half))
    for name in ("blur.edge_width_px", "blur.spectral_cutoff"):
        assert after[name] == pytest.approx(before[name], rel=0.1)
