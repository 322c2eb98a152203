"""Learn which causes are present on an image, and what the engine gains without each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import CorpusError
from imagegate.extras import require
from imagegate.features import CAUSES
from imagegate.models.calibration import Calibration, fit_calibration
from imagegate.models.forest import Forest
from imagegate.models.gate import Gate
from imagegate.models.reasons import PRESENT as PRESENT_AT
from imagegate.models.reasons import Diagnosis, weights
from imagegate.stats.metrics import even_weights
from imagegate.training.corpus import Corpus
from imagegate.training.labelling.recipes import CAUSES_ONLY
from imagegate.training.learning.cause_rows import CauseRows, cause_rows
from imagegate.training.learning.learner import (
    DEFAULT,
    MOST_BINS,
    LearnerSettings,
    bin_edges,
    decoded,
    encode,
    from_sklearn,
    one_thread,
    varying,
)
from imagegate.training.split import SHARES, split_by_group

Floats = NDArray[np.float64]
HURTS = 0.25  # share of otherwise good images that fail from this strength on
# An engine may bear more, but a cause of this level is plain, and its gain tells what it costs.
LEAST_LEVEL, MOST_LEVEL = 0.25, 2.0
# Too dear to be measured on every image: only if there may be something to tell.
ONLY_FOR_CAUSES = ("blur.smear", "resolution.resampling")
HELPS = 0.1  # of the loss: removing a cause that gains less helps nobody
FEWEST = 20  # rows with a cause, and without it, to learn from
PRESENT = {"max_iter": 60, "max_leaf_nodes": 12, "learning_rate": 0.15, "min_samples_leaf": 12}
GAIN = {"max_iter": 40, "max_leaf_nodes": 8, "learning_rate": 0.1, "min_samples_leaf": 15}


def hurting_levels(rows: CauseRows) -> Floats:
    """Return for every cause the lowest level at which it makes good images fail.

    From rows with this cause alone: where the failing share, fitted by monotone regression,
    reaches a quarter; level 2 at most, and where too few rows tell.
    """
    isotonic = require("sklearn.isotonic", "train").IsotonicRegression
    found = np.full(len(CAUSES), MOST_LEVEL)
    for c in range(len(CAUSES)):
        level, gain = rows.level[:, c], rows.gain[:, c]
        told = rows.only(c) & ~np.isnan(level) & ~np.isnan(gain) & ~rows.clean_fails
        if told.sum() >= FEWEST:
            line = isotonic(out_of_bounds="clip").fit(level[told], gain[told])
            levels = np.linspace(LEAST_LEVEL, MOST_LEVEL, 36)
            hurts = line.predict(levels) >= HURTS
            found[c] = levels[int(np.argmax(hurts))] if hurts.any() else MOST_LEVEL
    return found


def fit_diagnosis(
    rows: CauseRows, measures: Sequence[str], *, seed: int, settings: LearnerSettings = DEFAULT
) -> tuple[Diagnosis, Floats] | None:
    """Learn a diagnosis from the training split, calibrated on the calibration split.

    Returned with the level from which each of its causes hurts; None if no cause has rows enough.
    """
    train, calibration = (rows.at(rows.split == name) for name in ("train", "calibration"))
    hurting = hurting_levels(train)
    # Rows that were made to show causes are saved in more ways, and reach the hopeless.
    shows, checks = (
        some.at(some.made) if some.made.any() else some for some in (train, calibration)
    )
    present, later = (presence(part.level, hurting) for part in (shows, checks))
    read = train.at(~train.made)
    least = np.minimum((present == 1).sum(axis=0), (present == 0).sum(axis=0))
    learnable = np.flatnonzero(least >= FEWEST).tolist()
    if not learnable:
        return None
    with one_thread():
        seen = [_fit(_model(PRESENT, seed, settings), shows.X, present[:, c]) for c in learnable]
        gains = [_fit(_model(GAIN, seed, settings), read.X, read.gained(c)) for c in learnable]
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


def _fit(model: Any, X: NDArray[np.float32], target: Floats) -> Forest:
    """Return the forest of a model on the rows whose target is known, and columns that vary."""
    told = ~np.isnan(target)
    if told.sum() < FEWEST:  # nothing to tell images apart by
        return Forest.constant(float(np.mean(target[told])) if told.any() else HURTS, X.shape[1])
    columns = varying(X[told])
    own = X[told][:, columns]
    edges = bin_edges(own)
    forest = decoded(from_sklearn([model.fit(encode(own, edges), target[told])]), edges)
    feature = np.array(columns, np.int16)[forest.feature]
    return replace(forest, feature=feature, features=X.shape[1])


def _line(forest: Forest, rows: CauseRows, present: Floats) -> Calibration:
    """Return the line from the log-odds of a forest to calibrated ones."""
    told = ~np.isnan(present)
    own = even_weights(rows.sources[told])
    return fit_calibration(forest.decision(rows.X[told]), present[told] > 0.5, own)


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

    ``split`` is that of every row of the corpus it was trained on; ``others`` are rows that only
    the diagnosis learns from, of the recipes ``causes`` and ``counterfactuals``. A group is in
    the same split wherever it occurs; ``shares`` tells how groups are split that occur only there.
    CorpusError if others are of another engine, or about something else.
    """
    _check(corpus, others)
    known, seed = dict(zip(corpus.groups.tolist(), split.tolist(), strict=True)), gate.card.seed
    splits = [split]
    for other in others:
        splits.append(_split(other, known, seed, shares))
        known |= dict(zip(other.groups.tolist(), splits[-1].tolist(), strict=True))
    # Presence is learned from rows made for it, if there are any: others may lack these measures.
    made = [one for one in others if one.meta["recipe"] == CAUSES_ONLY] or [corpus, *others]
    more = [name for name in ONLY_FOR_CAUSES if any(name in one.names for one in made)]
    measures = [*gate.card.measures, *more]
    rows = cause_rows([corpus, *others], splits, measures)
    found = fit_diagnosis(rows, measures, seed=seed, settings=settings)
    if found is None:
        return gate
    diagnosis, hurting = found
    facts = {
        "causes": diagnosis.causes,
        "measures": measures,
        "hurts_from": [round(float(level), 2) for level in hurting],
        "rows": len(rows.X),
        "sources": len(np.unique(rows.sources)),
        "sets": [other.set_facts(name) for other in others for name in other.sets],
        "held_out": held_out(diagnosis, hurting, rows.at(rows.split == "test")),
    }
    return replace(gate, diagnosis=diagnosis, card=replace(gate.card, diagnosis=facts))


