"""Keep the rows of a corpus on disk: part files while it grows, one sorted file at the end."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from imagegate.errors import CorpusError, MissingExtraError
from imagegate.features import MEASURES
from imagegate.training.labelling.rows import Row

FORMAT = 1
META, ROWS, PARTS, LOG = "corpus.json", "corpus.parquet", "rows", "engine.log"
PART_ROWS = 50
PART_SECONDS = 20.0
TYPES = {
    **dict.fromkeys(("row_id", "source_id", "group", "set", "path", "chain", "cause"), "string"),
    "severity": "int8",
    "seed": "int64",
    "reference_px": "float64",
    "width": "int32",
    "height": "int32",
    "loss": "float32",
    "confidence": "float32",
    "error": "string",
}


def arrow() -> Any:
    """Import pyarrow with its Parquet reader."""
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", "train") from error
    return pyarrow


def schema(outputs: Sequence[str] = ()) -> Any:
    """Return the columns of a corpus, with the measures of outputs that it has."""
    pa = arrow()
    types = {**TYPES, **dict.fromkeys((*MEASURES, *outputs), "float32")}
    return pa.schema([(name, pa.type_for_alias(kind)) for name, kind in types.items()])


class Parts:
    """The rows of one run on their way to disk."""

    def __init__(self, folder: Path, outputs: Sequence[str] = ()) -> None:
        self.folder = folder / PARTS
        self.schema = schema(outputs)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.waiting: list[Row] = []
        self.written = time.monotonic()
        self.number = 0

    def add(self, row: Row) -> None:
        """Take a row; every 50 rows or 20 seconds they are written."""
        self.waiting.append(row)
        late = time.monotonic() - self.written > PART_SECONDS
        if late or len(self.waiting) >= PART_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what waits into a file of its own, whole or not at all."""
        if self.waiting:
            table = arrow().Table.from_pylist(self.waiting, schema=self.schema)
            # The process number keeps two runs, one after a kill, from overwriting each other.
            write(table, self.folder / f"{os.getpid()}-{time.time_ns()}-{self.number}.parquet")
            self.number += 1
        self.waiting, self.written = [], time.monotonic()


def write(table: Any, path: Path) -> None:
    """Write a Parquet file under a passing name, then give it its own."""
    passing = path.with_suffix(".passing")
    arrow().parquet.write_table(table, passing, compression="zstd")
    passing.replace(path)


def read_parts(folder: Path, outputs: Sequence[str] = ()) -> Any:
    """Return the rows written so far; a damaged part is removed, its rows are made again."""
    pa, columns = arrow(), schema(outputs)
    tables = [columns.empty_table()]
    for path in sorted((folder / PARTS).glob("*.parquet")):
        try:
            table = pa.parquet.read_table(path)
        except (pa.ArrowException, OSError):
            path.unlink()
            continue
        if table.schema != columns:
            raise CorpusError(f"{path} has other columns than this version writes")
        tables.append(table)
    return pa.concat_tables(tables)


def finish(folder: Path, keep: Iterable[str], outputs: Sequence[str] = ()) -> Any:
    """Put the parts together: sorted by row_id, each once, the same bytes for the same rows."""
    pa = arrow()
    table = read_parts(folder, outputs).sort_by("row_id")
    wanted, seen, places = set(keep), set(), []
    for place, name in enumerate(table["row_id"].to_pylist()):
        if name in wanted and name not in seen:
            places.append(place)
            seen.add(name)
    table = table.take(pa.array(places, pa.int64())).combine_chunks()
    write(table, folder / ROWS)
    return table


def clear(folder: Path) -> None:
    """Remove the parts once they are merged."""
    shutil.rmtree(folder / PARTS, ignore_errors=True)


def write_meta(folder: Path, meta: dict[str, Any]) -> None:
    """Write corpus.json, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    passing = folder / f".{META}"
    passing.write_text(json.dumps(meta, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    passing.replace(folder / META)


def read_meta(folder: Path) -> dict[str, Any]:
    """Read corpus.json."""
    path = folder / META
    if not path.is_file():
        raise CorpusError(
            f"no corpus in {folder}: expected {META} there; make one: imagegate label"
        )
    try:
        meta: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CorpusError(f"{path} is damaged: {error}") from error
    if meta.get("format") != FORMAT:
        raise CorpusError(f"{path}: expected format {FORMAT}, got {meta.get('format')!r}")
    return meta
