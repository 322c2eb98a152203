"""Read a user's own images with what became of them in production."""

from __future__ import annotations

import csv
from importlib import metadata
from pathlib import Path
from typing import Any

from imagegate import features, image
from imagegate.errors import CorpusError, ImagegateError, MissingExtraError
from imagegate.tasks import TASKS
from imagegate.training import parts
from imagegate.training.rows import Row, describe

COLUMNS = {"path", "failed", "group", "source_id", "set"}
ANSWERS = {"0": 0.0, "1": 1.0, "false": 0.0, "true": 1.0, "no": 0.0, "yes": 1.0}


def read_outcomes_rows(path: Path, task: str, jobs: int | None) -> tuple[dict[str, Any], list[Row]]:
    """Return what corpus.json would say, and the rows."""
    try:
        from joblib import Parallel, delayed
    except ImportError as error:
        raise MissingExtraError("joblib", "train") from error
    listed = read_list(path)
    base = path.absolute().parent
    measured = Parallel(n_jobs=jobs or -1)(delayed(measured_row)(base, row) for row in listed)
    rows = [row for row in measured if not row["error"]]
    dropped = {row["path"]: row["error"] for row in measured if row["error"]}
    if not rows:
        raise CorpusError(f"{path}: none of {len(listed)} images could be read")
    sets = {
        name: sum(row["set"] == name for row in rows) for name in sorted({r["set"] for r in rows})
    }
    return {
        "format": parts.FORMAT,
        "task": task,
        # of a task that we do not know nothing is barred: it may be about text or about pictures
        **({"text": TASKS[task].text} if task in TASKS else {}),
        "engine": "outcomes",
        "engine_version": path.name,
        "engine_licence": "",
        "limit": 0.5,
        "seed": 0,
        "variants": 1,
        "recipe": "natural",
        "imagegate": metadata.version("imagegate"),
        "features_version": features.VERSION,
        "measures": list(features.MEASURES),
        "sets": {
            name: {"sources": count, "root": str(base), "licence": "the user's own"}
            for name, count in sets.items()
        },
        "complete": True,
        "rows": len(rows),
        "errors": len(dropped),
        "fails": int(sum(row["loss"] for row in rows)),
        "dropped": dropped,
    }, rows


def read_list(path: Path) -> list[dict[str, str]]:
    """Read the CSV file and check it; nothing is guessed."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = set(reader.fieldnames or ())
            rows = list(reader)
    except OSError as error:
        raise CorpusError(f"{path}: {error.strerror}") from error
    if not {"path", "failed"} <= columns or not columns <= COLUMNS:
        raise CorpusError(
            f"{path}: expected the columns path,failed[,group][,source_id][,set], "
            f"got {sorted(columns)}"
        )
    for line, row in enumerate(rows, start=2):
        if (row["failed"] or "").strip().lower() not in ANSWERS:
            raise CorpusError(f"{path} line {line}: expected failed 0 or 1, got {row['failed']!r}")
    if not rows:
        raise CorpusError(f"{path}: no rows")
    return rows


def measured_row(base: Path, listed: dict[str, str]) -> Row:
    """Measure one image; one that cannot be read keeps its error."""
    name = listed["path"]
    source = listed.get("source_id") or name
    row: Row = {
        "row_id": f"{name}#000",
        "source_id": source,
        "group": listed.get("group") or source,
        "set": listed.get("set") or "outcomes",
        "path": name,
        "chain": "[]",
        "cause": "clean",
        "severity": 0,
        "seed": 0,
        "reference_px": float("nan"),
        "width": 0,
        "height": 0,
        "loss": ANSWERS[listed["failed"].strip().lower()],
        "confidence": float("nan"),
        "error": "",
    }
    try:
        picture = image.read(base / name)
        values = features.measure(picture)
    except (ImagegateError, OSError) as error:
        return row | {"error": describe(error)}
    height, width = picture.gray.shape
    measures = dict(zip(features.MEASURES, map(float, values), strict=True))
    return row | {"width": width, "height": height} | measures
