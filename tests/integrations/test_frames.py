"""Results as DataFrames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

import imagegate
from imagegate.pipeline.output import FORMATS, writer

CORPORA = Path(__file__).parents[2] / "corpora/ocr-rapidocr"
WHITE = np.full((400, 600), 255, np.uint8)


def test_one_row_a_result_with_the_columns_of_a_table(tmp_path) -> None:
    gate = imagegate.load_gate("ocr")
    frame = imagegate.to_frame(gate.check_many([WHITE, b"broken"], jobs=1))
    assert frame["error"].isna().tolist() == [True, False]
    assert frame["gate"].tolist() == ["ocr-tesseract"] * 2
    assert ".csv" in FORMATS
    with (tmp_path / "v.csv").open("wb") as file:
        writer("v.csv")(file, [imagegate.Router(gate).route(WHITE).to_dict()])
    assert list(frame) == list(pd.read_csv(tmp_path / "v.csv"))


def test_a_route_and_a_verdict_are_rows_too() -> None:
    router = imagegate.Router("rules:ocr")
    frame = imagegate.to_frame([router.route(WHITE), router.gate.check(WHITE)])
    assert frame["decision"].tolist() == ["reject", "reject"]
    assert frame["route"].isna().tolist() == [False, True]


def test_an_evaluation_is_a_row_a_method() -> None:
    corpus = imagegate.read_corpus(CORPORA / "prints")
    found = imagegate.evaluate(imagegate.load_gate("ocr-rapidocr"), corpus, bootstrap=20)
    frame = imagegate.to_frame(found).set_index("method")
    assert list(frame.index) == [result.name for result in found.results]
    learned = found["learned"]
    assert frame.loc[learned.name, "auroc"] == learned.metrics["auroc"].value
    assert frame.loc[learned.name, "auroc_low"] == learned.metrics["auroc"].low
    assert frame.loc[learned.name, "coverage"] == learned.operating.coverage.value
