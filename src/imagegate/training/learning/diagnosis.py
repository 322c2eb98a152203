"""Learn which causes are present on an image, and what the engine gains without each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.degrade import Step, chain_from_json, chain_to_json
from imagegate.errors import CorpusError
from imagegate.extras import require
from imagegate.features import CAUSES, MEASURES
from imagegate.models.calibration import Calibration, fit_calibration
from imagegate.models.forest import Forest
from imagegate.models.gate import Gate
from imagegate.models.reasons import PRESENT as PRESENT_AT
from imagegate.models.reasons import Diagnosis, weights
from imagegate.stats.metrics import even_weights
from imagegate.training.corpus import Corpus
from imagegate.training.labelling.recipes import CAUSES_ONLY
from imagegate.training.learning.learner import (
    DEFAULT,
    LearnerSettings,
    bin_edges,
    boosting,
    decoded,
    encode,
    from_sklearn,
    one_thread,
    varying,
)
from imagegate.training.split import SHARES, split_by_group

Floats = NDArray[np.float64]
WEAK = 0.5  # the level below which nobody notices a cause, such as a JPEG of quality 70
SMALL_TEXT = "resolution.left_small"  # stands for letters that are small on the source
HURTS = 0.25  # share of otherwise good images that fail from this strength on
# An engine may bear more, but a cause of this level is plain, and its gain says what it costs.
LEAST_LEVEL, MOST_LEVEL = 0.25, 2.0
# Too slow to be measured on every image: only on those that may need a reason.
ONLY_FOR_CAUSES = ("blur.smear", "resolution.resampling")
HELPS = 0.1  # of the loss: removing a cause that gains less helps nobody
FEWEST = 20  # rows with a cause, and without it, to learn from
PRESENT = ("Classifier", 60, {"max_leaf_nodes": 12, "learning_rate": 0.15, "min_samples_leaf": 12})
GAIN = ("Regressor", 40, {"max_leaf_nodes": 8, "learning_rate": 0.1, "min_samples_leaf": 15})


@dataclass(frozen=True, eq=False)
class CauseRows:
    """Rows to learn causes from; arrays of shape (rows, causes) unless they say otherwise."""

    X: NDArray[np.float32]  # (rows, measures), NaN for a measure that is younger than the corpus
    level: Floats  # how strong each cause is, as Step.level; NaN where it is absent
    gain: Floats  # what fails less without the cause, -1 to 1; 0 if absent, NaN if not known
    helps: Floats  # likewise by how much the loss falls
    clean_fails: NDArray[np.bool_]  # (rows,): fails on the clean image, too, or may do so
    sources: NDArray[np.str_]  # (rows,)
    split: NDArray[np.str_]  # (rows,)
    made: NDArray[np.bool_]  # (rows,): made to show causes, no engine has seen it

    def at(self, mask: NDArray[np.bool_]) -> CauseRows:
        """Return some of the rows."""
        return CauseRows(**{name: array[mask] for name, array in vars(self).items()})

    @property
    def noticed(self) -> NDArray[np.bool_]:
        """Whether each cause is strong enough to be noticed."""
        return np.asarray(self.level >= WEAK, np.bool_)

    def gained(self, cause: int) -> Floats:
        """Return what is gained without a cause where it is present, NaN elsewhere."""
        return np.where(np.isnan(self.level[:, cause]), np.nan, self.gain[:, cause])

    def only(self, cause: int) -> NDArray[np.bool_]:
        """Tell for every row whether no other cause is noticed."""
        return np.asarray(~np.delete(self.noticed, cause, axis=1).any(axis=1), np.bool_)


def cause_rows(
    corpora: Sequence[Corpus], splits: Sequence[NDArray[np.str_]], measures: Sequence[str]
) -> CauseRows:
    """Return the rows of corpora; ``splits`` holds the split of every row of each."""
    each = [_of_corpus(*pair, measures) for pair in zip(corpora, splits, strict=True)]
    return CauseRows(
        **{name: np.concatenate([getattr(rows, name) for rows in each]) for name in vars(each[0])}
    )


def _of_corpus(corpus: Corpus, split: NDArray[np.str_], measures: Sequence[str]) -> CauseRows:
    sources, chains = corpus.column("source_id").tolist(), corpus.column("chain").tolist()
    loss, fails = corpus.column("loss").astype(np.float64), corpus.fails.astype(np.float64)
    fails = np.where(np.isnan(loss), np.nan, fails)  # no engine has seen them
    row = {key: i for i, key in reversed(list(enumerate(zip(sources, chains, strict=True))))}
    level = np.full((len(corpus), len(CAUSES)), np.nan)
    undone = np.full(level.shape, -1)  # the row without the cause, -1 if there is none
    for i, (source, chain) in enumerate(zip(sources, chains, strict=True)):
        levels, others = _levels(chain)
        for c, cause in enumerate(CAUSES):
            level[i, c] = levels.get(cause, np.nan)
            undone[i, c] = row.get((source, others[cause]), -1) if cause in others else i
    resolution = list(CAUSES).index("resolution")
    small = _small_from_the_beginning(corpus)
    level[:, resolution] = np.fmax(level[:, resolution], small)
    undone[~np.isnan(small) & (undone[:, resolution] == np.arange(len(corpus))), resolution] = -1
    clean = np.array([row.get((source, "[]"), -1) for source in sources])
    X = np.full((len(corpus), len(measures)), np.nan, np.float32)
    known = np.isin(measures, corpus.names)
    X[:, known] = corpus.matrix(np.array(measures)[known].tolist())
    return CauseRows(
        X=X,
        level=level,
        gain=_fall(fails, undone),
        helps=_fall(loss, undone),
        clean_fails=(clean < 0) | ~(fails[clean] == 0),
        sources=corpus.column("source_id").astype(str),
        split=split,
        made=np.full(len(corpus), corpus.meta.get("recipe") == CAUSES_ONLY),
    )


def _fall(values: Floats, undone: NDArray[np.int_]) -> Floats:
    """Return by how much values fall from each row to the rows without its causes."""
    own = np.arange(len(values))[:, None]
    fall = np.where(undone < 0, np.nan, values[:, None] - values[undone])
    return np.where(undone == own, 0.0, fall)


def _small_from_the_beginning(corpus: Corpus) -> Floats:
    """Return the level of letters that are small on the source, NaN if they are large enough."""
    if not corpus.meta.get("text"):
        return np.full(len(corpus), np.nan)
    heights = corpus.column("reference_px").tolist()
    level = np.array([Step(SMALL_TEXT, 1, 0, height).level for height in heights])
    return np.where(level > 0, level, np.nan)


@cache
def _levels(text: str) -> tuple[dict[str, float], dict[str, str]]:
    """Return the level of every cause of a chain, and by cause the chain without it."""
    chain = chain_from_json(text)
    levels: dict[str, float] = {}
    for step in chain:
        levels[step.cause] = max(step.level, levels.get(step.cause, 0.0))
    others = {c: chain_to_json([step for step in chain if step.cause != c]) for c in levels}
    return levels, others


def hurting_levels(rows: CauseRows) -> Floats:
    """Return for every cause the lowest level at which it makes good images fail, 2 at most.

    From rows with this cause alone: where the failing share, by monotone regression, is a quarter.
    """
    isotonic = require("sklearn.isotonic", "train").IsotonicRegression
    found = np.full(len(CAUSES), MOST_LEVEL)
    for c in range(len(CAUSES)):
        level, gain = rows.level[:, c], rows.gain[:, c]
        known = rows.only(c) & ~np.isnan(level) & ~np.isnan(gain) & ~rows.clean_fails
        if known.sum() >= FEWEST:
            line = isotonic(out_of_bounds="clip").fit(level[known], gain[known])
            levels = np.linspace(LEAST_LEVEL, MOST_LEVEL, 36)
            hurts = line.predict(levels) >= HURTS
            if hurts.any():
                found[c] = levels[np.argmax(hurts)]
    return found


def fit_diagnosis(
    rows: CauseRows,
    measures: Sequence[str],
    *,
    text: bool,
    seed: int,
    settings: LearnerSettings = DEFAULT,
) -> tuple[Diagnosis, Floats] | None:
    """Return a diagnosis and the levels from which its causes hurt; None if rows are too few.

    What is about text is a cause only if the task is about ``text``, too.
    """
    train, calibration = (rows.at(rows.split == name) for name in ("train", "calibration"))
    hurting = hurting_levels(train)
    shows, checks = (some.at(_shows(some)) for some in (train, calibration))
    present, later = (presence(some.level, hurting) for some in (shows, checks))
    fewer = np.minimum((present == 1).sum(axis=0), (present == 0).sum(axis=0))
    own = np.array([text or cause.about != "text" for cause in CAUSES.values()])
    learnable = np.flatnonzero(own & (fewer >= FEWEST)).tolist()
    if not learnable:
        return None
    read = train.at(~train.made)
    fit = partial(_fit, seed=seed, most_trees=settings.trees)
    with one_thread():
        seen = [fit(PRESENT, shows.X, present[:, c]) for c in learnable]
        gains = [fit(GAIN, read.X, read.gained(c)) for c in learnable]
    lines = [_line(f, checks, later[:, c]) for f, c in zip(seen, learnable, strict=True)]
    forests = [*seen, *gains]
    diagnosis = Diagnosis(
        causes=tuple(tuple(CAUSES)[c] for c in learnable),
        measures=tuple(measures),
        forest=Forest.joined(forests),
        trees=np.array([len(forest.roots) for forest in forests], np.int32),
        base=np.array([forest.base for forest in forests]),
        calibration=np.array([(line.slope, line.intercept) for line in lines]),
    )
    return diagnosis, hurting[learnable]


def _shows(rows: CauseRows) -> NDArray[np.bool_]:
    """Tell which rows show causes best: those made for it, which reach the hopeless, or all."""
    return rows.made if rows.made.any() else ~rows.made


def _fit(
    how: tuple[str, int, dict[str, Any]],
    X: NDArray[np.float32],
    target: Floats,
    *,
    seed: int,
    most_trees: int,
) -> Forest:
    """Return a forest from the rows whose target is known and the columns that vary."""
    known, (kind, trees, options) = ~np.isnan(target), how
    if known.sum() < FEWEST:  # the same answer for all images
        return Forest.constant(float(np.mean(target[known])) if known.any() else HURTS, X.shape[1])
    columns = varying(X[known])
    own = X[known][:, columns]
    edges = bin_edges(own)
    model = boosting(
        kind, seed=seed, max_iter=min(trees, most_trees), l2_regularization=2.0, **options
    )
    forest = decoded(from_sklearn([model.fit(encode(own, edges), target[known])]), edges)
    feature = np.array(columns, np.int16)[forest.feature]
    return replace(forest, feature=feature, features=X.shape[1])


def _line(forest: Forest, rows: CauseRows, present: Floats) -> Calibration:
    """Return the line from the log-odds of a forest to calibrated ones."""
    known = ~np.isnan(present)
    own = even_weights(rows.sources[known])
    return fit_calibration(forest.decision(rows.X[known]), present[known] > 0.5, own)


def presence(level: Floats, hurting: Floats) -> Floats:
    """Return 1 where a cause hurts, 0 where it is absent or weak, NaN between."""
    weak = np.isnan(level) | (level < hurting / 2)
    return np.where(level >= hurting, 1.0, np.where(weak, 0.0, np.nan))


def diagnose(
    gate: Gate,
    corpus: Corpus,
    split: NDArray[np.str_],
    others: Sequence[Corpus] = (),
    *,
    shares: Sequence[float] = SHARES,
    settings: LearnerSettings = DEFAULT,
) -> Gate:
    """Return the gate, of images alone, with a diagnosis if the rows are enough for one.

    ``others`` are rows that only the diagnosis learns from, of the recipes ``causes`` and
    ``counterfactuals``. A group is in the same split wherever it occurs; ``shares`` tells how
    groups are split that occur only there.
    """
    for other in others:
        _check_alike(corpus.meta, other.meta)
    seed, splits = gate.card.seed, [split]
    known = dict(zip(corpus.groups.tolist(), split.tolist(), strict=True))
    for other in others:
        groups = other.groups
        own = split_by_group(groups, other.column("set"), seed=seed, shares=shares)
        pairs = zip(groups.tolist(), own.tolist(), strict=True)
        splits.append(np.array([known.setdefault(group, split) for group, split in pairs]))
    # As rows that show causes are preferred, so are their measures: older corpora may lack some.
    made = [one for one in others if one.meta["recipe"] == CAUSES_ONLY] or [corpus, *others]
    text = bool(corpus.meta.get("text"))
    about = ("image", "text" if text else "picture")
    only = [name for name in ONLY_FOR_CAUSES if MEASURES[name].about in about]
    more = [name for name in only if any(name in one.names for one in made)]
    measures = [*gate.card.measures, *more]
    rows = cause_rows([corpus, *others], splits, measures)
    found = fit_diagnosis(rows, measures, text=text, seed=seed, settings=settings)
    if found is None:
        return gate
    diagnosis, hurting = found
    facts = {
        "causes": diagnosis.causes,
        "measures": measures,
        "hurts_from": [round(float(level), 2) for level in hurting],
        "rows": len(rows.X),
        "sources": len(np.unique(rows.sources)),
        "sets": [facts for other in others for facts in other.set_facts()],
        "held_out": held_out(diagnosis, hurting, rows.at(rows.split == "test")),
    }
    return replace(gate, diagnosis=diagnosis, card=replace(gate.card, diagnosis=facts))


def held_out(diagnosis: Diagnosis, hurting: Floats, test: CauseRows) -> dict[str, Any]:
    """Return how often the first cause is the true one, on rows that were not learned from.

    As (rows, right): ``one`` of images with one cause, at a strength that hurts, by cause;
    ``several`` of those with two and more; ``helps`` of the mixtures that the engine reads better
    without one of their causes, right if that is the first; ``clean`` of clean images, right
    without a probable cause. ``gain`` is the mean gain as stated and as measured with the engine.
    """
    columns = [list(CAUSES).index(cause) for cause in diagnosis.causes]
    level, helps = test.level[:, columns], test.helps[:, columns]
    probability, gain = diagnosis.of(test.X)
    first = np.argmax(weights(probability, gain), axis=1)
    present = presence(level, hurting) == 1
    right, count = present[np.arange(len(first)), first], present.sum(axis=1)
    shows = _shows(test)
    alone = shows & (test.noticed.sum(axis=1) == 1)
    clean = shows & ~test.noticed.any(axis=1) & (count == 0)
    several, known = (~np.isnan(level)).sum(axis=1) > 1, ~np.isnan(helps).any(axis=1)
    mixed = several & known & (np.nan_to_num(helps).max(axis=1) >= HELPS)
    measured = np.stack([test.gained(column) for column in columns], axis=1)
    undone = (level >= hurting) & ~np.isnan(measured)
    return {
        "one": {
            cause: _rows_and_right(alone & present[:, i], right)
            for i, cause in enumerate(diagnosis.causes)
        },
        "several": _rows_and_right(shows & (count > 1), right),
        "helps": _rows_and_right(mixed, first == np.argmax(helps, axis=1)),
        "gain": {
            "rows": int(undone.sum()),
            "stated": round(float(gain[undone].mean()), 3) if undone.any() else None,
            "measured": round(float(measured[undone].mean()), 3) if undone.any() else None,
        },
        "clean": _rows_and_right(clean, (probability < PRESENT_AT).all(axis=1)),
    }


def _rows_and_right(mask: NDArray[np.bool_], right: Any) -> tuple[int, int]:
    return int(mask.sum()), int(right[mask].sum())


def _check_alike(meta: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    """Raise CorpusError if other rows are of another engine, or about something else."""
    names = ["text"] if other.get("recipe") == CAUSES_ONLY else ["text", "task", "engine"]
    for name in names:
        if other.get(name) != meta.get(name):
            raise CorpusError(
                f"the diagnosis cannot learn from corpora of different {name}: "
                f"{meta.get(name)!r} and {other.get(name)!r}"
            )
