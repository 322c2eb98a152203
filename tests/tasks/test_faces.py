"""The tasks about faces: their losses, what they refuse, and the engines for real."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from imagegate.engines import yunet
from imagegate.engines.lbp import agreed
from imagegate.engines.outputs import overlaps
from imagegate.errors import MissingExtraError, OutputError, SettingsError
from imagegate.tasks import TASKS
from imagegate.tasks.face_detection import box_loss, checked

FIND, KNOW = TASKS["face-detection"], TASKS["face-recognition"]
FACE, OTHER = (0.25, 0.25, 0.25, 0.25), (0.75, 0.0, 0.25, 0.25)


def test_missing_faces_cost_and_additional_ones_do_not() -> None:
    assert FIND.loss([FACE], [FACE]) == 0
    assert FIND.loss([OTHER, FACE, (0, 0, 1, 1)], [FACE]) == 0
    assert FIND.loss([], [FACE]) == FIND.loss([OTHER], [FACE]) == 1
    assert FIND.loss([FACE], [FACE, OTHER]) == 0.5
    assert FIND.loss([(0.25, 0.25, 0.25, 0.5)], [FACE]) == 0.5
    # One box in place of two faces answers one of them.
    assert FIND.loss([FACE], [FACE, FACE]) == 0.5
    assert math.isnan(FIND.loss([FACE], []))


def test_a_doubtful_true_box_is_not_asked_for() -> None:
    doubtful = (*OTHER, 0.6)
    assert FIND.loss([FACE], [(*FACE, 0.9), doubtful]) == 0
    assert FIND.verified([(*FACE, 0.9), doubtful])
    assert not FIND.verified([doubtful])
    assert not FIND.verified([])
    assert FIND.verified([FACE])  # a detector that tells no confidence
    assert FIND.confidence([doubtful, (*FACE, 0.9)]) == 0.9
    assert FIND.confidence([]) == 0
    assert math.isnan(FIND.confidence([FACE]))


def test_overlap_is_symmetric_and_knows_no_size() -> None:
    rng = np.random.default_rng(0)
    first, second = (rng.uniform(0, 0.5, (20, 4)) for _ in range(2))
    table = overlaps(first, second)
    np.testing.assert_allclose(table, overlaps(second, first).T)
    np.testing.assert_allclose(table, overlaps(first / 3, second / 3))
    assert (table >= 0).all()
    assert (table < 1).all()
    np.testing.assert_allclose(np.diag(overlaps(first, first)), 1)
    assert all(0 <= box_loss(first[:k], second) <= 1 for k in range(20))


def test_what_stands_across_the_border_is_cut_off() -> None:
    np.testing.assert_allclose(checked([(-0.1, 0.9, 0.3, 0.2)])[0, :4], [0, 0.9, 0.2, 0.1])


@pytest.mark.parametrize(
    ("boxes", "why"),
    [
        ([(120, 40, 80, 80)], "looks like pixels: .120.0, 40.0"),
        ([(math.nan, 0, 0.1, 0.1)], "no finite numbers"),
        ([(0.5, 0.5, -0.1, 0.1)], "negative size"),
        ([(*FACE, 99)], "confidence outside 0 to 1"),
        ([FACE, (0.1, 0.2)], r"got \["),
        (FACE, r"of shape \(4,\)"),
        ([[FACE]], r"of shape \(1, 1, 4\)"),
        (["left", "top"], "got .'left'"),
        ({"boxes": []}, "got {'boxes'"),
        (0.5, "got 0.5"),
        (None, "got None"),
    ],
)
def test_what_are_no_boxes_is_told(boxes: Any, why: str) -> None:
    with pytest.raises(OutputError, match=rf"expected a list of boxes \[left, top.*{why}"):
        FIND.loss(boxes, [FACE])


def test_boxes_and_embeddings_are_read_from_json(tmp_path: Path) -> None:
    assert FIND.parse
    assert KNOW.parse
    path = tmp_path / "a.json"
    path.write_text(json.dumps([FACE, OTHER]))
    assert FIND.loss(FIND.read_truth(str(path)), [FACE, OTHER]) == 0
    assert FIND.loss(FIND.parse("[[0.25, 0.25, 0.25, 0.25, 0.9]]\n"), [FACE]) == 0
    assert len(FIND.parse("[]")) == 0
    path.write_text("[1, 2, 2]")
    assert KNOW.loss(KNOW.read_truth(str(path)), KNOW.parse("[2, 4, 4]")) == pytest.approx(0)
    path.write_text("no boxes")
    for task in (FIND, KNOW):
        with pytest.raises(OutputError, match=r"a\.json: expected JSON, got 'no boxes'"):
            task.read_truth(str(path))


@pytest.mark.parametrize(("degrees", "loss"), [(0, 0.0), (60, 0.5), (90, 1.0), (180, 1.0)])
def test_embeddings_are_compared_by_their_angle(degrees: float, loss: float) -> None:
    turned = [math.cos(math.radians(degrees)), math.sin(math.radians(degrees))]
    for length in (1e-200, 1.0, 1e200):
        scaled = np.array(turned) * length
        assert KNOW.loss(scaled, [5.0, 0.0]) == pytest.approx(loss, abs=1e-12)
        assert KNOW.loss([5.0, 0.0], scaled) == pytest.approx(loss, abs=1e-12)


@pytest.mark.parametrize(
    ("embedding", "why"),
    [
        ([0.0, 0.0, 0.0], "3 zeros"),
        ([1.0, math.nan, 2.0], "1 of 3 not finite"),
        ([1.0, 2.0], "expected an embedding of 3 numbers, got 2"),
        ([[1.0, 2.0, 3.0]], r"of shape \(1, 3\)"),
        ("Ada", "got 'Ada'"),
        ({"Ada": 1.0}, "got {'Ada'"),
        ([], r"of shape \(0,\)"),
    ],
)
def test_what_is_no_embedding_is_told(embedding: Any, why: str) -> None:
    with pytest.raises(OutputError, match=why):
        KNOW.loss(embedding, [1.0, 2.0, 2.0])


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
