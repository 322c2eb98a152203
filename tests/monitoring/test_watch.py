"""Watching a gate: what is counted, what is advised, what became of the images, and the page."""

import numpy as np
import pytest
from logs import EDGE, filed, readings, rows, small, watched_gate, write
from probes import page

from imagegate.errors import SettingsError, UnknownNameError
from imagegate.models.artifact import load_gate
from imagegate.models.verdict import Result
from imagegate.monitoring import watch
from imagegate.pipeline.log import DecisionLog
from imagegate.stats.binomial import sources_needed, wilson

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
    assert report.total.routes["use"] == len(used)
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
        {"reasons": [{"cause": ["blur"]}]},
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


def test_logs_that_call_a_cause_a_signal_are_read(gate, tmp_path):
    gate, file = gate
    lines = rows(gate, readings(30, 8))
    held = sum(bool(line["reasons"]) for line in lines)
    lines = [
        line | {"reasons": [{"signal": "unfamiliar"} for _ in line["reasons"]]} for line in lines
    ]
    assert 0 < watch([write(tmp_path / "log.jsonl", lines)], gate=file).total.unfamiliar == held


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
    assert found.total.routes["use"] == sum(line["decision"] == "pass" for line in first)


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
    assert last.shifts == ()
    assert same.causes["text"].level() == "none"
    assert back.causes["text"].level() == "large"
    assert "than in last" in back.advice.reason
    assert (same.advice.level, back.advice.level) == ("keep", "look")
    rest = [line | {"batch": "rest"} if line["batch"] != "last" else line for line in lines]
    both = watch([write(tmp_path / "rest.jsonl", rest)], gate=file, against="last")
    assert report.total.shifts == both.periods[1].shifts, (
        "the reference is not compared with itself"
    )
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
    assert "unlike anything the gate was trained on" in report.advice.reason


def test_logs_that_cannot_be_watched(gate, tmp_path):
    gate, _ = gate
    log = write(tmp_path / "log.jsonl", rows(gate, readings(3, 15)))
    with pytest.raises(SettingsError, match="made by the gate 'tiny', which is not bundled"):
        watch([log])
    with pytest.raises(SettingsError, match=r"no decision of ocr-tesseract .*only of tiny"):
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
    log.append(Result(f"{i}.png", name, verdict) for i, verdict in enumerate(verdicts))
    report = watch([tmp_path / "log.jsonl"])
    assert (report.gate.name, report.total.images) == (gate.name, 3)
    assert report.total.routes["use"] == sum(verdict.ok for verdict in verdicts)
    assert bool(report.total.shifts) == (name == "ocr")
    assert (report.total.expected is None) == (name != "ocr")
