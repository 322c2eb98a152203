"""Do one thing to many sources: in worker processes, in order, whatever one of them does."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

from imagegate.errors import NoRoomError, SettingsError

Value = TypeVar("Value")
Work: TypeAlias = Callable[[Any], Value]
Bundle: TypeAlias = list[Any]  # sources that are worked on together

# Sources that a worker gets at once: a trip takes 0.3 ms, a check 5 ms and more.
CHUNK = 4
# Bundles from which on processes are used. To start them takes 0.3 s, once: as much as two cores
# save on 15 images of 12 MP, or on 60 small ones.
FEWEST = 4
GRACE = 1.0  # seconds that a run closed early leaves its workers before it ends them
STARTUP = 60.0  # seconds that a worker may take to start
IDLE = 60.0  # seconds after which a worker without work ends itself
SENDABLE: tuple[type, ...] = (str, bytes)


@dataclass(frozen=True)
class Done(Generic[Value]):
    """What became of one source: a value, or an error.

    ``ends`` tells to stop: there is no room for any more results.
    """

    source: str
    value: Value | None
    error: str = ""
    ends: bool = False


def run_many(
    work: Work[Value],
    sources: Iterable[Any],
    *,
    jobs: int | None = None,
    sendable: tuple[type, ...] = SENDABLE,
) -> Generator[Done[Value], None, None]:
    """Yield what ``work`` makes of every source, in input order; an error of one stops no other.

    ``sources`` may be endless: some eight a worker are taken ahead. ``jobs`` is by default a worker
    for each core; with 1 all is done here when it is asked for. Sources of the types ``sendable``
    go to worker processes, unless there are a dozen or fewer. All else is done in threads of this
    process, which gain less, as is everything where no process can be started. If a worker dies,
    the few sources it was given are tried again one by one, and only the culprit is an error.
    """
    if isinstance(sources, str | bytes):
        raise SettingsError("sources: expected several, got one; gate.check takes one")
    if jobs is not None and not (isinstance(jobs, int) and jobs > 0):
        raise SettingsError(f"expected jobs above 0, or None for all cores, got {jobs!r}")
    bundles = _bundles(sources, sendable)
    head = list(islice(bundles, 0 if jobs == 1 else FEWEST))
    workers = (jobs or cores()) if len(head) == FEWEST else 1
    if workers == 1:
        rest = sources if jobs == 1 else chain.from_iterable(chain(head, bundles))
        for source in rest:
            yield attempt(work, source)
        return
    pool = _Pool(work, workers, sendable)
    running: deque[Future[list[Done[Any]]]] = deque()
    try:
        head += islice(bundles, 2 * workers - FEWEST)
        running.extend(map(pool.submit, head))
        while running:
            answers = running.popleft().result()
            running.extend(map(pool.submit, islice(bundles, 1)))
            yield from answers
    finally:
        pool.close(running)


def cores() -> int:
    """Count the cores that this process may use, container limits included."""
    from joblib import cpu_count

    return int(cpu_count())


def attempt(work: Work[Any], source: Any) -> Done[Any]:
    """Do the work on one source; an error is an answer, too."""
    try:
        return Done(name_of(source), work(source))
    except Exception as error:  # noqa: BLE001 - whatever one image does, the others must go on
        ends = isinstance(error, NoRoomError)
        return Done(name_of(source), None, str(error) or type(error).__name__, ends)


def name_of(source: Any) -> str:
    """Return the path of a source, or its type where it has none."""
    if isinstance(source, str | os.PathLike):
        return os.fsdecode(source)
    return f"<{type(source).__name__}>"


class _Pool:
    """The threads of one run; each has its bundles done by a worker process wherever that can be.

    With a thread for each worker it is known who died of what, and no run breaks with another.
    """

    def __init__(self, work: Work[Any], workers: int, sendable: tuple[type, ...]) -> None:
        self.work, self.workers, self.sendable = work, workers, sendable
        self.threads = ThreadPoolExecutor(workers)
        self.busy: set[_WarmWorker] = set()
        self.threads_only = False  # no process can be started
        self.over = False

    def submit(self, bundle: Bundle) -> Future[list[Done[Any]]]:
        sent = isinstance(bundle[-1], self.sendable)
        return self.threads.submit(self._send if sent else self._work_here, bundle)

    def close(self, running: Iterable[Future[list[Done[Any]]]]) -> None:
        """Leave nothing at work; workers that come to rest in time stay warm for the next run."""
        self.threads.shutdown(wait=False, cancel_futures=True)
        wait([future for future in running if not future.done()], GRACE)
        self.over = True
        for warm in list(self.busy):
            warm.worker.kill()
        self.threads.shutdown()
        with contextlib.suppress(IndexError):  # another run may take them meanwhile
            while len(_resting) > self.workers:
                _resting.popleft().worker.end()

    def _work_here(self, bundle: Bundle) -> list[Done[Any]]:
        return [attempt(self.work, source) for source in bundle]

    def _send(self, bundle: Bundle) -> list[Done[Any]]:
        """Have a bundle done by a worker; if it dies, its images one by one."""
        warm = self._hire()
        if warm is None:
            return self._work_here(bundle)
        try:
            return self._ask(warm, bundle)
        except (EOFError, OSError):
            return [self._retry(source) for source in bundle]

    def _retry(self, source: Any) -> Done[Any]:
        warm, name = self._hire(), name_of(source)
        if warm is None:
            fate, advice = "and none can be started", "free some memory and check it again"
        else:
            try:
                return self._ask(warm, [source])[0]
            except (EOFError, OSError):
                fate = f"exit code {warm.worker.exitcode}, twice"
                advice = "make it smaller if memory ran out, save it anew if a decoder crashed"
        return Done(name, None, f"{name}: the process that checked it died ({fate}); {advice}")

    def _hire(self) -> _WarmWorker | None:
        """Return a worker, None if there can be none."""
        if self.over:
            raise CancelledError
        with contextlib.suppress(IndexError):
            while not (warm := _resting.pop()).rests():
                warm.worker.end()
            return warm
        try:
            return None if self.threads_only else _WarmWorker()
        except Exception:  # noqa: BLE001 - whatever forbids processes, threads do without
            self.threads_only = True
            return None

    def _ask(self, warm: _WarmWorker, bundle: Bundle) -> list[Done[Any]]:
        self.busy.add(warm)
        if self.over:  # too late for close to see it
            warm.worker.kill()
        try:
            answers = warm.ask(self.work, bundle)
        except (EOFError, OSError):
            warm.worker.end()
            raise
        finally:
            self.busy.discard(warm)
        _resting.append(warm)
        return self._work_here(bundle) if answers is None else answers


class _WarmWorker:
    """A worker process that serves one run after the other."""

    def __init__(self) -> None:
        from imagegate.parallel.worker import Worker  # few runs need one

        self.worker = Worker(_serve)
        self.work: Work[Any] | None = None
        if not self.worker.connection.poll(STARTUP):
            self.worker.end()
            raise TimeoutError
        self.worker.connection.recv()

    def ask(self, work: Work[Any], bundle: Bundle) -> list[Done[Any]] | None:
        """Return the answers, None if a bundle cannot be sent; EOFError, OSError if it dies."""
        from joblib.externals.loky import wrap_non_picklable_objects

        new = None if work is self.work else wrap_non_picklable_objects(work, keep_wrapper=False)
        try:
            message = ForkingPickler.dumps((new, Path.cwd(), bundle))
        except Exception:  # noqa: BLE001 - pickle raises whatever the objects raise
            return None
        self.worker.connection.send_bytes(message)
        answers: list[Done[Any]] | None = self.worker.connection.recv()
        self.work = None if answers is None else work
        return answers

    def rests(self) -> bool:
        """Tell whether it waits for work: it has not ended, and this process is no fork."""
        try:
            return self.worker.parent == os.getpid() and not self.worker.connection.poll()
        except OSError:
            return False


# Module state, so that the second call of a program finds its workers warm.
_resting: deque[_WarmWorker] = deque()


def _serve(connection: Connection) -> None:
    """Work on bundle after bundle in a worker process, until none comes any more."""
    work: Any = None
    connection.send("ready")
    while connection.poll(IDLE):
        try:
            new, folder, bundle = connection.recv()
            work = work if new is None else new
            with contextlib.suppress(OSError):
                os.chdir(folder)  # where relative paths begin may change between two calls
            connection.send([attempt(work, source) for source in bundle])
        except (EOFError, OSError):
            raise
        except Exception:  # noqa: BLE001 - cannot be unpacked or packed: the parent does it
            connection.send(None)


def _bundles(sources: Iterable[Any], sendable: tuple[type, ...]) -> Iterator[Bundle]:
    """Group what can be sent; every other source is a bundle of its own."""
    bundle: Bundle = []
    for source in sources:
        bundle.append(os.fsdecode(source) if isinstance(source, os.PathLike) else source)
        if not isinstance(bundle[-1], sendable):
            yield from filter(None, (bundle[:-1], bundle[-1:]))
            bundle = []
        elif len(bundle) == CHUNK:
            yield bundle
            bundle = []
    yield from filter(None, (bundle,))
