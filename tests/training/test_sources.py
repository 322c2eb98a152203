"""Finding sources: the conventions of folders, CSV lists and generated pages."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from imagegate.errors import CorpusError, SettingsError
from imagegate.synthetic import fonts
from imagegate.training.data.clean import Source
from imagegate.training.data.sources import find_sources
from imagegate.training.labelling.record import licence

CUT = "background-removal"


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def table(found: list[Source]) -> list[tuple[str, str, str | None]]:
    """What matters of each source: its id, its group, its truth."""
    return [(s.source_id, s.group, s.truth_path and Path(s.truth_path).name) for s in found]


def test_truth_beside_the_images(tmp_path: Path) -> None:
    touch(tmp_path / "s", "a.png", "a.txt", "b.JPG", "b.mask.png", "c.webp", "notes.csv", ".h.png")
    touch(tmp_path / "s", "deep/d.tif", "deep/d.txt", "deep/d.mask.png")
    found, problems = find_sources([tmp_path / "s"])
    assert table(found) == [
        ("s/a", "s/a", "a.txt"),
        ("s/b", "s/b", None),
        ("s/c", "s/c", None),
        ("s/deep/d", "s/deep/d", "d.txt"),
    ]
    assert [source.shown for source in found] == ["a.png", "b.JPG", "c.webp", "deep/d.tif"]
    assert [words.split(" ignored")[0] for words in problems] == ["2 mask files"]
    masks = [truth for _, _, truth in table(find_sources([tmp_path / "s"], CUT)[0])]
    assert masks == [None, "b.mask.png", None, "d.mask.png"]


def test_truth_in_folders_beside_images(tmp_path: Path) -> None:
    names = ("images/x1__otsu.png", "images/x1__min.png", "images/y2.png", "images/z3.png")
    touch(tmp_path / "books", *names, "text/x1.txt", "text/y2.txt", "cover.png")
    for arg in (tmp_path / "books", tmp_path / "books" / "images"):
        found, _ = find_sources([arg])
        assert table(found) == [
            ("books/x1__min", "books/x1", "x1.txt"),
            ("books/x1__otsu", "books/x1", "x1.txt"),
            ("books/y2", "books/y2", "y2.txt"),
            ("books/z3", "books/z3", "z3.txt"),  # a hole: labelling reports it
        ]
        assert found[0].shown == "images/x1__min.png"
    found, _ = find_sources([tmp_path / "books"], group_by="^([a-z])")
    assert [source.group for source in found] == ["books/x", "books/x", "books/y", "books/z"]


def test_one_image(tmp_path: Path) -> None:
    touch(tmp_path / "books", "images/x1__otsu.png", "images/y.png", "text/x1.txt")
    found, _ = find_sources([tmp_path / "books" / "images" / "x1__otsu.png"])
    assert found[0] == find_sources([tmp_path / "books"])[0][0]
    assert table(found) == [("books/x1__otsu", "books/x1", "x1.txt")]


def test_masks_in_a_folder(tmp_path: Path) -> None:
    touch(tmp_path / "people", "images/1.jpg", "masks/1.png")
    found, _ = find_sources([tmp_path / "people"], CUT)
    assert table(found) == [("people/1", "people/1", "1.png")]
    assert table(find_sources([tmp_path / "people"])[0]) == [("people/1", "people/1", None)]


def test_groups_file(tmp_path: Path) -> None:
    touch(tmp_path / "r", "images/000.jpg", "images/001.jpg", "images/002.jpg")
    (tmp_path / "r" / "groups.csv").write_text("id,group\n000,acme\n001,acme\n")
    found, _ = find_sources([tmp_path / "r"])
    assert [source.group for source in found] == ["r/acme", "r/acme", "r/002"]
    (tmp_path / "r" / "groups.csv").write_text("name;company\n")
    _, problems = find_sources([tmp_path / "r"])
    assert "expected the columns id and group" in problems[0]


def test_one_name_in_two_formats_and_two_folders_of_one_name(tmp_path: Path) -> None:
    touch(tmp_path, "one/scans/a.png", "one/scans/a.jpg", "two/scans/a.png")
    found, _ = find_sources([tmp_path / "one" / "scans", tmp_path / "two" / "scans"])
    assert [(s.source_id, s.set) for s in found] == [
        ("scans/a.jpg", "scans"),
        ("scans/a.png", "scans"),
        ("scans-2/a", "scans-2"),
    ]
    (tmp_path / "list.csv").write_text("path\na.png\na.png\n")
    with pytest.raises(CorpusError, match=r"1 sources are listed twice, the first is list/a\.png"):
        find_sources([tmp_path / "list.csv"])


def test_manifest(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(
        "path,truth,group,set\na/b1.png,t/b.txt,book,old\nc__x.png,,,\n,,,\n", encoding="utf-8-sig"
    )
    found, problems = find_sources([tmp_path / "m.csv"])
    assert table(found) == [("old/a/b1.png", "old/book", "b.txt"), ("m/c__x.png", "m/c", None)]
    assert found[0].path == str(tmp_path / "a" / "b1.png")
    assert found[0].shown == "a/b1.png"
    assert problems == ["m.csv line 4: no path"]
    (tmp_path / "m.csv").write_text("file,truth\n")
    with pytest.raises(CorpusError, match=r"expected the columns path\[,truth\]"):
        find_sources([tmp_path / "m.csv"])


def test_a_data_frame_is_a_list_like_a_csv_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    columns = {"path": ["a/b1.png", "c__x.png"], "truth": ["t/b.txt", None]}
    frame = pd.DataFrame({**columns, "group": ["book", float("nan")], "set": ["old", "old"]})
    frame.to_csv("m.csv", index=False)
    found, problems = find_sources(frame)
    assert found == find_sources([frame])[0] == find_sources(["m.csv"])[0]
    assert not problems
    with pytest.raises(CorpusError, match="expected the columns path"):
        find_sources(frame.rename(columns={"path": "file"}))


@pytest.mark.parametrize(
    ("task", "ignored"),
    [
        ("ocr", ["2 text files", "1 mask file"]),
        (CUT, ["2 text files"]),
        ("upscaling", ["2 text files", "1 mask file"]),
    ],
)
def test_truth_that_is_ignored_is_named(tmp_path: Path, task: str, ignored: list[str]) -> None:
    touch(tmp_path / "s", "images/a.png", "text/a.txt", "text/gone.txt", "masks/a.png")
    touch(tmp_path / "s", "images/stray.txt")
    _, problems = find_sources([tmp_path / "s"], task)
    assert [words.split(" ignored")[0] for words in problems] == ignored


def test_pages() -> None:
    found, _ = find_sources(["pages:3"])
    assert [source.shown for source in found] == ["pages:0", "pages:1", "pages:2"]
    assert found[2] == Source("pages/0000002", "pages/0000002", "pages", seed=2)
    held_out, _ = find_sources(["pages:100-101"])
    assert [source.seed for source in held_out] == [100, 101]


def test_captures_are_the_same_pages_in_a_set_of_their_own() -> None:
    found, _ = find_sources(["pages:5-6", "captures:5-6", "captures:5"])
    assert [source.shown for source in found[:4]] == [
        *("pages:5", "pages:6", "captures:5", "captures:6"),
    ]
    assert [source.set for source in found[1:5]] == ["pages", "captures", "captures", "captures-2"]
    # the same words: no split may cut between a page and its capture
    assert found[0].group == found[2].group == "pages/0000005"
    assert {licence(source.set, source.root) for source in found} == {"generated by imagegate"}


def test_fonts_are_part_of_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(fonts, "find_faces", asked.append)
    found, _ = find_sources(["pages+fonts:1", "captures+fonts:7-7"])
    assert [source.shown for source in found] == ["pages+fonts:0", "captures+fonts:7"]
    assert [source.set for source in found] == ["pages+fonts", "captures+fonts"]
    assert asked == ["system", "system"]


def test_limit_spreads_over_each_set(tmp_path: Path) -> None:
    touch(tmp_path / "s", *(f"{number}.png" for number in range(9)))
    found, _ = find_sources([tmp_path / "s", "pages:2"], limit=3)
    assert [s.source_id for s in found] == [
        *("s/0", "s/4", "s/8"),
        *("pages/0000000", "pages/0000001"),
    ]


def test_what_is_no_source_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "no images in it" in find_sources([tmp_path / "empty"])[1][0]
    with pytest.raises(CorpusError, match=r"expected an image, a folder, .* got 'pages:x'"):
        find_sources(["pages:x"])
    with pytest.raises(CorpusError, match=r"one of pages:N, captures:N, .* got 'pages\+font:3'"):
        find_sources(["pages+font:3"])
    for nothing in ("captures:0", "pages:5-3"):
        with pytest.raises(CorpusError, match=f"{nothing} names no page"):
            find_sources([nothing])
    with pytest.raises(SettingsError, match=r"group_by '\(' is no regular expression"):
        find_sources([tmp_path], group_by="(")
