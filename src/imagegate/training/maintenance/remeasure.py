"""Measure the images of a corpus again after the measures have changed; no engine runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imagegate import features, image
from imagegate.errors import MissingExtraError
from imagegate.training.corpus import FAIL, Corpus, from_table
from imagegate.training.data.remake import remake
from imagegate.training.labelling import parts


def remeasure(
    folder: str | Path,
    *,
    roots: Mapping[str, str] | None = None,
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Make every image of a finished corpus again and replace its measures.

    Labels and the measures of outputs stay: the same image has the same loss, and the outputs
    are gone. It takes a small part of the time that labelling took.

    Parameters
    ----------
    folder : str or Path
        The corpus folder; ``corpus.parquet`` is replaced whole or not at all.
    roots : mapping, optional
        Where the images of a set are now, by its name.
    jobs : int, optional
        Worker processes; all cores by default.
    progress : Callable, optional
        Called as ``progress(done, total)``.

    Returns
    -------
    int
        The rows measured: all but those whose image could not be made. An error of the engine
        may count as a failure one day, so what it was shown is measured, too.
    """
    try:
        from joblib import Parallel, delayed
    except ImportError as error:
        raise MissingExtraError("joblib", "train") from error
    folder, pa = Path(folder), parts.arrow()
    meta = parts.read_meta(folder)
    table = pa.parquet.read_table(folder / parts.ROWS)
    corpus = from_table({**meta, "errors_as": FAIL}, table)
    width, errors = table["width"].to_numpy(), table["error"].to_pylist()
    good = np.flatnonzero(
        [not wrong or wide > 0 for wrong, wide in zip(errors, width, strict=True)]
    )
    X = np.full((table.num_rows, len(features.MEASURES)), np.nan, np.float32)
    work = Parallel(n_jobs=jobs or -1, return_as="generator")
    rows = (corpus.select(np.array([index])) for index in range(len(corpus)))
    lone = (delayed(measured)(row, dict(roots or {})) for row in rows)
    for done, values in enumerate(work(lone), start=1):
        X[good[done - 1]] = values
        if progress:
            progress(done, len(corpus))
    outputs = meta.get("output_measures", [])
    columns = {name: table[name] for name in (*parts.TYPES, *outputs)}
    columns |= {name: pa.array(X[:, place]) for place, name in enumerate(features.MEASURES)}
    parts.write(pa.table(columns, schema=parts.schema(outputs)), folder / parts.ROWS)
    version = {"features_version": features.VERSION, "measures": list(features.MEASURES)}
    parts.write_meta(folder, {**meta, **version, "imagegate": metadata.version("imagegate")})
    return len(corpus)


def measured(row: Corpus, roots: dict[str, str]) -> NDArray[np.float32]:
    """Make the image of the only row again and measure it."""
    return features.measure(image.read(remake(row, 0, roots=roots)))
