"""The unfinished run: what it will look at, what it has found, so that a killed one goes on.

::

    OUT.partial/
        files.jsonl         what the run looks at, one JSON string a line, fixed when it begins
        run.json            the settings and the number of files; written last
        part-000000.jsonl   a line a file: the list of its rows; the last line says how many

Whole files are written only, so a storage that cannot append will do. A part without its last line
was cut off and counts for nothing.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from imagegate.errors import SettingsError
from imagegate.models.verdict import Result, Row
from imagegate.pipeline.files import is_local, move, storage

SUFFIX = ".partial"
FILES, RUN, PART, LOCK = "files.jsonl", "run.json", "part-{:06}.jsonl", "lock"
FORMAT = 1
END_BYTES = 400  # more than the last line of a part has


@dataclass(frozen=True)
class Part:
    """How many files a part is about, and how many of their pages went where."""

    files: int
    routes: Counter[str]


@dataclass(frozen=True)
class Journal:
    """The folder of one unfinished run.

    Parameters
    ----------
    fs : fsspec file system
        Where it is.
    folder : str
        The path within.
    files : int
        How many files the run looks at.
    lock : file or None
        Held open as long as this run is at it; the system lets go of it however the run ends.
    """

    fs: Any
    folder: str
    files: int
    lock: IO[bytes] | None = None

    def paths(self, start: int) -> Iterator[str]:
        """Yield the files to look at, from a place in their order."""
        with self.fs.open(f"{self.folder}/{FILES}", "rt", encoding="utf-8") as lines:
            for place, line in enumerate(lines):
                if place >= start:
                    yield json.loads(line)

    def write_part(self, number: int, files: list[list[Result]]) -> None:
        """Write the rows of the next files, and at the end how many of them went where."""
        rows = [[result.to_dict() for result in results] for results in files]
        lines = [json.dumps(one, ensure_ascii=False, allow_nan=False) for one in rows]
        routes = Counter(result.route for results in files for result in results)
        lines.append(json.dumps({"files": len(files), "routes": routes}))
        _put(self.fs, self._part(number), "\n".join(lines) + "\n")

    def parts(self) -> list[Part]:
        """Return what each of the whole parts is about; one that was cut off is removed."""
        parts: list[Part] = []
        while (part := self._read_end(len(parts))) is not None:
            parts.append(part)
        return parts

    def rows(self) -> Iterator[Row]:
        """Yield every row found, in the order of the files."""
        number = 0
        while self.fs.exists(part := self._part(number)):
            with self.fs.open(part, "rt", encoding="utf-8") as lines:
                for line in lines:
                    rows = json.loads(line)
                    yield from rows if isinstance(rows, list) else ()
            number += 1

    def finish(self, write: Callable[[IO[bytes]], None], target: str) -> None:
        """Write the output, put it in its place, and remove the folder."""
        finished = f"{self.folder}/finished"
        with self.fs.open(finished, "wb") as file:
            write(file)
        move(self.fs, finished, target)
        self._remove()

    def _remove(self) -> None:
        # The settings first: without them nobody takes the rest for a run.
        self.fs.rm_file(f"{self.folder}/{RUN}")
        self.fs.rm(self.folder, recursive=True)

    def close(self) -> None:
        """Let other runs go on with it."""
        if self.lock:
            self.lock.close()

    def _part(self, number: int) -> str:
        return f"{self.folder}/{PART.format(number)}"

    def _read_end(self, number: int) -> Part | None:
        part = self._part(number)
        if not self.fs.exists(part):
            return None
        end = self.fs.tail(part, END_BYTES).decode("utf-8", "replace")
        try:
            found = json.loads(end.rstrip("\n").rpartition("\n")[2])
            return Part(int(found["files"]), Counter(found["routes"]))
        except (ValueError, TypeError, KeyError):
            self.fs.rm_file(part)
            return None


def begin(out: str, settings: Mapping[str, Any], paths: Iterable[str]) -> Journal:
    """Open the journal of an output, as it was left, or a new one.

    Parameters
    ----------
    out : str
        The path or URL of the output.
    settings : mapping
        What must not change between two runs, as JSON holds it.
    paths : iterable of str
        The files to look at; asked for only if the run is new.

    Raises
    ------
    SettingsError
        If the output is there already, or was begun with other settings.
    """
    fs, target = storage(out)
    folder, wanted = target + SUFFIX, {"format": FORMAT, **settings}
    if fs.exists(target) and not fs.exists(f"{folder}/{RUN}"):
        raise SettingsError(f"{out} is there already: choose another name, or remove it")
    fs.makedirs(folder, exist_ok=True)
    lock = _locked(fs, folder)
    try:
        if fs.exists(f"{folder}/{RUN}"):
            files = _resumed(fs, folder, wanted, out)
        else:
            files = _begun(fs, folder, wanted, paths)
    except BaseException:
        if lock:
            lock.close()
        raise
    return Journal(fs, folder, files, lock)


def _begun(fs: Any, folder: str, settings: Mapping[str, Any], paths: Iterable[str]) -> int:
    """List the files and write the settings, and return how many files there are."""
    try:
        for left in fs.find(folder):  # by a run that was stopped at its very end
            if not left.endswith(f"/{LOCK}"):
                fs.rm_file(left)
        count = _list(fs, f"{folder}/{FILES}", paths)
        _put(fs, f"{folder}/{RUN}", json.dumps({"settings": settings, "files": count}, indent=1))
    except BaseException:
        if fs.exists(folder):
            fs.rm(folder, recursive=True)
        raise
    return count


def _locked(fs: Any, folder: str) -> IO[bytes] | None:
    """Keep other runs of this machine out; storages, and systems without such locks, have none."""
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


def _resumed(fs: Any, folder: str, wanted: Mapping[str, Any], out: str) -> int:
    """Return how many files the run looks at, or refuse to go on with it."""
    try:
        found = json.loads(fs.cat_file(f"{folder}/{RUN}"))
        settings, files = dict(found["settings"]), int(found["files"])
    except (ValueError, TypeError, KeyError):
        raise SettingsError(
            f"{out}{SUFFIX}/{RUN} is damaged: remove {out}{SUFFIX} and begin again"
        ) from None
    _refuse_other(settings, wanted, out)
    return files


def _list(fs: Any, place: str, paths: Iterable[str]) -> int:
    count = 0
    with fs.open(place, "wt", encoding="utf-8") as lines:
        for count, path in enumerate(paths, start=1):  # noqa: B007 - the last one is the number
            lines.write(json.dumps(path) + "\n")
    return count


def _put(fs: Any, path: str, text: str) -> None:
    """Write a file whole, or not at all."""
    data = text.encode("utf-8")
    if not is_local(fs):
        fs.pipe_file(path, data)  # a storage shows an object when it is complete
        return
    fs.pipe_file(path + ".tmp", data)
    move(fs, path + ".tmp", path)


def _refuse_other(old: Mapping[str, Any], new: Mapping[str, Any], out: str) -> None:
    for name in {**old, **new}:
        if old.get(name) != new.get(name):
            raise SettingsError(
                f"{out} was begun with {name} {old.get(name)!r}, now it is {new.get(name)!r}. Use "
                f"the same again, choose another output, or remove {out}{SUFFIX}"
            )
