"""Output formats: every row of the table keeps the same results, and is told to people."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from imagegate.errors import SettingsError
from imagegate.models.artifact import load_gate
from imagegate.models.verdict import Result
from imagegate.pipeline.output import FORMATS, writer

DOCS = Path(__file__).parents[2] / "docs"


def from_parquet(data: bytes) -> list[dict]:
    parquet = pytest.importorskip("pyarrow.parquet")
    return parquet.read_table(io.BytesIO(data)).to_pylist()


def from_jsonl(data: bytes) -> list[dict]:
    return [json.loads(line) for line in data.decode().splitlines()]


def from_csv(data: bytes) -> list[dict]:
    return list(csv.DictReader(io.StringIO(data.decode())))


# What reads a format back; one without is written and not read.
READERS = {".parquet": from_parquet, ".jsonl": from_jsonl, ".csv": from_csv}


@pytest.fixture(scope="module")
def rows(tmp_path_factory) -> list[dict]:
    import numpy as np

    verdict = load_gate("rules:general").check(np.zeros((90, 120), np.uint8))
    results = [
        Result("dark é.png", "rules:general", verdict=verdict),
        Result("broken.png", "rules:general", error="no picture, sorry"),
    ]
    return [result.to_dict() for result in results]


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_keeps_the_results(suffix: str, rows: list[dict]) -> None:
    file = io.BytesIO()
    writer(f"OUT{suffix.upper()}")(file, iter(rows))
    assert file.getvalue()
    if suffix not in READERS:
        pytest.skip("no reader here")
    found = READERS[suffix](file.getvalue())
    for name in ("path", "decision", "error", "gate"):
        assert [row[name] or None for row in found] == [row[name] for row in rows]
    code = rows[0]["reasons"][0]["code"]
    assert code in str(found[0]["reasons"])


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_is_told_to_people(suffix: str) -> None:
    told = suffix in (DOCS / "routing.md").read_text(encoding="utf-8")
    assert told, "docs/routing.md names every format"


def test_another_ending_is_refused() -> None:
    with pytest.raises(SettingsError, match=", ".join(FORMATS)):
        writer("verdicts.xlsx")
