"""The documents: links, files, commands and options exist; docs/engines.md runs as it stands."""

from __future__ import annotations

import importlib
import os
import re
import shlex
import stat
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from imagegate.cli import app
from imagegate.degrade.chain import DEGRADATIONS, EVERY
from imagegate.tables import Degradation
from imagegate.tasks import TASKS, Task
from imagegate.training.corpus import read_corpus

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*/README.md")])
PAGES.remove(ROOT / "CHANGELOG.md")
FILE = re.compile(r"(?<![\w/-])(?:src|tests|benchmarks|examples|corpora|docs)/[\w/.-]+\.\w+")
LINK = re.compile(r"\]\(([^)\s#]*)#?([^)\s]*)\)")
ENGINES = (ROOT / "docs" / "engines.md").read_text(encoding="utf-8")
OWN = ENGINES.partition("## Any task, any engine, your own data")[2].partition("\n## ")[0]


def commands(text: str) -> list[str]:
    """Return the lines of the blocks of shell commands, without their comments."""
    blocks = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line.partition(" #")[0].strip() for line in lines]


COMMANDS = commands(OWN)
LABELLING = [line for line in COMMANDS if line.startswith("imagegate label")]
# What the page leaves to the user: programs that answer, whatever they are shown.
PROGRAMS = {
    "my-ocr": "print('one two three four five six seven eight nine ten eleven')",
    "my-reader": 'print(\'{"number": 17, "name": "Tea"}\')',
    "my-cut": "import cv2, sys\n"
    "gray = cv2.imread(sys.argv[1], 0)\n"
    "cv2.imwrite(sys.argv[2], cv2.rectangle(gray * 0, (20, 20), (60, 50), 255, -1))",
}


def test_the_python_block_makes_a_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    monkeypatch.chdir(tmp_path)
    draw_label = importlib.import_module("qr_codes").draw_label
    Path("labels").mkdir()
    for number in range(12):
        cv2.imwrite(f"labels/{number}.png", draw_label(number))
    (block,) = re.findall(r"```python\n(.*?)```", OWN, re.DOTALL)
    exec(compile(block, "engines.md", "exec"), {"__name__": "engines"})  # noqa: S102 ours
    assert Path("qr.gate").stat().st_size > 1000
    assert len(read_corpus("corpus")) == 96


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder, with pictures, programs on the path and models."""
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "engines"))
    networks = importlib.import_module("networks")
    monkeypatch.chdir(tmp_path)
    for name in ("scans", "photos", "forms", "faces", "products/mug", "products/jar"):
        Path(name).mkdir(parents=True)
        for number in range(2):
            pixels = np.random.default_rng(number).integers(60, 250, (80, 96, 3), dtype=np.uint8)
            picture = cv2.GaussianBlur(pixels // 3, (0, 0), 2)
            cv2.rectangle(picture, (25, 20), (70, 60), (220, 240, 230), -1)
            cv2.imwrite(f"{name}/{number}.png", picture)
    Path("names.txt").write_text("mug\njar\npan\n")
    networks.classifier(Path("model.onnx"), sides=("h", "w"), last="Softmax")
    networks.classifier(Path("arcface.onnx"), sides=(112, 112))
    networks.lightness(Path("matting.onnx"), sure=40.0)
    networks.enlarger(Path("esrgan-x2.onnx"))
    Path("bin").mkdir()
    for name, code in PROGRAMS.items():
        program = Path("bin", name)
        program.write_text(f"#!{sys.executable}\n{code}\n")
        program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    return tmp_path


@pytest.mark.parametrize("line", LABELLING, ids=lambda line: line[16:60])
def test_a_labelling_command_runs_as_it_stands(line: str, user: Path) -> None:
    done = CliRunner().invoke(app, [*shlex.split(line)[1:], "--variants", "2", "--jobs", "1"])
    assert done.exit_code == 0, done.output
    assert not read_corpus(user / "corpus").meta["errors"]


def test_the_section_has_the_ways_that_it_promises() -> None:
    assert len(LABELLING) == 7
    assert sum("--command" in line for line in LABELLING) == 3
    assert sum("--onnx" in line for line in LABELLING) == 4
    assert {line.split()[1] for line in COMMANDS if line and line not in LABELLING} == {"train"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_every_file_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target, anchor in LINK.findall(text):
        if target.startswith("http"):
            continue
        linked = page.parent / target if target else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), f"{target}#{anchor}"
    assert [name for name in FILE.findall(text) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("row", EVERY.values(), ids=lambda row: row.name)
def test_every_degradation_is_in_the_documents(row: Degradation) -> None:
    text = (ROOT / "docs" / "degradations.md").read_text(encoding="utf-8")
    told = f"`{row.name}`" in text
    assert told, f"docs/degradations.md needs {row.name}"
    if row.name in DEGRADATIONS:
        strengths = ", ".join(f"{amount:g}" for amount in row.strengths)
        line = f"| `{row.name}` | {strengths} ({row.unit}) |"
        told = line in text
        assert told, f"docs/degradations.md needs: {line}"


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_every_task_is_in_the_documents(task: Task) -> None:
    text = (ROOT / "docs" / "tasks.md").read_text(encoding="utf-8")
    lines = re.findall(rf"^\| `{task.name}` \|.*$", text, re.MULTILINE)
    assert len(lines) == 1, f"docs/tasks.md needs a line for {task.name}"
    assert f"| {task.failure_threshold:g} |" in lines[0]
    assert [name for name in task.engines if f"`{name}`" not in lines[0]] == []
    assert re.search(rf"^\|.*`{task.name}`", ENGINES, re.MULTILINE), "docs/engines.md: its output"


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_has_the_options_shown(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    group: Any = get_command(app)
    context = group.make_context("imagegate", [], resilient_parsing=True)
    inline = (" ".join(code.split()) for code in re.findall(r"`(imagegate \w[^`]*)`", text))
    for line in (*commands(text), *inline):
        if not (found := re.search(r"\bimagegate (\w.*)", line.partition(" | ")[0])):
            continue
        name, *words = shlex.split(found[1])
        command = group.get_command(context, name)
        assert command, line
        if hasattr(command, "get_command"):  # a group
            name, *words = words
            command = command.get_command(context, name)
            assert command, line
        options = {option for parameter in command.params for option in parameter.opts}
        used = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert used <= options | {"--help"}, line
