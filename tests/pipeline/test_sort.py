"""Sorting a folder: every file in one place, the originals untouched, kills survived."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import cv2
import fsspec
import numpy as np
import pytest
from typer.testing import CliRunner

from imagegate.cli import app
from imagegate.errors import SettingsError
from imagegate.pipeline.files import parts_below
from imagegate.synthetic.pages import render_page

POLICY = "[repair]\nnoise = 0.2\n"


def sort(*arguments: object):
    return CliRunner().invoke(app, ["sort", *map(str, arguments), "--jobs", "1"])


def bytes_of(folder: Path) -> dict[str, bytes]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def inbox(tmp_path_factory):
    """A good page, one with noise, one too dark to read, and a broken file."""
    folder = tmp_path_factory.mktemp("inbox")
    page = render_page(7, layout="letter").pixels
    grain = np.random.default_rng(0).normal(0, 45, page.shape)
    pictures = {
        "good": page,
        "sub/noisy": np.clip(page + grain, 0, 255).astype(np.uint8),
        "dark": page // 40,
    }
    (folder / "sub").mkdir()
    for name, pixels in pictures.items():
        cv2.imwrite(str(folder / f"{name}.png"), np.ascontiguousarray(pixels[..., ::-1]))
    (folder / "sub" / "broken.jpg").write_bytes(b"no picture")
    (folder.parent / "policy.toml").write_text(POLICY)
    return folder


def test_every_file_has_one_place_and_the_originals_stay(inbox, tmp_path):
    before = bytes_of(inbox)
    done = sort(inbox, tmp_path / "out", "--policy", inbox.parent / "policy.toml")
    assert done.exit_code == 1, done.output
    assert bytes_of(inbox) == before
    out = tmp_path / "out"
    assert {path.parts[0] for path in map(Path, bytes_of(out))} >= {"use", "repaired", "rejected"}
    assert (out / "use/good.png").read_bytes() == before["good.png"]
    assert (out / "repaired/sub/noisy.png").read_bytes() == before["sub/noisy.png"]
    assert (out / "rejected/sub/broken.jpg").read_bytes() == before["sub/broken.jpg"]
    placed = [name for name in bytes_of(out) if "/" in name and ".repaired" not in name]
    assert sorted(Path(*Path(name).parts[1:]).as_posix() for name in placed) == sorted(before)


def test_a_mended_image_and_its_provenance(inbox, tmp_path):
    sort(inbox, tmp_path / "out", "--policy", inbox.parent / "policy.toml")
    mended = tmp_path / "out/repaired/sub/noisy.png.repaired.png"
    with (tmp_path / "out/verdicts.csv").open(newline="") as file:
        rows = {Path(row["path"]).name: row for row in csv.DictReader(file)}
    lines = (tmp_path / "out/decisions.jsonl").read_text().splitlines()
    log = [json.loads(line) for line in lines]
    told = next(row for row in log if row["route"] == "repair")
    assert rows["noisy.png"]["written"] == told["written"] == str(mended)
    assert told["repair"] == "noise"
    assert told["p_repaired"] <= 0.2 < told["p_fail"]
    assert told["sha256"] == hashlib.sha256((inbox / "sub/noisy.png").read_bytes()).hexdigest()
    assert told["gate"] == "ocr-tesseract"
    assert len(told["gate_hash"]) == 64
    assert told["time"].endswith("Z")
    assert cv2.imread(str(mended)).shape == cv2.imread(str(inbox / "sub/noisy.png")).shape


def test_links_and_lists_copy_nothing(inbox, tmp_path):
    sort(inbox, tmp_path / "links", "--how", "link")
    link = tmp_path / "links/use/good.png"
    assert link.is_symlink()
    assert link.resolve() == inbox / "good.png"
    sort(inbox, tmp_path / "lists", "--how", "list")
    assert sorted(bytes_of(tmp_path / "lists")) == ["decisions.jsonl", "verdicts.csv"]


def test_places_that_would_mix_are_refused(inbox, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    for target, words in ((tmp_path / "full", "is not empty"), (inbox.parent, "holds")):
        done = sort(inbox, target)
        assert done.exit_code != 0
        assert words in str(done.exception)
    assert bytes_of(tmp_path / "full") == {"mine.txt": b"mine"}


def test_a_target_inside_the_source_is_not_sorted_itself(inbox, tmp_path):
    source = tmp_path / "inbox"
    for name, data in bytes_of(inbox).items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(data)
    sort(source, source / "sorted", "--how", "copy")
    with (source / "sorted/verdicts.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 4


def test_the_longest_name_is_copied(inbox, tmp_path):
    source, name = tmp_path / "in", "n" * 250 + ".png"
    source.mkdir()
    (source / name).write_bytes((inbox / "good.png").read_bytes())
    assert sort(source, tmp_path / "out").exit_code == 0
    assert [path.name for path in (tmp_path / "out/use").iterdir()] == [name]


def test_what_could_not_be_put_in_its_place_is_no_success(inbox, tmp_path, monkeypatch):
    source = tmp_path / "in"
    source.mkdir()
    (source / "good.png").write_bytes((inbox / "good.png").read_bytes())

    def refused(path, place, *, link):
        raise PermissionError(13, "Permission denied", place)

    monkeypatch.setattr("imagegate.pipeline.sort.put", refused)
    done = sort(source, tmp_path / "out")
    assert done.exit_code == 1
    assert "1 broken" in done.output
    with (tmp_path / "out/verdicts.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["decision"], row["ok"], row["written"]) == ("pass", "False", "")
    assert "could not be put in its place" in row["error"]


def test_a_full_disk_stops_the_run_which_then_goes_on(inbox, tmp_path, monkeypatch):
    def full(path, place, *, link):
        raise OSError(28, "No space left on device", place)

    with monkeypatch.context() as patched:
        patched.setattr("imagegate.pipeline.sort.put", full)
        done = sort(inbox, tmp_path / "out")
    assert "make room, then run the same command again" in str(done.exception)
    assert sort(inbox, tmp_path / "out").exit_code == 1
    assert (tmp_path / "out/use/good.png").exists()
    with (tmp_path / "out/verdicts.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 4


def test_a_mistyped_source_leaves_the_target_free(inbox, tmp_path):
    assert "no such file or folder" in str(sort(tmp_path / "nowhere", tmp_path / "out").exception)
    assert sort(inbox, tmp_path / "out").exit_code == 1


def test_a_mended_image_takes_no_name_of_another(inbox, tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    noisy = (inbox / "sub/noisy.png").read_bytes()
    for name in ("a.png", "a.png.repaired.png"):
        (source / name).write_bytes(noisy)
    sort(source, tmp_path / "out", "--policy", inbox.parent / "policy.toml")
    found = bytes_of(tmp_path / "out/repaired")
    assert found["a.png"] == found["a.png.repaired.png"] == noisy
    assert len(found) == 4


def test_a_file_url_is_a_folder_like_any_other(inbox, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sort(f"file://{inbox}", f"file://{tmp_path}/out", "--how", "copy")
    assert (tmp_path / "out/use/good.png").exists()
    assert (tmp_path / "out/decisions.jsonl").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_storage_is_sorted_into_a_folder_and_no_key_leads_out_of_it(inbox, tmp_path):
    memory = fsspec.filesystem("memory")
    memory.put(str(inbox), "/scans/in", recursive=True)
    done = sort("memory://scans/in", tmp_path / "out")
    assert done.exit_code == 1, done.output
    assert (tmp_path / "out/use/good.png").read_bytes() == (inbox / "good.png").read_bytes()
    assert (tmp_path / "out/rejected/sub/broken.jpg").exists()
    for key in ("x/../../../escaped.png", "x//y.png"):
        with pytest.raises(SettingsError, match="leads out of the folder"):
            parts_below("memory://scans", f"memory://scans/{key}")


def test_a_stopped_sort_goes_on(inbox, tmp_path, monkeypatch):
    sort(inbox, tmp_path / "whole")
    monkeypatch.setattr("imagegate.pipeline.run.SHARD_FILES", 1)
    from imagegate.pipeline.shards import Shards

    flush, stopped = Shards.flush, []

    def stop(self):
        if self.number == 2 and not stopped:
            stopped.append(self.number)
            self.waiting = []
            raise KeyboardInterrupt
        flush(self)

    monkeypatch.setattr(Shards, "flush", stop)
    assert sort(inbox, tmp_path / "out").exit_code == 130
    assert sort(inbox, tmp_path / "out").exit_code == 1

    def placed(folder):
        return {name: data for name, data in bytes_of(folder).items() if "/" in name}

    assert placed(tmp_path / "out") == placed(tmp_path / "whole")
