"""Rows to learn causes from: how strong each cause is, and what the engine gains without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from imagegate.degrade import Chain, Step, chain_from_json, chain_to_json
from imagegate.features import CAUSES
from imagegate.training.corpus import Corpus
from imagegate.training.labelling.recipes import CAUSES_ONLY

Floats = NDArray[np.float64]
WEAK = 0.5  # the level below which a cause is not felt
SMALL_TEXT = "resolution.left_small"  # what a source of small letters is like from the beginning


@dataclass(frozen=True, eq=False)
class CauseRows:
    """Rows to learn causes from.

    ``level`` is how strong each cause is, as ``Step.level``, NaN where it is absent; ``gain`` what
    the task fails less without the cause, -1 to 1, 0 where it is absent, NaN where it is not
    known; ``helps`` likewise by how much the loss falls: each (rows, causes). ``clean_fails``
    tells whether the task fails on the clean image, too, or is not known to work on it; ``made``
    whether a row was made to show causes, and no engine has seen it.
    """

    X: NDArray[np.float32]
    level: Floats
    gain: Floats
    helps: Floats
    clean_fails: NDArray[np.bool_]
    sources: NDArray[np.str_]
    split: NDArray[np.str_]
    made: NDArray[np.bool_]

    def at(self, mask: NDArray[np.bool_]) -> CauseRows:
        """Return some of the rows."""
        return CauseRows(**{name: array[mask] for name, array in vars(self).items()})

    @property
    def felt(self) -> NDArray[np.bool_]:
        """Whether each cause is more than what nobody notices, such as a JPEG of quality 70."""
        return np.asarray(self.level >= WEAK, np.bool_)

    def gained(self, cause: int) -> Floats:
        """Return what is gained without a cause where it is present, NaN elsewhere."""
        present = ~np.isnan(self.level[:, cause])
        return np.where(present, self.gain[:, cause], np.nan)

    def only(self, cause: int) -> NDArray[np.bool_]:
        """Tell for every row whether no other cause is felt."""
        return np.asarray(~np.delete(self.felt, cause, axis=1).any(axis=1), np.bool_)


def cause_rows(
    corpora: Sequence[Corpus], splits: Sequence[NDArray[np.str_]], measures: Sequence[str]
) -> CauseRows:
    """Return what corpora teach of causes; ``splits`` holds the split of every row of each."""
    told = [_told(corpus) for corpus in corpora]
    level, gain, helps, clean_fails = (np.concatenate(one) for one in zip(*told, strict=True))
    return CauseRows(
        X=np.concatenate([_readings(corpus, measures) for corpus in corpora]),
        level=level,
        gain=gain,
        helps=helps,
        clean_fails=clean_fails.astype(bool),
        sources=np.concatenate([corpus.column("source_id").astype(str) for corpus in corpora]),
        split=np.concatenate(list(splits)),
        made=np.concatenate(
            [np.full(len(c), c.meta.get("recipe") == CAUSES_ONLY) for c in corpora]
        ),
    )


def _readings(corpus: Corpus, measures: Sequence[str]) -> NDArray[np.float32]:
    """Return the readings of a corpus, NaN for a measure that is younger than it."""
    known = [name for name in measures if name in corpus.names]
    X = np.full((len(corpus), len(measures)), np.nan, np.float32)
    X[:, [measures.index(name) for name in known]] = corpus.matrix(known)
    return X


def _told(corpus: Corpus) -> tuple[Floats, Floats, Floats, Floats]:
    """Return levels, gains, falls of the loss, and whether the clean image fails, row by row."""
    sources, chains = corpus.column("source_id").tolist(), corpus.column("chain").tolist()
    loss, fails = corpus.column("loss").astype(np.float64), corpus.fails.astype(np.float64)
    fails = np.where(np.isnan(loss), np.nan, fails)  # no engine has seen them
    row = {key: i for i, key in reversed(list(enumerate(zip(sources, chains, strict=True))))}
    level = np.full((len(corpus), len(CAUSES)), np.nan)
    undone = np.full(level.shape, -1)
    own = _own_level(corpus)
    clean = np.array([row.get((source, "[]"), -1) for source in sources])
    for i, (source, text) in enumerate(zip(sources, chains, strict=True)):
        levels, others = _levels(text)
        for c, cause in enumerate(CAUSES):
            level[i, c] = levels.get(cause, np.nan)
            undone[i, c] = row.get((source, others[cause]), -1) if cause in others else i
    resolution = list(CAUSES).index("resolution")
    level[:, resolution] = np.fmax(level[:, resolution], own)
    undone[~np.isnan(own) & (undone[:, resolution] == np.arange(len(corpus))), resolution] = -1
    gain, helps = (_fall(values, undone) for values in (fails, loss))
    clean_fails = (clean < 0) | ~(fails[clean] == 0)
    return level, gain, helps, clean_fails.astype(np.float64)


def _fall(values: Floats, undone: NDArray[np.int_]) -> Floats:
    """Return by how much values fall from each row to the rows without its causes."""
    own = np.arange(len(values))[:, None]
    fall = np.where(undone < 0, np.nan, values[:, None] - values[undone])
    return np.where(undone == own, 0.0, fall)


def _own_level(corpus: Corpus) -> Floats:
    """Return how small the letters are from the beginning, NaN where they are large enough."""
    if not corpus.meta.get("text"):
        return np.full(len(corpus), np.nan)
    heights = corpus.column("reference_px").astype(np.float64)
    level = np.array([Step(SMALL_TEXT, 1, 0, height).level for height in heights])
    return np.where(level > 0, level, np.nan)


@cache
def _levels(text: str) -> tuple[dict[str, float], dict[str, str]]:
    """Return the level of every cause of a chain, and by cause the chain without it."""
    chain: Chain = chain_from_json(text)
    levels: dict[str, float] = {}
    for step in chain:
        levels[step.cause] = max(step.level, levels.get(step.cause, 0.0))
    others = {c: chain_to_json([step for step in chain if step.cause != c]) for c in levels}
    return levels, others
