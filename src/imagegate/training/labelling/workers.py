"""Run jobs in worker processes that may crash, hang or be killed without ending the run."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import threading
import time
import warnings
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from pickle import PicklingError
from typing import Any

import cv2

from imagegate.errors import EngineError, ImagegateError, MissingExtraError
from imagegate.training.labelling.rows import Event, Job, Plan, blank_row, rows_of

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

MOST_WRITTEN = 1 << 29  # bytes of one file
# One thread a worker: the cores are shared out by process. OMP_THREAD_LIMIT is Tesseract's.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OMP_THREAD_LIMIT": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NO_ALBUMENTATIONS_UPDATE": "1",
}
# Loading an engine, reading and worsening a picture: ours or quick, but nothing may hang for ever.
STUCK = 600.0
# So many lost processes without a single row between: the engine does not work here at all.
MOST_LOSSES = 20
MOST_LOADS = 3


def run_jobs(
    jobs: Sequence[Job], plan: Plan, *, count: int, timeout: float, log: Path
) -> Generator[Event]:
    """Run jobs in parallel.

    Parameters
    ----------
    jobs : sequence of Job
        What is to be done.
    plan : Plan
        What every worker needs.
    count : int
        Worker processes.
    timeout : float
        Seconds that the engine may take for one image.
    log : Path
        The file that takes what engines print.

    Yields
    ------
    Event
        ``"row"`` and ``"dropped"`` events as they come, in no fixed order. An image on
        which the engine hangs or dies gives a row with an ``error``, and its worker is
        replaced. Closing the generator ends the workers.

    Notes
    -----
    joblib starts the processes (its loky context needs no ``__main__`` guard and
    passes on functions that pickle cannot), but its pool is not used: a pool cannot stop
    one hanging task, and one dead process breaks all of it without naming the culprit.
    """
    queue, losses = deque(jobs), 0
    # A killed worker cannot clean up: what it and its programs left behind goes with the run.
    scratch = tempfile.TemporaryDirectory(prefix="imagegate-", ignore_cleanup_errors=True)
    crew = [Worker(plan, timeout, log, scratch.name) for _ in range(min(count, len(queue)))]
    try:
        for worker in crew:
            worker.give(queue.popleft())
        while busy := [worker for worker in crew if worker.job]:
            ready = wait([w.connection for w in busy], max(0.0, min(w.left for w in busy)))
            for worker in busy:
                answers = worker.connection in ready
                if not answers and worker.left > 0:
                    continue
                event = worker.listen() if answers else None
                # A message is progress; silence or a closed line is a lost process.
                losses = losses + 1 if event is None else losses * (event.kind != "row")
                if losses == MOST_LOSSES:
                    raise EngineError(f"{worker.fate()} on {losses} images in a row")
                yield from worker.give_up() if event is None else worker.follow(event)
                if worker.job is None and queue:
                    worker.give(queue.popleft())
    finally:
        for worker in crew:
            worker.kill()
        scratch.cleanup()


class Worker:
    """The parent's side of one worker process."""

    connection: Connection
    lifeline: Connection

    def __init__(self, plan: Plan, timeout: float, log: Path, scratch: str) -> None:
        self.plan, self.timeout, self.log = plan, timeout, log
        self.environment = ONE_THREAD | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), scratch)
        self.process: Any = None
        self.job: Job | None = None
        self.last: Event | None = None
        self.overdue = 0.0
        self.loads = 0  # tries to load the engine since it last answered

    @property
    def left(self) -> float:
        """Seconds until it counts as hanging."""
        return self.overdue - time.monotonic()

    def start(self) -> None:
        """Start a process."""
        self.loads += 1
        context = loky_context()
        self.connection, theirs = context.Pipe()
        # Nothing is ever sent on this one: it ends when the parent does, even by a kill.
        lifeline, self.lifeline = context.Pipe(duplex=False)
        args = (theirs, lifeline, self.plan, self.log)
        process = context.Process(target=serve, args=args, env=self.environment, daemon=True)
        try:
            process.start()
        except (TypeError, AttributeError, PicklingError) as error:
            raise EngineError(
                f"{self.plan.called} cannot be sent to a worker process ({error}): make the task "
                "with Task.from_loader, of a function that loads the engine there"
            ) from error
        finally:
            theirs.close()
            lifeline.close()
        self.process = process

    def give(self, job: Job) -> None:
        """Hand over a job, to a new process if the old one is gone."""
        if self.process is None:
            self.start()
        self.job, self.last = job, None
        self.overdue = time.monotonic() + STUCK
        with contextlib.suppress(OSError):  # it died meanwhile: the next listen finds out
            self.connection.send(job)

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
        if self.job and event.kind == "row":
            self.job = Job(self.job.source, self.job.variants[1:])
        if event.kind in ("dropped", "done"):
            self.job = None
        if event.kind in ("row", "dropped"):
            yield event

    def give_up(self) -> Iterator[Event]:
        """Blame the image that was being worked on, and go on with a new process."""
        fate, job, last = self.fate(), self.job, self.last
        self.kill()
        if job is None:
            return
        if last is None:  # the engine was being loaded
            if self.loads == MOST_LOADS:
                raise EngineError(f"{self.plan.engine.name}: {fate} while it was loaded")
            self.give(job)
            return
        self.job = None
        if last.row is None:  # still at the clean image
            yield Event("dropped", job.source, reason=f"{fate} on the clean image")
            return
        row = last.row
        if last.kind == "row":  # between two variants
            row = blank_row(job.source, job.variants[0], self.plan)
        if len(job.variants) > 1:
            self.give(Job(job.source, job.variants[1:]))
        yield Event("row", job.source, row | {"error": fate})

    def fate(self) -> str:
        """Say what became of the process."""
        if self.left <= 0:
            engine = self.last is not None and self.last.kind == "engine"
            limit = self.timeout if engine else STUCK
            return f"no answer from {self.plan.called} within {limit:g} s"
        self.process.join(5)
        return f"the process of {self.plan.called} died (exit code {self.process.exitcode})"

    def kill(self) -> None:
        """End the process and whatever it has started."""
        process, self.process = self.process, None
        if process is None:
            return
        self.connection.close()
        self.lifeline.close()
        if hasattr(os, "killpg"):
            for send in (os.killpg, os.kill):
                with contextlib.suppress(OSError):
                    send(process.pid, signal.SIGKILL)
        else:
            process.terminate()
        process.join(5)


