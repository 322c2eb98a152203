"""``imagegate label`` with engines of users' own: a command line, an ONNX model, a module."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner, Result

from imagegate.cli import app
from imagegate.training.corpus import read_corpus

SIDE, PERIOD, SOURCES = 96, 4, 6
CLASSES = ("upright", "level", "plain")
# The same rule as the network's, as a program of anybody: which way do neighbours differ?
PROGRAM = """
import sys
from PIL import Image, ImageChops, ImageStat
seen = Image.open(sys.argv[1]).convert("L")
def change(x, y):
    return ImageStat.Stat(ImageChops.difference(seen, ImageChops.offset(seen, x, y))).mean[0]
across, down = change(1, 0), change(0, 1)
print(max((across, "upright"), (down, "level"), (10, "plain"))[1])
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of stripes, in a folder for each class: what is fine is lost first."""
    top = tmp_path_factory.mktemp("own") / "stripes"
    place = np.arange(SIDE)
    wave = np.where(place // (PERIOD // 2) % 2 == 0, 40, -40)
    for number, name in enumerate(CLASSES * SOURCES):
        rng = np.random.default_rng(number)
        coarse = rng.integers(70, 180, (4, 4, 3), dtype=np.uint8)
        smooth = cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC).astype(int)
        stripes = {"upright": wave[None, :], "level": wave[:, None], "plain": 0}[name]
        pixels = np.clip(smooth + (stripes if name == "plain" else stripes[..., None]), 0, 255)
        (top / name).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(top / name / f"{number:02d}.png"), pixels.astype(np.uint8))
    return top


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mean change across and down, beside a threshold: three logits."""
    kernels = np.zeros((2, 1, 2, 2), np.float32)
    kernels[0, 0] = [[-1, 1], [0, 0]]
    kernels[1, 0] = [[-1, 0], [1, 0]]
    node = helper.make_node
    graph = helper.make_graph(
        [
            node("Conv", ["picture", "kernels"], ["changes"]),
            node("Abs", ["changes"], ["sizes"]),
            node("ReduceMean", ["sizes"], ["means"], axes=[2, 3], keepdims=0),
            node("Concat", ["means", "threshold"], ["scores"], axis=1),
            node("Softmax", ["scores"], ["chances"], axis=1),
        ],
        "stripes",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 1, "h", "w"])],
        [helper.make_tensor_value_info("chances", TensorProto.FLOAT, [1, 3])],
        [
            numpy_helper.from_array(kernels, "kernels"),
            numpy_helper.from_array(np.float32([[10.0]]), "threshold"),
        ],
    )
    path = tmp_path_factory.mktemp("network") / "stripes.onnx"
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), str(path))
    (path.parent / "names.txt").write_text("\n".join(CLASSES) + "\n")
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def text(result: Result) -> str:
    """What is said in all, on one line."""
    said = f"{result.output} {result.exception or ''}"
    return " ".join(said.split())


def described(network: Path, *more: object) -> tuple[object, ...]:
    size = ("--input-size", SIDE, "--scaling", "0..255")
    names = ("--class-names", network.parent / "names.txt")
    return ("--onnx", network, "--kind", "classes", *size, *names, *more)


@pytest.mark.engine
@pytest.mark.parametrize("way", ["command", "onnx"])
def test_from_an_unseen_engine_to_a_gate_beside_the_rules(
    folder: Path, network: Path, tmp_path: Path, way: str
) -> None:
    script = tmp_path / "stripes.py"
    script.write_text(PROGRAM)
    line = f'"{sys.executable}" -I "{script}" {{image}}'
    engine = ("-t", "classification", "--command", line)
    asked = engine if way == "command" else described(network)
    corpus, gate = tmp_path / "corpus", tmp_path / "stripes.gate"
    labelled = run("label", folder, *asked, "-o", corpus, "-n", 5, "-j", 2)
    assert labelled.exit_code == 0, text(labelled)
    found = read_corpus(corpus)
    assert (found.meta["task"], found.meta["errors"]) == ("classification", 0)
    clean = found.rows["cause"] == "clean"
    assert not found.fails[clean].any()
    ruined = (found.rows["cause"] == "blur") & (found.rows["severity"] >= 4)
    stripes = np.array(["plain" not in path for path in found.rows["path"]])
    assert found.fails[ruined & stripes].mean() > 0.8  # motion along stripes leaves them
    trained = run("train", corpus, "-o", gate, "--risk-target", 0.5, "--confidence", 0.5)
    assert trained.exit_code == 0, text(trained)
    judged = run("evaluate", gate, corpus)
    assert judged.exit_code == 0, text(judged)
    assert "AUROC" in judged.output
    assert "rules" in judged.output


