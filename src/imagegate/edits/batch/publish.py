"""Publish a batch in stages and roll it back: each picture whole, before or after, never between.

What a destination shall hold is written to the database first and ticked off when it does. A run
that was killed leaves some of it unticked; the next run, of whatever command, does that first.
"""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagegate.edits.batch.proof import held_back, proof
from imagegate.edits.batch.sample import part
from imagegate.edits.batch.store import Store, now, sync_folder, write_whole
from imagegate.errors import SettingsError
from imagegate.pipeline.files import is_local, storage

EDITED, ORIGINAL = "edited", "original"
FLAG_LIMIT = 0.01  # share of the published pictures that customers may flag


class RefusedError(SettingsError):
    """The batch may not be published: it is not proven, or customers flagged too many."""


@dataclass(frozen=True)
class Moved:
    """What a run did: pictures written, those held back and why, those of others left alone."""

    written: int
    held: Mapping[str, str]
    foreign: tuple[str, ...]
    published: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {**vars(self), "held": dict(self.held), "foreign": list(self.foreign)}


def publish(
    batch: Store,
    destination: str,
    *,
    who: str,
    stage: float = 1.0,
    override: str | None = None,
    flag_limit: float = FLAG_LIMIT,
    write: Callable[[Store, dict[str, Any]], bytes] | None = None,
) -> Moved:
    """Write a share of every stratum's edited pictures to a folder or URL.

    Idempotent: a stage that is out already changes nothing. ``write`` may return other bytes than
    the edited ones, with provenance for example; they are kept in the store first.

    Raises
    ------
    RefusedError
        If the bound is not proven, or more than ``flag_limit`` of the published were flagged, and
        no reason to ``override`` it is given. The reason is logged.
    """
    if not 0 < stage <= 1:
        raise SettingsError(f"--stage: expected a share above 0 %, up to 100 %, got {stage:.0%}")
    if reason := refusal(batch, flag_limit):
        if not override:
            raise RefusedError(f"{reason}. Publish all the same with --override REASON")
        batch.log("override", who=who, refused=reason, reason=override)
    destination = _normal(destination)
    held = held_back(batch)
    staged = [row for row in _staged(batch, stage) if row["name"] not in held]
    out = {row["name"]: row for row in _places(batch, destination)}
    fresh = [r for r in staged if not out.get(r["name"], {}).get("state", "").startswith(EDITED)]
    with batch.change() as db:
        for row in fresh:
            content = write(batch, row) if write else batch.read(row["edited"])
            db.execute(
                "INSERT OR REPLACE INTO places VALUES (?, ?, ?, 0, ?, ?)",
                (row["name"], destination, f"{EDITED}:{batch.keep(content)}", stage, now()),
            )
        if fresh:
            batch.log("publish", who=who, to=destination, stage=stage, pictures=len(fresh))
    return _finish(batch, destination, held)


def rollback(
    batch: Store,
    destination: str,
    *,
    who: str,
    names: Iterable[str] | None = None,
    stage: float | None = None,
) -> Moved:
    """Put the originals back byte for byte, of all, of one stage or of the pictures named.

    Each is read again after it was written and its SHA-256 compared.
    """
    destination = _normal(destination)
    wanted = None if names is None else {batch.picture(name)["name"] for name in names}
    with batch.change() as db:
        rows = [
            row
            for row in _places(batch, destination)
            if row["state"].startswith(EDITED)
            and (wanted is None or row["name"] in wanted)
            and (stage is None or row["stage"] == stage)
        ]
        for row in rows:
            sha = batch.picture(row["name"])["original"]
            batch.read(sha)  # verified before the edited one goes
            db.execute(
                "UPDATE places SET state = ?, done = 0, at = ? WHERE name = ? AND destination = ?",
                (f"{ORIGINAL}:{sha}", now(), row["name"], destination),
            )
        if rows:
            batch.log("rollback", who=who, to=destination, stage=stage, pictures=len(rows))
    return _finish(batch, destination, {})


def differing(batch: Store, destination: str) -> list[str]:
    """Return the pictures whose file is not what the batch says: changed, gone or unfinished."""
    destination = _normal(destination)
    fs, root = storage(destination)
    return [
        row["name"]
        for row in _places(batch, destination)
        if _hash(fs, _target(batch.picture(row["name"]), row, root)) != _content(row)
    ]


