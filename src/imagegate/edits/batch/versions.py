"""Take out of a store what is no longer needed, and write a batch as one table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from imagegate.edits.batch.proof import held_back
from imagegate.edits.batch.reviews import labels
from imagegate.edits.batch.store import FILES, Store
from imagegate.errors import SettingsError
from imagegate.extras import require

KEEP_DAYS = 30.0


@dataclass(frozen=True)
class Garbage:
    """Files that a store may lose, and their size; what is published can then not be rolled back.

    ``pictures`` are those whose versions go.
    """

    files: tuple[Path, ...]
    size: int
    pictures: tuple[str, ...]


def garbage(batch: Store, *, keep_days: float = KEEP_DAYS) -> Garbage:
    """Return what is older than the days to keep: nothing of a batch that still changes.

    A batch changes while anything is unfinished or was done to it within these days. Files that no
    picture names, of a run that was killed, go as well.
    """
    if keep_days < 0:
        raise SettingsError(f"--keep: expected days, 0 or more, got {keep_days:g}")
    last = batch.rows("SELECT max(at) AS at FROM log")[0]["at"]
    rows, states = batch.pictures(), batch.rows("SELECT state, done FROM places")
    old = datetime.now(UTC) - datetime.fromisoformat(last) >= timedelta(days=keep_days)
    open_ones = any(not row["done"] for row in states) or not states
    named = {row[key] for row in rows for key in ("original", "edited", "mask")} - {None}
    named |= {row["state"].partition(":")[2] for row in states}
    gone = old and not open_ones
    files = [
        path
        for path in sorted((batch.folder / FILES).glob("*/*"))
        if gone or path.name not in named
    ]
    names = tuple(row["name"] for row in rows) if gone else ()
    return Garbage(tuple(files), sum(path.stat().st_size for path in files), names)


def collect(batch: Store, found: Garbage, *, who: str) -> None:
    """Remove what was found."""
    batch.log("gc", who=who, files=len(found.files), size=found.size)
    for path in found.files:
        path.unlink(missing_ok=True)


def table(batch: Store) -> list[dict[str, Any]]:
    """Return a row for every picture: provenance, verdict, review, where it is published."""
    said, held = labels(batch), held_back(batch)
    made = batch.get("provenance")
    counted = batch.rows("SELECT name, count(*) AS n FROM flags GROUP BY name")
    flags = {row["name"]: row["n"] for row in counted}
    out: dict[str, list[str]] = {}
    for row in batch.rows("SELECT * FROM places WHERE state LIKE 'edited%' AND done"):
        out.setdefault(row["name"], []).append(row["destination"])
    keys = ("name", "original_name", "original", "edited", "mask", "decision", "p_artifact")
    return [
        {
            **{key: row[key] for key in (*keys, "stratum", "place")},
            "label": said.get(row["name"]),
            "held_back": held.get(row["name"]),
            "published": out.get(row["name"], []),
            "flags": flags.get(row["name"], 0),
            "model": made["model"],
            "prompt": made["prompt"],
            "begun": made["begun"],
            "by": made["by"],
            "verdict": row["verdict"],
        }
        for row in batch.pictures()
    ]


def export(batch: Store, path: Path) -> int:
    """Write the table as Parquet and return the number of rows."""
    arrow = require("pyarrow", "parquet")
    parquet = require("pyarrow.parquet", "parquet")
    rows = table(batch)
    parquet.write_table(arrow.Table.from_pylist(rows), path)
    return len(rows)