def loky_context() -> Any:
    """Return joblib's way of starting processes."""
    try:
        from joblib.externals.loky.backend import get_context
    except ImportError as error:
        raise MissingExtraError("joblib", "train") from error
    return get_context("loky")


def serve(connection: Connection, lifeline: Connection, plan: Plan, log: Path) -> None:
    """Work in a child process: load the engine, then make the rows of job after job."""
    isolate(lifeline, log)
    try:
        run = plan.engine.open()
    except ImagegateError as error:
        connection.send(error)
        return
    except Exception as error:  # noqa: BLE001 whatever the engine raises, the parent must hear of it
        connection.send(EngineError(f"cannot load {plan.called}: {error!r}"))
        return
    with contextlib.suppress(EOFError, OSError):  # the parent is gone
        while True:
            for event in rows_of(connection.recv(), plan, run):
                connection.send(event)


def isolate(lifeline: Connection, log: Path) -> None:
    """Live and die with the parent, on one thread, without a word on its terminal."""
    if resource:  # an engine that never ends its file must not fill the disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_WRITTEN, MOST_WRITTEN))
    if hasattr(os, "setpgrp"):
        os.setpgrp()  # Ctrl-C is the parent's to answer, and a kill reaches the engine's children
    with log.open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    warnings.simplefilter("ignore")
    cv2.setNumThreads(1)
    threading.Thread(target=follow, args=(lifeline,), daemon=True).start()


def follow(lifeline: Connection) -> None:
    """Wait for the parent to end, however it ends, and end everything here."""
    with contextlib.suppress(EOFError, OSError):
        lifeline.recv()
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
