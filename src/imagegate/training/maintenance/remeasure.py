"""Measure the images of a corpus again after the measures have changed; no engine runs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from importlib import metadata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imagegate import features, image
from imagegate.errors import CorpusError
from imagegate.parallel.pool import run_many
from imagegate.training.corpus import FAIL, Corpus, from_table
from imagegate.training.data.remake import remake
from imagegate.training.labelling import store


def remeasure(
    folder: str | Path,
    *,
    roots: Mapping[str, str] | None = None,
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Make every image of a finished corpus again, replace its measures, and return how many.

    Labels and the measures of outputs stay: the same image has the same loss, and the outputs
    are gone. ``corpus.parquet`` is replaced whole or not at all; what a killed run has measured
    waits beside it, and the same call goes on. ``roots`` says where the images of a set are now,
    by its name; ``progress`` is called as ``progress(done, total)``.
    """
    folder, pa = Path(folder), store.arrow()
    meta = store.read_meta(folder)
    table = pa.parquet.read_table(folder / store.ROWS)
    # An error of the engine may count as a failure one day: what it was shown is measured, too.
    corpus = from_table({**meta, "errors_as": FAIL}, table)
    good = np.flatnonzero(np.isin(table["row_id"].to_numpy(), corpus.rows["row_id"]))
    X = np.full((table.num_rows, len(features.MEASURES)), np.nan, np.float32)
    waiting = folder / waiting_name()
    known = so_far(waiting)
    X[good[: len(known)]] = known
    rows = (corpus.select(np.array([index])) for index in range(len(known), len(corpus)))
    work = partial(measured, dict(roots or {}))
    answers = run_many(work, rows, jobs=jobs, sendable=(Corpus,))
    with closing(answers), waiting.open("ab") as file:
        for done, answer in enumerate(answers, start=len(known)):
            if answer.value is None:
                raise CorpusError(answer.error)
            X[good[done]] = answer.value
            file.write(X[good[done]].tobytes())
            if progress:
                progress(done + 1, len(corpus))
    outputs = meta.get("output_measures", [])
    columns = {name: table[name] for name in (*store.TYPES, *outputs)}
    columns |= {name: pa.array(X[:, j]) for j, name in enumerate(features.MEASURES)}
    store.write(pa.table(columns, schema=store.schema(outputs)), folder / store.ROWS)
    version = {"features_version": features.VERSION, "measures": list(features.MEASURES)}
    store.write_meta(folder, {**meta, **version, "imagegate": metadata.version("imagegate")})
    waiting.unlink()
    return len(corpus)


def waiting_name() -> str:
    """Return the name of the file for rows of today's measures, until all are measured."""
    told = f"{features.VERSION} {' '.join(features.MEASURES)}"
    return f"remeasured-{hashlib.sha256(told.encode()).hexdigest()[:8]}.f32"


def so_far(waiting: Path) -> NDArray[np.float32]:
    """Return the rows that a killed run has measured, and cut off the one that it was writing."""
    whole = waiting.read_bytes() if waiting.exists() else b""
    width = np.dtype(np.float32).itemsize * len(features.MEASURES)
    kept = whole[: len(whole) // width * width]
    if len(kept) < len(whole):
        waiting.write_bytes(kept)
    return np.frombuffer(kept, np.float32).reshape(-1, len(features.MEASURES))


def measured(roots: dict[str, str], row: Corpus) -> NDArray[np.float32]:
    """Make the image of the only row again and measure it."""
    return features.measure(image.read(remake(row, 0, roots=roots)))
