"""The rows of odd files: formats, pages, names, folders, storages."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from inboxes import RULES, fill, looked_at, picture, rows
from PIL import Image as Pillow

from imagegate.errors import ImageNotFoundError, SettingsError
from imagegate.image import Limits
from imagegate.pipeline.files import images_under
from imagegate.pipeline.output import schema
from imagegate.pipeline.route import Router


@pytest.fixture
def inbox(tmp_path):
    return fill(tmp_path / "inbox")


def test_a_broken_file_can_be_identified(tmp_path):
    data = picture(tmp_path / "a.jpg", kind=".jpg").read_bytes()[:-200]
    (tmp_path / "a.jpg").write_bytes(data)
    (result,) = Router(RULES).pages(str(tmp_path / "a.jpg"))
    assert "truncated" in result.error
    assert result.sha256 == hashlib.sha256(data).hexdigest()


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
        told = [(reason["code"], reason["usual"]) for reason in row["reasons"]]
        kept = [(reason["code"], reason["usual"]) for reason in columns["reasons"]]
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
        found[Path(path).suffix] = Router(RULES).pages(path)
    assert [one.page for one in found[".tiff"]] == [1, 2, 3]
    assert [one.width for one in found[".tiff"]] == [120, 121, 122]
    assert [one.page for one in found[".pdf"]] == [1, 2, 3]
    assert len(found[".gif"]) == 1  # an animation is one picture
    for pages_of in found.values():
        assert len({one.sha256 for one in pages_of}) == 1
        assert not any(one.error for one in pages_of)


def test_one_bad_page_leaves_the_others_their_verdicts(tmp_path):
    pages = [Pillow.fromarray(np.full((90, width), 200, np.uint8)) for width in (120, 4000, 130)]
    pages[0].save(tmp_path / "three.tiff", save_all=True, append_images=pages[1:])
    router = Router(RULES, limits=Limits(side=1000))
    first, second, third = router.pages(str(tmp_path / "three.tiff"))
    assert not first.error
    assert not third.error
    assert "a side of 1000" in second.error
    assert second.page == 2


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
