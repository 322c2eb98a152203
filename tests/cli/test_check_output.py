"""``imagegate check --engine-output``: which output belongs to which image, and what both say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from schemas import row_schema
from typer.testing import CliRunner, Result

from imagegate import load_messages
from imagegate.cli import app
from imagegate.errors import SettingsError
from imagegate.features import OUTPUT_VERSION, output_measures
from imagegate.models.artifact import save_gate
from imagegate.training.corpus import Corpus
from imagegate.training.learning.fit import train

TASK = "background-removal"
SOFT = "mask.soft_share"


def corpus(task: str, telling: str) -> Corpus:
    """Return made-up rows on which one measure of the output tells the outcome."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(100), 3)
    names, judged = ("blur.edge_width_px", "noise.flat_rms"), output_measures(task)
    outputs = {name: rng.random(300).astype(np.float32) for name in judged}
    outputs[telling] *= np.float32(0.4)
    loss = (outputs[telling] > 0.15).astype(np.float32)
    rows = {name: groups.astype(str).astype(object) for name in ("source_id", "group")}
    rows |= {"set": np.full(300, "drawn", object), "loss": loss}
    rows |= {"cause": np.full(300, "clean", object), "severity": np.zeros(300, np.int8)}
    rows |= {"chain": np.full(300, "[]", object), "reference_px": np.full(300, np.nan)}
    rows |= {name: np.full(300, 500) for name in ("width", "height")}
    meta = {"task": task, "engine": "drawn", "limit": 0.5, "sets": {}}
    meta |= {"output_version": OUTPUT_VERSION, "output_measures": list(judged)}
    X = rng.random((300, 2)).astype(np.float32)
    every = (*names, *(n for n in _six() if n not in names))
    X = np.hstack([X, np.full((300, len(every) - 2), np.nan, np.float32)])
    return Corpus(meta, rows, X, every, outputs)


def _six() -> list[str]:
    from imagegate.features import SCORES

    return [name for cause in SCORES.values() for name in cause.measures]


