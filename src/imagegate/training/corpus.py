"""A labelled corpus in memory: what was measured, what was lost, where each row comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import CorpusError, UnknownNameError
from imagegate.features import version_of
from imagegate.training.labelling import store
from imagegate.training.labelling.outcome_rows import read_outcomes_rows
from imagegate.training.labelling.recipes import CAUSES_ONLY, FOR_DIAGNOSIS

FAIL = "fail"  # what an error may count as
# What corpora must share to be joined.
LABELLED_WITH = (
    "task",
    "engine",
    "engine_version",
    "limit",
    "half_run",
    "shrink",
    "truth",
    "strength",
    "errors_as",
)
SAME = (*LABELLED_WITH, "features_version", "measures")


@dataclass(frozen=True, eq=False)
class Corpus:
    """Rows of measures with the loss of a real engine.

    Parameters
    ----------
    meta : dict
        The content of corpus.json.
    rows : dict of str to ndarray
        One array a column but the measures: row_id, source_id, group, set, path, chain,
        cause, severity, seed, reference_px, width, height, loss, confidence. No row has an error.
    X : ndarray of float32
        (rows, measures), NaN where undefined.
    names : tuple of str
        The measures, in the order of ``X``.
    outputs : dict of str to ndarray of float32
        Likewise the measures of what the engine made of the images; empty if none were taken.
    """

    meta: dict[str, Any]
    rows: dict[str, NDArray[Any]]
    X: NDArray[np.float32]
    names: tuple[str, ...]
    outputs: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.X)

    @property
    def failure_threshold(self) -> float:
        """The loss beyond which the task counts as failed."""
        return float(self.meta["limit"])

    @property
    def fails(self) -> NDArray[np.bool_]:
        """Whether the task failed, row by row."""
        return np.asarray(self.rows["loss"] > np.float32(self.failure_threshold), bool)

    @property
    def groups(self) -> NDArray[np.str_]:
        """The group of every row: what no split may cut through."""
        return np.asarray(self.column("group").astype(str))

    @property
    def sets(self) -> list[str]:
        """The names of the sets, sorted."""
        return [str(name) for name in np.unique(self.column("set").astype(str))]

    def column(self, name: str) -> NDArray[Any]:
        """Return a column or a measure, of images or outputs, by name."""
        for columns in (self.rows, self.outputs):
            if name in columns:
                return columns[name]
        if name not in self.names:
            raise UnknownNameError("column", name, [*self.rows, *self.names, *self.outputs])
        return self.X[:, self.names.index(name)]

    def matrix(self, names: Sequence[str]) -> NDArray[np.float32]:
        """Return measures, of images or outputs, as (rows, names)."""
        columns = [np.empty((len(self), 0), np.float32), *map(self.column, names)]
        return np.column_stack(columns).astype(np.float32)

    def select(self, mask: NDArray[Any]) -> Corpus:
        """Return the rows of a boolean mask, or of indices in their order."""
        rows = {name: values[mask] for name, values in self.rows.items()}
        outputs = {name: values[mask] for name, values in self.outputs.items()}
        return Corpus(self.meta, rows, self.X[mask], self.names, outputs)

    def counts(self) -> dict[str, int]:
        """Count rows, sources, groups and failures."""
        return count_rows(self.column("source_id").astype(str), self.groups, self.fails)

    def set_facts(self) -> tuple[dict[str, Any], ...]:
        """Count what comes from each set, and name its licence."""
        own, sets = self.column("set").astype(str), self.meta.get("sets", {})
        return tuple(
            {
                "name": name,
                **self.select(own == name).counts(),
                "licence": str(sets.get(name, {}).get("licence", "")),
            }
            for name in self.sets
        )


def count_rows(
    sources: NDArray[np.str_], groups: NDArray[np.str_], fails: NDArray[np.bool_]
) -> dict[str, int]:
    """Count rows, sources, groups and failures, as a card has them."""
    return {
        "rows": len(fails),
        "sources": len(np.unique(sources)),
        "groups": len(np.unique(groups)),
        "fails": int(fails.sum()),
        "failing_sources": len(np.unique(sources[fails])),
    }


def check_labelled(corpus: Corpus, *, barred: Sequence[str] = (CAUSES_ONLY,)) -> None:
    """Raise CorpusError if a corpus was labelled with a recipe that only teaches causes."""
    recipe = corpus.meta.get("recipe")
    if recipe in barred:
        idle = "no engine has run, " if recipe == CAUSES_ONLY else ""
        raise CorpusError(
            f"these rows were labelled with the recipe {recipe!r}: {idle}they only teach a gate "
            "to name causes. Give a corpus of the recipe 'mixed', too"
        )


def read_corpus(path: str | Path) -> Corpus:
    """Read a finished corpus folder.

    Parameters
    ----------
    path : str or Path
        The folder that ``imagegate label`` wrote.

    Returns
    -------
    Corpus
        Rows with an error are left out, and ``meta["errors"]`` tells how many; or, if the corpus
        says so (``label --errors fail``), they are rows on which the task failed, with loss 1.
    """
    folder = Path(path)
    meta = store.read_meta(folder)
    if not meta.get("complete"):
        raise CorpusError(
            f"{folder} is not finished, or none of its sources could serve: run the same imagegate "
            "label again"
        )
    version = version_of(meta["task"])
    if meta["features_version"] != version:
        raise CorpusError(
            f"{folder} was measured with version {meta['features_version']} of the measures, this "
            f"is {version}: imagegate remeasure {folder}"
        )
    try:
        table = store.arrow().parquet.read_table(folder / store.ROWS)
    except FileNotFoundError as error:
        raise CorpusError(f"{folder}: {store.ROWS} is missing") from error
    corpus = from_table(meta, table)
    if table.num_rows and not len(corpus):
        why = next((reason for reason, *_ in meta.get("reasons", ())), "")
        raise CorpusError(f"{folder}: all {table.num_rows:,} rows are errors, most often: {why}")
    return corpus


def from_table(meta: dict[str, Any], table: Any) -> Corpus:
    """Split a table of rows into columns and measures."""
    names, of_output = tuple(meta["measures"]), tuple(meta.get("output_measures", ()))
    missing = {*store.TYPES, *names, *of_output} - set(table.column_names)
    if missing:
        raise CorpusError(f"the corpus lacks the columns {', '.join(sorted(missing))}")
    columns = {name: table[name].to_numpy() for name in (*store.TYPES, *names, *of_output)}
    wrong = columns.pop("error").astype(bool)
    # Only what was measured can be learned from: an image that could not be made was not.
    failed = wrong & (columns["width"] > 0) & (meta.get("errors_as") == FAIL)
    good = ~wrong | failed
    columns["loss"] = np.where(failed, np.float32(1), columns["loss"])
    rows = {name: columns[name][good] for name in store.TYPES if name in columns}
    outputs = {name: columns[name].astype(np.float32)[good] for name in of_output}
    X = np.stack([columns[name] for name in names], axis=1).astype(np.float32)[good]
    meta = {**meta, "errors": int((~good).sum())} if failed.any() else meta
    return Corpus(meta, rows, X, names, outputs)


def join_corpora(corpora: Sequence[Corpus]) -> Corpus:
    """Put corpora of one task, engine and failure threshold together.

    Parameters
    ----------
    corpora : sequence of Corpus
        At least one.

    Returns
    -------
    Corpus
        Rows in the order given; ``meta`` is the first one's with sets, counts and dropped
        sources of all. Measures of outputs are kept if all have the same ones.
    """
    if not corpora:
        raise CorpusError("expected at least one corpus, got none")
    if len(corpora) == 1:
        return corpora[0]
    if len({corpus.meta.get("recipe") in FOR_DIAGNOSIS for corpus in corpora}) > 1:
        raise CorpusError("corpora that only teach causes cannot be joined with others")
    first = corpora[0].meta
    for other in corpora[1:]:
        for name in SAME:
            if other.meta.get(name) != first.get(name):
                raise CorpusError(
                    f"corpora of different {name} cannot be joined: "
                    f"{first.get(name)!r} and {other.meta.get(name)!r}"
                )
    rows = {name: np.concatenate([c.rows[name] for c in corpora]) for name in corpora[0].rows}
    if len(set(zip(rows["row_id"], rows["seed"], strict=True))) < len(rows["row_id"]):
        raise CorpusError("the same rows are in two of the corpora")
    X = np.concatenate([c.X for c in corpora])
    meta = _joined_meta([corpus.meta for corpus in corpora])
    of_output = meta.get("output_measures", ())
    outputs = {name: np.concatenate([c.outputs[name] for c in corpora]) for name in of_output}
    return Corpus(meta, rows, X, corpora[0].names, outputs)


def _joined_meta(metas: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Sum up the meta of several corpora."""
    sets: dict[str, Any] = {}
    for meta in metas:
        for name, facts in meta["sets"].items():
            known = sets.setdefault(name, {**facts, "sources": 0})
            if known["root"] != facts["root"]:
                raise CorpusError(
                    f"two corpora have a set named {name}, from {known['root']} and {facts['root']}"
                )
            sets[name] = {**facts, "sources": facts["sources"] + known["sources"]}
    counts = {name: sum(meta[name] for meta in metas) for name in ("rows", "errors", "fails")}
    dropped = {name: why for meta in metas for name, why in meta["dropped"].items()}
    joined = {**metas[0], **counts, "sets": sets, "dropped": dropped}
    about = ("output_version", "output_measures")
    if any(meta.get(name) != metas[0].get(name) for meta in metas for name in about):
        joined = {name: value for name, value in joined.items() if name not in about}
    return joined


