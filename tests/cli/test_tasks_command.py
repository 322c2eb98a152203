"""``imagegate tasks``: every task is listed with all that a user asks of it."""

from __future__ import annotations

import json
from importlib import metadata
from typing import Any

import pytest
from typer.testing import CliRunner

from imagegate.cli import app
from imagegate.tasks import ENTRY_POINTS, TASKS


def listed(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["tasks", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def rows() -> dict[str, dict[str, Any]]:
    lines = map(json.loads, listed("--json").splitlines())
    return {line["name"]: line for line in lines}


def test_every_task_says_what_a_user_asks() -> None:
    found = rows()
    assert list(found) == list(TASKS)
    shown = listed()
    for name, row in found.items():
        assert row["about"], f"{name} needs a few words: about="
        assert row["loss"]
        assert row["truth"]
        assert row["limit"] == TASKS[name].failure_threshold
        assert [engine["name"] for engine in row["engines"]] == list(TASKS[name].engines)
        assert all(engine["runs"] == bool(engine["version"]) for engine in row["engines"])
        assert row["command"] or row["onnx"]
        assert f"{name}  {row['about']}" in shown


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    engine = next(row for row in rows()["ocr"]["engines"] if row["name"] == "rapidocr")
    assert not engine["runs"]
    assert engine["missing"] == "rapidocr is not installed: pip install 'imagegate[ocr]'"
    assert "rapidocr (cannot run here: rapidocr is not installed" in listed()


def test_a_package_that_cannot_be_imported_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        metadata.EntryPoint("dents", "no_such_package.tasks:DENTS", ENTRY_POINTS),
        metadata.EntryPoint("number", "math:pi", ENTRY_POINTS),
    ]
    monkeypatch.setattr(metadata, "entry_points", lambda group: points)
    found = rows()
    assert list(found) == [*TASKS, "dents", "number"]
    assert "No module named 'no_such_package'" in found["dents"]["error"]
    assert "expected an imagegate.Task at math:pi, got float" in found["number"]["error"]
    assert "cannot load the task no_such_package.tasks:DENTS" in listed()
