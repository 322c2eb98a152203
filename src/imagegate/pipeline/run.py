"""Look at very many images in bounded memory; a killed run goes on where it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import asdict
from functools import partial
from importlib import metadata
from itertools import chain
from typing import Any, Protocol, TypeAlias

from imagegate import features
from imagegate.models.verdict import Result
from imagegate.parallel.pool import Done, run_many
from imagegate.pipeline.files import reaching, storage
from imagegate.pipeline.journal import Journal, begin
from imagegate.pipeline.log import DecisionLog
from imagegate.pipeline.output import writer
from imagegate.pipeline.route import Router, results_of
from imagegate.pipeline.shards import Shards
from imagegate.pipeline.summary import Summary, Tally

Answers: TypeAlias = Generator[Done[list[Result]], None, None]
Many: TypeAlias = Callable[..., Answers]  # of the work, the sources and jobs=
Look: TypeAlias = Callable[[Iterable[str]], Answers]

SHARD_FILES = 500  # what a kill may cost, unless 20 seconds come first


class Progress(Protocol):
    """Takes how many files are done of how many, and the counts in words."""

    def __call__(self, done: int, total: int, note: str) -> None:
        """Show it."""


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
    """Write one row a page to a file, and return what it comes to.

    Parameters
    ----------
    router : Router
        Judges the files, in worker processes.
    paths : iterable of str
        The files. They are listed once, when the run begins: the same call after a kill goes on
        with that list.
    out : str
        Path or URL that ends in ``.parquet``, ``.jsonl`` or ``.csv``. Until it is complete there
        is a folder beside it, ``OUT.partial``.
    work : callable, optional
        What is done with each file, in place of ``router.pages``; returns one result a page.
    many : callable
        Does the work on many files: :func:`imagegate.parallel.pool.run_many` on this machine,
        :func:`imagegate.integrations.ray.ray_many` on a cluster.
    jobs : int, optional
        Workers; by default all cores of the machine, or of the cluster.
    log : DecisionLog, optional
        Gets every decision. What was decided in the last seconds before a kill is decided, and
        logged, again.
    progress : callable, optional
        Called after every file.
    settings : dict, optional
        What else must not change between two runs into the same output.

    Raises
    ------
    SettingsError
        If the output exists, was begun otherwise, or has no known format.
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
    return tally.summary(gate, promised=router.keeps_promise)


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

    def write_log(files: list[list[Result]]) -> None:
        if log:
            log.append(chain.from_iterable(files))

    shards, tally = journal.shards(SHARD_FILES, write_log), Tally()
    whole = shards.resume()
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
