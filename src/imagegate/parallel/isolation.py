"""Run an engine in worker processes that may crash, hang or be killed without ending the run."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
import warnings
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from pickle import PicklingError
from typing import Any, Literal, Protocol

from imagegate.errors import EngineError, ImagegateError
from imagegate.parallel.worker import Worker

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

MOST_WRITTEN = 1 << 29  # bytes of one file
# Loading an engine, reading and degrading a picture: ours or quick, but nothing may hang for ever.
STUCK = 600.0
# So many lost processes without a single result between: the engine does not work here at all.
MOST_LOSSES = 20
MOST_LOADS = 3


@dataclass(frozen=True)
class Job:
    """A subject, and the numbers of the units of it that are still to be done."""

    subject: Any
    units: tuple[int, ...]


@dataclass(frozen=True)
class Event:
    """What a job tells of itself.

    Something of ours comes next (``"begin"``), the ``"engine"`` is about to run, a unit has its
    ``"result"``; the whole job was ``"refused"``, ``"lost"`` with its process before any unit, or
    is ``"done"``. ``value`` is the state of the unit, None before the first; its result; or the
    reason, a text.
    """

    kind: Literal["begin", "engine", "result", "refused", "lost", "done"]
    subject: Any
    value: Any = None


class Isolated(Protocol):
    """An engine and what is done with it; it is sent to the worker processes."""

    @property
    def called(self) -> str:
        """The engine as messages name it."""

    def load(self) -> Any:
        """Load the engine, in a worker."""

    def events(self, job: Job, engine: Any) -> Iterator[Event]:
        """Do a job in a worker, telling each step before it is taken."""

    def failed(self, job: Job, state: Any, fate: str) -> Any:
        """Return the result of a unit whose process was lost; no state: it had not begun."""


def run_isolated(
    jobs: Sequence[Job], work: Isolated, *, count: int, timeout: float, log: Path
) -> Generator[Event]:
    """Run jobs in ``count`` worker processes, and yield their results as they come.

    ``timeout`` is how many seconds the engine may take for one unit; ``log`` takes what engines
    print. A unit on which the engine hangs or dies has a result that says so, and its worker is
    replaced. Closing the generator ends the workers.
    """
    queue, losses = deque(jobs), 0
    # A killed worker cannot clean up: what it and its programs left behind goes with the run.
    scratch = tempfile.TemporaryDirectory(prefix="imagegate-", ignore_cleanup_errors=True)
    pool = [_Cell(work, timeout, log, scratch.name) for _ in range(min(count, len(queue)))]
    try:
        for cell in pool:
            cell.give(queue.popleft())
        while busy := [cell for cell in pool if cell.job]:
            ready = wait([c.connection for c in busy], max(0.0, min(c.left for c in busy)))
            for cell in busy:
                answers = cell.connection in ready
                if not answers and cell.left > 0:
                    continue
                event = cell.listen() if answers else None
                # A message is progress; silence or a closed line is a lost process.
                losses = losses + 1 if event is None else losses * (event.kind != "result")
                if losses == MOST_LOSSES:
                    raise EngineError(f"{cell.fate()} on {losses} images in a row")
                yield from cell.give_up() if event is None else cell.follow(event)
                if cell.job is None and queue:
                    cell.give(queue.popleft())
    finally:
        for cell in pool:
            cell.end()
        scratch.cleanup()


class _Cell:
    """One worker process after the other, and the job that it is at."""

    def __init__(self, work: Isolated, timeout: float, log: Path, scratch: str) -> None:
        self.work, self.timeout, self.log, self.scratch = work, timeout, log, scratch
        self.worker: Worker | None = None
        self.connection: Any = None  # that of the worker
        self.job: Job | None = None
        self.last: Event | None = None
        self.overdue = 0.0
        self.loads = 0  # tries to load the engine since it last answered

    @property
    def left(self) -> float:
        """Seconds until it counts as hanging."""
        return self.overdue - time.monotonic()

    def give(self, job: Job) -> None:
        """Hand over a job, to a new process if the old one is gone."""
        if self.worker is None:
            self.worker = self._start()
            self.connection = self.worker.connection
        self.job, self.last = job, None
        self.overdue = time.monotonic() + STUCK
        with contextlib.suppress(OSError):  # it died meanwhile: the next listen finds out
            self.connection.send(job)

    def _start(self) -> Worker:
        self.loads += 1
        env = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), self.scratch)
        try:
            return Worker(_serve, self.work, self.log, env=env)
        except (TypeError, AttributeError, PicklingError) as error:
            raise EngineError(
                f"{self.work.called} cannot be sent to a worker process ({error}): make the task "
                "with Task.from_loader, of a function that loads the engine there"
            ) from error

    def listen(self) -> Event | None:
        """Receive what happened; None if the process is gone."""
        try:
            message = self.connection.recv()
        except (EOFError, OSError):
            return None
        if isinstance(message, Exception):
            raise message
        event: Event = message
        return event

    def follow(self, event: Event) -> Iterator[Event]:
        """Note how far the job is, and pass on what matters."""
        self.last, self.loads = event, 0
        self.overdue = time.monotonic() + (self.timeout if event.kind == "engine" else STUCK)
        if self.job and event.kind == "result":
            self.job = replace(self.job, units=self.job.units[1:])
        if event.kind in ("refused", "done"):
            self.job = None
        if event.kind in ("result", "refused"):
            yield event

    def give_up(self) -> Iterator[Event]:
        """Blame the unit that was being worked on, and go on with a new process."""
        fate, job, last = self.fate(), self.job, self.last
        self.end()
        if job is None:
            return
        if last is None:  # the engine was being loaded
            if self.loads == MOST_LOADS:
                raise EngineError(f"{self.work.called}: {fate} while it was loaded")
            self.give(job)
            return
        self.job = None
        if last.value is None:
            yield Event("lost", job.subject, fate)
            return
        state = None if last.kind == "result" else last.value  # None: between two units
        result = self.work.failed(job, state, fate)
        if len(job.units) > 1:
            self.give(replace(job, units=job.units[1:]))
        yield Event("result", job.subject, result)

    def fate(self) -> str:
        """Say what became of the process."""
        if self.left <= 0:
            engine = self.last is not None and self.last.kind == "engine"
            seconds = self.timeout if engine else STUCK
            return f"no answer from {self.work.called} within {seconds:g} s"
        code = self.worker.exitcode if self.worker else None
        return f"the process of {self.work.called} died (exit code {code})"

    def end(self) -> None:
        """End the process, if there is one."""
        worker, self.worker = self.worker, None
        if worker:
            worker.end()


def _serve(connection: Connection, work: Isolated, log: Path) -> None:
    """Work in a child process: load the engine, then do job after job."""
    if resource:  # an engine that never ends its file must not fill the disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_WRITTEN, MOST_WRITTEN))
    with log.open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    warnings.simplefilter("ignore")
    try:
        engine = work.load()
    except ImagegateError as error:
        connection.send(error)
        return
    except Exception as error:  # noqa: BLE001 whatever the engine raises, the parent must hear of it
        connection.send(EngineError(f"cannot load {work.called}: {error!r}"))
        return
    while True:
        for event in work.events(connection.recv(), engine):
            connection.send(event)