def read_outcomes(
    table: Any,
    *,
    task: str = "custom",
    jobs: int | None = None,
    default_set: str = "outcomes",
) -> Corpus:
    """Measure images whose outcome is known from production.

    Parameters
    ----------
    table : str, Path or DataFrame
        A CSV file with the columns path, failed (0 or 1)[, group][, source_id][, set][, page]
        [, sha256], paths relative to it, pages from 1; or a DataFrame with these columns, paths
        relative to the current folder. A line that repeats an earlier one
        counts once.
    task : str
        What the images are for, for the record.
    jobs : int, optional
        Processes that measure; all cores by default.
    default_set : str
        The set of rows that name none.

    Returns
    -------
    Corpus
        Loss 0 or 1, failure threshold 0.5, every row "clean". ``meta["dropped"]`` names the images
        that could not be read, or are not those of the SHA-256, with the reason.

    Raises
    ------
    CorpusError
        If a line cannot be understood, or two say different things of one image.
    """
    meta, rows = read_outcomes_rows(table, task, jobs, default_set)
    return from_table(meta, store.arrow().Table.from_pylist(rows, schema=store.schema()))


def with_outcomes(corpus: Corpus, outcomes: Corpus) -> Corpus:
    """Add outcomes to a corpus, which says task, engine and failure threshold of both.

    The measures of outputs are left out, for outcomes have none.
    """
    same = {name: corpus.meta.get(name) for name in LABELLED_WITH}
    joined = join_corpora([corpus, replace(outcomes, meta=outcomes.meta | same)])
    return replace(joined, meta=joined.meta | {"outcomes": outcomes.meta["engine_version"]})
