"""Very many images: kills and resumption, settings, locks, the log, the summary."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from inboxes import RULES, fill, looked_at, picture, rows
from typer.testing import CliRunner

from imagegate.cli import app
from imagegate.errors import SettingsError
from imagegate.pipeline.files import images_under
from imagegate.pipeline.log import DecisionLog
from imagegate.pipeline.route import Router
from imagegate.pipeline.run import run


@pytest.fixture
def inbox(tmp_path):
    return fill(tmp_path / "inbox")


def test_every_file_is_a_row_in_order_and_the_broken_ones_say_why(inbox, tmp_path):
    summary = looked_at(inbox, tmp_path / "v.jsonl", jobs=2)
    found = rows(tmp_path / "v.jsonl")
    assert [row["path"] for row in found] == sorted(str(path) for path in inbox.rglob("*.jpg"))
    broken = {Path(row["path"]).name: row["error"] for row in found if row["error"]}
    assert set(broken) == {"01.jpg", "02.jpg"}
    assert all(str(inbox) in error for error in broken.values())
    assert summary.tally.images == 40
    assert summary.tally.routes["broken"] == 2
    assert not (tmp_path / "v.jsonl.partial").exists()


KILLED = """
import sys, time
from imagegate.pipeline import run as module
from imagegate.pipeline.files import images_under
from imagegate.pipeline.log import DecisionLog
from imagegate.pipeline.route import Router

class Slow(Router):
    def pages(self, path):
        time.sleep(0.05)
        return super().pages(path)

