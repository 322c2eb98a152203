"""Very many images: kills and resumption, odd files, formats, pages, storages, the summary."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image as Pillow
from typer.testing import CliRunner

from imagegate.cli import app
from imagegate.errors import ImageNotFoundError, SettingsError
from imagegate.image import Limits
from imagegate.pipeline.files import images_under
from imagegate.pipeline.log import DecisionLog
from imagegate.pipeline.output import schema
from imagegate.pipeline.record import Examiner
from imagegate.pipeline.route import Router
from imagegate.pipeline.run import run

RULES = "rules:general"


def picture(path: Path, *, seed: int = 0, kind: str = ".png") -> Path:
    rng = np.random.default_rng(seed)
    pixels = cv2.resize(rng.integers(0, 255, (9, 12), np.uint8), (120, 90))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(kind, pixels)[1].tobytes())
    return path


@pytest.fixture
def inbox(tmp_path):
    """Forty pictures in three folders, two of them broken, and a file that is none."""
    folder = tmp_path / "inbox"
    for i in range(40):
        picture(folder / "abc"[i % 3] / f"{i:02}.jpg", seed=i, kind=".jpg")
    (folder / "b" / "01.jpg").write_bytes(b"no picture")
    (folder / "c" / "02.jpg").write_bytes(b"")
    (folder / "notes.txt").write_text("not looked at")
    return folder


def looked_at(folder, out, **given):
    return run(Examiner(Router(RULES)), images_under([str(folder)]), str(out), **given)


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_file_is_a_row_in_order_and_the_broken_ones_say_why(inbox, tmp_path):
    summary = looked_at(inbox, tmp_path / "v.jsonl", jobs=2)
    found = rows(tmp_path / "v.jsonl")
    assert [row["path"] for row in found] == sorted(str(path) for path in inbox.rglob("*.jpg"))
    broken = {Path(row["path"]).name: row["error"] for row in found if row["error"]}
    assert set(broken) == {"01.jpg", "02.jpg"}
    assert all(str(inbox) in error for error in broken.values())
    assert summary.images == 40
    assert summary.routes["broken"] == 2
    assert not (tmp_path / "v.jsonl.partial").exists()


KILLED = """
import sys, time
from imagegate.pipeline import run as module
from imagegate.pipeline.files import images_under
from imagegate.pipeline.log import DecisionLog
from imagegate.pipeline.record import Examiner
from imagegate.pipeline.route import Router

class Slow(Examiner):
    def __call__(self, path, content=None):
        time.sleep(0.05)
        return super().__call__(path, content)

module.PART_FILES = 3
examiner = Slow(Router("rules:general"))
log = DecisionLog(sys.argv[3], examiner.router.gate, batch="inbox")
print("ready", flush=True)
module.run(examiner, images_under([sys.argv[1]]), sys.argv[2], jobs=1, log=log)
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
    monkeypatch.setattr("imagegate.pipeline.run.PART_FILES", 10)
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
    with pytest.raises(SettingsError, match="is there already"):
        looked_at(inbox, out)
    assert out.read_text() == "precious"

    def stop(done, total, note):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        looked_at(inbox, tmp_path / "w.csv", progress=stop)
    with pytest.raises(SettingsError, match="was begun with gate 'rules:general', now it is"):
        run(Examiner(Router("rules:ocr")), images_under([str(inbox)]), str(tmp_path / "w.csv"))


def test_parts_that_a_stopped_clean_up_has_left_are_of_no_other_run(inbox, tmp_path):
    stale = tmp_path / "v.jsonl.partial"
    stale.mkdir()
    old = [{"path": "old.png"}]
    (stale / "part-000000.jsonl").write_text(json.dumps(old) + '\n{"files": 1}\n')
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
    monkeypatch.setattr("imagegate.pipeline.run.PART_FILES", 10)
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
    for path, words in ((image, "is no log"), (tmp_path, "no log can be written")):
        with pytest.raises(SettingsError, match=words):
            DecisionLog(path, Router(RULES).gate)
    with pytest.raises(SettingsError, match="a log is a local file"):
        DecisionLog("s3://bucket/log.jsonl", Router(RULES).gate)
    assert image.read_bytes() == before


def test_a_broken_file_can_be_identified(tmp_path):
    data = picture(tmp_path / "a.jpg", kind=".jpg").read_bytes()[:-200]
    (tmp_path / "a.jpg").write_bytes(data)
    (row,) = Examiner(Router(RULES))(str(tmp_path / "a.jpg"))
    assert "ends before" in row["error"] or "truncated" in row["error"]
    assert row["sha256"] == hashlib.sha256(data).hexdigest()


def test_a_relative_source_is_another_one_from_another_folder(inbox, tmp_path, monkeypatch):
    monkeypatch.setattr("imagegate.pipeline.run.PART_FILES", 10)
    monkeypatch.chdir(inbox.parent)
    check = ["check", "inbox", "-g", RULES, "--out", str(tmp_path / "v.jsonl"), "--jobs", "1"]

    def stop(self, number, answers):
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr("imagegate.pipeline.journal.Journal.write_part", stop)
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
        assert ("promise of ocr-tesseract" in done.output) == promised


