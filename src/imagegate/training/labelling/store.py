"""The corpus on disk: shards of rows while it grows, one sorted file at the end, and its facts."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from imagegate.errors import CorpusError
from imagegate.extras import require
from imagegate.features import MEASURES
from imagegate.pipeline.shards import Shards, lock_folder

FORMAT = 1
META, ROWS, SHARDS, LOG = "corpus.json", "corpus.parquet", "rows", "engine.log"
SHARD_ROWS = 50
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
# What a row says of an image until it is made, and of its loss until the engine has run.
BLANK = {
    "reference_px": math.nan,
    "width": 0,
    "height": 0,
    "loss": math.nan,
    "confidence": math.nan,
    "error": "",
}


def arrow() -> Any:
    """Import pyarrow with its Parquet reader."""
    require("pyarrow.parquet", "train")
    return require("pyarrow", "train")


def schema(outputs: Sequence[str] = ()) -> Any:
    """Return the columns of a corpus, with the measures of outputs that it has."""
    pa = arrow()
    types = {**TYPES, **dict.fromkeys((*MEASURES, *outputs), "float32")}
    return pa.schema([(name, pa.type_for_alias(kind)) for name, kind in types.items()])


@contextmanager
def open_shards(folder: Path) -> Iterator[Shards]:
    """Open the shards of a corpus that is being made, for one run at a time."""
    from fsspec.implementations.local import LocalFileSystem

    fs, rows = LocalFileSystem(), folder / SHARDS
    if any(rows.glob("*.parquet")):
        raise CorpusError(
            f"{folder} was begun by an earlier version of imagegate: remove it, or label into "
            "another folder"
        )
    rows.mkdir(parents=True, exist_ok=True)
    shards = Shards(fs, str(rows.absolute()), size=SHARD_ROWS)
    with lock_folder(fs, shards.folder) or nullcontext():
        shards.resume()
        yield shards


def begun(folder: Path) -> bool:
    """Tell whether any row of an unfinished corpus was written."""
    return any(path.suffix in (".jsonl", ".parquet") for path in (folder / SHARDS).glob("*"))


def finish(folder: Path, shards: Shards, keep: Iterable[str], outputs: Sequence[str] = ()) -> Any:
    """Join the shards: sorted by row_id, each row once, the same bytes for the same rows."""
    pa, columns = arrow(), schema(outputs)
    tables = [pa.Table.from_pylist(rows, schema=columns) for rows in shards.read()]
    table = pa.concat_tables([columns.empty_table(), *tables]).sort_by("row_id")
    wanted, first = set(keep), dict[str, int]()
    for index, name in enumerate(table["row_id"].to_pylist()):
        first.setdefault(name, index)
    kept = [index for name, index in first.items() if name in wanted]
    table = table.take(pa.array(kept, pa.int64())).combine_chunks()
    write(table, folder / ROWS)
    return table


def write(table: Any, path: Path) -> None:
    """Write a Parquet file under a passing name, then give it its own."""
    passing = path.with_suffix(".passing")
    arrow().parquet.write_table(table, passing, compression="zstd")
    passing.replace(path)


def clear(folder: Path) -> None:
    """Remove the shards once they are joined."""
    shutil.rmtree(folder / SHARDS, ignore_errors=True)


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
