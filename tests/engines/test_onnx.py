"""ONNX models as engines: what they answer, what they may take, what is refused and how."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from networks import classifier, engine, enlarger, lightness, node, write

from imagegate.engines.engine import Prediction
from imagegate.engines.onnx import Postprocess, Preprocess, onnx_engine
from imagegate.errors import EngineError, ImagegateError, OutputError, SettingsError
from imagegate.tables import Pixels
from imagegate.tasks.background import iou
from imagegate.tasks.pictures import upscaling_loss

NAMES = ["red", "green", "blue"]
TABLE = [(layout, dtype) for layout in ("nchw", "nhwc") for dtype in ("float32", "float16")]


def plain(level: tuple[int, int, int], height: int = 12, width: int = 20) -> Pixels:
    return np.full((height, width, 3), level, np.uint8)


def noise(height: int, width: int) -> Pixels:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


def answer(path: Path, pixels: Pixels, **settings: Any) -> Any:
    return engine(path, **settings).open()(pixels)


@pytest.mark.parametrize(("layout", "dtype"), [*TABLE, ("nhwc", "uint8"), ("nchw", "uint8")])
def test_every_layout_and_type_gives_the_class_and_its_chance(
    tmp_path: Path, layout: str, dtype: str
) -> None:
    model = classifier(tmp_path / "m.onnx", layout=layout, dtype=dtype)
    made = engine(model, output="classes", class_names=NAMES)
    run = made.open()
    for place, name in enumerate(NAMES):
        level = [51, 51, 51]
        level[place] = 102  # a fifth more: e² times as likely as each of the others
        found = run(plain((level[0], level[1], level[2])))
        assert found.class_name == name
        assert found.confidence == pytest.approx(1 / (1 + 2 * math.exp(-2)), abs=2e-3)
    blue_first = engine(model, output="classes", class_names=NAMES, colours="bgr").open()
    assert blue_first(plain((200, 0, 0))).class_name == "blue"


def test_scaling_is_what_the_network_sees(tmp_path: Path) -> None:
    path = classifier(tmp_path / "m.onnx", gain=1.0)
    level, shares = (51, 102, 255), np.array([0.2, 0.4, 1.0])
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    for scaling, wanted in {
        None: shares,
        "-1..1": 2 * shares - 1,
        "0..255": 255 * shares,
        "imagenet": (shares - mean) / std,
        "0.5/1": shares - 0.5,
    }.items():
        got = answer(path, plain(level), output="embedding", scaling=scaling)
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)
        swapped = answer(path, plain(level), output="embedding", scaling=scaling, colours="bgr")
        np.testing.assert_allclose(swapped, wanted[::-1], rtol=1e-5, atol=1e-6)


def test_a_model_four_times_as_large_is_judged_like_one_twice_as_large(tmp_path: Path) -> None:
    """The loss brings the result to the size of the truth."""
    truth = cv2.GaussianBlur(noise(96, 120), (0, 0), 3)
    small = cv2.resize(truth, (60, 48), interpolation=cv2.INTER_AREA)
    losses = []
    for factor in (2.0, 4.0):
        path = enlarger(tmp_path / "m.onnx", factor=factor, mode="linear", aligned=True)
        losses.append(upscaling_loss(answer(path, small, output="image"), truth))
    assert losses[1] == pytest.approx(losses[0], abs=0.02)
    assert losses[0] < 0.1


@pytest.mark.parametrize("shrink", [1, 4])
def test_a_mask_comes_back_to_the_picture(tmp_path: Path, shrink: int) -> None:
    rows, columns = np.mgrid[:90, :200]
    truth = ((rows - 40) ** 2 + (columns - 95) ** 2 < 30**2).astype(np.float32)
    pixels = np.where(truth[..., None] > 0, 230, 20).astype(np.uint8).repeat(3, axis=2)
    model = lightness(tmp_path / "m.onnx", shrink=shrink)
    mask = answer(model, pixels, output="mask")
    assert (mask.shape, mask.dtype) == ((90, 200), np.float32)
    assert iou(mask, truth) > (0.96 if shrink == 1 else 0.85)
    assert 0 <= mask.min() <= mask.max() <= 1
    logits = engine(model, output="mask", values="logits").open()
    np.testing.assert_array_equal(logits(pixels), mask)


def test_several_planes_and_class_numbers(tmp_path: Path) -> None:
    """The picture's own three planes: background, one subject, another."""
    pixels = np.zeros((8, 9, 3), np.uint8)
    pixels[..., 0] = 128
    pixels[2:5, 3:7, 1], pixels[6:, :, 2] = 255, 255
    same = [node("Identity", "picture", "answer")]
    free = (1, 3, "h", "w")
    planes = write(tmp_path / "p.onnx", same, free, free)
    numbers = write(
        tmp_path / "n.onnx",
        [node("ArgMax", "picture", "answer", axis=1, keepdims=0)],
        free,
        (1, "h", "w"),
        out_dtype="int64",
    )
    for model in (planes, numbers):
        either = answer(model, pixels, output="mask")
        np.testing.assert_array_equal(either > 0.5, pixels[..., 1:].any(axis=2))


