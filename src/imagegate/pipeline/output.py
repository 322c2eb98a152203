"""Write the rows of a run as Parquet, JSON lines or CSV, a few thousand in memory at a time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from itertools import islice
from typing import IO, Any, TypeAlias

from imagegate.errors import SettingsError
from imagegate.extras import require
from imagegate.features import MEASURES, SCORES
from imagegate.models.verdict import Reason, Result, Row

Writer: TypeAlias = Callable[[IO[bytes], Iterable[Row]], None]

GROUP = 5_000  # rows of a row group: some 5 MB
WHOLE = ("page", "pages", "width", "height", "quality")
NUMBERS = ("p_fail", "p_repaired")
# A row without its nested parts: what every format has as columns of their own.
NESTED = ("reasons", "scores", "measures")
PLAIN = tuple(name for name in Result("").to_dict() if name not in NESTED)
SCORE_COLUMNS = tuple(f"{cause}_score" for cause in SCORES)


def writer(path: str) -> Writer:
    """Return what writes the format that a name ends with; what it needs is asked for now."""
    for suffix, write in FORMATS.items():
        if path.lower().endswith(suffix):
            if write is write_parquet:
                arrow()
            return write
    raise SettingsError(f"{path}: expected a name that ends in {', '.join(FORMATS)}")


def flat(row: Row) -> Row:
    """Return a row whose scores and measures are columns; those not taken are None.

    >>> flat(Result("a.png", "ocr", error="broken").to_dict())["blur_score"] is None
    True
    """
    plain = {name: row[name] for name in PLAIN}
    scores = {f"{cause}_score": row["scores"].get(cause) for cause in SCORES}
    measures = {name: row["measures"].get(name) for name in MEASURES}
    return {**plain, "reasons": row["reasons"], **scores, **measures}


def write_jsonl(file: IO[bytes], rows: Iterable[Row]) -> None:
    """Write one object a line, as ``imagegate check --json`` does."""
    for row in rows:
        line = json.dumps(row, ensure_ascii=False, allow_nan=False)
        file.write(line.encode("utf-8") + b"\n")


def write_csv(file: IO[bytes], rows: Iterable[Row]) -> None:
    """Write one line a row; reasons as ``code: message``, parted by ``|``."""
    columns = [*PLAIN, "reasons", *SCORE_COLUMNS, *MEASURES]
    text = io.TextIOWrapper(file, "utf-8", newline="")
    lines = csv.DictWriter(text, columns)
    lines.writeheader()
    for row in rows:
        why = " | ".join(f"{reason['code']}: {reason['message']}" for reason in row["reasons"])
        lines.writerow({**flat(row), "reasons": why})
    text.detach()


def write_parquet(file: IO[bytes], rows: Iterable[Row]) -> None:
    """Write columns, see :func:`schema`."""
    pa, form = arrow(), schema()
    with pa.parquet.ParquetWriter(file, form, compression="zstd") as table:
        flattened = map(flat, rows)
        while group := list(islice(flattened, GROUP)):
            table.write_table(pa.Table.from_pylist(group, schema=form))


def schema() -> Any:
    """Return the columns of a Parquet file: plain ones, reasons, ``blur_score`` …, measures."""
    pa = arrow()
    text, real = pa.string(), pa.float64()
    types = dict.fromkeys(PLAIN, text) | {"ok": pa.bool_()}
    types |= dict.fromkeys(WHOLE, pa.int32()) | dict.fromkeys(NUMBERS, real)
    reals = {"probability": real, "gain": real, "reading": real, "usual": pa.list_(real)}
    kinds = reals | {"where": pa.list_(pa.int32())}
    names = ("cause", *(field.name for field in fields(Reason)))
    reason = [(name, kinds.get(name, text)) for name in names]
    types["reasons"] = pa.list_(pa.struct(reason))
    types |= dict.fromkeys((*SCORE_COLUMNS, *MEASURES), real)
    return pa.schema(list(types.items()))


def arrow() -> Any:
    """Return pyarrow with its Parquet module."""
    require("pyarrow.parquet", "parquet")
    return require("pyarrow", "parquet")


# By the ending of file names.
FORMATS: Mapping[str, Writer] = {
    ".parquet": write_parquet,
    ".jsonl": write_jsonl,
    ".csv": write_csv,
}
