"""A worker process: started without a ``__main__`` guard, asked bundle after bundle."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

import cv2

from imagegate.errors import NoRoomError

Value = TypeVar("Value")
Work: TypeAlias = Callable[[Any], Value]
Bundle: TypeAlias = list[Any]  # sources that are worked on together

STARTUP = 60.0  # seconds that a worker may take to start
IDLE = 60.0  # seconds after which a worker without work ends itself
# The cores are shared out by process.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Done(Generic[Value]):
    """What became of one source: a value, or the error that took its place.

    ``ends`` tells that to go on would be of no use: there is no room for any result.
    """

    source: str
    value: Value | None
    error: str = ""
    ends: bool = False


class Worker:
    """The near side of a worker process, which serves one gate after the other.

    loky starts it without a ``__main__`` guard in scripts, and packs functions of theirs.
    """

    def __init__(self) -> None:
        from loky.backend import get_context

        if getattr(sys, "frozen", False):
            raise OSError("a bundled program would start itself instead of Python")
        context = get_context("loky")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs,), env=ONE_THREAD, daemon=True)
        self.process.start()
        theirs.close()
        self.parent = os.getpid()
        self.work: Work[Any] | None = None
        if not self.connection.poll(STARTUP):
            self.end()
            raise TimeoutError
        self.connection.recv()

    def ask(self, work: Work[Any], bundle: Bundle) -> list[Done[Any]] | None:
        """Return the answers, None if a bundle cannot be sent; EOFError, OSError if it dies."""
        from loky import wrap_non_picklable_objects

        new = None if work is self.work else wrap_non_picklable_objects(work, keep_wrapper=False)
        try:
            message = ForkingPickler.dumps((new, Path.cwd(), bundle))
        except Exception:  # noqa: BLE001 - pickle raises whatever the objects raise
            return None
        self.connection.send_bytes(message)
        answers: list[Done[Any]] | None = self.connection.recv()
        self.work = None if answers is None else work
        return answers

    def rests(self) -> bool:
        """Tell whether it waits for work: it has not ended, and this process is no fork."""
        try:
            return self.parent == os.getpid() and not self.connection.poll()
        except OSError:
            return False

    def end(self) -> None:
        """End the process, if it has not ended by itself."""
        self.connection.close()
        if self.parent == os.getpid():
            self.process.terminate()
            self.process.join(5)


def serve(connection: Connection) -> None:
    """Work on bundle after bundle in a worker process, until the parent ends or sends none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    cv2.setNumThreads(1)
    work: Any = None
    with contextlib.suppress(EOFError, OSError):  # the parent is gone
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


def attempt(work: Work[Any], source: Any) -> Done[Any]:
    """Do the work on one source, whatever comes of it."""
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
