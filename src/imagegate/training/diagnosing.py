"""Learn which causes are present on an image, and what the engine gains without each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import CorpusError, MissingExtraError
from imagegate.models.diagnosis import PRESENT as PRESENT_AT
from imagegate.models.diagnosis import Diagnosis, weights
from imagegate.models.forest import Forest
from imagegate.models.learned import Gate
from imagegate.tables import CAUSES
from imagegate.training.bins import MOST_BINS, bin_edges, decoded, encode
from imagegate.training.calibrate import fit_calibration
from imagegate.training.cause_rows import CauseRows, cause_rows
from imagegate.training.corpus import Corpus
from imagegate.training.facts import set_facts
from imagegate.training.learner import from_sklearn, one_thread
from imagegate.training.recipes import CAUSES_ONLY
from imagegate.training.split import SHARES, split_by_group
from imagegate.training.weights import even_weights

Floats = NDArray[np.float64]
HURTS = 0.25  # share of otherwise good images that fail from this strength on
USUAL_LEVEL, LAST_LEVEL = 2.0, 5.0  # without rows that tell; if even the strongest hardly hurts
# Too dear to be measured on every image: only if there may be something to tell.
ONLY_FOR_CAUSES = ("resolution.resampling",)
HELPS = 0.1  # of the loss: removing a cause that gains less helps nobody
FEWEST = 20  # rows with a cause, and without it, to learn from
PRESENT = {"max_iter": 60, "max_leaf_nodes": 12, "learning_rate": 0.15, "min_samples_leaf": 12}
GAIN = {"max_iter": 40, "max_leaf_nodes": 8, "learning_rate": 0.1, "min_samples_leaf": 15}


def hurting_levels(rows: CauseRows) -> Floats:
    """Return for every cause the lowest level at which it makes good images fail.

    From rows with this cause alone: where the failing share, fitted by monotone regression,
    reaches a quarter.
    """
    try:
        from sklearn.isotonic import IsotonicRegression
    except ImportError as error:
        raise MissingExtraError("scikit-learn", "train") from error
    found = np.full(len(CAUSES), USUAL_LEVEL)
    for c in range(len(CAUSES)):
        level, gain = rows.level[:, c], rows.gain[:, c]
        told = rows.only(c) & ~np.isnan(level) & ~np.isnan(gain) & ~rows.clean_fails
        if told.sum() >= FEWEST:
            line = IsotonicRegression(out_of_bounds="clip").fit(level[told], gain[told])
            levels = np.linspace(0.0, LAST_LEVEL, 101)
            hurts = line.predict(levels) >= HURTS
            found[c] = levels[int(np.argmax(hurts))] if hurts.any() else LAST_LEVEL
    return found


def fit_diagnosis(
    rows: CauseRows, measures: Sequence[str], *, seed: int
) -> tuple[Diagnosis, Floats] | None:
    """Learn a diagnosis from the training part, calibrated on the calibration part.

    Parameters
    ----------
    rows : CauseRows
        The rows of all parts.
    measures : sequence of str
        The columns of its ``X``.
    seed : int
        Chance.

    Returns
    -------
    (Diagnosis, ndarray) or None
        With the level from which each of its causes hurts; None if no cause has rows enough.
    """
    train, calibration = (rows.at(rows.part == part) for part in ("train", "calibration"))
    hurting = hurting_levels(train)
    present = presence(train.level, hurting)
    learnable = [c for c in range(len(CAUSES)) if _enough(present[:, c])]
    if not learnable:
        return None
    edges = bin_edges(train.X)
    codes, later = encode(train.X, edges), presence(calibration.level, hurting)
    own, other = even_weights(train.sources), even_weights(calibration.sources)
    forests, lines = [], []
    with one_thread():
        for c in learnable:
            known = ~np.isnan(present[:, c])
            model = _classifier(seed).fit(
                codes[known], present[known, c] > 0.5, sample_weight=own[known]
            )
            forests.append(decoded(from_sklearn([model]), edges))
            told = ~np.isnan(later[:, c])
            raw = forests[-1].decision(calibration.X[told])
            line = fit_calibration(raw, later[told, c] > 0.5, other[told])
            lines.append((line.slope, line.intercept))
        for c in learnable:
            known = ~np.isnan(train.gain[:, c])
            model = _regressor(seed).fit(
                codes[known], train.gain[known, c], sample_weight=own[known]
            )
            forests.append(decoded(from_sklearn([model]), edges))
    diagnosis = Diagnosis(
        causes=tuple(CAUSES[c] for c in learnable),
        measures=tuple(measures),
        forest=Forest.joined(forests),
        trees=np.array([len(forest.roots) for forest in forests], np.int32),
        base=np.array([forest.base for forest in forests]),
        calibration=np.array(lines),
    )
    return diagnosis, hurting[learnable]


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
) -> Gate:
    """Return the gate with a diagnosis, if the rows are enough for one.

    Parameters
    ----------
    gate : Gate
        Of images alone.
    corpus : Corpus
        What it was trained on.
    split : ndarray of str, shape (rows,)
        The part of every row. A group is in the same part wherever it occurs.
    others : sequence of Corpus
        Rows that only the diagnosis learns from, of the recipes ``causes`` and
        ``counterfactuals``.
    shares : sequence of 3 float
        How groups are split that occur only there.

    Raises
    ------
    CorpusError
        If others are of another engine, or about something else.
    """
    _check(corpus, others)
    groups = corpus.column("group").astype(str)
    known, seed = dict(zip(groups.tolist(), split.tolist(), strict=True)), gate.card.seed
    parts = [split]
    for other in others:
        parts.append(_parts(other, known, seed, shares))
        known |= dict(zip(other.column("group").tolist(), parts[-1].tolist(), strict=True))
    measures = [*gate.card.measures, *ONLY_FOR_CAUSES]
    rows = cause_rows([corpus, *others], parts, measures)
    kept = _varying(rows.X[rows.part == "train"])
    rows, measures = replace(rows, X=rows.X[:, kept]), [measures[j] for j in kept]
    found = fit_diagnosis(rows, measures, seed=seed)
    if found is None:
        return gate
    diagnosis, hurting = found
    facts = {
        "causes": diagnosis.causes,
        "measures": measures,
        "hurts_from": [round(float(level), 2) for level in hurting],
        "rows": len(rows.X),
        "sources": len(np.unique(rows.sources)),
        "sets": [set_facts(other, name) for other in others for name in _sets(other)],
        "held_out": held_out(diagnosis, hurting, rows.at(rows.part == "test")),
    }
    return replace(gate, diagnosis=diagnosis, card=replace(gate.card, diagnosis=facts))


def held_out(diagnosis: Diagnosis, hurting: Floats, test: CauseRows) -> dict[str, Any]:
    """Return how often the first cause is the true one, on rows that were not learned from.

    Parameters
    ----------
    diagnosis : Diagnosis
        What was learned.
    hurting : ndarray of shape (causes,)
        The level from which each of its causes hurts.
    test : CauseRows
        The rows.

    Returns
    -------
    dict
        ``one``: by cause the (rows, right) of images with this cause alone, at a strength that
        hurts. ``several``: the (rows, in the chain) of those with two and more such causes.
        ``helps``: of the mixtures that the engine reads better without one of their causes, the
        (rows, first is the one whose removal helps most). ``clean``: of clean images, the (rows,
        without a probable cause).
    """
    columns = [CAUSES.index(cause) for cause in diagnosis.causes]
    level, helps = test.level[:, columns], test.helps[:, columns]
    probability, gain = diagnosis.of(test.X)
    first = np.argmax(weights(probability, gain), axis=1)
    present = presence(level, hurting) == 1
    rows = np.arange(len(first))
    right, count = present[rows, first], present.sum(axis=1)
    alone = test.felt.sum(axis=1) == 1
    mixed = ((~np.isnan(level)).sum(axis=1) > 1) & ~np.isnan(helps).any(axis=1)
    best = np.nan_to_num(helps, nan=-1.0)
    mixed &= best.max(axis=1) >= HELPS
    clean = ~test.felt.any(axis=1)
    return {
        "one": {
            cause: _counted(alone & present[:, c], right)
            for c, cause in enumerate(diagnosis.causes)
        },
        "several": _counted(count > 1, right),
        "helps": _counted(mixed, first == best.argmax(axis=1)),
        "clean": _counted(clean, np.asarray((probability < PRESENT_AT).all(axis=1))),
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


def _parts(
    corpus: Corpus, known: dict[str, str], seed: int, shares: Sequence[float]
) -> NDArray[np.str_]:
    """Return the part of every row: that of its group, or one of its own."""
    groups = corpus.column("group").astype(str)
    own = split_by_group(groups, corpus.column("set").astype(str), seed=seed, shares=shares)
    pairs = zip(groups.tolist(), own.tolist(), strict=True)
    return np.array([known.get(group, part) for group, part in pairs])


def _varying(X: NDArray[np.float32]) -> list[int]:
    """Return the columns with two different readings at least: nothing else can be binned."""
    return [j for j, column in enumerate(X.T) if len(np.unique(column[~np.isnan(column)])) > 1]


def _sets(corpus: Corpus) -> list[str]:
    return [str(name) for name in np.unique(corpus.column("set").astype(str))]


def _enough(present: Floats) -> bool:
    return bool(min((present == 1).sum(), (present == 0).sum()) >= FEWEST)


def _classifier(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(**PRESENT, **_usual(seed))


def _regressor(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(**GAIN, **_usual(seed))


def _usual(seed: int) -> dict[str, Any]:
    return {
        "l2_regularization": 2.0,
        "max_features": 0.5,
        "max_bins": MOST_BINS,
        "early_stopping": False,
        "random_state": seed,
    }
