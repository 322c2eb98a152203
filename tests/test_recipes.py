"""docs/recipes.md: every block runs as it stands there."""

from __future__ import annotations

import asyncio
import csv
import importlib.util
import re
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imagegate
from imagegate.engines import rembg as local
from imagegate.errors import EngineError, ImagegateError, SettingsError
from imagegate.models.artifact import read_gate
from imagegate.synthetic.pages import render_page
from imagegate.tasks import find_engine
from imagegate.tasks.text import word_recall
from recipes import PAGE, ROOT, blurred, dark, png, sections, vase

HERE = Path(__file__).parent
Load = Callable[[str], Any]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Run the only block under a heading in an empty folder, as a module of its own."""
    monkeypatch.chdir(tmp_path)

    def load(heading: str) -> Any:
        ((language, code),) = sections()[heading]
        assert language == "python"
        (tmp_path / "recipe.py").write_text(code, encoding="utf-8")
        spec = importlib.util.spec_from_file_location("recipe", tmp_path / "recipe.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


def refused(answer: dict[str, Any], what: str) -> list[str]:
    """Return the reasons of an answer that holds nothing else."""
    assert answer[what] is None
    assert answer["decision"] in ("review", "reject")
    assert answer["why"]
    return list(answer["why"])


def causes(why: list[str]) -> set[str]:
    """Return the causes behind messages."""
    code = {message: code for code, message in imagegate.load_messages().items()}
    return {code[message].partition(".")[0] for message in why}


def test_every_heading_with_a_block_has_a_test() -> None:
    own = "".join(path.read_text(encoding="utf-8") for path in HERE.glob("test_recipes*.py"))
    assert [h for h, found in sections().items() if found and f'"{h}"' not in own] == []
    text = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
    anchors = {h.lower().replace(",", "").replace(" ", "-") for h in sections()}
    assert set(re.findall(r"\]\(#([\w-]+)\)", text)) == anchors


@pytest.mark.engine
def test_tesseract(run: Load) -> None:
    if not find_spec("pytesseract"):
        pytest.skip("pytesseract is not installed")
    try:
        find_engine("ocr", "tesseract").version()
    except (ImagegateError, EngineError) as error:
        pytest.skip(str(error))
    read_text = run("Text with Tesseract").read_text
    answer = read_text(png(PAGE.pixels))
    assert answer["decision"] == "pass"
    assert word_recall(answer["text"], PAGE.text) > 0.9
    mended = read_text(png(dark(PAGE.pixels)))
    assert imagegate.load_gate("ocr").check(dark(PAGE.pixels)).decision == "review"
    assert word_recall(mended["text"], PAGE.text) > 0.9
    assert "blur" in causes(refused(read_text(png(blurred(PAGE.pixels))), "text"))
    assert "truncated" in refused(read_text(png(PAGE.pixels)[:5000]), "text")[0]


@pytest.mark.engine
def test_rapidocr(run: Load) -> None:
    for name in ("rapidocr", "onnxruntime"):
        if not find_spec(name):
            pytest.skip(f"{name} is not installed")
    read_lines = run("Text with RapidOCR").read_lines
    page = render_page(7, layout="card")
    answer = read_lines(png(page.pixels))
    assert answer["decision"] == "pass"
    assert word_recall("\n".join(answer["lines"]), page.text) > 0.9
    assert "blur" in causes(refused(read_lines(png(blurred(page.pixels))), "lines"))
    assert "expected an image" in refused(read_lines(b"no image"), "lines")[0]


@pytest.fixture
def rembg_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pytest.importorskip("onnxruntime")
    if not find_spec("rembg"):
        pytest.skip("rembg is not installed")
    for name in ("REMBG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "weights"
    home.mkdir()
    monkeypatch.setenv("U2NET_HOME", str(home))
    return home / "isnet-general-use.onnx"


@pytest.mark.engine
def test_rembg_with_weights_that_see_only_darkness(run: Load, rembg_home: Path) -> None:
    sys.path.insert(0, str(ROOT / "tests" / "engines"))
    try:
        from test_cutting_engines import darkness_network
    finally:
        sys.path.pop(0)
    rembg_home.write_bytes(darkness_network(1024))
    cut_out = run("Cut out with rembg").cut_out
    assert imagegate.load_gate("background-removal").check(vase()).ok
    assert "output" in causes(refused(cut_out(png(vase())), "picture"))
    assert "expected an image" in refused(cut_out(b"no image"), "picture")[0]


@pytest.mark.engine
def test_rembg_with_its_own_weights(run: Load, rembg_home: Path) -> None:
    try:
        weights = local.weights()
        if local.input_side(weights) == local.U2NET_SIDE:
            pytest.skip("the weights here are not ISNet's")
    except SettingsError as error:
        pytest.skip(str(error))
    rembg_home.symlink_to(weights)
    cut_out = run("Cut out with rembg").cut_out
    answer = cut_out(png(vase()))
    assert answer["decision"] == "pass"
    alpha = np.asarray(answer["picture"])[..., 3]
    assert alpha[250, 330] > 250
    assert alpha[20, 20] < 5
    refused(cut_out(png(blurred(blurred(vase())))), "picture")


def test_a_service_judges_several_uploads_at_once(run: Load) -> None:
    judge = run("In a service").judge
    uploads = [png(PAGE.pixels), png(blurred(PAGE.pixels))] * 4

    async def serve() -> list[Any]:
        return await asyncio.gather(*map(judge, uploads), judge(b""), return_exceptions=True)

    *verdicts, broken = asyncio.run(serve())
    assert [v.decision for v in verdicts] == ["pass", "reject"] * 4
    assert verdicts[0].to_dict() == imagegate.load_gate("ocr").check(uploads[0]).to_dict()
    assert isinstance(broken, ImagegateError)


def test_a_folder(run: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "a.png").write_bytes(png(PAGE.pixels))
    (tmp_path / "inbox" / "b.png").write_bytes(b"")
    run("Many at once")
    first, second = capsys.readouterr().out.splitlines()
    assert first == "inbox/a.png pass"
    assert "found 0 bytes" in second


def test_pandas(run: Load, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(PAGE.pixels))
    (tmp_path / "images.csv").write_text("path,customer\na.png,1\ngone.png,2\n")
    images = run("With pandas").images
    assert images["decision"].tolist()[0] == "pass"
    assert images["p_fail"].isna().tolist() == [False, True]
    assert "gone.png" in images["error"][1]


def test_scikit_learn(run: Load, tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    with (tmp_path / "outcomes.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["path", "failed", "order"])
        for order in range(16):
            page = render_page(order, layout="card").pixels
            for place, clean in enumerate((page[:200, :300], page[-200:, -300:])):
                for failed, pixels in enumerate((clean, blurred(clean))):
                    name = f"{order}-{place}-{failed}.png"
                    (tmp_path / name).write_bytes(png(pixels))
                    table.writerow([name, failed, order])
        table.writerow(["gone.png", 1, 16])
    (tmp_path / "new.png").write_bytes(png(blurred(PAGE.pixels)))
    done = run("With scikit-learn")
    assert done.auroc.mean() > 0.9
    assert np.isnan(done.X[-1]).all()
    assert done.gate.guarantee_.sources in (4, 5)  # a quarter of 17
    assert not done.gate.guarantee_.kept
    assert done.gate.guarantee_.more_sources > 0
    assert done.gate.predict(done.X[:2]).tolist() == [False, True]
    assert read_gate(tmp_path / "orders.gate").name == "orders"


def test_a_shipped_gate_in_scikit_learn(run: Load, tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    (tmp_path / "invoice.png").write_bytes(png(PAGE.pixels))
    (tmp_path / "new.png").write_bytes(png(blurred(PAGE.pixels)))
    p_fail = run("A gate that ships, with scikit-learn").p_fail
    gate = imagegate.load_gate("ocr")
    alone = [gate.check(name).p_fail for name in ("invoice.png", "new.png")]
    assert p_fail.tolist() == pytest.approx(alone)