module.SHARD_FILES = 3
router = Slow("rules:general")
log = DecisionLog(sys.argv[3], router.gate, batch="inbox")
print("ready", flush=True)
module.run(router, images_under([sys.argv[1]]), sys.argv[2], jobs=1, log=log)
"""


def test_a_run_killed_twice_ends_with_the_same_bytes(inbox, tmp_path):
    whole, out, log = tmp_path / "whole.jsonl", tmp_path / "v.jsonl", tmp_path / "log.jsonl"
    looked_at(inbox, whole)
    parts = []
    for _ in range(2):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, inbox, out, log], stdout=subprocess.PIPE
        ) as going:
            going.stdout.readline()
            time.sleep(0.6)
            going.send_signal(signal.SIGKILL)
        parts.append(len(list((tmp_path / "v.jsonl.partial").glob("part-*.jsonl"))))
    assert 0 < parts[0] < parts[1]
    picture(inbox / "a" / "00-late.jpg")  # came after the run had begun: not of this run
    subprocess.run([sys.executable, "-c", KILLED, inbox, out, log], check=True)
    assert out.read_bytes() == whole.read_bytes()
    logged = {row["path"] for row in rows(log)}
    assert logged == {row["path"] for row in rows(whole)}


def test_a_torn_part_and_a_torn_line_of_the_log_are_done_again(inbox, tmp_path, monkeypatch):
    monkeypatch.setattr("imagegate.pipeline.run.SHARD_FILES", 10)
    out, log = tmp_path / "v.jsonl", DecisionLog(tmp_path / "log.jsonl", Router(RULES).gate)

    def stop(done, total, note):
        if done == 25:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        looked_at(inbox, out, progress=stop, log=log)
    last = sorted((tmp_path / "v.jsonl.partial").glob("part-*"))[-1]
    last.write_bytes(last.read_bytes()[:-200])
    log.path.write_bytes(log.path.read_bytes()[:-200])
    told: list[int] = []
    looked_at(inbox, out, progress=lambda done, total, note: told.append(done), log=log)
    assert told[0] == 20
    looked_at(inbox, tmp_path / "whole.jsonl")
    assert out.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    lines = log.path.read_text(encoding="utf-8").splitlines()
    torn = [line for line in lines if not line.endswith("}")]
    assert len(torn) == 1  # and the next line begins on its own


def test_what_is_there_is_not_overwritten_and_other_settings_do_not_mix(inbox, tmp_path):
    out = tmp_path / "v.csv"
    out.write_text("precious")
    with pytest.raises(SettingsError, match="already exists"):
        looked_at(inbox, out)
    assert out.read_text() == "precious"

    def stop(done, total, note):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        looked_at(inbox, tmp_path / "w.csv", progress=stop)
    with pytest.raises(SettingsError, match="was begun with gate 'rules:general', now it is"):
        run(Router("rules:ocr"), images_under([str(inbox)]), str(tmp_path / "w.csv"))


def test_parts_that_a_stopped_clean_up_has_left_are_of_no_other_run(inbox, tmp_path):
    stale = tmp_path / "v.jsonl.partial"
    stale.mkdir()
    old = [{"path": "old.png"}]
    (stale / "part-000000.jsonl").write_text(json.dumps(old) + '\n{"items": 1}\n')
    looked_at(inbox, tmp_path / "v.jsonl")
    looked_at(inbox, tmp_path / "w.jsonl")
    assert (tmp_path / "v.jsonl").read_bytes() == (tmp_path / "w.jsonl").read_bytes()


def test_a_folder_without_images_is_an_error_and_leaves_nothing(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SettingsError, match=r"no images under .*empty"):
        looked_at(tmp_path / "empty", tmp_path / "v.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_two_runs_do_not_work_on_one_output(inbox, tmp_path):
    out = str(tmp_path / "v.jsonl")

    def again(done, total, note):
        if done == 5:
            with pytest.raises(SettingsError, match="another run is at it"):
                looked_at(inbox, out)

    looked_at(inbox, out, progress=again)
    assert len(rows(Path(out))) == 40


def test_damaged_settings_say_what_to_remove(inbox, tmp_path):
    (tmp_path / "v.jsonl.partial").mkdir()
    (tmp_path / "v.jsonl.partial" / "run.json").write_text("{")
    with pytest.raises(SettingsError, match=r"is damaged: remove .*v\.jsonl\.partial"):
        looked_at(inbox, tmp_path / "v.jsonl")


def test_what_an_earlier_run_found_counts_in_the_progress(inbox, tmp_path, monkeypatch):
    monkeypatch.setattr("imagegate.pipeline.run.SHARD_FILES", 10)
    notes: list[str] = []

    def stop(done, total, note):
        notes.append(note)
        if done == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        looked_at(inbox, tmp_path / "v.jsonl", progress=stop)
    resumed: list[str] = []
    looked_at(inbox, tmp_path / "v.jsonl", progress=lambda done, total, note: resumed.append(note))
    assert resumed[0] == notes[-1]


def test_a_log_is_never_written_into_something_else(inbox, tmp_path):
    image = picture(tmp_path / "a.png")
    before = image.read_bytes()
    for path, words in ((image, "is not a log"), (tmp_path, "no log can be written")):
        with pytest.raises(SettingsError, match=words):
            DecisionLog(path, Router(RULES).gate)
    with pytest.raises(SettingsError, match="a log is a local file"):
        DecisionLog("s3://bucket/log.jsonl", Router(RULES).gate)
    assert image.read_bytes() == before


def test_a_relative_source_is_another_one_from_another_folder(inbox, tmp_path, monkeypatch):
    monkeypatch.setattr("imagegate.pipeline.run.SHARD_FILES", 10)
    monkeypatch.chdir(inbox.parent)
    check = ["check", "inbox", "-g", RULES, "--out", str(tmp_path / "v.jsonl"), "--jobs", "1"]

    def stop(self):
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr("imagegate.pipeline.shards.Shards.flush", stop)
        assert CliRunner().invoke(app, check).exit_code == 130
    monkeypatch.chdir(tmp_path / "inbox" / "a")
    done = CliRunner().invoke(app, check)
    assert "was begun with folder" in str(done.exception)
    monkeypatch.chdir(inbox.parent)
    assert CliRunner().invoke(app, check).exit_code == 1


def test_the_summary_promises_only_what_the_policy_keeps(tmp_path):
    folder = tmp_path / "in"
    for i in range(3):
        picture(folder / f"{i}.png", seed=i)
    (tmp_path / "lax.toml").write_text("use_below = 0.5\nreject_from = 0.9\n")
    lax = ["--policy", str(tmp_path / "lax.toml")]
    for given, promised in (([], True), (lax, False)):
        done = CliRunner().invoke(app, ["check", str(folder), "-g", "ocr", *given])
        assert ("guarantee of ocr-tesseract" in done.output) == promised


def test_a_log_line_stays_short_however_many_files_were_named(inbox, tmp_path):
    log, files = tmp_path / "log.jsonl", [str(path) for path in sorted(inbox.rglob("*.jpg"))]
    CliRunner().invoke(app, ["check", *files, "-g", RULES, "--log", str(log), "--jobs", "1"])
    batches = {row["batch"] for row in rows(log)}
    assert batches == {f"{files[0][-160:]} and 39 more"}