def gate_file(folder: Path, task: str, telling: str) -> Path:
    """Write a gate whose second one answers by probability alone, from 0.5 on with a reject."""
    gate = train(corpus(task, telling), name="drawn").gate
    assert gate.output
    open_guard = replace(gate.output.ood, limit=1e9)
    card = replace(gate.output.card, thresholds={"pass": 0.49, "reject": 0.5})
    path = folder / f"{task}.gate"
    save_gate(replace(gate, output=replace(gate.output, ood=open_guard, card=card)), path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pictures and a third without a mask; a good mask, and a half transparent one."""
    to = tmp_path_factory.mktemp("outputs")
    for name in ("pictures", "masks", "texts"):
        (to / name).mkdir()
    pixels = np.full((120, 160, 3), 220, np.uint8)
    pixels[30:90, 40:120] = (160, 80, 40)
    for name in ("good", "half", "none"):
        cv2.imwrite(str(to / "pictures" / f"{name}.jpg"), pixels)
    for name, level in (("good", 255), ("half", 150)):
        mask = np.zeros((120, 160), np.uint8)
        mask[30:90, 40:120] = level
        cv2.imwrite(str(to / "masks" / f"{name}.png"), mask)
    (to / "texts" / "good.txt").write_text("Total 9.00", encoding="utf-8")
    (to / "texts" / "good.json").write_text('{"text": "Total 9.00", "confidence": 0.75}')
    return to


@pytest.fixture(scope="module")
def gate(folder: Path) -> Path:
    return gate_file(folder, TASK, SOFT)


def check(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["check", *map(str, arguments)])


def rows_of(done: Result) -> dict[str, dict]:
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {Path(row["path"]).stem: row for row in found}


def test_one_image_and_its_mask(folder: Path, gate: Path) -> None:
    half = ("-g", gate, folder / "pictures/half.jpg", "--engine-output", folder / "masks/half.png")
    done = check(*half)
    assert done.exit_code == 1
    assert "drawn+output" in done.stdout
    assert load_messages()["output.doubtful"] in done.stdout
    row = rows_of(check(*half, "--json"))["half"]
    assert row["output"] == str(folder / "masks/half.png")
    assert [reason["code"] for reason in row["reasons"]].count("output.doubtful") == 1
    german = rows_of(check(*half, "--json", "--language", "de"))["half"]
    assert load_messages("de")["output.doubtful"] in [r["message"] for r in german["reasons"]]
    row_schema().validate(row)
    good = check(
        "-g", gate, folder / "pictures/good.jpg", "--engine-output", folder / "masks/good.png"
    )
    assert good.exit_code == 0


def test_a_folder_of_outputs_by_stem(folder: Path, gate: Path) -> None:
    done = check("-g", gate, folder / "pictures", "--engine-output", folder / "masks", "--json")
    rows = rows_of(done)
    assert done.exit_code == 1
    assert (rows["good"]["decision"], rows["half"]["decision"]) == ("pass", "reject")
    assert rows["none"]["decision"] is None
    assert rows["none"]["output"] is None
    assert "no mask image" in rows["none"]["error"]


def test_without_output_the_image_alone_is_judged(folder: Path, gate: Path) -> None:
    row = rows_of(check("-g", gate, folder / "pictures/half.jpg", "--json"))["half"]
    assert row["gate"] == "drawn"
    assert "output" not in row


@pytest.mark.parametrize(("suffix", "confidence"), [("txt", None), ("json", 0.75)])
def test_confidences_of_a_transcript_are_used_where_they_are(
    folder: Path, suffix: str, confidence: float | None
) -> None:
    gate = gate_file(folder, "ocr", "reading.word_length")
    image, text = folder / "pictures/good.jpg", folder / f"texts/good.{suffix}"
    row = rows_of(check("-g", gate, image, "--output", text, "--json"))["good"]
    assert row["gate"] == "drawn+output"
    assert row["measures"]["reading.word_count"] == 2
    assert row["measures"]["reading.confidence_mean"] == confidence


def test_of_several_transcripts_the_one_with_confidences_is_read(folder: Path) -> None:
    gate = gate_file(folder, "ocr", "reading.word_length")
    asked = ("-g", gate, folder / "pictures/good.jpg", "--engine-output", folder / "texts")
    row = rows_of(check(*asked, "--json"))["good"]
    assert row["output"] == str(folder / "texts/good.json")


@pytest.mark.parametrize(
    ("images", "output", "message"),
    [
        (["good", "half"], "masks/good.png", "one file for 2 images"),
        (["good"], "nowhere", "no such file or folder"),
    ],
)
def test_unclear_outputs_could_not_run(
    folder: Path, gate: Path, images: list[str], output: str, message: str
) -> None:
    files = [folder / "pictures" / f"{name}.jpg" for name in images]
    done = check("-g", gate, *files, "--engine-output", folder / output)
    assert isinstance(done.exception, SettingsError)
    assert message in str(done.exception)


def test_same_stem_twice_could_not_run(folder: Path, gate: Path, tmp_path: Path) -> None:
    (tmp_path / "good.jpg").write_bytes((folder / "pictures/good.jpg").read_bytes())
    done = check("-g", gate, folder / "pictures", tmp_path, "--engine-output", folder / "masks")
    assert "several images are called good" in str(done.exception)


def test_a_gate_without_output_check_says_so(folder: Path) -> None:
    done = check(
        "-g",
        "rules:background-removal",
        folder / "pictures/good.jpg",
        "--engine-output",
        folder / "masks",
    )
    assert "rules:background-removal judges images alone" in str(done.exception)


def test_show_tells_of_both(gate: Path) -> None:
    shown = CliRunner().invoke(app, ["show", str(gate)]).stdout
    assert "drawn: background-removal" in shown
    assert "drawn+output: background-removal" in shown
    plain = json.loads(CliRunner().invoke(app, ["show", str(gate), "--json"]).stdout)
    assert SOFT in plain["output"]["measures"]
    assert SOFT not in plain["measures"]
