"""Watching a gate: what is counted, what is advised, what became of the images, and the page."""

import hashlib
import json
import re

import numpy as np
import pytest
from logs import EDGE, readings, rows, small, watched_gate, write
from probes import page
from typer.testing import CliRunner

from imagegate.cli import app
from imagegate.errors import CorpusError, SettingsError, UnknownNameError
from imagegate.models.artifact import save_gate
from imagegate.models.gate import load_gate
from imagegate.pipeline.log import DecisionLog
from imagegate.pipeline.watch.feedback import read_feedback
from imagegate.pipeline.watch.monitor import watch
from imagegate.training.binomial import clopper_pearson, sources_needed, wilson

GATE = watched_gate()


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    """Return the gate as read from its file, which gives it a hash, and the file."""
    file = tmp_path_factory.mktemp("gate") / "tiny.gate"
    save_gate(GATE, file)
    return load_gate(file), str(file)


def test_counts_are_those_of_the_log(gate, tmp_path):
    gate, file = gate
    lines = [
        *rows(gate, readings(150, 1), batch="monday"),
        *rows(gate, readings(50, 2), batch="tuesday"),
    ]
    broken = {**lines[0], "route": None, "decision": None, "p_fail": None, "reasons": []}
    broken |= {"measures": {}, "error": "broken", "batch": "tuesday"}
    log = write(tmp_path / "log.jsonl", [*lines, broken])
    report = watch([log], gate=file)
    assert [group.name for group in report.groups] == ["monday", "tuesday"]
    assert report.total.images == 201
    assert report.groups[1].routes["broken"] == 1
    for key in ("use", "review", "reject", "broken"):
        assert report.total.routes[key] == sum(group.routes[key] for group in report.groups)
    used = [line for line in lines if line["route"] == "use"]
    assert report.total.passed == len(used)
    assert (report.total.passed_low, report.total.passed_high) == wilson(len(used), 201)
    assert report.total.expected.failures == pytest.approx(sum(line["p_fail"] for line in used))
    assert report.total.unfamiliar == sum(line["p_fail"] is None for line in lines)
    assert report.advice.level == "keep"


def test_torn_lines_and_other_gates_are_counted_and_left_out(gate, tmp_path):
    gate, file = gate
    other = rows(gate, readings(5, 4), gate_hash="beef")
    log = write(tmp_path / "log.jsonl", [*rows(gate, readings(20, 3)), *other])
    with log.open("a") as end:
        end.write('[1, 2]\n{"path": "a.png", "decision": "pass", "gate": "tiny", "measures": 3}\n')
        end.write('{"path": "cut o')
    report = watch([log], gate=file)
    assert report.total.images == 20
    notes = " ".join(report.notes)
    assert "3 lines of the logs could not be read" in notes
    assert "5 decisions of another gate are left out: tiny (beef)" in notes


def test_groups_are_batches_until_there_are_several_days(gate, tmp_path):
    gate, file = gate
    first = rows(gate, readings(4, 5), batch="a")
    second = rows(gate, readings(4, 6), batch="b")
    log = write(tmp_path / "one.jsonl", [*first, *second])
    assert watch([log], gate=file).by == "batch"
    later = [line | {"time": "2026-11-22T00:00:01Z"} for line in second]
    log = write(tmp_path / "two.jsonl", [*later, *first])
    days = [group.name for group in watch([log], gate=file).groups]
    assert days == ["2026-11-21", "2026-11-22"]
    assert [g.name for g in watch([log], gate=file, by="batch").groups] == ["b", "a"]
    plain = [
        {k: v for k, v in line.items() if k not in ("time", "batch", "route")} for line in first
    ]
    verdicts = write(tmp_path / "scans.jsonl", plain)
    found = watch([verdicts], gate=file)
    assert [group.name for group in found.groups] == ["scans"]
    assert found.total.passed == sum(line["decision"] == "pass" for line in first)


def test_images_that_move_where_training_had_few_are_to_be_looked_at(gate, tmp_path):
    gate, file = gate
    lines = [*rows(gate, readings(300, 7), batch="usual"), *rows(gate, small(80, 8), batch="small")]
    report = watch([write(tmp_path / "log.jsonl", lines)], gate=file)
    usual, tiny = report.groups
    assert usual.advice.level == "keep"
    assert tiny.advice.level == "look"
    assert tiny.advice.labels == sources_needed(0.05, 0.95)
    assert "letters are smaller than in training" in tiny.advice.reason
    assert report.advice.level == "look"