def held_out(diagnosis: Diagnosis, hurting: Floats, test: CauseRows) -> dict[str, Any]:
    """Return how often the first cause is the true one, on rows that were not learned from.

    Returns
    -------
    dict
        ``one``: by cause the (rows, right) of images with this cause alone, at a strength that
        hurts. ``several``: the (rows, in the chain) of those with two and more such causes.
        ``helps``: of the mixtures that the engine reads better without one of their causes, the
        (rows, first is the one whose removal helps most). ``gain``: the mean gain as stated and
        as measured with the engine, of causes that hurt and were undone. ``clean``: of clean
        images, the (rows, without a probable cause).
    """
    columns = [list(CAUSES).index(cause) for cause in diagnosis.causes]
    level, helps = test.level[:, columns], test.helps[:, columns]
    probability, gain = diagnosis.of(test.X)
    first = np.argmax(weights(probability, gain), axis=1)
    present = presence(level, hurting) == 1
    right, count = present[np.arange(len(first)), first], present.sum(axis=1)
    # Like those that presence is learned from: an older corpus may lack a measure.
    shows = test.made if test.made.any() else np.ones(len(first), bool)
    alone = shows & (test.felt.sum(axis=1) == 1)
    clean = shows & ~test.felt.any(axis=1) & (count == 0)
    mixed = ((~np.isnan(level)).sum(axis=1) > 1) & ~np.isnan(helps).any(axis=1)
    best = np.nan_to_num(helps, nan=-1.0)
    mixed &= best.max(axis=1) >= HELPS
    known = np.stack([test.gained(column) for column in columns], axis=1)
    undone = (level >= hurting) & ~np.isnan(known)
    one = {c: _counted(alone & present[:, i], right) for i, c in enumerate(diagnosis.causes)}
    return {
        "one": one,
        "several": _counted(shows & (count > 1), right),
        "helps": _counted(mixed, first == best.argmax(axis=1)),
        "gain": {
            "rows": int(undone.sum()),
            "stated": round(float(gain[undone].mean()), 3) if undone.any() else None,
            "measured": round(float(known[undone].mean()), 3) if undone.any() else None,
        },
        "clean": _counted(clean, (probability < PRESENT_AT).all(axis=1)),
    }


def _counted(mask: Any, right: Any) -> tuple[int, int]:
    return int(mask.sum()), int(right[mask].sum())


def _check(corpus: Corpus, others: Sequence[Corpus]) -> None:
    for other in others:
        names = ["text"] if other.meta.get("recipe") == CAUSES_ONLY else ["text", "task", "engine"]
        for name in names:
            if other.meta.get(name) != corpus.meta.get(name):
                raise CorpusError(
                    f"the diagnosis cannot learn from corpora of different {name}: "
                    f"{corpus.meta.get(name)!r} and {other.meta.get(name)!r}"
                )


def _split(
    corpus: Corpus, known: dict[str, str], seed: int, shares: Sequence[float]
) -> NDArray[np.str_]:
    """Return the split of every row: that of its group, or one of its own."""
    own = split_by_group(corpus.groups, corpus.column("set"), seed=seed, shares=shares)
    pairs = zip(corpus.groups.tolist(), own.tolist(), strict=True)
    return np.array([known.get(group, split) for group, split in pairs])


def _model(how: dict[str, Any], seed: int, settings: LearnerSettings) -> Any:
    ensemble = require("sklearn.ensemble", "train")
    classifies = how is PRESENT
    kind = "HistGradientBoostingClassifier" if classifies else "HistGradientBoostingRegressor"
    own = how | {"max_iter": min(how["max_iter"], settings.trees), "random_state": seed}
    return getattr(ensemble, kind)(
        **own,
        l2_regularization=2.0,
        max_features=0.5,
        max_bins=MOST_BINS,
        early_stopping=False,
    )
