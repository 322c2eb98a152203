"""Watching a gate: what is counted, what is advised, what became of the images, and the page."""

import json
import re

import numpy as np
import pytest
from logs import EDGE, feedback_of, filed, readings, rows, small, watched_gate, write
from probes import page
from typer.testing import CliRunner

from imagegate.cli import app
from imagegate.errors import SettingsError, UnknownNameError
from imagegate.models.gate import load_gate
from imagegate.pipeline.log import DecisionLog
from imagegate.pipeline.watch import watch, write_page
from imagegate.pipeline.watch.repeats import Repeats
from imagegate.training.binomial import sources_needed, wilson

GATE = watched_gate()


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    """Return the gate as read from its file, which gives it a hash, and the file."""
    return filed(GATE, tmp_path_factory.mktemp("gate"))


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
    assert [one.name for one in report.periods] == ["monday", "tuesday"]
    assert report.total.images == 201
    assert report.periods[1].routes["broken"] == 1
    for key in ("use", "review", "reject", "broken"):
        assert report.total.routes[key] == sum(one.routes[key] for one in report.periods)
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


@pytest.mark.parametrize(
    "wrong",
    [
        {"page": "x"},
        {"page": [1]},
        {"page": 0},
        {"p_fail": np.nan},
        {"p_fail": np.inf},
        {"p_fail": 2},
        {"p_repaired": "low"},
        {"measures": {"text.contrast": 10**400}},
        {"measures": {"text.contrast": np.inf}},
        {"reasons": [{"signal": ["blur"]}]},
        {"repair": {}},
        {"gate_hash": 7},
        {"decision": None},
        {"path": "half a letter \ud83d"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_lines_that_would_break_the_watch_are_left_out(gate, tmp_path, wrong):
    gate, file = gate
    lines = rows(gate, readings(3, 3))
    log = write(tmp_path / "log.jsonl", [*lines, lines[0] | wrong])
    report = watch([log], gate=file)
    assert report.total.images == 3
    assert "1 line of the logs could not be read" in report.notes[0]


def test_the_time_is_found_wherever_it_stands(gate, tmp_path):
    """Old logs have it before a batch of any length; a name that looks like one is none."""
    gate, file = gate
    lines = rows(gate, readings(2, 5), batch='"time": "2026-11-20T00' + "漢" * 500)
    lines[1]["time"] = "2026-11-22T00:00:01Z"
    early = [{"time": line.pop("time"), **line} for line in lines]
    days = [one.name for one in watch([write(tmp_path / "a", early)], gate=file).periods]
    assert days == ["2026-11-21", "2026-11-22"]
    odd = [early[0], early[1] | {"time": [5]}, early[1] | {"time": "yesterday"}]
    found = watch([write(tmp_path / "b", odd)], gate=file, by="day").periods
    assert [(one.name, one.images) for one in found] == [("2026-11-21", 1), ("no date", 2)]


def test_periods_are_batches_until_there_are_several_days(gate, tmp_path):
    gate, file = gate
    first = rows(gate, readings(4, 5), batch="a")
    second = rows(gate, readings(4, 6), batch="b")
    log = write(tmp_path / "one.jsonl", [*first, *second])
    assert watch([log], gate=file).by == "batch"
    later = [line | {"time": "2026-11-22T00:00:01Z"} for line in second]
    log = write(tmp_path / "two.jsonl", [*later, *first])
    days = [one.name for one in watch([log], gate=file).periods]
    assert days == ["2026-11-21", "2026-11-22"]
    assert [one.name for one in watch([log], gate=file, by="batch").periods] == ["b", "a"]
    plain = [
        {k: v for k, v in line.items() if k not in ("time", "batch", "route")} for line in first
    ]
    verdicts = write(tmp_path / "scans.jsonl", plain)
    found = watch([verdicts], gate=file)
    assert [one.name for one in found.periods] == ["scans"]
    assert found.total.passed == sum(line["decision"] == "pass" for line in first)


def test_images_that_move_where_training_had_few_are_to_be_looked_at(gate, tmp_path):
    gate, file = gate
    lines = [*rows(gate, readings(300, 7), batch="usual"), *rows(gate, small(80, 8), batch="small")]
    report = watch([write(tmp_path / "log.jsonl", lines)], gate=file)
    usual, tiny = report.periods
    assert usual.advice.level == "keep"
    assert tiny.advice.level == "look"
    assert tiny.advice.labels == sources_needed(0.05, 0.95)
    assert "letters are smaller than in training" in tiny.advice.reason
    assert report.advice.level == "look"


def test_a_batch_can_take_the_place_of_training(gate, tmp_path):
    gate, file = gate
    narrow = small(200, 10), readings(200, 11)
    for X in narrow:
        X[:, EDGE] = 3.3  # so how far the readings of "last" went would show
    lines = [
        *rows(gate, small(200, 9), batch="last"),
        *rows(gate, narrow[0], batch="same"),
        *rows(gate, narrow[1], batch="back"),
    ]
    report = watch([write(tmp_path / "log.jsonl", lines)], gate=file, against="last")
    last, same, back = report.periods
    assert last.moved == ()
    assert same.signals["resolution"].level() == "none"
    assert back.signals["resolution"].level() == "large"
    assert "than in last" in back.advice.reason
    assert (same.advice.level, back.advice.level) == ("keep", "look")
    rest = [line | {"batch": "rest"} if line["batch"] != "last" else line for line in lines]
    both = watch([write(tmp_path / "rest.jsonl", rest)], gate=file, against="last")
    assert report.total.moved == both.periods[1].moved, "the reference is not compared with itself"
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
    assert [one["name"] for one in plain["periods"]] == ["usual", odd]
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


def test_a_page_takes_any_name(gate, tmp_path):
    """Names in any script, and long ones: whole in tables, shortened in drawings, no warning."""
    gate, file = gate
    names = ["東京の支店", "صور", "\t\x07", "s3://bucket/" + "a/very/long/folder/" * 8 + "end"]
    lines = [line for name in names for line in rows(gate, readings(20, 6), batch=name)]
    report = watch([write(tmp_path / "log.jsonl", lines)], gate=file)
    text = write_page(report, tmp_path / "page.html").read_text(encoding="utf-8")
    figures = "".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    assert names[3] in text
    assert names[3] not in figures
    assert "…" in figures
    assert names[0] in figures


def test_the_same_content_twice_in_a_period_is_told(gate, tmp_path):
    gate, file = gate
    lines = [row | {"sha256": f"{i:064x}"} for i, row in enumerate(rows(gate, readings(4, 5)))]
    pages = lines[0] | {"page": 2, "pages": 2}
    later = [row | {"time": "2026-11-22T00:00:01Z"} for row in lines]
    log = write(tmp_path / "log.jsonl", [*lines, pages, *later, lines[3]])
    report = watch([log], gate=file)
    assert report.total.images == 10, "the log is of decisions"
    assert any(n.startswith("1 decision is about the same content") for n in report.notes)
    few = Repeats(most=2)
    for row in [*lines, *lines]:
        few.add(row, period="x")
    assert next(few.sentences("day")).startswith("At least 2 decisions are about")


def test_a_page_replaces_nothing_but_a_page(gate, tmp_path):
    gate, file = gate
    log = write(tmp_path / "log.jsonl", rows(gate, readings(20, 3)))
    answers = feedback_of(tmp_path / "fb.csv", rows(gate, readings(1, 3)), [False])
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "link.html").symlink_to(log)
    (tmp_path / "page.html").write_text("\n <!DOCTYPE html>")
    before = {one: one.read_bytes() for one in tmp_path.iterdir()}
    asked = ["watch", str(log), "--gate", file, "--feedback", str(answers), "--html"]
    wrong = [log, answers, file, *(tmp_path / name for name in ("notes.txt", "link.html"))]
    for place in [*wrong, tmp_path / "notes.txt" / "page.html", tmp_path]:
        done = CliRunner().invoke(app, [*asked, str(place)])
        assert isinstance(done.exception, SettingsError), place
        assert str(place) in str(done.exception)
    assert {one: one.read_bytes() for one in tmp_path.iterdir()} == before
    done = CliRunner().invoke(app, [*asked, str(tmp_path / "page.html")])
    assert done.exit_code == 0, done.output
    assert "20 images in 1 batch" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [80, 100, 200])
def test_tables_fit_the_terminal_and_the_verdict_comes_first(gate, tmp_path, width):
    """Twelve days with every route and feedback: no line of a table is folded."""
    gate, file = gate
    times = [f"2026-11-{day:02}T08:00:00Z" for day in range(1, 13)]
    days = [rows(gate, small(40, i), time=time) for i, time in enumerate(times)]
    for day in days:
        day[0] |= {"route": "repair", "repair": "noise", "p_repaired": 0.1}
        day[1] |= {"route": None, "decision": None, "reasons": [], "error": "broken"}
    log = write(tmp_path / "log.jsonl", [line for day in days for line in day])
    used = [line for line in days[0] if line["route"] == "use"][:9]
    answers = feedback_of(tmp_path / "fb.csv", used, [False] * 9)
    asked = ["watch", str(log), "--gate", file, "--feedback", str(answers)]
    told = CliRunner().invoke(app, asked, env={"COLUMNS": str(width)}).output.splitlines()
    assert told[0].startswith("look    ")
    for time in times:
        lines = [line for line in told if line.startswith(time[:10])]
        assert len(lines) == 2, "one in each table"
        assert all(len(line.rstrip()) <= width for line in lines)
    heads = [line for line in told if line.startswith("day")]
    routes = {"repaired", "review", "rejected", "broken"}
    assert {"images", "to use", *routes} <= set(re.split(r"\s{2,}", heads[0].strip()))
    assert len([line for line in told if "•" in line]) == 10
    assert any(line.startswith("  … and ") for line in told)
    paths = [f"s3://bucket/scans/of/a/long/name/{i}" for i in range(2)]
    moved = [line | {"batch": path} for path in paths for line in days[0]]
    told = CliRunner().invoke(
        app,
        ["watch", str(write(log, moved)), "--gate", file],
        env={"COLUMNS": str(width)},
    )
    assert all(re.search(rf"^(…|s3://)\S*/{i} ", told.output, re.MULTILINE) for i in range(2))