def test_causes_are_rows_without_an_engine(tmp_path: Path) -> None:
    asked = ("label", "pages:2", "--recipe", "causes", "-n", 3, "-j", 1, "-o", tmp_path / "c")
    refused = run(*asked, "--engine", "tesseract")
    assert "runs no engine" in text(refused)
    assert not (tmp_path / "c").exists()
    done = run(*asked)
    assert done.exit_code == 0, text(done)
    assert "6 rows from 2 sources" in text(done)
    found = read_corpus(tmp_path / "c")
    assert (found.meta["recipe"], found.meta["engine"], found.meta["task"]) == (
        *("causes", "none", "ocr"),
    )
    assert np.isnan(found.column("loss")).all()
    assert not np.isnan(found.column("exposure.range")).any()


def test_a_task_of_a_module_in_the_current_folder(folder: Path, tmp_path: Path) -> None:
    """With -P, Python itself does not look into the current folder, nor do the workers."""
    (tmp_path / "mine.py").write_text(
        "from imagegate.tasks.task import Task\n"
        "def level(pixels): return float(pixels.mean()) / 255\n"
        "def loss(output, truth): return min(1.0, abs(output - truth) * 4)\n"
        "TASK = Task.from_callable(level, loss, name='level')\n"
    )
    arguments = ("label", folder, "-t", "mine:TASK", "-o", "c", "--recipe", "natural")
    command = [
        sys.executable,
        "-P",
        "-m",
        "imagegate",
        *arguments,
        "--failure-threshold",
        0.2,
        "-j",
        1,
    ]
    done = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, cwd=tmp_path, timeout=120
    )
    assert done.returncode == 0, done.stderr
    meta = json.loads((tmp_path / "c" / "corpus.json").read_text())
    assert (meta["task"], meta["limit"], meta["errors"]) == ("level", 0.2, 0)


def test_if_no_row_can_be_used_it_says_why_and_ends_with_1(folder: Path, tmp_path: Path) -> None:
    script = "import sys; sys.exit('no licence found')"
    line = f'"{sys.executable}" -c "{script}" {{image}}'
    asked = ("-t", "classification", "--command", line, "--limit-sources", 2, "-n", 2, "-j", 1)
    first = run("label", folder, *asked, "-o", tmp_path / "c")
    for done in (first, run("label", folder, *asked, "-o", tmp_path / "c")):
        assert done.exit_code == 1
        assert "in 4 rows, first stripes/level/" in text(done)
        assert "ended with 1: no licence found" in text(done)
        assert "no row can be used" in text(done)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--onnx NET", "--onnx needs --kind, one of classes, embedding, mask, image"),
        ("--onnx NET --kind mask -t ocr", "ocr takes no ONNX model, got --kind mask"),
        ("--onnx NET --kind mask -t face-recognition", "works with --kind embedding, got"),
        ("--onnx NET --output clases", "Did you mean 'classes'"),
        ("--onnx NET --kind classes", "takes any size: say which one"),
        ("--onnx NET --kind classes --input-size 9y9", "like 224 or 320x240"),
        ("--onnx NET --kind classes --engine tesseract", "--engine and --onnx both name an"),
        ("--onnx TXT --kind classes", "names.txt: expected an ONNX model"),
        ("--onnx gone.onnx --kind classes", "gone.onnx: no such file"),
        ("--command my-ocr", "expected {image} in --command, got 'my-ocr'"),
        ("--command x{image} --engine tesseract", "--engine and --command both name an engine"),
        ("--input-size 9", "--input-size describes an --onnx FILE"),
        ("-t no.such:TASK", "cannot load the task no.such:TASK: ModuleNotFoundError"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_any_work(
    folder: Path, network: Path, tmp_path: Path, options: str, message: str
) -> None:
    files = {"NET": network, "TXT": network.parent / "names.txt"}
    given = [files.get(word, word) for word in options.split()]
    done = run("label", folder, *given, "-o", tmp_path / "c")
    assert done.exit_code != 0
    assert message in text(done)
    assert not (tmp_path / "c").exists()


def test_a_picture_model_must_say_its_task(folder: Path, network: Path, tmp_path: Path) -> None:
    done = run("label", folder, "--onnx", network, "--kind", "image", "-o", tmp_path / "c")
    assert "--kind image needs --task: upscaling or enhancement" in text(done)


def test_rows_of_other_settings_never_mix(folder: Path, network: Path, tmp_path: Path) -> None:
    few = ("--limit-sources", 2, "-n", 1, "-j", 1, "-o", tmp_path / "c")
    assert run("label", folder, *described(network), *few).exit_code == 0
    assert run("label", folder, *described(network), *few).exit_code == 0
    other = run("label", folder, *described(network, "--fit", "crop"), *few)
    assert "was begun with engine_version" in text(other)
