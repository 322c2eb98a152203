"""Engines that find faces: lbp from scikit-image, YuNet from OpenCV."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from imagegate.engines import yunet
from imagegate.engines.lbp import agreed
from imagegate.errors import MissingExtraError, SettingsError
from imagegate.tasks import TASKS

FIND, KNOW = TASKS["face-detection"], TASKS["face-recognition"]
FACE, OTHER = (0.25, 0.25, 0.25, 0.25), (0.75, 0.0, 0.25, 0.25)


def test_windows_that_agree_are_one_face() -> None:
    rng = np.random.default_rng(1)
    many = np.array(FACE) + rng.normal(0, 0.005, (16, 4))
    few = np.array(OTHER) + rng.normal(0, 0.005, (3, 4))
    (box,) = agreed(np.concatenate([few, many]))
    np.testing.assert_allclose(box[:4], many.mean(axis=0))
    assert box[4] == 0.8  # 16 of 16 + 4
    assert agreed(np.empty((0, 4))) == []


@pytest.mark.engine
def test_lbp_finds_a_clean_face_and_no_ruined_one() -> None:
    data = pytest.importorskip("skimage.data")
    picture = data.astronaut()
    engine = FIND.engines["lbp"]
    find = engine.open()
    clean = find(picture)
    assert FIND.verified(clean)
    assert len(clean) == 1
    assert FIND.loss(clean, [(0.34, 0.12, 0.2, 0.23)]) < 0.3  # where the face is to be seen
    assert find(picture) == clean
    for size in ((256, 256), (1024, 1024)):  # shares know no pixels
        assert FIND.loss(find(cv2.resize(picture, size)), clean) < FIND.failure_threshold
    blocks = cv2.resize(cv2.resize(picture, (20, 20), interpolation=cv2.INTER_AREA), (512, 512))
    for ruined in (cv2.GaussianBlur(picture, (0, 0), 12), blocks):
        assert FIND.loss(find(ruined), clean) > FIND.failure_threshold
    for shape in ((1, 1, 3), (1, 500, 3), (30, 4000, 3)):
        assert find(np.zeros(shape, np.uint8)) == []
    assert engine.version().startswith("scikit-image ")


def test_lbp_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(MissingExtraError, match=r"imagegate\[pictures\]"):
        FIND.engines["lbp"].open()


def test_yunet_never_downloads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    engine = FIND.engines["yunet"]
    monkeypatch.delenv(yunet.MODEL_VARIABLE, raising=False)
    for act in (engine.open, engine.version):
        with pytest.raises(SettingsError, match=r"get face_detection_yunet.*set IMAGEGATE_YUNET"):
            act()
    monkeypatch.setenv(yunet.MODEL_VARIABLE, str(tmp_path / "gone.onnx"))
    with pytest.raises(SettingsError, match=r"gone\.onnx, which is not a file"):
        engine.open()
    (tmp_path / "text.onnx").write_text("version https://git-lfs.github.com/spec/v1")
    monkeypatch.setenv(yunet.MODEL_VARIABLE, str(tmp_path / "text.onnx"))
    with pytest.raises(SettingsError, match=r"text\.onnx, which OpenCV .* cannot use as YuNet"):
        engine.open()


@pytest.mark.engine
def test_yunet_runs_a_local_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "red.onnx"
    path.write_bytes(red_network())
    monkeypatch.setenv(yunet.MODEL_VARIABLE, str(path))
    engine = FIND.engines["yunet"]
    find = engine.open()
    picture = np.zeros((160, 320, 3), np.uint8)
    picture[64:80, 160:176, 0] = 255  # doubled, it fills the cell at (320, 128)
    centre, side = (336 / 640, 144 / 320), (128 / 640, 128 / 320)
    truth = [(centre[0] - side[0] / 2, centre[1] - side[1] / 2, *side)]
    clean = find(picture)
    assert FIND.verified(clean)
    assert FIND.loss(clean, truth) == pytest.approx(0, abs=1e-5)
    assert FIND.loss(find(np.repeat(np.repeat(picture, 4, 0), 4, 1)), truth) < 1e-5
    assert FIND.loss(find(picture // 4), truth) > FIND.failure_threshold
    assert find(picture[..., ::-1]) == []  # red is not blue
    assert "red.onnx sha256 " in engine.version()


def red_network() -> bytes:
    """Make a network with YuNet's inputs and outputs: what is red is a face of 128 px."""
    onnx = pytest.importorskip("onnx")
    make, nodes, constants, outputs = onnx.helper, [], [], []

    def add(name: str, stride: int, red: float, bias: list[float]) -> None:
        weights = np.zeros((len(bias), 3, stride, stride), np.float32)
        weights[:, 2] = red / (255 * stride * stride)  # BGR
        last = f"{name}_{stride}"
        constants.extend(
            onnx.numpy_helper.from_array(np.asarray(value), f"{last}.{kind}")
            for kind, value in (
                ("weights", weights),
                ("bias", np.array(bias, np.float32)),
                ("shape", np.array([1, -1, len(bias)], np.int64)),
            )
        )
        steps = [stride, stride]
        nodes.extend(
            [
                make.make_node(
                    "Conv",
                    ["input", f"{last}.weights", f"{last}.bias"],
                    [f"{last}.planes"],
                    strides=steps,
                    kernel_shape=steps,
                ),
                make.make_node(
                    "Transpose", [f"{last}.planes"], [f"{last}.last"], perm=[0, 2, 3, 1]
                ),
                make.make_node("Reshape", [f"{last}.last", f"{last}.shape"], [last]),
            ]
        )
        shape = [1, (640 // stride) ** 2, len(bias)]
        outputs.append(make.make_tensor_value_info(last, onnx.TensorProto.FLOAT, shape))

    for stride in (8, 16, 32):
        for name in ("cls", "obj"):
            add(name, stride, float(stride == 32), [0.0])
        add("bbox", stride, 0.0, [0.5, 0.5, math.log(4), math.log(4)])
        add("kps", stride, 0.0, [0.0] * 10)
    taken = make.make_tensor_value_info("input", onnx.TensorProto.FLOAT, [1, 3, 640, 640])
    graph = make.make_graph(nodes, "red", [taken], outputs, constants)
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 13)], ir_version=8)
    return bytes(model.SerializeToString())