def report_flag(batch: Store, name: str, *, who: str, note: str | None = None) -> int:
    """Record that a customer flagged a picture and return how many pictures were flagged."""
    batch.picture(name)
    with batch.change() as db:
        db.execute("INSERT INTO flags (name, note, at) VALUES (?, ?, ?)", (name, note, now()))
        batch.log("flag", who=who, name=name, note=note)
    return flagged(batch)


def flagged(batch: Store) -> int:
    """Return how many pictures were flagged."""
    return int(batch.rows("SELECT count(DISTINCT name) AS n FROM flags")[0]["n"])


def refusal(batch: Store, flag_limit: float = FLAG_LIMIT) -> str | None:
    """Return why nothing may be published now, None if it may."""
    query = "SELECT count(DISTINCT name) AS n FROM places WHERE state LIKE 'edited%'"
    published, flags = batch.rows(query)[0]["n"], flagged(batch)
    if flags > flag_limit * published and flags:
        return f"{flags} of {published} published were flagged, more than {flag_limit:.1%}"
    shown = proof(batch)
    if shown.proven:
        return None
    return f"the bound is not proven: {shown.sentence()}; {shown.to_go} more looks, if none is bad"


def _finish(batch: Store, destination: str, held: Mapping[str, str]) -> Moved:
    """Make the destination hold what the database says, picture by picture."""
    written, foreign = 0, []
    for row in _places(batch, destination):
        if row["done"]:
            continue
        if _put(batch, destination, row):
            written += 1
            batch.db.execute(
                "UPDATE places SET done = 1 WHERE name = ? AND destination = ?",
                (row["name"], destination),
            )
        else:
            foreign.append(row["name"])
            batch.db.execute(
                "DELETE FROM places WHERE name = ? AND destination = ?", (row["name"], destination)
            )
    query = "SELECT count(*) AS n FROM places WHERE destination = ? AND state LIKE 'edited%'"
    return Moved(written, held, tuple(foreign), batch.rows(query, destination)[0]["n"])


def _put(batch: Store, destination: str, row: dict[str, Any]) -> bool:
    """Write one picture; False, and nothing, if somebody else's file has the name."""
    picture = batch.picture(row["name"])
    sha, back = _content(row), row["state"].startswith(ORIGINAL)
    fs, root = storage(destination)
    target = _target(picture, row, root)
    if is_local(fs):
        for left in Path(target).parent.glob(f".{glob.escape(Path(target).name)}.*.part"):
            left.unlink()  # of a run that was killed
    there = _hash(fs, target)
    ours = {picture["original"], picture["edited"], sha, None}
    if there not in ours and not back:
        return False
    if there != sha:
        _write(fs, target, batch.read(sha))
        if _hash(fs, target) != sha:
            raise SettingsError(f"{target}: what was written is not what is there; run it again")
    if back:
        beside = f"{root.rstrip('/')}/{picture['name']}"
        if beside != target and fs.exists(beside):
            fs.rm_file(beside)
    return True


def _target(picture: dict[str, Any], row: dict[str, Any], root: str) -> str:
    name = picture["original_name" if row["state"].startswith(ORIGINAL) else "name"]
    return f"{root.rstrip('/')}/{name}"


def _content(row: dict[str, Any]) -> str:
    return str(row["state"].partition(":")[2])


def _write(fs: Any, target: str, content: bytes) -> None:
    if is_local(fs):
        path = Path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
        sync_folder(path.parent.parent)
        return
    fs.makedirs(target.rpartition("/")[0], exist_ok=True)
    fs.pipe_file(target, content)  # object storages show an object whole or not at all


def _hash(fs: Any, path: str) -> str | None:
    return hashlib.sha256(fs.cat_file(path)).hexdigest() if fs.exists(path) else None


def _staged(batch: Store, stage: float) -> list[dict[str, Any]]:
    """Return a part of every stratum; a larger stage holds a smaller.

    The order is another than that of looking: a stage of only the pictures that were looked at
    would tell nothing of the others. Pictures outside every stratum are those that the check
    rejected; they come if released.
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(batch.pictures(), key=lambda row: _order(row["name"])):
        groups.setdefault(row["stratum"] or "", []).append(row)
    return [row for rows in groups.values() for row in rows[: part(len(rows), stage)]]


def _order(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _places(batch: Store, destination: str) -> list[dict[str, Any]]:
    return batch.rows("SELECT * FROM places WHERE destination = ? ORDER BY name", destination)


def _normal(destination: str) -> str:
    fs, root = storage(destination)
    return str(Path(root).resolve()) if is_local(fs) else destination.rstrip("/")
