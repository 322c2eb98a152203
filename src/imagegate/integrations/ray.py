"""Past one machine: the same check as a Ray Data pipeline.

Ray is imported when it is used (extra ``scale``); its usage reports stay off unless
``RAY_USAGE_STATS_ENABLED`` says otherwise.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Generator, Iterable, Mapping
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2

from imagegate.errors import MissingExtraError, SettingsError
from imagegate.image import Limits
from imagegate.models.gate import Gate
from imagegate.models.rules import RulesGate
from imagegate.models.verdict import Result, Row
from imagegate.parallel.pool import Done, attempt
from imagegate.pipeline.output import arrow, flat, schema
from imagegate.pipeline.policy import Policy
from imagegate.pipeline.route import DEFAULT_LIMITS, Router, results_of

if TYPE_CHECKING:
    from ray.data import Dataset

BATCH = 16  # files that a worker gets at once: some 200 ms of work
AT_ONCE = 100_000  # files whose names are sent together: some 10 MB
BLOCK = 256  # files of a block, the unit that Ray moves and tries again


def check_dataset(
    ds: Dataset,
    gate: Gate | RulesGate | str | Path,
    policy: Policy | Mapping[str, Any] | str | Path | None = None,
    *,
    limits: Limits = DEFAULT_LIMITS,
    workers: int | None = None,
) -> Dataset:
    """Return the verdicts on the images of a dataset, one row a page; nothing runs until used.

    Parameters
    ----------
    ds : ray.data.Dataset
        With a column ``path`` (a path or fsspec URL that the workers can read), or ``path`` and
        ``bytes`` as ``ray.data.read_binary_files(…, include_paths=True)`` makes them.
    gate : Gate, RulesGate, str or Path
        What :func:`imagegate.load_gate` takes; read here, sent to every worker once.
    policy : Policy, mapping or path, optional
        What :func:`imagegate.pipeline.policy.load_policy` takes.
    limits : Limits
        The largest file and picture that are accepted.
    workers : int, optional
        The most there may be, each with one CPU; by default as many as the cluster has.

    Returns
    -------
    ray.data.Dataset
        The columns of ``imagegate check --out verdicts.parquet``: the verdicts are those of a run
        on one machine. A file that cannot be judged is a row with an ``error``.

    Raises
    ------
    SettingsError
        If the dataset has no column ``path``.

    Examples
    --------
    ::

        images = ray.data.read_parquet("s3://bucket/inventory").select_columns(["path"])
        check_dataset(images, "ocr").write_parquet("s3://bucket/verdicts")
    """
    ray = _ray()
    columns = ds.schema(fetch_if_missing=False)
    if columns is not None and "path" not in columns.names:
        raise SettingsError(f"expected a dataset with a column 'path', found {columns.names}")
    router = Router(gate, policy, limits=limits)
    # What reads the dataset needs CPUs, too: workers that held all of them would wait for ever.
    pool = ray.data.ActorPoolStrategy(min_size=1, max_size=workers or _cpus(ray))
    return _mapped(ds, Checker, router, pool)


def ray_many(
    work: Any, sources: Iterable[str], *, jobs: int | None = None
) -> Generator[Done[list[Result]], None, None]:
    """Yield the results of every file, in order, like ``run_many``, from the workers of a cluster.

    Parameters
    ----------
    work : callable
        Returns the results of a file.
    sources : iterable of str
        Paths or URLs that every worker can read.
    jobs : int, optional
        Workers; by default as many as the cluster has CPUs.
    """
    ray = _ray()
    coming = iter(sources)
    while paths := [json.dumps(path) for path in islice(coming, AT_ONCE)]:
        blocks = -(-len(paths) // BLOCK)
        ds = ray.data.from_arrow(arrow().table({"path": paths}), override_num_blocks=blocks)
        ds.context.execution_options.preserve_order = True
        pool = ray.data.ActorPoolStrategy(size=min(blocks, jobs or _cpus(ray)))
        for answer in _mapped(ds, Teller, work, pool).iter_rows():
            results = ray.cloudpickle.loads(answer["results"])
            yield Done(json.loads(answer["path"]), results, answer["error"])


class Worker:
    """What an actor holds: the work, with its gate, sent to it once."""

    def __init__(self, work: Any) -> None:
        cv2.setNumThreads(1)  # the cores are shared out by worker
        self.work = work


class Checker(Worker):
    """Turns a batch of paths, with or without bytes, into the columns of a Parquet file."""

    def __call__(self, batch: Any) -> Any:
        """Return the rows of a batch."""
        paths = batch["path"].to_pylist()
        known = "bytes" in batch.column_names
        contents = batch["bytes"].to_pylist() if known else [None] * len(paths)
        rows = chain.from_iterable(map(self.rows, paths, contents))
        return arrow().Table.from_pylist(list(map(flat, rows)), schema=schema())

    def rows(self, path: str, content: bytes | None) -> list[Row]:
        """Return the rows of a file."""
        done = attempt(partial(self.work.pages, content=content), path)
        return [result.to_dict() for result in results_of(done, self.work.gate.name)]


class Teller(Worker):
    """Turns a batch of paths into the results of each, or the error in their place."""

    def __call__(self, batch: Any) -> Any:
        """Return path, results and error of every file of a batch."""
        paths = batch["path"].to_pylist()
        done = [attempt(self.work, json.loads(path)) for path in paths]
        results, errors = (
            [_ray().cloudpickle.dumps(one.value) for one in done],
            [one.error for one in done],
        )
        return arrow().table({"path": paths, "results": results, "error": errors})


def _mapped(ds: Dataset, kind: type, work: Any, pool: Any) -> Dataset:
    return ds.map_batches(
        kind,
        fn_constructor_args=(work,),
        batch_size=BATCH,
        batch_format="pyarrow",
        num_cpus=1,
        compute=pool,
    )


def _cpus(ray: Any) -> int:
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def quieted() -> None:
    """Keep Ray's own progress and plans off the terminal: for programs with a progress bar."""
    ray = _ray()
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False


def _ray() -> Any:
    """Return ray, connected: to the cluster that RAY_ADDRESS names, else one of this machine."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise MissingExtraError("ray", "scale") from error
    if not ray.is_initialized():
        ray.init(include_dashboard=False, logging_level=logging.WARNING)
    return ray
