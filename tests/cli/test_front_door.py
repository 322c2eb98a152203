"""What a user meets first: version, help, completion, aliases, suggestions, files that stay."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

import imagegate
from imagegate.cli import COMMANDS, EARLIER, app
from imagegate.cli.console import out, print_table
from imagegate.cli.groups import GROUPS
from imagegate.errors import SettingsError, UnknownNameError
from imagegate.models.artifact import ALIASES, gate_names, load_gate
from imagegate.tasks import find_engine

CORPUS = str(Path(__file__).parents[2] / "corpora/ocr-rapidocr/prints")
MOST_FILES = 68  # of ours that checking one image loads
MOST_FRAMES = 6  # of ours between the command and Gate.check
WATCHED = """
import json, sys, traceback
from typer.testing import CliRunner
from imagegate.cli import app
from imagegate.models.gate import Gate
trips, check = [], Gate.check
def watched(*args, **settings):
    names = [frame.name for frame in traceback.extract_stack() if "src/imagegate" in frame.filename]
    trips.append(names[names.index("command") + 1:])
    return check(*args, **settings)
Gate.check = watched
CliRunner().invoke(app, ["check", sys.argv[1]])
print(json.dumps([trips[0], sorted(name for name in sys.modules if name.startswith("imagegate"))]))
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)], env={"COLUMNS": "80"})


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.jpg"
    Image.fromarray(np.full((400, 600, 3), 255, np.uint8)).save(path)
    return path


def test_the_version_is_that_of_the_package() -> None:
    command = [sys.executable, "-m", "imagegate", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["imagegate", metadata.version("imagegate")]


LEAVES = [*COMMANDS, *(f"{group} {name}" for group, rows in GROUPS.items() for name in rows)]


@pytest.mark.parametrize("name", LEAVES)
def test_help_shows_examples_that_parse(name: str) -> None:
    lines = [line.strip() for line in run(*name.split(), "--help").output.splitlines()]
    assert not [line for line in lines if "…" in line]  # no option is cut at 80 columns
    examples = [line for line in lines if line.startswith(f"imagegate {name}")]
    assert examples
    command: Any = typer.main.get_command(app)
    for word in name.split():
        command = command.get_command(None, word)
    for line in examples:
        command.make_context(name, shlex.split(line)[1 + len(name.split()) :])


def test_a_group_lists_its_commands_and_suggests_them() -> None:
    assert "check" in run("edits", "--help").output
    done = run("edits", "chekc")
    assert done.exit_code == 2
    assert "'check'" in done.output


@pytest.mark.parametrize(
    ("name", "earlier", "now"),
    [(name, *pair) for name, options in EARLIER.items() for pair in options.items()],
)
def test_earlier_spellings_of_options_are_accepted(name: str, earlier: str, now: str) -> None:
    command = typer.main.get_command(app).get_command(None, name)
    needed = ["gate", "corpus"] if name == "evaluate" else ["corpus", "--out", "new"]
    given = command.make_context(name, [*needed, f"--{earlier}", "0"])
    assert str(given.params[now.replace("-", "_")]).startswith("0")


def test_a_mistyped_command_is_suggested() -> None:
    done = run("chekc")
    assert done.exit_code == 2
    assert "'check'" in done.output


def test_the_shell_completes_commands_options_and_gates() -> None:
    def completed(words: str) -> list[str]:
        asked = {"_IMAGEGATE_COMPLETE": "complete_bash", "COMP_WORDS": words}
        asked["COMP_CWORD"] = str(len(words.split()) - 1)
        command, env = [sys.executable, "-m", "imagegate"], {**os.environ, **asked}
        done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
        return done.stdout.split()

    assert completed("imagegate ev") == ["evaluate"]
    assert "--engine-output" in completed("imagegate check --engine-o")
    assert completed("imagegate check --gate ocr-t") == ["ocr-tesseract"]
    assert "--install-completion" in run("--help").output


def test_an_alias_means_the_engine_that_its_task_runs_by_default() -> None:
    shown = run("gates").output
    for task, name in ALIASES.items():
        assert load_gate(task).name == name
        assert load_gate(task).card.engine == find_engine(task).name
        assert f" {task} " in next(line for line in shown.splitlines() if line.startswith(name))
    assert all(name.removeprefix("rules:") in shown for name in gate_names())


@pytest.mark.parametrize(("typed", "meant"), [("ocrr", "ocr"), ("rules:orc", "rules:ocr")])
def test_a_mistyped_gate_is_suggested(page: Path, typed: str, meant: str) -> None:
    done = run("check", page, "--gate", typed)
    assert isinstance(done.exception, UnknownNameError)
    assert f"Did you mean {meant!r}?" in str(done.exception)


def test_a_gate_file_of_nearly_that_name_is_suggested(page: Path, tmp_path: Path) -> None:
    (tmp_path / "my.gate").write_bytes(b"")
    done = run("check", page, "--gate", tmp_path / "mi.gate")
    assert str(tmp_path / "my.gate") in str(done.exception)


@pytest.mark.parametrize("command", [["train", CORPUS], ["adjust", "ocr-tesseract"]])
def test_a_gate_is_replaced_only_by_force(command: list[str], tmp_path: Path) -> None:
    kept = tmp_path / "kept.gate"
    run("adjust", "ocr-rapidocr", "--risk-target", 0.3, "--out", kept)
    before, asked = kept.read_bytes(), ("--risk-target", 0.2, "--out", kept)
    done = run(*command, *asked)
    assert isinstance(done.exception, SettingsError)
    assert "--force" in str(done.exception)
    assert kept.read_bytes() == before
    if command[0] == "adjust":
        assert run(*command, *asked, "--force").exit_code == 0
        assert kept.read_bytes() != before


@pytest.mark.parametrize("shares", ["0.6,0.2", "0.6,0.2,0.3", "a,b,c"])
def test_shares_are_three_that_sum_to_1(shares: str, tmp_path: Path) -> None:
    done = run("train", CORPUS, "--shares", shares, "--out", tmp_path / "new.gate")
    assert isinstance(done.exception, SettingsError)
    assert not (tmp_path / "new.gate").exists()


def test_two_spellings_of_an_option_mean_the_same(tmp_path: Path) -> None:
    cards = []
    for option, name in (("--risk-target", "a"), ("--promise", "b")):
        gate = tmp_path / name / "same.gate"
        assert run("adjust", "ocr-rapidocr", option, 0.2, "-o", gate).exit_code == 0
        cards.append(load_gate(gate).card.to_dict())
    assert cards[0] == cards[1]


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_no_cell_of_a_table_is_folded(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(out, "_width", columns)
    cells = [f"0.9{i} (0.912–0.98{i})" for i in range(5)]
    print_table(["", *(f"measure {i}" for i in range(5))], ["learned gate", *cells])
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line.rstrip()) <= columns for line in lines)
    assert all(any(cell in line for line in lines) for cell in cells)


@pytest.mark.parametrize("gate", ["ocr", "rules:general"])
def test_a_verdict_is_json_without_nan(page: Path, gate: str) -> None:
    verdict = imagegate.load_gate(gate).check(page)
    assert json.loads(json.dumps(verdict.to_dict(), allow_nan=False))["measures"]


def test_checking_one_image_loads_few_files_and_goes_straight_to_the_gate(page: Path) -> None:
    command = [sys.executable, "-c", WATCHED, str(page)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    trip, modules = json.loads(done.stdout)
    assert len(trip) <= MOST_FRAMES, trip
    assert len(modules) <= MOST_FILES, modules
