"""Check many images: threads, input order, bounded memory, and no image ends the run."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from imagegate.models.verdict import Verdict


@dataclass(frozen=True)
class Checked:
    """One image of many: either a verdict, or the error that took its place."""

    source: str
    verdict: Verdict | None
    error: str = ""


def check_many(
    check: Callable[[Any], Verdict], sources: Iterable[Any], *, jobs: int | None = None
) -> Iterator[Checked]:
    """Yield one answer a source, in order; at most ``2 * jobs`` images are under way.

    OpenCV and NumPy let go of Python's lock while they work, so threads are enough.
    """
    workers = jobs or os.cpu_count() or 1
    waiting = iter(sources)
    with ThreadPoolExecutor(workers) as pool:
        running: deque[Future[Checked]] = deque(
            pool.submit(_checked, check, source) for source in islice(waiting, 2 * workers)
        )
        try:
            while running:
                answer = running.popleft().result()
                running.extend(
                    pool.submit(_checked, check, source) for source in islice(waiting, 1)
                )
                yield answer
        finally:
            for future in running:
                future.cancel()


def _checked(check: Callable[[Any], Verdict], source: Any) -> Checked:
    name = str(source) if isinstance(source, str | Path) else f"<{type(source).__name__}>"
    try:
        return Checked(name, check(source))
    except Exception as error:  # noqa: BLE001 - whatever one image does, the others must go on
        return Checked(name, None, str(error) or type(error).__name__)
