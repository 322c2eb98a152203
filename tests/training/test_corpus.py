"""Corpora in memory: reading, choosing, joining, outcomes from production."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from fake_engines import FINE, RAISES, TASK, write_images

from imagegate import image
from imagegate.errors import CorpusError, UnknownNameError
from imagegate.features import MEASURES
from imagegate.training.corpus import (
    Corpus,
    join_corpora,
    read_corpus,
    read_outcomes,
)
from imagegate.training.data.remake import remake
from imagegate.training.data.sources import find_sources
from imagegate.training.labelling.label import label


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("corpus")
    write_images(root / "set", [FINE, RAISES, FINE])
    found, _ = find_sources([root / "set"])
    label(found, TASK, "moody", root / "out", recipe="natural", jobs=1)
    return root / "out"


@pytest.fixture(scope="module")
def corpus(folder: Path) -> Corpus:
    return read_corpus(folder)


def test_rows_with_errors_are_left_out_and_counted(corpus: Corpus) -> None:
    assert list(corpus.rows["row_id"]) == ["set/i00#000", "set/i02#000"]
    assert corpus.meta["errors"] == 1
    assert corpus.names == tuple(MEASURES)
    assert corpus.X.shape == (2, len(MEASURES))
    assert corpus.X.dtype == np.float32
    assert not corpus.fails.any()


def test_columns_and_selections(corpus: Corpus) -> None:
    assert list(corpus.column("path")) == ["i00.png", "i02.png"]
    np.testing.assert_array_equal(
        corpus.column("exposure.range"),
        corpus.select([0, 1]).X[:, corpus.names.index("exposure.range")],
    )
    chosen = corpus.select(corpus.column("row_id") == "set/i02#000")
    assert len(chosen) == 1
    assert list(chosen.rows["source_id"]) == ["set/i02"]
    with pytest.raises(UnknownNameError, match="Did you mean 'loss'"):
        corpus.column("los")


def test_fails_are_losses_over_the_limit(corpus: Corpus) -> None:
    limit = np.float32(corpus.failure_threshold)
    rows = {**corpus.rows, "loss": np.array([limit, np.nextafter(limit, np.float32(1))])}
    assert list(replace(corpus, rows=rows).fails) == [False, True]


def test_the_files_hold_no_place_but_the_root(folder: Path) -> None:
    data = (folder / "corpus.parquet").read_bytes()
    assert str(folder.parent).encode() not in data
    meta = json.loads((folder / "corpus.json").read_text())
    assert meta["sets"]["set"]["root"] == str(folder.parent / "set")
    assert meta["sets"]["set"]["licence"] == "not stated"


def test_remake_finds_sets_that_have_moved(corpus: Corpus, tmp_path: Path) -> None:
    write_images(tmp_path / "moved", [FINE] * 3)
    data = remake(corpus, 1, roots={"set": str(tmp_path / "moved")})
    assert data == (tmp_path / "moved" / "i02.png").read_bytes() == remake(corpus, 1)


def test_join(corpus: Corpus) -> None:
    renamed = {**corpus.rows, "row_id": corpus.rows["row_id"] + "x"}
    other = replace(
        corpus,
        rows=renamed,
        meta={**corpus.meta, "sets": {"b": {"sources": 2, "root": "", "licence": ""}}},
    )
    both = join_corpora([corpus, other])
    assert len(both) == 4
    assert set(both.meta["sets"]) == {"set", "b"}
    assert both.meta["errors"] == 2
    assert join_corpora([corpus]) is corpus
    with pytest.raises(CorpusError, match="the same rows"):
        join_corpora([corpus, corpus])
    with pytest.raises(CorpusError, match="different engine cannot be joined: 'moody' and 'x'"):
        join_corpora([corpus, replace(other, meta={**other.meta, "engine": "x"})])
    with pytest.raises(CorpusError, match="at least one"):
        join_corpora([])


def test_what_is_no_corpus_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no corpus in"):
        read_corpus(tmp_path)
    meta = json.loads((folder / "corpus.json").read_text())
    for change, message in (
        ({"format": 2}, "expected format 1, got 2"),
        ({"complete": False}, "is not finished"),
        ({}, r"corpus\.parquet is missing"),
    ):
        (tmp_path / "corpus.json").write_text(json.dumps({**meta, **change}))
        with pytest.raises(CorpusError, match=message):
            read_corpus(tmp_path)
    (tmp_path / "corpus.json").write_text("{")
    with pytest.raises(CorpusError, match="is damaged"):
        read_corpus(tmp_path)


def test_outcomes_from_production(tmp_path: Path) -> None:
    write_images(tmp_path / "shots", [FINE, FINE])
    (tmp_path / "shots" / "bad.png").write_text("no image")
    lines = [
        "path,failed,group",
        "shots/i00.png,1,anna",
        "shots/i01.png,No,",
        "shots/bad.png,1,anna",
    ]
    (tmp_path / "outcomes.csv").write_text("\n".join(lines))
    corpus = read_outcomes(tmp_path / "outcomes.csv", task="ocr", jobs=1)
    assert list(corpus.fails) == [True, False]
    assert list(corpus.rows["group"]) == ["anna", "shots/i01.png"]
    assert np.isfinite(corpus.column("exposure.range")).all()
    assert (corpus.meta["task"], corpus.meta["errors"]) == ("ocr", 1)
    assert "UnsupportedImageError" in corpus.meta["dropped"]["shots/bad.png"]
    assert remake(corpus, 0) == (tmp_path / "shots" / "i00.png").read_bytes()


def test_a_page_of_a_document_is_remade_from_that_page(tmp_path: Path) -> None:
    pages = [np.full((40, 60), level, np.uint8) for level in (50, 90, 200)]
    assert cv2.imwritemulti(str(tmp_path / "scan.tif"), pages)
    (tmp_path / "outcomes.csv").write_text(
        "path,failed,page\nscan.tif,1,1\nscan.tif,0,3\nscan.tif,0,4\nscan.tif,0,5\n"
    )
    corpus = read_outcomes(tmp_path / "outcomes.csv", jobs=1)
    assert corpus.meta["errors"] == 2, "two pages of one file are two rows"
    assert set(corpus.rows["source_id"]) == {"scan.tif"}
    remade = [image.read(remake(corpus, index)).gray for index in range(2)]
    assert [int(gray.mean()) for gray in remade] == [50, 200]


def test_an_outcome_said_twice_counts_once(tmp_path: Path) -> None:
    write_images(tmp_path, [FINE, FINE])
    (tmp_path / "o.csv").write_text(
        f"failed,path\n1,i00.png\nyes,{tmp_path / 'i00.png'}\n0,i01.png\n1,./i00.png\n"
    )
    corpus = read_outcomes(tmp_path / "o.csv", jobs=1)
    assert list(corpus.rows["path"]) == ["i00.png", "i01.png"]
    assert corpus.meta["repeated"] == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,failed,path\na.png,1,b.png\n", r"expected the columns path,failed"),
        ("failed,path\n1\n", "line 2: expected a path, got none"),
        ("path,failed\na.png,1,2\n", "line 2: more values than columns"),
        ("path,failed\n\na.png,1\na.png,0\n", "line 4: a.png has another answer than on line 3"),
        ("path,failed,sha256\na.png,1,beef\n", "line 2: expected a sha256 of 64 digits"),
        ("path,ok\na.png,1\n", r"expected the columns path,failed"),
        ("path,failed\na.png,maybe\n", "line 2: expected failed 0 or 1, got 'maybe'"),
        ("path,failed\n", "no rows"),
        ("path,failed\na.png,1\n", "none of 1 images could be read"),
    ],
)
def test_outcomes_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "o.csv").write_text(text)
    with pytest.raises(CorpusError, match=message):
        read_outcomes(tmp_path / "o.csv", jobs=1)