def test_a_group_can_take_the_place_of_training(gate, tmp_path):
    gate, file = gate
    lines = [
        *rows(gate, small(200, 9), batch="last"),
        *rows(gate, small(200, 10), batch="same"),
        *rows(gate, readings(200, 11), batch="back"),
    ]
    report = watch([write(tmp_path / "log.jsonl", lines)], gate=file, against="last")
    last, same, back = report.groups
    assert last.moved == ()
    assert same.signals["resolution"].level() == "none"
    assert back.signals["resolution"].level() == "large"
    assert "than in last" in back.advice.reason
    assert (same.advice.level, back.advice.level) == ("keep", "look")
    rest = [line | {"batch": "rest"} if line["batch"] != "last" else line for line in lines]
    both = watch([write(tmp_path / "rest.jsonl", rest)], gate=file, against="last")
    assert report.total.moved == both.groups[1].moved, "the reference is not compared with itself"
    with pytest.raises(UnknownNameError, match=r"no batch named 'lats'\. Did you mean 'last'"):
        watch([tmp_path / "log.jsonl"], gate=file, against="lats")


def test_images_unlike_all_training_call_for_training(gate, tmp_path):
    gate, file = gate
    X = readings(60, 12)
    X[:20] = [400, 900, 200, 0.9]
    lines = rows(gate, X)
    assert sum(line["p_fail"] is None for line in lines) >= 20
    report = watch([write(tmp_path / "log.jsonl", lines)], gate=file)
    assert report.advice.level == "retrain"
    assert "unlike anything that the gate has learned from" in report.advice.reason


def feedback_of(path, lines, failed):
    text = "".join(f"{line['path']},{int(bad)}\n" for line, bad in zip(lines, failed, strict=True))
    path.write_text("path,failed\n" + text)
    return path


@pytest.mark.parametrize(("failures", "level"), [(1, "keep"), (20, "retrain")])
def test_feedback_is_held_against_the_promise(gate, tmp_path, failures, level):
    gate, file = gate
    lines = rows(gate, readings(200, 13))
    used = [line for line in lines if line["route"] == "use"][:80]
    answers = feedback_of(tmp_path / "fb.csv", used, np.arange(80) < failures)
    log = write(tmp_path / "log.jsonl", lines)
    report = watch([log], gate=file, feedback=read_feedback(answers))
    seen = report.total.observed
    assert (seen.used, seen.failed, seen.promise) == (80, failures, 0.05)
    assert (seen.low, seen.high) == clopper_pearson(failures, 80)
    assert seen.expected.failures == pytest.approx(sum(line["p_fail"] for line in used))
    assert report.advice.level == level
    assert any("biased" in note for note in report.notes)


def test_many_groups_do_not_raise_an_alarm_by_chance(gate, tmp_path):
    """Four failures of twenty are beyond chance in one batch, not in one of thirty."""
    gate, file = gate
    batches = [rows(gate, readings(60, 40 + i), batch=f"b{i}") for i in range(30)]
    used = [[line for line in batch if line["route"] == "use"][:20] for batch in batches]
    bad = np.arange(600) < 4
    answers = feedback_of(tmp_path / "fb.csv", [line for part in used for line in part], bad)

    def advised(*batches):
        log = write(tmp_path / "log.jsonl", [line for batch in batches for line in batch])
        return watch([log], gate=file, feedback=read_feedback(answers)).advice.level

    assert advised(batches[0]) == "retrain"
    assert advised(*batches) == "keep"


def test_feedback_finds_images_by_path_root_and_content(gate, tmp_path, monkeypatch):
    gate, file = gate
    monkeypatch.chdir(tmp_path)
    digest = hashlib.sha256(b"x").hexdigest()
    lines = rows(gate, readings(6, 14))
    for line, path in zip(
        lines, ["a.png", "b.png", "s3://in/c.png", "d.png", "e.tif", "e.tif"], strict=True
    ):
        line["path"] = path
    lines[3]["sha256"] = digest
    lines[5] |= {"page": 2, "pages": 2}
    again = lines[0] | {"decision": "reject", "route": "reject"}
    (tmp_path / "fb.csv").write_text(
        "path,failed,sha256,page\n"
        f"a.png,1,,\n{tmp_path}/b.png,no,,\ns3://in/c.png,0,,\nmoved.png,yes,{digest.upper()},\n"
        "e.tif,1,,2\na.png,1,,\nnowhere.png,1,,\n"
    )
    feedback = read_feedback("fb.csv")
    report = watch([write(tmp_path / "log.jsonl", [*lines, again])], gate=file, feedback=feedback)
    found = {feedback.labels[i].line: one for i, one in feedback.found.items()}
    assert {line: one.failed for line, one in found.items()} == {
        2: True,
        3: False,
        4: False,
        5: True,
        6: True,
    }
    assert not found[2].used, "the last decision about an image counts"
    said = " ".join(report.notes)
    assert "1 of 6 answers are about no image of this log (lines 8)" in said
    assert "1 lines repeat an answer" in said
    assert "1 lines of the log are about an image again" in said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,failed\na.png,perhaps\n", "line 2: expected failed 0 or 1, got 'perhaps'"),
        (
            "path,failed\na.png,1\nb.png,1\na.png,0\n",
            "line 4: a.png has another answer than on line 2",
        ),
        ("path,failed,page\na.tif,1,first\n", "line 2: expected a page from 1, got 'first'"),
        ("file,failed\na.png,1\n", "expected the columns path,failed"),
    ],
)
def test_feedback_that_cannot_be_understood(tmp_path, text, message):
    (tmp_path / "fb.csv").write_text(text)
    with pytest.raises(CorpusError, match=re.escape(message)):
        read_feedback(tmp_path / "fb.csv")


