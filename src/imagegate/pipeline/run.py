"""Look at very many images in bounded memory; a killed run goes on where it was.

::

    OUT.partial/
        files.jsonl         what the run looks at, one JSON string a line, fixed when it begins
        run.json            the settings and the number of files; written last
        part-000000.jsonl   shards: a line a file, the list of its rows
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from importlib import metadata
from itertools import chain
from typing import IO, Any, TypeAlias

from imagegate import features
from imagegate.errors import SettingsError
from imagegate.models.verdict import Result
from imagegate.parallel.pool import Done, run_many
from imagegate.pipeline.files import move, reaching, storage
from imagegate.pipeline.log import DecisionLog
from imagegate.pipeline.output import writer
from imagegate.pipeline.route import Router, results_of
from imagegate.pipeline.shards import LOCK, Shards, lock_folder, put
from imagegate.pipeline.summary import Summary, Tally

SUFFIX = ".partial"
FILES, RUN = "files.jsonl", "run.json"
FORMAT = 2
Answers: TypeAlias = Generator[Done[list[Result]], None, None]
Many: TypeAlias = Callable[..., Answers]  # of the work, the sources and jobs=
Look: TypeAlias = Callable[[Iterable[str]], Answers]
# Of how many files are done of how many, and the counts in words.
Progress: TypeAlias = Callable[[int, int, str], None]

SHARD_FILES = 500  # what a kill may cost, unless 20 seconds come first


def run(
    router: Router,
    paths: Iterable[str],
    out: str,
    *,
    work: Callable[[str], list[Result]] | None = None,
    many: Many = run_many,
    jobs: int | None = None,
    log: DecisionLog | None = None,
    progress: Progress | None = None,
    settings: dict[str, Any] | None = None,
) -> Summary:
    """Write one row a page to a file, and return the summary.

    The files are listed once, when the run begins: the same call after a kill goes on with that
    list, from the folder ``OUT.partial`` beside the output. An output that exists or was begun
    otherwise raises SettingsError.

    ``work`` is done with each file in place of ``router.pages``, and ``many`` does it with many, on
    a cluster :func:`imagegate.integrations.ray.ray_many`. ``log`` gets every decision, after a kill
    those of the last seconds again. ``settings`` are what else must not change between two runs.
    """
    write = writer(out)
    with reaching(out):
        journal = begin(out, {**described(router), **(settings or {})}, paths)
    gate = router.gate
    look, tally = partial(many, work or router.pages, jobs=jobs), Tally()
    with closing(journal), reaching(out):
        shards = _look(look, journal, gate.name, log=log, progress=progress)
        rows = (row for files in shards.read() for pages in files for row in pages)
        journal.finish(lambda file: write(file, tally.watch(rows)), storage(out)[1])
    return tally.summary(gate, guaranteed=router.keeps_guarantee)


def described(router: Router) -> dict[str, Any]:
    """Return what decides about the rows of a run, for JSON."""
    return {
        "gate": router.gate.name,
        "gate_hash": router.gate.card.hash,
        "policy": router.policy.to_dict(),
        "limits": asdict(router.limits),
        "features_version": features.VERSION,
        "imagegate": metadata.version("imagegate"),
    }


def _look(
    look: Look,
    journal: Journal,
    gate: str,
    *,
    log: DecisionLog | None,
    progress: Progress | None,
) -> Shards:
    """Look at the files that are left; return the shards with the rows of all."""
    shards = Shards(
        *(journal.fs, journal.folder),
        size=SHARD_FILES,
        to_json=lambda results: [result.to_dict() for result in results],
        sum_up=lambda files: {"routes": Counter(page.route for page in chain(*files))},
        on_write=lambda files: log.append(chain(*files)) if log else None,
    )
    whole, tally = shards.resume(), Tally()
    start = sum(end["items"] for end in whole)
    tally.routes.update(sum((Counter(end["routes"]) for end in whole), Counter()))
    tell = progress or (lambda done, total, note: None)
    tell(start, journal.files, tally.note())
    with closing(look(journal.paths(start))) as answers:
        try:
            for done, answer in enumerate(answers, start=start + 1):
                found = results_of(answer, gate)
                for result in found:
                    tally.routes[result.route] += 1
                shards.add(found)
                tell(done, journal.files, tally.note())
        finally:
            shards.flush()  # also if someone pressed Ctrl-C
    return shards


@dataclass(frozen=True)
class Journal:
    """The folder of one unfinished run over so many files.

    ``lock`` is held open as long as this run is at it; the system lets go of it however the run
    ends.
    """

    fs: Any
    folder: str
    files: int
    lock: IO[bytes] | None = None

    def paths(self, start: int) -> Iterator[str]:
        """Yield the files to look at, from a position in their order."""
        with self.fs.open(f"{self.folder}/{FILES}", "rt", encoding="utf-8") as lines:
            for position, line in enumerate(lines):
                if position >= start:
                    yield json.loads(line)

    def finish(self, write: Callable[[IO[bytes]], None], target: str) -> None:
        """Write the output, move it to its name, and remove the folder."""
        finished = f"{self.folder}/finished"
        with self.fs.open(finished, "wb") as file:
            write(file)
        move(self.fs, finished, target)
        # The settings first: without them nobody takes the rest for a run.
        self.fs.rm_file(f"{self.folder}/{RUN}")
        self.fs.rm(self.folder, recursive=True)

    def close(self) -> None:
        """Let other runs go on with it."""
        if self.lock:
            self.lock.close()


def begin(out: str, settings: Mapping[str, Any], paths: Iterable[str]) -> Journal:
    """Open the journal of an output, as it was left, or a new one.

    ``settings`` must not change between two runs; ``paths`` are asked for only if the run is new.
    """
    fs, target = storage(out)
    folder, wanted = target + SUFFIX, {"format": FORMAT, **settings}
    if fs.exists(target) and not fs.exists(f"{folder}/{RUN}"):
        raise SettingsError(f"{out} already exists: choose another name, or remove it")
    fs.makedirs(folder, exist_ok=True)
    lock = lock_folder(fs, folder)
    try:
        if fs.exists(f"{folder}/{RUN}"):
            files = _resume(fs, folder, wanted, out)
        else:
            files = _begin(fs, folder, wanted, paths)
    except BaseException:
        if lock:
            lock.close()
        raise
    return Journal(fs, folder, files, lock)


def _begin(fs: Any, folder: str, settings: Mapping[str, Any], paths: Iterable[str]) -> int:
    """List the files and write the settings, and return how many files there are."""
    try:
        for left in fs.find(folder):  # by a run that was stopped at its very end
            if not left.endswith(f"/{LOCK}"):
                fs.rm_file(left)
        count = 0
        with fs.open(f"{folder}/{FILES}", "wt", encoding="utf-8") as lines:
            for count, path in enumerate(paths, start=1):  # noqa: B007 - the last is the number
                lines.write(json.dumps(path) + "\n")
        put(fs, f"{folder}/{RUN}", json.dumps({"settings": settings, "files": count}, indent=1))
    except BaseException:
        if fs.exists(folder):
            fs.rm(folder, recursive=True)
        raise
    return count


def _resume(fs: Any, folder: str, wanted: Mapping[str, Any], out: str) -> int:
    """Return how many files the run looks at, or refuse to go on with it."""
    try:
        found = json.loads(fs.cat_file(f"{folder}/{RUN}"))
        settings, files = dict(found["settings"]), int(found["files"])
    except (ValueError, TypeError, KeyError):
        raise SettingsError(
            f"{out}{SUFFIX}/{RUN} is damaged: remove {out}{SUFFIX} and begin again"
        ) from None
    for name in {**settings, **wanted}:
        old, new = settings.get(name), wanted.get(name)
        if old != new:
            raise SettingsError(
                f"{out} was begun with {name} {old!r}, now it is {new!r}. Use "
                f"the same again, choose another output, or remove {out}{SUFFIX}"
            )
    return files
