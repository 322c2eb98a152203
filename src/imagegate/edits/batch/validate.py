"""Look at every pair of a batch by machine; a run that was killed goes on where it stopped."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from imagegate.edits.batch.store import Store
from imagegate.parallel.pool import run_many

Look: TypeAlias = Callable[[Path, Path, Path | None], Mapping[str, Any]]
REJECTED, FOR_REVIEW, PASSED = "reject", "review", "pass"


def look(
    original: Path, edited: Path, mask: Path | None, *, gate: str | None = None, policy: Any = None
) -> dict[str, Any]:
    """Return the verdict about one edit, and how the picture looks, as plain values."""
    from imagegate.edits.check import check_edit
    from imagegate.edits.looks import look_of

    verdict = check_edit(original, edited, mask, gate=gate, policy=policy)
    return {**verdict.to_dict(), "look": look_of(original)}


def validate(
    batch: Store,
    *,
    who: str,
    look: Look = look,
    jobs: int | None = None,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Counter[str]:
    """Look at all pairs without a verdict and return how many passed, are for review, rejected.

    A pair that cannot be looked at is rejected, with the error in its verdict.
    """
    open_ones = batch.rows("SELECT * FROM pictures WHERE verdict IS NULL ORDER BY name")
    tasks = [json.dumps([row["original"], row["edited"], row["mask"]]) for row in open_ones]
    work = partial(_verdict, batch.folder.resolve(), look)
    for number, (row, done) in enumerate(
        zip(open_ones, run_many(work, tasks, jobs=jobs), strict=True), 1
    ):
        verdict = dict(done.value or {"decision": REJECTED, "error": done.error})
        said = verdict.get("look")
        values = (verdict["decision"], verdict.get("p_artifact"), json.dumps(verdict), said)
        with batch.change() as db:
            db.execute(
                "UPDATE pictures SET decision = ?, p_artifact = ?, verdict = ?, look = ? "
                "WHERE name = ?",
                (*values, row["name"]),
            )
        tell(number, len(open_ones))
    decisions = Counter(row["decision"] for row in batch.pictures())
    if open_ones:
        batch.log("validate", who=who, looked=len(open_ones), **decisions)
    return decisions


def _verdict(folder: Path, look: Look, task: str) -> Mapping[str, Any]:
    batch = Store(folder)
    try:
        shas = json.loads(task)
        for sha in filter(None, shas):
            batch.read(sha)  # verified
        original, edited, mask = (sha and batch.path(sha) for sha in shas)
        return look(original, edited, mask)
    finally:
        batch.close()
