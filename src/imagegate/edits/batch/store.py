"""A batch of edits as a record: an SQLite file, and pictures in files named by their SHA-256."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from imagegate.errors import BrokenImageError, SettingsError

DATABASE = "batch.sqlite"
FILES = "files"
VERSION = 1
SCHEMA = f"""
PRAGMA user_version = {VERSION};
CREATE TABLE batch (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE pictures (
    name TEXT PRIMARY KEY, original_name TEXT NOT NULL,
    original TEXT NOT NULL, edited TEXT NOT NULL, mask TEXT,
    verdict TEXT, decision TEXT, p_artifact REAL, look TEXT,
    stratum TEXT, place INTEGER);
CREATE TABLE reviews (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL REFERENCES pictures, reviewer TEXT NOT NULL,
    verdict TEXT NOT NULL, kind TEXT, note TEXT, at TEXT NOT NULL, seconds REAL,
    undone INTEGER DEFAULT 0);
CREATE TABLE places (
    name TEXT NOT NULL, destination TEXT NOT NULL, state TEXT NOT NULL, done INTEGER NOT NULL,
    stage REAL, at TEXT NOT NULL, PRIMARY KEY (name, destination));
CREATE TABLE flags (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL REFERENCES pictures, note TEXT, at TEXT NOT NULL);
CREATE TABLE log (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, more TEXT);
"""


class Store:
    """One batch: what was edited, by what, what was found, who looked, what is published where.

    ``folder`` holds the database and the pictures. Every change is one transaction.
    """

    def __init__(self, folder: str | Path, *, new: bool = False) -> None:
        self.folder = Path(folder)
        path = self.folder / DATABASE
        if not new and not path.is_file():
            raise SettingsError(f"{folder}: holds no batch; begin one with 'imagegate edits begin'")
        if new and path.exists():
            if _begun(path):
                raise SettingsError(f"{folder}: holds a batch already: choose another folder")
            path.unlink()  # killed before it had begun
        (self.folder / FILES).mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute("PRAGMA foreign_keys = ON")
        if new:
            self.db.executescript(f"BEGIN; {SCHEMA} COMMIT;")
        elif (found := self.db.execute("PRAGMA user_version").fetchone()[0]) != VERSION:
            raise SettingsError(f"{path}: is of version {found}, this imagegate reads {VERSION}")

    def close(self) -> None:
        """Close the database."""
        self.db.close()

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Do all of what follows, or nothing."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield self.db
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Return what a query finds."""
        return [dict(row) for row in self.db.execute(query, values)]

    def pictures(self) -> list[dict[str, Any]]:
        """Return all pictures, by name."""
        return self.rows("SELECT * FROM pictures ORDER BY name")

    def picture(self, name: str) -> dict[str, Any]:
        """Return one picture by the name of the edited file."""
        found = self.rows("SELECT * FROM pictures WHERE name = ?", name)
        if not found:
            raise SettingsError(f"{name}: no picture of this batch; names are those of the edited")
        return found[0]

    def get(self, key: str) -> Any:
        """Return a setting of the batch, None if it was not set."""
        found = self.rows("SELECT value FROM batch WHERE key = ?", key)
        return json.loads(found[0]["value"]) if found else None

    def set(self, key: str, value: Any) -> None:
        """Set a setting of the batch."""
        self.db.execute("INSERT OR REPLACE INTO batch VALUES (?, ?)", (key, json.dumps(value)))

    def log(self, what: str, *, who: str, **more: Any) -> None:
        """Add a line to the log, which is never changed."""
        line = (now(), who, what, json.dumps(more) if more else None)
        self.db.execute("INSERT INTO log (at, who, what, more) VALUES (?, ?, ?, ?)", line)

    def path(self, sha: str) -> Path:
        """Return where the file of a hash lies."""
        return self.folder / FILES / sha[:2] / sha

    def keep(self, content: bytes) -> str:
        """Write content once, whole or not at all, and return its SHA-256."""
        sha = hashlib.sha256(content).hexdigest()
        if not self.path(sha).is_file():
            self.path(sha).parent.mkdir(exist_ok=True)
            write_whole(self.path(sha), content)
        return sha

    def read(self, sha: str) -> bytes:
        """Return content, verified; raises BrokenImageError if it is gone or was changed."""
        path = self.path(sha)
        content = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(content).hexdigest() != sha:
            raise BrokenImageError(str(path), "the store's file is gone or was changed")
        return content


def _begun(path: Path) -> bool:
    database = sqlite3.connect(path)
    try:
        return bool(database.execute("SELECT 1 FROM batch WHERE key = 'provenance'").fetchall())
    except sqlite3.OperationalError:  # no table yet
        return False
    finally:
        database.close()


def write_whole(path: Path, content: bytes) -> None:
    """Put content under a name: whoever reads the name finds the earlier file or this one whole."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names of a folder survive a power cut, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def now() -> str:
    """Return the time, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
