"""Check many images, each in its turn an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

from imagegate.models.verdict import Checked, Verdict
from imagegate.parallel.pool import run_many


def check_many(
    check: Callable[[Any], Verdict], sources: Iterable[Any], *, jobs: int | None = None
) -> Iterator[Checked]:
    """Yield one answer a source, in input order, as :func:`imagegate.parallel.pool.run_many` does."""
    with closing(run_many(check, sources, jobs=jobs)) as answers:
        for done in answers:
            yield Checked(done.source, done.value, done.error)
