"""What people said of pictures, by whom, and what of it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imagegate.edits.batch.store import Store, now
from imagegate.errors import SettingsError, UnknownNameError

GOOD, BAD, SKIP = VERDICTS = ("good", "bad", "skip")
KINDS = ("residue", "ghost", "smear", "seam", "texture", "colour", "halo", "blur", "other")
DISPUTED = "disputed"


def record_review(
    store: Store,
    picture: str,
    reviewer: str,
    verdict: str,
    kind: str | None = None,
    note: str | None = None,
    *,
    seconds: float | None = None,
) -> None:
    """Record what a reviewer says; what the same reviewer said of it before is superseded.

    ``verdict`` is good, bad or skip; a ``kind`` of defect goes with bad; ``seconds`` is how long
    the look took. Raises UnknownNameError for another verdict, SettingsError for a wrong kind.
    """
    store.picture(picture)
    if not reviewer:
        raise SettingsError("a review needs the name of its reviewer")
    if verdict not in VERDICTS:
        raise UnknownNameError("verdict", verdict, VERDICTS)
    if kind is not None and (kind not in KINDS or verdict != BAD):
        raise SettingsError(f"a kind goes with bad, and is one of {', '.join(KINDS)}; got {kind!r}")
    with store.change() as db:
        db.execute(
            "INSERT INTO reviews (name, reviewer, verdict, kind, note, at, seconds) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (picture, reviewer, verdict, kind, note, now(), seconds),
        )
        store.log("review", who=reviewer, name=picture, verdict=verdict, kind=kind, note=note)


def undo_review(store: Store, reviewer: str) -> str | None:
    """Take back a reviewer's last answer and return its picture, None if there is none."""
    found = store.rows(
        "SELECT id, name FROM reviews WHERE reviewer = ? AND NOT undone ORDER BY id DESC LIMIT 1",
        reviewer,
    )
    if not found:
        return None
    with store.change() as db:
        db.execute("UPDATE reviews SET undone = 1 WHERE id = ?", (found[0]["id"],))
        store.log("undo", who=reviewer, name=found[0]["name"])
    return str(found[0]["name"])


def labels(batch: Store) -> dict[str, str]:
    """Return good, bad, skip or disputed for every picture that somebody looked at.

    The last answer of each reviewer counts. A skip says nothing if another reviewer decided.
    """
    said: dict[str, dict[str, str]] = {}
    for row in batch.rows("SELECT * FROM reviews WHERE NOT undone ORDER BY id"):
        said.setdefault(row["name"], {})[row["reviewer"]] = row["verdict"]
    return {name: _settled(answers) for name, answers in said.items()}


def kinds(batch: Store) -> dict[str, int]:
    """Return how often each kind of defect was named."""
    found = batch.rows(
        "SELECT kind, count(DISTINCT name) AS n FROM reviews "
        "WHERE NOT undone AND kind IS NOT NULL GROUP BY kind ORDER BY n DESC, kind"
    )
    return {row["kind"]: row["n"] for row in found}


def minutes(batch: Store) -> float | None:
    """Return the minutes that reviewers took, None if no times were recorded."""
    total: Any = batch.rows("SELECT sum(seconds) AS s FROM reviews")[0]["s"]
    return None if total is None else total / 60


def _settled(answers: Mapping[str, str]) -> str:
    decided = {verdict for verdict in answers.values() if verdict != SKIP}
    if len(decided) > 1:
        return DISPUTED
    return decided.pop() if decided else SKIP
