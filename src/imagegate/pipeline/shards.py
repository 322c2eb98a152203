"""What a long run has found so far, in files written whole: a killed run goes on from them.

::

    FOLDER/part-000000.jsonl   a line an item; the last line says how many, and sums them up

Whole files are written only, so a storage that cannot append will do. A shard without its last
line was cut off and counts for nothing.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from imagegate.errors import SettingsError
from imagegate.pipeline.files import is_local, move

LOCK = "lock"
SECONDS = 20.0  # what a kill may cost
END_BYTES = 400  # more than the last line of a shard has


class Shards:
    """The shards of one folder.

    A shard is written when it has ``size`` items, or 20 seconds after the one before. ``to_json``
    returns what JSON holds of an item; ``sum_up`` takes the items of a shard and returns what its
    last line holds, too; ``on_write`` takes them before they are written.
    """

    def __init__(
        self,
        fs: Any,
        folder: str,
        *,
        size: int,
        to_json: Callable[[Any], Any] = lambda item: item,
        sum_up: Callable[[list[Any]], dict[str, Any]] = lambda items: {},
        on_write: Callable[[list[Any]], None] = lambda items: None,
    ) -> None:
        self.fs, self.folder, self.size = fs, folder, size
        self.to_json, self.sum_up, self.on_write = to_json, sum_up, on_write
        self.number = 0  # of the next shard
        self.waiting: list[Any] = []
        self.since = time.monotonic()

    def resume(self) -> list[dict[str, Any]]:
        """Go on after the last whole shard; return the last line of each."""
        found = []
        while (end := self._end(self.number)) is not None:
            found.append(end)
            self.number += 1
        return found

    def add(self, item: Any) -> None:
        """Take an item, to be written in time."""
        self.waiting.append(item)
        if len(self.waiting) >= self.size or time.monotonic() - self.since > SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what waits as a shard."""
        # Taken away first: whatever stops us, no item is written twice.
        items, self.waiting, self.since = self.waiting, [], time.monotonic()
        if items:
            self.on_write(items)
            lines = [*map(self.to_json, items), {"items": len(items), **self.sum_up(items)}]
            put(self.fs, self._path(self.number), "\n".join(map(json.dumps, lines)) + "\n")
            self.number += 1

    def read(self) -> Iterator[list[Any]]:
        """Yield the items of each whole shard, in the order they were taken."""
        for number in range(self.number):
            lines = self.fs.cat_file(self._path(number)).decode("utf-8").rstrip("\n").split("\n")
            yield [json.loads(line) for line in lines[:-1]]

    def _path(self, number: int) -> str:
        return f"{self.folder}/part-{number:06}.jsonl"

    def _end(self, number: int) -> dict[str, Any] | None:
        """Return the last line of a shard, None if there is none; one that was cut off goes."""
        path = self._path(number)
        if not self.fs.exists(path):
            return None
        end = self.fs.tail(path, END_BYTES).decode("utf-8", "replace")
        try:
            found: dict[str, Any] = json.loads(end.rstrip("\n").rpartition("\n")[2])
            if isinstance(found["items"], int):
                return found
        except (ValueError, TypeError, KeyError):
            pass
        self.fs.rm_file(path)
        return None


def put(fs: Any, path: str, text: str) -> None:
    """Write a file whole, or not at all."""
    data = text.encode("utf-8")
    if not is_local(fs):
        fs.pipe_file(path, data)  # a storage shows an object when it is complete
        return
    fs.pipe_file(path + ".tmp", data)
    move(fs, path + ".tmp", path)


def lock_folder(fs: Any, folder: str) -> IO[bytes] | None:
    """Keep other runs of this machine out; storages, and systems without such locks, have none.

    The lock is held until the file is closed; the system does that however the run ends.
    """
    if not is_local(fs) or sys.platform == "win32":
        return None
    import fcntl

    lock = (Path(folder) / LOCK).open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise SettingsError(f"{folder}: another run is at it; wait for it, or stop it") from None
    return lock
