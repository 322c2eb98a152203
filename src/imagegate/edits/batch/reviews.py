"""What people said of pictures, by whom, and what of it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imagegate.edits.batch.store import Store, now
from imagegate.errors import SettingsError, UnknownNameError

GOOD, BAD, SKIP = LABELS = ("good", "bad", "skip")
KINDS = ("residue", "ghost", "smear", "seam", "texture", "colour", "halo", "blur", "other")
DISPUTED = "disputed"


def review(
    batch: Store,
    name: str,
    label: str,
    *,
    who: str,
    kind: str | None = None,
    seconds: float | None = None,
) -> None:
    """Record what a reviewer says; what the same reviewer said of it before is superseded."""
    batch.picture(name)
    if label not in LABELS:
        raise UnknownNameError("label", label, LABELS)
    if kind is not None and (kind not in KINDS or label != BAD):
        raise SettingsError(f"a kind goes with bad, and is one of {', '.join(KINDS)}; got {kind!r}")
    with batch.change() as db:
        db.execute(
            "INSERT INTO reviews (name, reviewer, label, kind, at, seconds) VALUES (?,?,?,?,?,?)",
            (name, who, label, kind, now(), seconds),
        )
        batch.log("review", who=who, name=name, label=label, kind=kind)


def undo(batch: Store, *, who: str) -> str | None:
    """Take back a reviewer's last answer and return its picture, None if there is none."""
    found = batch.rows(
        "SELECT id, name FROM reviews WHERE reviewer = ? AND NOT undone ORDER BY id DESC LIMIT 1",
        who,
    )
    if not found:
        return None
    with batch.change() as db:
        db.execute("UPDATE reviews SET undone = 1 WHERE id = ?", (found[0]["id"],))
        batch.log("undo", who=who, name=found[0]["name"])
    return str(found[0]["name"])


def labels(batch: Store) -> dict[str, str]:
    """Return good, bad, skip or disputed for every picture that somebody looked at.

    The last answer of each reviewer counts. A skip says nothing if another reviewer decided.
    """
    said: dict[str, dict[str, str]] = {}
    for row in batch.rows("SELECT * FROM reviews WHERE NOT undone ORDER BY id"):
        said.setdefault(row["name"], {})[row["reviewer"]] = row["label"]
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
    decided = {label for label in answers.values() if label != SKIP}
    if len(decided) > 1:
        return DISPUTED
    return decided.pop() if decided else SKIP