def test_logs_that_cannot_be_watched(gate, tmp_path):
    gate, _ = gate
    log = write(tmp_path / "log.jsonl", rows(gate, readings(3, 15)))
    with pytest.raises(SettingsError, match="made by the gate 'tiny', which is not one that ships"):
        watch([log])
    with pytest.raises(SettingsError, match=r"no decision of ocr-tesseract .* only of tiny"):
        watch([log], gate="ocr")
    foreign = [line | {"gate": "ocr-tesseract"} for line in rows(gate, readings(3, 15))]
    other = write(tmp_path / "old.jsonl", foreign)
    with pytest.raises(SettingsError, match="another version of the gate 'ocr-tesseract'"):
        watch([other])
    (tmp_path / "empty.jsonl").write_text("\nno json\n")
    with pytest.raises(SettingsError, match="no line is a decision"):
        watch([tmp_path / "empty.jsonl"])
    with pytest.raises(SettingsError, match=r"gone.jsonl: No such file"):
        watch([tmp_path / "gone.jsonl"])


@pytest.mark.parametrize("name", ["ocr", "rules:ocr"])
def test_real_decisions_as_the_log_has_them(name, tmp_path):
    """What a gate says of images goes through the log; the gate is found by the log alone."""
    gate = load_gate(name)
    log = DecisionLog(tmp_path / "log.jsonl", gate, batch="pages")
    verdicts = [gate.check(page(ink=ink)) for ink in (10, 60, 200)]
    empty = {"page": 1, "pages": 1, "sha256": None, "route": None, "repair": None}
    log.append(
        {"path": f"{i}.png", **empty, "p_repaired": None, "error": None, **verdict.to_dict()}
        for i, verdict in enumerate(verdicts)
    )
    report = watch([tmp_path / "log.jsonl"])
    assert (report.gate.name, report.total.images) == (gate.name, 3)
    assert report.total.passed == sum(verdict.ok for verdict in verdicts)
    assert bool(report.total.moved) == (name == "ocr")
    assert (report.total.expected is None) == (name != "ocr")


def test_command_prints_tables_json_and_a_page(gate, tmp_path):
    gate, file = gate
    odd = "<b>$x_1$ & more"
    lines = [*rows(gate, readings(80, 16), batch="usual"), *rows(gate, small(60, 17), batch=odd)]
    log = write(tmp_path / "log.jsonl", lines)
    used = [line for line in lines if line["route"] == "use"][:10]
    answers = feedback_of(tmp_path / "fb.csv", used, [True] + [False] * 9)
    html = tmp_path / "out" / "page.html"
    asked = ["watch", str(log), "--gate", file, "--feedback", str(answers)]
    told = CliRunner().invoke(app, [*asked, "--html", str(html)], env={"COLUMNS": "200"})
    assert told.exit_code == 1, told.output
    assert f"look    {odd}" in told.output
    assert "letters are smaller than in training" in told.output
    done = CliRunner().invoke(app, [*asked, "--json"])
    plain = json.loads(done.stdout, parse_constant=lambda name: pytest.fail(name))
    assert done.exit_code == 1
    assert plain["advice"]["level"] == "look"
    assert [group["name"] for group in plain["groups"]] == ["usual", odd]
    text = html.read_text(encoding="utf-8")
    assert "<b>$x_1$" not in text
    assert "&lt;b&gt;$x_1$ &amp; more" in text
    assert not re.findall(r"(?:src|href)=\"(?!#|data:)|url\((?!#)|@import|<script", text)
    assert text.count("<svg") == 3


def test_command_keeps_quietly_and_names_a_wrong_setting(gate, tmp_path):
    gate, file = gate
    log = write(tmp_path / "log.jsonl", rows(gate, readings(100, 18)))
    done = CliRunner().invoke(app, ["watch", str(log), "--gate", file])
    assert done.exit_code == 0, done.output
    wrong = CliRunner().invoke(app, ["watch", str(log), "--gate", file, "--by", "week"])
    assert isinstance(wrong.exception, SettingsError)


def test_harder_images_than_promised_for(gate, tmp_path):
    """A policy may use what the gate would hold back: the report says what it leads to."""
    gate, file = gate
    X = readings(100, 19)
    X[:, EDGE] = 6
    lines = [line | {"route": "use"} for line in rows(gate, X) if line["p_fail"] is not None]
    report = watch([write(tmp_path / "log.jsonl", lines)], gate=file)
    assert report.advice.level == "look"
    assert "more than the 5 % promised" in report.advice.reason
    assert any("beyond the gate's own threshold" in note for note in report.notes)
