"""Feeding back: what became of images in production joins the corpora that a gate learns from."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from standins import corpus
from typer.testing import CliRunner

from imagegate.cli import app
from imagegate.errors import SettingsError
from imagegate.features import MEASURES, VERSION
from imagegate.models.artifact import read_gate
from imagegate.training.corpus import Corpus, read_corpus, read_outcomes, with_outcomes
from imagegate.training.labelling import store

ROWS = corpus(sources=60, variants=4, seed=2)
IMAGES = 30


def write_corpus(folder: Path, found: Corpus) -> Path:
    """Write rows as ``imagegate label`` leaves them."""
    folder.mkdir()
    plain = [
        {name: column[i] for name, column in found.rows.items()}
        | dict(zip(found.names, found.X[i].tolist(), strict=True))
        | {"error": ""}
        for i in range(len(found))
    ]
    arrow = store.arrow()
    table = arrow.Table.from_pylist(plain, schema=store.schema())
    arrow.parquet.write_table(table, folder / store.ROWS)
    sets = {name: {"sources": 1, "root": "", "licence": ""} for name in found.meta["sets"]}
    meta = {"format": store.FORMAT, "features_version": VERSION, "measures": list(MEASURES)}
    meta |= {"rows": len(found), "errors": 0, "fails": 0, "dropped": {}, "complete": True}
    (folder / "corpus.json").write_text(json.dumps({**found.meta, **meta, "sets": sets}))
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold a corpus, and images of sharp squares that all failed in production, two a group."""
    root = tmp_path_factory.mktemp("feedback")
    write_corpus(root / "corpus", ROWS)
    lines = ["path,failed,group"]
    for i in range(IMAGES):
        rng = np.random.default_rng(i)
        squares = np.kron(rng.integers(0, 2, (9, 12)), np.ones((20, 20))).astype(np.uint8)
        (root / f"{i}.png").write_bytes(cv2.imencode(".png", 40 + 180 * squares)[1].tobytes())
        lines.append(f"{i}.png,1,customer {i // 2}")
    (root / "feedback.csv").write_text("\n".join(lines))
    return root


def trained(place: Path, name: str, *more: str):
    asked = ["train", str(place / "corpus"), "--out", str(place / name), "--risk-target", "0.4"]
    done = CliRunner().invoke(app, [*asked, "--confidence", "0.7", *more])
    assert done.exit_code == 0, done.output
    return read_gate(place / name), done.output


def test_outcomes_join_corpora_and_change_the_gate(place: Path) -> None:
    without, _ = trained(place, "old.gate")
    gate, told = trained(place, "new.gate", "--outcomes", str(place / "feedback.csv"))
    sets = {one["name"]: one for one in gate.card.sets}
    assert sets["feedback"]["rows"] == sets["feedback"]["fails"] == IMAGES
    assert {"pages", "receipts"} < sets.keys()
    assert (gate.card.task, gate.card.engine, gate.card.limit) == ("ocr", "tesseract", 0.3)
    for part in ("train", "calibration", "test"):
        assert any(name.startswith("customer") for name in gate.card.groups[part])
    assert "outcomes come without what the engine made of the images" in told
    X = read_outcomes(place / "feedback.csv", jobs=1).X
    assert gate.p_fail(X).mean() > without.p_fail(X).mean() + 0.2
    barred = {name for name, row in MEASURES.items() if row.about == "picture"}
    assert not barred & set(gate.card.measures), "a reading gate learns nothing about pictures"


def test_joined_rows_keep_what_the_corpora_say(place: Path) -> None:
    known = read_corpus(place / "corpus")
    joined = with_outcomes(known, read_outcomes(place / "feedback.csv", jobs=1, default_set="mine"))
    assert len(joined) == len(known) + IMAGES
    assert joined.fails[len(known) :].all()
    np.testing.assert_array_equal(joined.fails[: len(known)], known.fails)
    assert set(joined.column("set")[len(known) :]) == {"mine"}
    assert joined.meta["text"] is True


def test_pages_and_changed_files(place: Path) -> None:
    digest = hashlib.sha256((place / "1.png").read_bytes()).hexdigest()
    (place / "some.csv").write_text(
        f"path,failed,sha256,page\n0.png,1,{'0' * 64},\n1.png,0,{digest},\n2.png,1,,2\n"
    )
    found = read_outcomes(place / "some.csv", jobs=1)
    assert list(found.rows["path"]) == ["1.png"]
    assert "the file has changed since" in found.meta["dropped"]["0.png"]
    assert "2.png#page=2" in found.meta["dropped"]


def test_repeated_lines_join_corpora_once_and_are_told(place: Path) -> None:
    (place / "twice.csv").write_text((place / "feedback.csv").read_text() + "\n0.png,1,customer 0")
    gate, told = trained(place, "twice.gate", "--outcomes", str(place / "twice.csv"))
    assert {one["name"]: one["rows"] for one in gate.card.sets}["feedback"] == IMAGES
    assert "1 line repeats an outcome and counts once" in told
    assert "next:" not in told, "'evaluate' could not read the outcomes"


def test_a_gate_that_could_not_be_written_is_told_before_the_training(place: Path) -> None:
    answers = place / "feedback.csv"
    given = answers.read_bytes()
    for out in (answers / "my.gate", place / "corpus", answers):
        asked = ["train", "--outcomes", str(answers), "--out", str(out)]
        done = CliRunner().invoke(app, asked)
        assert isinstance(done.exception, SettingsError)
        assert str(out) in str(done.exception)
        assert not done.output, "nothing was measured"
    assert answers.read_bytes() == given
    (place / "twelve.csv").write_text("path,failed\n0.png,1\n")
    few = ["train", "--outcomes", str(place / "twelve.csv"), "--out", str(place / "new/x.gate")]
    CliRunner().invoke(app, few)
    assert (place / "new").is_dir()
    assert not list((place / "new").iterdir()), "a training that fails leaves no gate"


def test_what_does_not_go_together(place: Path) -> None:
    for asked, message in (
        (["train"], "give corpus folders, --outcomes FILE, or both"),
        (["train", str(place / "corpus"), "--task", "ocr"], "--task goes with --outcomes alone"),
    ):
        done = CliRunner().invoke(app, asked)
        assert isinstance(done.exception, SettingsError)
        assert message in str(done.exception)
