"""Probabilities or logits: what the scores and masks of ONNX models are, told by their range."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import classifier, engine, node, write

from imagegate.engines.engine import Prediction
from imagegate.errors import SettingsError
from imagegate.tables import Pixels
from imagegate.tasks.background import iou

NAMES = ["red", "green", "blue"]


def plain(level: tuple[int, int, int]) -> Pixels:
    return np.full((12, 20, 3), level, np.uint8)


def answer(path: Path, pixels: Pixels, **settings: Any) -> Any:
    return engine(path, **settings).open()(pixels)


def test_scores_are_read_by_their_range(tmp_path: Path) -> None:
    pixels = plain((102, 26, 13))
    logits = answer(classifier(tmp_path / "a.onnx"), pixels, output="classes")
    softmax = answer(classifier(tmp_path / "b.onnx", last="Softmax"), pixels, output="classes")
    assert logits.class_name == softmax.class_name == "0"
    assert logits.confidence == pytest.approx(softmax.confidence, abs=1e-5)
    # classes that do not exclude each other, or weak logits
    apart = classifier(tmp_path / "c.onnx", last="Sigmoid")
    with pytest.raises(
        SettingsError, match=r"c\.onnx: .* may be probabilities or logits.*--values"
    ):
        engine(apart, output="classes")
    found = answer(apart, pixels, output="classes", values="probabilities")
    assert found == Prediction("0", pytest.approx(1 / (1 + math.exp(-4)), abs=1e-3))
    for weights in ([[1.5], [0], [0]], [[-1.5], [0], [0]]):  # one score, of the second class
        single = classifier(tmp_path / "d.onnx", weights=weights)
        with pytest.raises(SettingsError, match=r"d\.onnx: .*--values"):
            engine(single, output="classes")
        names = ["no", "yes"]
        found = answer(single, pixels, output="classes", class_names=names, values="logits")
        assert found.class_name == names[weights[0][0] > 0]
        assert found.confidence == pytest.approx(1 / (1 + math.exp(-0.6)), abs=1e-5)


def test_what_values_are_is_decided_once(tmp_path: Path) -> None:
    """Logits stay logits on a picture on which they lie within 0..1."""
    run = engine(classifier(tmp_path / "a.onnx"), output="classes").open()
    assert run(plain((5, 5, 5))).confidence == pytest.approx(1 / 3)
    wrong = {"output": "classes", "values": "probabilities"}
    with pytest.raises(SettingsError, match=r"expected probabilities in 0\.\.1, got .*--values"):
        engine(classifier(tmp_path / "a.onnx"), **wrong)


@pytest.mark.parametrize("shape", [(3,), (1, 3, 1), (3, 1), ("n", "classes")])
def test_scores_may_have_any_shape_of_one_row(tmp_path: Path, shape: Any) -> None:
    size = [side if isinstance(side, int) else -1 for side in shape]
    size = [1, 3] if -1 in size else size
    nodes = [
        node("ReduceMean", "picture", "mean", axes=[2, 3], keepdims=0),
        node("Reshape", "mean size", "answer"),
    ]
    path = write(tmp_path / "m.onnx", nodes, (1, 3, 8, 8), shape, size=np.array(size))
    told = {"output": "classes", "values": "probabilities"}
    found = answer(path, plain((0, 255, 0)), **told, class_names=NAMES)
    assert found == Prediction("green", 1.0)
    with pytest.raises(SettingsError, match="each of 2 class names, got 3"):
        engine(path, **told, class_names=NAMES[:2])


def test_a_mask_that_leaves_its_range_a_little_is_cut(tmp_path: Path) -> None:
    """A sigmoid before a cubic Resize; a plane trained to 0..1; logits, and what may be either."""
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[5:11, 4:12] = 255
    free: Any = (1, 1, "h", "w")

    def made(name: str, gain: float, shift: float, *, mode: str = "nearest") -> Path:
        resize = node("Resize", "straight scales", "answer", mode=mode, cubic_coeff_a=-0.75)
        resize.input[:] = ["straight", "", "scales"]
        nodes = [node("Mul", "picture gain", "m"), node("Add", "m shift", "straight"), resize]
        numbers = {"gain": np.float32(gain), "shift": np.float32(shift)}
        scales = np.float32([1, 1, 2, 2])
        return write(tmp_path / f"{name}.onnx", nodes, free, free, scales=scales, **numbers)

    truth = (pixels[..., 0] > 0).astype(np.float32)
    for path in (
        made("cubic", 1, 0, mode="cubic"),
        made("trained", 1.2, -0.1),
        made("logits", 40, -20),
    ):
        mask = answer(path, pixels, output="mask")
        assert iou(mask, truth) > 0.95
        assert np.abs(mask - truth).mean() < 0.03
        assert 0 <= mask.min() <= mask.max() <= 1
    either = made("either", 2.2, -0.6)
    with pytest.raises(SettingsError, match=r"may be probabilities .*--values"):
        answer(either, pixels, output="mask")
    weak = answer(either, pixels, output="mask", values="logits")
    assert weak.max() == pytest.approx(1 / (1 + math.exp(-1.6)), abs=1e-3)