@pytest.mark.parametrize(("fit", "red"), [("stretch", 100), ("pad", 40), ("crop", 250)])
def test_classes_see_all_of_a_picture_or_its_middle(tmp_path: Path, fit: Any, red: float) -> None:
    pixels = np.zeros((40, 100, 3), np.uint8)
    pixels[:, 30:70, 0] = 250
    model = classifier(tmp_path / "m.onnx", gain=255)
    found = answer(model, pixels, output="embedding", fit=fit)
    np.testing.assert_allclose(found, [red, 0, 0], atol=0.1 * red)


def test_functions_make_the_batch_and_read_the_outputs(tmp_path: Path) -> None:
    """Two numbers that no preset knows: as an engine of a task of one's own."""
    model = classifier(tmp_path / "m.onnx", layout="nhwc", sides=("h", "w"))
    made = onnx_engine(model, halved, postprocess=brightest)
    assert pickle.loads(pickle.dumps(made)).open()(plain((9, 200, 30))) == (1, 12)  # noqa: S301
    assert "output test_onnx.brightest, preprocess test_onnx.halved" in made.version()
    half = onnx_engine(model, halved, postprocess=Postprocess("classes", NAMES))
    assert half.open()(plain((9, 200, 30))).class_name == "green"
    other = onnx_engine(model, Preprocess(colours="bgr", input_size=8), postprocess=brightest)
    assert other.open()(plain((9, 20, 30)))[0] == 0
    broken = onnx_engine(model, lambda pixels: pixels, postprocess=brightest)
    with pytest.raises(EngineError, match=r"m\.onnx: cannot run on uint8 of shape \(12, 20, 3\)"):
        broken.open()(plain((9, 9, 9)))


def halved(pixels: Pixels) -> Any:
    return pixels[None, ::2, ::2].astype(np.float32) / 255


def brightest(outputs: Any, pixels: Pixels) -> tuple[int, int]:
    return int(np.argmax(outputs[0])), pixels.shape[0]


@pytest.mark.parametrize("scaling", ["0..1", "-1..1", "0..255", "imagenet"])
@pytest.mark.parametrize("shape", [(1, 3, "h", "w"), (1, "h", "w", 3), ("n", "c", "h", "w")])
def test_a_picture_twice_as_large(tmp_path: Path, shape: Any, scaling: str) -> None:
    pixels = noise(37, 50)
    wanted = pixels.repeat(2, axis=0).repeat(2, axis=1)
    model = enlarger(tmp_path / "m.onnx", shape=shape)
    for settings in ({}, {"input_multiple": 8}, {"tile": 16}, {"tile": 64}, {"colours": "bgr"}):
        made = answer(model, pixels, output="image", scaling=scaling, **settings)
        assert made.dtype == np.uint8
        np.testing.assert_array_equal(made, wanted)


def test_a_picture_of_luma_keeps_its_colours(tmp_path: Path) -> None:
    model = enlarger(tmp_path / "m.onnx", shape=(1, 1, "h", "w"))
    flat = plain((200, 90, 30))
    made = answer(model, flat, output="image")
    assert made.shape == (24, 40, 3)
    assert np.abs(made.astype(int) - flat[0, 0]).max() <= 2
    gray = noise(9, 9)[..., :1].repeat(3, axis=2)
    np.testing.assert_array_equal(
        answer(model, gray, output="image"), gray.repeat(2, axis=0).repeat(2, axis=1)
    )


def test_a_fixed_size_gives_the_picture_s_aspect_back(tmp_path: Path) -> None:
    model = enlarger(tmp_path / "m.onnx", shape=(1, 3, 32, 32))
    assert answer(model, plain((9, 9, 9), 40, 100), output="image").shape == (80, 200, 3)
    with pytest.raises(SettingsError, match="fit is for models that give classes or embedding"):
        engine(model, output="image", fit="crop")


def test_an_engine_travels_and_tells_what_it_is(tmp_path: Path) -> None:
    model = classifier(tmp_path / "m.onnx", sides=("h", "w"))
    first = engine(model, output="classes", input_size=8)
    again = pickle.loads(pickle.dumps(first))  # noqa: S301
    assert again.open()(plain((255, 0, 0))) == Prediction("0", pytest.approx(1, abs=1e-3))
    assert first.name == again.name == "m.onnx"
    versions = [
        engine(model, output="classes", **{"input_size": 8, **other}).version()
        for other in (
            *(
                {},
                {"scaling": "imagenet"},
                {"fit": "pad"},
                {"colours": "bgr"},
                {"class_names": NAMES},
            ),
            *(
                {"input_size": (8, 9)},
                {"class_names": [*NAMES[:2], "sky"]},
                {"values": "logits"},
            ),
        )
    ]
    assert len(set(versions)) == len(versions)
    spelled = {"fit": "stretch", "scaling": "0..1", "values": "auto"}
    same = engine(model, output="classes", input_size=(8, 8), **spelled)
    assert same.version() == versions[0]
    classifier(model, sides=("h", "w"), gain=9.0)
    assert first.version() != versions[0]


