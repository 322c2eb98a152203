"""Read a user's own images with what became of them in production."""

from __future__ import annotations

import csv
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

from imagegate import features, image
from imagegate.errors import CorpusError, ImageError, ImagegateError, MissingExtraError
from imagegate.tasks import TASKS
from imagegate.training import parts
from imagegate.training.rows import Row, describe

COLUMNS = {"path", "failed", "group", "source_id", "set", "page", "sha256"}
ANSWERS = {"0": 0.0, "1": 1.0, "false": 0.0, "true": 1.0, "no": 0.0, "yes": 1.0}


def read_outcomes_rows(
    path: Path, task: str, jobs: int | None, usual_set: str
) -> tuple[dict[str, Any], list[Row]]:
    """Return what corpus.json would say, and the rows."""
    listed = read_list(path)
    base = path.absolute().parent
    measured = measure_all(base, listed, usual_set, jobs)
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


def measure_all(
    base: Path, listed: list[dict[str, str]], usual_set: str, jobs: int | None
) -> list[Row]:
    """Measure every image of a list, in several processes."""
    try:
        from joblib import Parallel, delayed
    except ImportError as error:
        raise MissingExtraError("joblib", "train") from error
    work = (delayed(measured_row)(base, row, usual_set) for row in listed)
    return list(Parallel(n_jobs=jobs or -1)(work))


def read_list(path: Path) -> list[dict[str, str]]:
    """Read the CSV file and check it; nothing is guessed."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = set(reader.fieldnames or ())
            rows = list(reader)
    except OSError as error:
        raise CorpusError(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(f"{path}: expected a CSV file in UTF-8: {error}") from error
    if not {"path", "failed"} <= columns or not columns <= COLUMNS:
        raise CorpusError(
            f"{path}: expected the columns path,failed[,group][,source_id][,set][,page][,sha256], "
            f"got {sorted(columns)}"
        )
    for line, row in enumerate(rows, start=2):
        if (row["failed"] or "").strip().lower() not in ANSWERS:
            raise CorpusError(f"{path} line {line}: expected failed 0 or 1, got {row['failed']!r}")
        page = (row.get("page") or "1").strip()
        if not (page.isdecimal() and int(page)):
            raise CorpusError(f"{path} line {line}: expected a page from 1, got {page!r}")
    if not rows:
        raise CorpusError(f"{path}: no rows")
    return rows


def measured_row(base: Path, listed: dict[str, str], usual_set: str) -> Row:
    """Measure one image; one that cannot be read keeps its error."""
    name, page = listed["path"], int(listed.get("page") or 1)
    source = listed.get("source_id") or name
    row: Row = {
        "row_id": f"{name}#000" if page == 1 else f"{name} page {page}#000",
        "source_id": source,
        "group": listed.get("group") or source,
        "set": listed.get("set") or usual_set,
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
        _same_content(base / name, listed.get("sha256") or "")
        picture = image.read(base / name, frame=page - 1)
        values = features.measure(picture)
    except (ImagegateError, OSError) as error:
        return row | {"error": describe(error)}
    height, width = picture.gray.shape
    measures = dict(zip(features.MEASURES, map(float, values), strict=True))
    return row | {"width": width, "height": height} | measures


def _same_content(path: Path, wanted: str) -> None:
    """Raise ImageError if the file is not the one that the outcome is about."""
    if wanted and path.is_file() and sha256(path.read_bytes()).hexdigest() != wanted.lower():
        raise ImageError(str(path), "its SHA-256 differs: the file has changed since")
