"""``imagegate watch``: its tables, its page, its exit codes."""

import json
import re

import pytest
from logs import feedback_of, filed, readings, rows, small, watched_gate, write
from typer.testing import CliRunner

from imagegate.cli import app
from imagegate.errors import SettingsError
from imagegate.monitoring import watch, write_page
from imagegate.monitoring.periods import Repeats

GATE = watched_gate()


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    """Return the gate as read from its file, which gives it a hash, and the file."""
    return filed(GATE, tmp_path_factory.mktemp("gate"))


def test_command_prints_tables_json_and_a_page(gate, tmp_path):
    gate, file = gate
    odd = "<b>$x_1$ & more"
    lines = [*rows(gate, readings(80, 16), batch="usual"), *rows(gate, small(60, 17), batch=odd)]
    log = write(tmp_path / "log.jsonl", lines)
    used = [line for line in lines if line["route"] == "use"][:10]
    answers = feedback_of(tmp_path / "fb.csv", used, [True] + [False] * 9)
    html = tmp_path / "out" / "page.html"
    asked = ["watch", str(log), "--gate", file, "--feedback", str(answers)]
    done = CliRunner().invoke(app, [*asked, "--html", str(html)], env={"COLUMNS": "200"})
    assert done.exit_code == 1, done.output
    assert f"look    {odd}" in done.output
    assert "letters are smaller than in training" in done.output
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
    assert any(n.startswith("1 decision repeats content of the same day") for n in report.notes)
    few = Repeats(most=2)
    for row in [*lines, *lines]:
        few.add(row, period="x")
    assert few.note("day").startswith("At least 2 decisions repeat")


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
    output = CliRunner().invoke(app, asked, env={"COLUMNS": str(width)}).output.splitlines()
    assert output[0].startswith("look    ")
    for time in times:
        lines = [line for line in output if line.startswith(time[:10])]
        assert len(lines) == (2 if width == 200 else 3), "one in each table"
        assert all(len(line.rstrip()) <= width for line in lines)
    heads = [line for line in output if line.startswith("day")]
    routes = {"repaired", "review", "rejected", "broken"}
    assert {"images", "to use", *routes} <= set(re.split(r"\s{2,}", heads[0].strip()))
    assert len([line for line in output if "•" in line]) == 10
    assert any(line.startswith("  … and ") for line in output)
    paths = [f"s3://bucket/scans/of/a/long/name/{i}" for i in range(2)]
    moved = [line | {"batch": path} for path in paths for line in days[0]]
    done = CliRunner().invoke(
        app,
        ["watch", str(write(log, moved)), "--gate", file],
        env={"COLUMNS": str(width)},
    )
    assert all(re.search(rf"^(…|s3://)\S*/{i} ", done.output, re.MULTILINE) for i in range(2))
