"""Do one thing to many sources: in worker processes, in order, whatever one of them does."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from itertools import chain, islice
from typing import Any

from imagegate.errors import SettingsError
from imagegate.parallel.worker import Bundle, Done, Value, Work, Worker, attempt, name_of

# Sources that a worker gets at once: a trip takes 0.3 ms, a check 5 ms and more.
CHUNK = 4
# Bundles from which on processes are used. To start them takes 0.3 s, once: as much as two cores
# save on 15 images of 12 MP, or on 60 small ones.
FEWEST = 4
GRACE = 1.0  # seconds that a run closed early leaves its workers before it ends them


def run_many(
    work: Work[Value], sources: Iterable[Any], *, jobs: int | None = None
) -> Generator[Done[Value], None, None]:
    """Yield what ``work`` makes of every source, in input order.

    Parameters
    ----------
    work : callable
        Takes one source.
    sources : iterable
        May be endless: no more than ``8 * jobs`` paths or bytes (or 16), or ``2 * jobs`` (or 4)
        sources of other kinds, are taken ahead.
    jobs : int, optional
        Worker processes; by default one for each core that this process may use. With 1 all is
        done here when it is asked for.

    Yields
    ------
    Done
        Whatever becomes of one source, the others get their values. If a worker dies, the few
        sources it was given are tried again one by one, and only the culprit is an error.

    Notes
    -----
    Paths and bytes go to the processes, unless there are a dozen or fewer. All else is done in
    threads of this process, which gain less, as is everything where no process can be started. A
    worker is a fresh interpreter, without plugins given to Pillow. Closing the generator ends
    the work.
    """
    _refuse(sources, jobs)
    if jobs == 1:
        yield from (attempt(work, source) for source in sources)
        return
    from loky import cpu_count  # of the cores that this process may use

    bundles = _bundles(sources)
    head = list(islice(bundles, FEWEST))
    workers = (jobs or cpu_count()) if len(head) == FEWEST else 1
    if workers == 1:
        yield from (attempt(work, source) for source in chain.from_iterable(chain(head, bundles)))
        return
    crew = Crew(work, workers)
    running: deque[Future[list[Done[Any]]]] = deque()
    try:
        head += islice(bundles, 2 * workers - FEWEST)
        running.extend(map(crew.submit, head))
        while running:
            answers = running.popleft().result()
            running.extend(map(crew.submit, islice(bundles, 1)))
            yield from answers
    finally:
        crew.dismiss(running)


class Crew:
    """The threads of one run; each has its bundles done by a worker process wherever that can be.

    With a thread for each worker, rather than a pool of processes, it is known who died of what,
    and no run waits for another or breaks with it.
    """

    def __init__(self, work: Work[Any], workers: int) -> None:
        self.work, self.workers = work, workers
        self.threads = ThreadPoolExecutor(workers)
        self.busy: set[Worker] = set()
        self.threads_only = False  # no process can be started
        self.over = False

    def submit(self, bundle: Bundle) -> Future[list[Done[Any]]]:
        """Begin a bundle."""
        return self.threads.submit(self._sent if _travels(bundle) else self._here, bundle)

    def dismiss(self, running: Iterable[Future[list[Done[Any]]]]) -> None:
        """Leave nothing at work; workers that come to rest in time stay warm for the next run."""
        self.threads.shutdown(wait=False, cancel_futures=True)
        wait([future for future in running if not future.done()], GRACE)
        self.over = True
        for worker in list(self.busy):
            worker.process.terminate()
        self.threads.shutdown()
        with contextlib.suppress(IndexError):  # another run may take them meanwhile
            while len(_resting) > self.workers:
                _resting.popleft().end()

    def _here(self, bundle: Bundle) -> list[Done[Any]]:
        return [attempt(self.work, source) for source in bundle]

    def _sent(self, bundle: Bundle) -> list[Done[Any]]:
        """Have a bundle done by a worker; if it dies, its images one by one."""
        worker = self._hired()
        if worker is None:
            return self._here(bundle)
        try:
            return self._asked(worker, bundle)
        except (EOFError, OSError):
            return [self._retried(source) for source in bundle]

    def _retried(self, source: Any) -> Done[Any]:
        worker, name = self._hired(), name_of(source)
        if worker is None:
            fate, advice = "and none can be started", "free some memory and check it again"
        else:
            try:
                return self._asked(worker, [source])[0]
            except (EOFError, OSError):
                fate = f"exit code {worker.process.exitcode}, twice"
                advice = "make it smaller if memory ran out, save it anew if a decoder crashed"
        return Done(name, None, f"{name}: the process that checked it died ({fate}); {advice}")

    def _hired(self) -> Worker | None:
        """Return a worker, None if there can be none."""
        if self.over:
            raise CancelledError
        worker = _rested()
        if worker or self.threads_only:
            return worker
        try:
            return Worker()
        except Exception:  # noqa: BLE001 - whatever forbids processes, threads do without
            self.threads_only = True
            return None

    def _asked(self, worker: Worker, bundle: Bundle) -> list[Done[Any]]:
        self.busy.add(worker)
        if self.over:  # too late for dismiss to see it
            worker.process.terminate()
        try:
            answers = worker.ask(self.work, bundle)
        except (EOFError, OSError):
            worker.end()
            raise
        finally:
            self.busy.discard(worker)
        _resting.append(worker)
        return self._here(bundle) if answers is None else answers


# Module state, so that the second call of a program finds its workers warm.
_resting: deque[Worker] = deque()


def _rested() -> Worker | None:
    with contextlib.suppress(IndexError):
        while not (worker := _resting.pop()).rests():
            worker.end()
        return worker
    return None


def _refuse(sources: object, jobs: object) -> None:
    if isinstance(sources, str | bytes):
        raise SettingsError("sources: expected several, got one; gate.check takes one")
    if jobs is not None and not (isinstance(jobs, int) and jobs > 0):
        raise SettingsError(f"jobs: expected a whole number above 0, got {jobs!r}")


def _bundles(sources: Iterable[Any]) -> Iterator[Bundle]:
    """Group paths and bytes; every other source is a bundle of its own."""
    bundle: Bundle = []
    for source in sources:
        bundle.append(os.fsdecode(source) if isinstance(source, os.PathLike) else source)
        if not _travels(bundle):
            yield from filter(None, (bundle[:-1], bundle[-1:]))
            bundle = []
        elif len(bundle) == CHUNK:
            yield bundle
            bundle = []
    yield from filter(None, (bundle,))


def _travels(bundle: Bundle) -> bool:
    """Tell whether a worker can be sent the last source of a bundle, at little cost."""
    return isinstance(bundle[-1], str | bytes)
