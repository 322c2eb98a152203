"""A worker process: started without a ``__main__`` guard, ended together with this process."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.connection import Connection
from typing import Any

import cv2

# One thread a worker: the cores are shared out by process. OMP_THREAD_LIMIT is Tesseract's.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OMP_THREAD_LIMIT": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NO_ALBUMENTATIONS_UPDATE": "1",
}


class Worker:
    """The near side of a process that runs ``target(connection, *args)``.

    joblib carries loky, which needs no ``__main__`` guard in scripts and packs their functions.
    Their pools are not used: one dead process breaks all of a pool without naming the culprit,
    and a pool cannot stop one task that hangs.
    """

    def __init__(
        self, target: Callable[..., None], *args: Any, env: Mapping[str, str] | None = None
    ) -> None:
        from joblib.externals.loky.backend import get_context

        if getattr(sys, "frozen", False):
            raise OSError("a bundled program would start itself instead of Python")
        context = get_context("loky")
        self.parent = os.getpid()
        self.connection, theirs = context.Pipe()
        # Nothing is ever sent on this one: it ends when this process does, even by a kill.
        lifeline, self.lifeline = context.Pipe(duplex=False)
        self.process = context.Process(
            target=_run,
            args=(theirs, lifeline, target, args),
            env={**ONE_THREAD, **(env or {})},
            daemon=True,
        )
        try:
            with _no_interrupts():
                self.process.start()
        finally:
            theirs.close()
            lifeline.close()

    @property
    def exitcode(self) -> int | None:
        """How the process ended; waits a little for one that is about to."""
        self.process.join(5)
        code: int | None = self.process.exitcode
        return code

    def kill(self) -> None:
        """End the process and whatever it has started."""
        if hasattr(os, "killpg"):
            for send in (os.killpg, os.kill):
                with contextlib.suppress(OSError):
                    send(self.process.pid, signal.SIGKILL)
        else:
            self.process.terminate()

    def end(self) -> None:
        """Kill the process and wait for its end, unless this process is a fork of its parent."""
        self.connection.close()
        self.lifeline.close()
        if self.parent == os.getpid():
            self.kill()
            self.process.join(5)


@contextlib.contextmanager
def _no_interrupts() -> Iterator[None]:
    """Keep Ctrl-C from a process that starts: until it listens, it would die with a traceback."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    from joblib.externals.loky.backend import resource_tracker as of_loky

    for tracker in (resource_tracker, of_loky):  # one that starts takes signals again
        tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run(
    connection: Connection, lifeline: Connection, target: Callable[..., None], args: tuple[Any, ...]
) -> None:
    """Live and die with the parent, on one thread, and answer until it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    if hasattr(os, "setpgrp"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        os.setpgrp()  # a kill reaches what was started here
    cv2.setNumThreads(1)
    threading.Thread(target=_follow, args=(lifeline,), daemon=True).start()
    with contextlib.suppress(EOFError, OSError):  # the parent is gone
        target(connection, *args)


def _follow(lifeline: Connection) -> None:
    """Wait for the parent to end, however it ends, and end everything here."""
    with contextlib.suppress(EOFError, OSError):
        lifeline.recv()
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