def test_a_log_line_stays_short_however_many_files_were_named(inbox, tmp_path):
    log, files = tmp_path / "log.jsonl", [str(path) for path in sorted(inbox.rglob("*.jpg"))]
    CliRunner().invoke(app, ["check", *files, "-g", RULES, "--log", str(log), "--jobs", "1"])
    batches = {row["batch"] for row in rows(log)}
    assert batches == {f"{files[0][-160:]} and 39 more"}


def test_the_three_formats_say_the_same(inbox, tmp_path):
    for suffix in ("jsonl", "csv", "parquet"):
        looked_at(inbox, tmp_path / f"v.{suffix}")
    plain = rows(tmp_path / "v.jsonl")
    table = pq.read_table(tmp_path / "v.parquet")
    assert table.schema == schema()
    with (tmp_path / "v.csv").open(newline="", encoding="utf-8") as file:
        listed = list(csv.DictReader(file))
    for row, line, columns in zip(plain, listed, table.to_pylist(), strict=True):
        assert row["path"] == line["path"] == columns["path"]
        assert row["error"] == (line["error"] or None) == columns["error"]
        assert row["measures"].get("blur.edge_width_px") == columns["blur.edge_width_px"]
        assert row["scores"].get("blur") == columns["blur_score"]
        score = columns["blur_score"]
        assert line["blur_score"] == ("" if score is None else str(score))
        told = [(reason["signal"], reason["usual"]) for reason in row["reasons"]]
        kept = [(reason["signal"], reason["usual"]) for reason in columns["reasons"]]
        assert told == kept


def test_a_format_nobody_knows_is_refused_before_the_work(inbox, tmp_path):
    with pytest.raises(SettingsError, match=r"expected a name that ends in \.parquet"):
        looked_at(inbox, tmp_path / "v.xlsx")
    assert not list(tmp_path.glob("v.xlsx*"))


def test_every_page_of_a_document_is_a_row(tmp_path):
    pages = [Pillow.fromarray(np.full((90, 120 + i), 200 - i, np.uint8)) for i in range(3)]
    pages[0].save(tmp_path / "three.tiff", save_all=True, append_images=pages[1:])
    pages[0].save(tmp_path / "three.pdf", save_all=True, append_images=pages[1:])
    pages[0].save(tmp_path / "three.gif", save_all=True, append_images=pages[1:])
    found = {}
    for path in images_under([str(tmp_path)]):
        found[Path(path).suffix] = Examiner(Router(RULES))(path)
    assert [row["page"] for row in found[".tiff"]] == [1, 2, 3]
    assert [row["width"] for row in found[".tiff"]] == [120, 121, 122]
    assert [row["page"] for row in found[".pdf"]] == [1, 2, 3]
    assert len(found[".gif"]) == 1  # an animation is one picture
    for pages_of in found.values():
        assert len({row["sha256"] for row in pages_of}) == 1
        assert all(row["error"] is None for row in pages_of)


def test_one_bad_page_leaves_the_others_their_verdicts(tmp_path):
    pages = [Pillow.fromarray(np.full((90, width), 200, np.uint8)) for width in (120, 4000, 130)]
    pages[0].save(tmp_path / "three.tiff", save_all=True, append_images=pages[1:])
    examiner = Examiner(Router(RULES), Limits(side=1000))
    first, second, third = examiner(str(tmp_path / "three.tiff"))
    assert first["error"] is third["error"] is None
    assert "a side of 1000" in second["error"]
    assert second["page"] == 2


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_no_text_is_found_again(tmp_path):
    folder = os.fsencode(tmp_path / "odd")
    Path(os.fsdecode(folder)).mkdir()
    with open(folder + b"/caf\xe9.png", "wb") as file:  # noqa: PTH123 - bytes
        file.write(picture(tmp_path / "a.png").read_bytes())
    for suffix in ("jsonl", "csv", "parquet"):
        looked_at(os.fsdecode(folder), tmp_path / f"v.{suffix}")
    (row,) = rows(tmp_path / "v.jsonl")
    assert row["path"].endswith("caf\\xe9.png")
    assert row["decision"]


def test_folders_are_walked_in_order_without_following_links(tmp_path):
    for name in ("b/2.png", "b/10.png", "a.png", "c/d/1.png"):
        picture(tmp_path / name)
    (tmp_path / "c" / "loop").symlink_to(tmp_path)
    found = [str(Path(path).relative_to(tmp_path)) for path in images_under([str(tmp_path)])]
    assert found == ["a.png", "b/10.png", "b/2.png", "c/d/1.png"]
    with pytest.raises(ImageNotFoundError, match="no such file or folder"):
        list(images_under([str(tmp_path / "nowhere")]))


def test_a_storage_serves_as_input_and_output(inbox, tmp_path):
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    memory.put(str(inbox), "/inbox", recursive=True)
    looked_at("memory://inbox", "memory://out/v.jsonl", jobs=1)
    looked_at(inbox, tmp_path / "v.jsonl")
    there = [json.loads(line) for line in memory.cat_file("/out/v.jsonl").splitlines()]
    for far, near in zip(there, rows(tmp_path / "v.jsonl"), strict=True):
        assert far["path"] == near["path"].replace(str(inbox), "memory:///inbox")
        assert far["measures"] == near["measures"]
        assert far["sha256"] == near["sha256"]
    assert not memory.exists("/out/v.jsonl.partial")
