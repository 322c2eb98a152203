"""Measure a user's own images, whose outcome is known, as the rows of a corpus."""

from __future__ import annotations

from collections import Counter
from functools import partial
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

from imagegate import features, image
from imagegate.errors import CorpusError, ImageError, ImagegateError
from imagegate.parallel.pool import run_many
from imagegate.tasks import TASKS
from imagegate.training.data.outcomes import Outcome, Outcomes, read_list
from imagegate.training.labelling import store
from imagegate.training.labelling.rows import Row, describe, measured


def read_outcomes_rows(
    table: Any, task: str, jobs: int | None, usual_set: str
) -> tuple[dict[str, Any], list[Row]]:
    """Return what corpus.json would say, and the rows."""
    listed = read_list(table)
    every = measured_rows(listed, usual_set, jobs)
    rows = [row for row in every if not row["error"]]
    if not rows:
        raise CorpusError(f"{listed.name}: none of {len(every)} images could be read")
    sets = sorted(Counter(row["set"] for row in rows).items())
    root = {"root": str(listed.folder), "licence": "the user's own"}
    return {
        "format": store.FORMAT,
        "task": task,
        # of a task that we do not know nothing is barred: it may be about text or about pictures
        **({"text": TASKS[task].text} if task in TASKS else {}),
        "engine": "outcomes",
        "engine_version": listed.name,
        # of the files, by row: two months may both hold a 0001.png, and one image have two names
        "contents": {row["row_id"]: row["content"] for row in rows},
        "engine_licence": "",
        "limit": 0.5,
        "seed": 0,
        "variants": 1,
        "recipe": "natural",
        "imagegate": metadata.version("imagegate"),
        "features_version": features.VERSION,
        "measures": list(features.MEASURES),
        "sets": {name: {"sources": count, **root} for name, count in sets},
        "complete": True,
        "rows": len(rows),
        "errors": len(every) - len(rows),
        "repeated": listed.repeated,
        "fails": int(sum(row["loss"] for row in rows)),
        "dropped": {row["path"]: row["error"] for row in every if row["error"]},
    }, rows


def measured_rows(listed: Outcomes, usual_set: str, jobs: int | None) -> list[Row]:
    """Measure every image of a list, in several processes."""
    work = partial(measured_row, listed.folder, usual_set)
    answers = run_many(work, listed.rows, jobs=jobs, sendable=(Outcome,))
    # An error here is of a worker that died of its image; all others are in the row already.
    return [
        done.value or blank_row(row, usual_set) | {"error": done.error}
        for row, done in zip(listed.rows, answers, strict=True)
    ]


def blank_row(listed: Outcome, usual_set: str) -> Row:
    """Return a row with what is known before the image is read."""
    # A guarantee draws one image of each source: of a customer that must be one, not every one.
    source = listed.source_id or listed.group or listed.path
    return {
        "row_id": f"{listed.shown}#000",
        "source_id": source,
        "group": listed.group or source,
        "set": listed.set or usual_set,
        "path": listed.shown,
        "chain": "[]",
        "cause": "clean",
        "severity": 0,
        "seed": 0,
        **store.BLANK,
        "loss": float(listed.failed),
        "content": "",
    }


def measured_row(base: Path, usual_set: str, listed: Outcome) -> Row:
    """Measure one image; one that cannot be read keeps its error."""
    row = blank_row(listed, usual_set)
    try:
        row["content"] = _content(base / listed.path, listed.sha256)
        return row | measured(image.read(base / listed.path, frame=listed.page - 1))
    except (ImagegateError, OSError) as error:
        return row | {"error": describe(error)}


def _content(path: Path, wanted: str) -> str:
    """Return the SHA-256 of a file, "" of none; raise ImageError if another one is wanted."""
    if not path.is_file():
        return ""
    found = sha256(path.read_bytes()).hexdigest()
    if wanted and found != wanted:
        raise ImageError(str(path), "its SHA-256 differs: the file has changed since")
    return found
