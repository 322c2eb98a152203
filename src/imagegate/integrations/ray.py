"""Past one machine: the same check as a Ray Data pipeline.

Ray is imported when it is used (extra ``scale``); its usage reports stay off unless
``RAY_USAGE_STATS_ENABLED`` says otherwise.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Generator, Iterable, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2

from imagegate.errors import SettingsError
from imagegate.extras import require
from imagegate.image import Limits
from imagegate.models.gate import Gate
from imagegate.models.rules import RulesGate
from imagegate.models.verdict import Result
from imagegate.parallel.pool import Done, attempt
from imagegate.pipeline.output import arrow, flat, schema
from imagegate.pipeline.route import DEFAULT_LIMITS, Policy, Router, results_of

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
        What :func:`imagegate.pipeline.route.load_policy` takes.
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
    return _mapped(ds, partial(_verdicts, router), pool)


def ray_many(
    work: Any, sources: Iterable[str], *, jobs: int | None = None
) -> Generator[Done[list[Result]], None, None]:
    """Yield the results of every file, in order, like ``run_many``, from the workers of a cluster.

    Every worker must be able to read the paths or URLs. ``jobs`` are the workers, by default as
    many as the cluster has CPUs.
    """
    ray = _ray()
    coming = iter(sources)
    while paths := [json.dumps(path) for path in islice(coming, AT_ONCE)]:
        blocks = -(-len(paths) // BLOCK)
        ds = ray.data.from_arrow(arrow().table({"path": paths}), override_num_blocks=blocks)
        ds.context.execution_options.preserve_order = True
        pool = ray.data.ActorPoolStrategy(size=min(blocks, jobs or _cpus(ray)))
        for answer in _mapped(ds, partial(_answers, work), pool).iter_rows():
            yield ray.cloudpickle.loads(answer["done"])


def _verdicts(router: Router, batch: Any) -> Any:
    """Turn a batch of paths, with or without bytes, into the columns of a Parquet file."""
    paths = batch["path"].to_pylist()
    known = "bytes" in batch.column_names
    contents = batch["bytes"].to_pylist() if known else [None] * len(paths)
    rows = [
        flat(result.to_dict())
        for path, content in zip(paths, contents, strict=True)
        for result in results_of(
            attempt(partial(router.pages, content=content), path), router.gate.name
        )
    ]
    return arrow().Table.from_pylist(rows, schema=schema())


def _answers(work: Any, batch: Any) -> Any:
    """Turn a batch of paths into what became of each."""
    dumps = require("ray.cloudpickle", "scale").dumps
    done = [attempt(work, json.loads(path)) for path in batch["path"].to_pylist()]
    return arrow().table({"done": [dumps(one) for one in done]})


class _Worker:
    """What a worker of the cluster is sent once, and does with batch after batch."""

    def __init__(self, work: Callable[[Any], Any]) -> None:
        cv2.setNumThreads(1)  # the cores are shared out by worker
        self.work = work

    def __call__(self, batch: Any) -> Any:
        return self.work(batch)


def _mapped(ds: Dataset, work: Callable[[Any], Any], pool: Any) -> Dataset:
    return ds.map_batches(
        _Worker,
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
    require("ray.data", "scale")
    ray = require("ray", "scale")
    if not ray.is_initialized():
        ray.init(include_dashboard=False, logging_level=logging.WARNING)
    return ray