def test_weights_beside_the_file_belong_to_the_version(tmp_path: Path) -> None:
    proto = onnx.load(str(classifier(tmp_path / "m.onnx")))
    onnx.save(
        *(proto, str(tmp_path / "m.onnx")),
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
    )
    made = engine(tmp_path / "m.onnx", output="classes")
    before = made.version()
    weights = tmp_path / "weights.bin"
    weights.write_bytes(np.frombuffer(weights.read_bytes(), np.float32).__mul__(2).tobytes())
    assert made.version() != before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"output": "classes"}, r"m\.onnx: the model takes any size: say .*--input-size"),
        ({"output": "embeding"}, "no kind named 'embeding'. Did you mean 'embedding'"),
        ({"output": "classes", "input_size": 8, "colours": "gray"}, "no colours named 'gray'"),
        ({"output": "classes", "input_size": (3,)}, r"expected input_size: a side, or .* got \(3,"),
        ({"output": "classes", "input_size": "224"}, "expected input_size: a side, or"),
        ({"output": "classes", "input_size": 8, "tile": 64}, "tile is for models that give image"),
        ({"output": "mask"}, r"m\.onnx: expected the aspect .* 256x256, got 3x1"),
        ({"output": "classes", "input_size": 8, "scaling": "123/58"}, "divide mean and deviation"),
        ({"output": "classes", "input_size": 8, "scaling": "0..2"}, "expected a scaling: 0..1, "),
        (
            {"output": "classes", "input_size": 8, "class_names": "no.txt"},
            "names, one a line, in no.t",
        ),
    ],
)
def test_contradictions_name_both_sides(
    tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    model = classifier(tmp_path / "m.onnx", sides=("h", "w"))
    with pytest.raises(ImagegateError, match=message):
        engine(model, **settings)


def test_what_is_no_model_of_one_picture_is_refused_by_name(tmp_path: Path) -> None:
    fixed = classifier(tmp_path / "fixed.onnx", sides=(8, 12))
    with pytest.raises(SettingsError, match=r"fixed\.onnx: input size 8x12 .* takes 12x8"):
        engine(fixed, output="classes", input_size=(8, 12))
    (tmp_path / "text.onnx").write_text("no model")
    (tmp_path / "empty.onnx").touch()
    for name, message in {
        "text": "INVALID_PROTOBUF",
        "empty": "expected",
        "gone": "no such",
    }.items():
        with pytest.raises(SettingsError, match=rf"{name}\.onnx: .*{message}"):
            engine(tmp_path / f"{name}.onnx", output="classes")
    row = write(tmp_path / "row.onnx", [node("Neg", "picture", "answer")], (1, 4), (1, 4))
    with pytest.raises(
        SettingsError, match=r"row\.onnx: expected an input of one picture, .*\(1, 4"
    ):
        engine(row, output="embedding")
    proto = onnx.load(str(row))
    proto.graph.input.append(proto.graph.output[0].__deepcopy__())
    proto.graph.input[1].name = "second"
    onnx.save(proto, str(row))
    with pytest.raises(SettingsError, match=r"row\.onnx: .* one input, .* takes picture, second"):
        engine(row, output="embedding")


def test_nonsense_is_told_with_the_file(tmp_path: Path) -> None:
    free: Any = (1, 3, "h", "w")
    root = engine(classifier(tmp_path / "r.onnx", last="Sqrt"), "embedding", scaling="0.3/1")
    with pytest.raises(OutputError, match=r"r\.onnx: expected an embedding, .*, got 3 of 3 .*NaN"):
        root.open()(plain((9, 9, 9)))
    same = write(tmp_path / "same.onnx", [node("Identity", "picture", "answer")], free, free)
    with pytest.raises(EngineError, match=r"same\.onnx: .* a picture of 2000x1200 .*--tile 512"):
        answer(same, np.zeros((1200, 2000, 3), np.uint8), output="image")
    with pytest.raises(SettingsError, match=r"same\.onnx: .* a class, .*\(1, 3, 8, 8\)"):
        engine(same, output="classes", input_size=8)
    times = [node("Mul", "picture many", "answer")]
    bright = write(tmp_path / "b.onnx", times, free, free, many=np.float32(99))
    with pytest.raises(SettingsError, match=r"b\.onnx: .* scaled like the input, 0\.\.1, got "):
        engine(bright, output="image")
    picky = [node("Add", "picture eight", "answer")]
    eight = write(tmp_path / "eight.onnx", picky, free, free, eight=np.zeros((1, 3, 8, 8), "f4"))
    with pytest.raises(
        SettingsError, match=r"eight\.onnx: cannot run on float32 of shape \(1, 3, 2"
    ):
        engine(eight, output="mask")
