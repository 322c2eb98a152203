"""Users' own tasks: of functions, from other packages, and what becomes of nonsense."""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import owned
import pytest

import imagegate
from imagegate.errors import CorpusError, EngineError, SettingsError, UnknownNameError
from imagegate.tasks import find_engine, find_task
from imagegate.training.labelling import store
from imagegate.training.learning.messages import left_out
from imagegate.training.maintenance.remeasure import remeasure

DARK, LIGHT = 30, 150


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four light pictures, and two so dark that the engines of the module go wrong."""
    folder = tmp_path_factory.mktemp("owned") / "set"
    folder.mkdir()
    for place, level in enumerate((LIGHT, DARK, LIGHT, LIGHT, DARK, LIGHT)):
        coarse = np.random.default_rng(place).integers(level, level + 40, (6, 8, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"i{place}.png"), cv2.resize(coarse, (96, 72)))
    return folder


def label(pictures: Path, task: imagegate.Task, out: Path, **settings: Any) -> Any:
    sources, left_out = imagegate.find_sources([pictures], task)
    assert not left_out
    asked = {"recipe": "natural", "jobs": 2, "timeout": 2.0, **settings}
    return imagegate.label(sources, task, None, out, **asked)


def test_a_function_becomes_a_gate_in_ten_lines(pictures: Path, tmp_path: Path) -> None:
    threshold = 25.0  # a function of this very test, with what it holds, reaches the workers

    def run(pixels: Any) -> float:
        return float(pixels.mean())

    def loss(output: float, truth: float) -> float:
        return min(1.0, abs(output - truth) / threshold)

    task = imagegate.Task.from_callable(run, loss, name="levels", failure_threshold=0.4)
    report = label(pictures, task, tmp_path / "c", recipe="singles", variants=12)
    assert (report.rows, report.errors) == (72, 0)
    corpus = imagegate.read_corpus(tmp_path / "c")
    assert (corpus.meta["task"], corpus.meta["engine"], corpus.failure_threshold) == (
        "levels",
        "run",
        0.4,
    )
    result = imagegate.train(corpus, name="levels", risk_target=0.5, confidence=0.5)
    imagegate.save_gate(result.gate, tmp_path / "levels.gate")
    assert imagegate.load_gate(tmp_path / "levels.gate").card.task == "levels"


NONSENSE: tuple[tuple[Callable[..., Any], Callable[..., Any], str], ...] = (
    (owned.says_nan, owned.distance, "expected an output without NaN, got 3 of 3 values NaN"),
    (owned.other_shape, owned.distance, "ValueError: operands could not be broadcast"),
    (owned.raises, owned.distance, "LookupError: too dark"),
    (owned.never_ends, owned.distance, "no answer from never_ends within 2 s"),
    (owned.exits, owned.distance, "the process of exits died (exit code 3)"),
    (owned.returns_nothing, owned.distance, "TypeError: unsupported operand"),
    (owned.mean_colour, owned.strange_loss, "expected a loss in 0..1 of colours, got 'much'"),
    (owned.mean_colour, owned.endless_loss, "no answer from mean_colour within 2 s"),
)


@pytest.mark.parametrize(
    ("run", "loss", "said"), NONSENSE, ids=lambda v: getattr(v, "__name__", "")
)
def test_nonsense_is_an_error_by_name_and_the_run_goes_on(
    pictures: Path, tmp_path: Path, run: Any, loss: Any, said: str
) -> None:
    truth = {"verified": lambda output: True, "name": "colours"}
    for picture in pictures.iterdir():
        colour = cv2.imread(str(picture)).reshape(-1, 3).mean(axis=0)[::-1]
        (tmp_path / f"{picture.stem}.txt").write_text(" ".join(map(str, colour)))
    (tmp_path / "list.csv").write_text(
        "path,truth\n" + "".join(f"{p},{p.stem}.txt\n" for p in sorted(pictures.iterdir()))
    )
    task = imagegate.Task.from_callable(run, loss, read_truth=np.loadtxt, **truth)
    report = label(tmp_path / "list.csv", task, tmp_path / "c")
    table = store.arrow().parquet.read_table(tmp_path / "c" / store.ROWS).to_pydict()
    wrong = {
        row.split("/")[-1][:2]: error
        for row, error in zip(table["row_id"], table["error"], strict=True)
        if error
    }
    assert sorted(wrong) == ["i1", "i4"]
    assert all(said in error for error in wrong.values()), wrong
    assert (report.rows, report.errors) == (6, 2)
    message, times, first = report.reasons[0]
    assert said in message
    assert times == 2
    assert first.endswith("i1.png#000")


def test_without_truth_nonsense_on_a_clean_image_drops_the_source(
    pictures: Path, tmp_path: Path
) -> None:
    task = imagegate.Task.from_callable(owned.says_nan, owned.distance, name="colours")
    report = label(pictures, task, tmp_path / "c")
    assert report.rows == 4
    assert set(report.dropped) == {"set/i1", "set/i4"}
    assert all("3 of 3 values NaN" in why for why in report.dropped.values())
    always = imagegate.Task.from_callable(lambda pixels: float("nan"), owned.distance, name="x")
    with pytest.raises(
        CorpusError, match=r"none of the 6 sources can be used.*without NaN, got nan"
    ):
        label(pictures, always, tmp_path / "d")


def test_errors_may_count_as_failures(pictures: Path, tmp_path: Path) -> None:
    """As of a program that ends with an error where it finds nothing."""
    task = imagegate.Task.from_callable(
        owned.says_no, owned.distance, name="colours", failure_threshold=0.99
    )
    asked = {"recipe": "singles", "variants": 12}
    report = label(pictures, task, tmp_path / "c", **asked)
    assert 3 < report.errors < report.rows - 3
    before = int(imagegate.read_corpus(tmp_path / "c").fails.sum())
    (said,) = left_out(imagegate.read_corpus(tmp_path / "c").meta)
    assert f"{report.errors} rows with an error" in said
    assert "--errors fail" in said
    label(pictures, task, tmp_path / "c", errors="fail", **asked)  # no row is made again
    corpus = imagegate.read_corpus(tmp_path / "c")
    assert corpus.fails.sum() == before + report.errors
    assert len(corpus) == report.rows
    assert np.isfinite(corpus.column("exposure.range")).all()
    assert remeasure(tmp_path / "c", jobs=1) == report.rows  # each row its own image again
    np.testing.assert_array_equal(imagegate.read_corpus(tmp_path / "c").X, corpus.X)
    label(pictures, task, tmp_path / "c", **asked)
    assert len(imagegate.read_corpus(tmp_path / "c")) == report.rows - report.errors


def test_another_truth_is_another_corpus(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((40, 50, 3), 120, np.uint8))
    (tmp_path / "list.csv").write_text("path,truth\na.png,dog\n")
    line = "python3 -c 'print(\"cat\")' {image}"
    sources, _ = imagegate.find_sources([tmp_path / "list.csv"], "classification")
    imagegate.label(sources, "classification", line, tmp_path / "c", variants=1, jobs=1)
    assert imagegate.read_corpus(tmp_path / "c").fails.all()
    (tmp_path / "list.csv").write_text("path,truth\na.png,cat\n")
    sources, _ = imagegate.find_sources([tmp_path / "list.csv"], "classification")
    with pytest.raises(CorpusError, match="was begun with other sources"):
        imagegate.label(sources, "classification", line, tmp_path / "c", variants=1, jobs=1)


def test_what_a_stopped_program_leaves_behind_goes_with_the_run(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    sources, _ = imagegate.find_sources([pictures])
    line = "sh -c 'sleep 60' {image}"
    asked = {"recipe": "natural", "jobs": 2, "timeout": 1.0}
    with pytest.raises(CorpusError, match=r"no answer from sh -c 'sleep 60' \{image\} within 1 s"):
        imagegate.label(sources[:2], "ocr", line, tmp_path / "c", **asked)
    assert not list((tmp_path / "scratch").iterdir())


def test_an_engine_may_write_into_its_input(pictures: Path, tmp_path: Path) -> None:
    task = imagegate.Task.from_callable(owned.writes_into_its_input, owned.distance)
    assert label(pictures, task, tmp_path / "c").errors == 0
    assert not imagegate.read_corpus(tmp_path / "c").rows["loss"].any()


def test_what_cannot_travel_is_loaded_there(pictures: Path, tmp_path: Path) -> None:
    lock = threading.Lock()  # stands for a session: it cannot be pickled

    def run(pixels: Any) -> Any:
        with lock:
            return owned.mean_colour(pixels)

    task = imagegate.Task.from_callable(run, owned.distance, name="locked")
    with pytest.raises(EngineError, match=r"run cannot be sent .* Task\.from_loader"):
        label(pictures, task, tmp_path / "c")

    def load() -> Any:
        own = threading.Lock()

        def locked(pixels: Any) -> Any:
            with own:
                return owned.mean_colour(pixels)

        return locked

    task = imagegate.Task.from_loader(load, owned.distance, name="locked")
    assert label(pictures, task, tmp_path / "c").errors == 0


def test_a_task_is_found_where_it_stands() -> None:
    assert find_task("owned:TASK") is owned.TASK
    assert find_engine("owned:TASK").name == "mean_colour"
    with pytest.raises(
        SettingsError, match=r"expected an imagegate\.Task at owned:NO_TASK, got str"
    ):
        find_task("owned:NO_TASK")
    with pytest.raises(SettingsError, match=r"cannot load the task nowhere:TASK.*nowhere"):
        find_task("nowhere:TASK")


def test_an_installed_package_offers_a_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = tmp_path / "colours-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: colours\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[imagegate.tasks]\ncolours = owned:TASK\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert find_task("colours") is owned.TASK
    with pytest.raises(UnknownNameError, match="Did you mean 'colours'"):
        find_task("colors")


def test_images_of_one_customer_are_one_source(tmp_path: Path) -> None:
    lines = ["path,failed,group"]
    for number in range(6):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((40, 50, 3), 90 + number, np.uint8))
        lines.append(f"{number}.png,{number % 2},{'ab'[number // 3]}")
    (tmp_path / "outcomes.csv").write_text("\n".join(lines) + "\n")
    corpus = imagegate.read_outcomes(tmp_path / "outcomes.csv", jobs=1)
    assert sorted(set(corpus.column("source_id"))) == ["a", "b"]
    assert len(corpus) == 6
