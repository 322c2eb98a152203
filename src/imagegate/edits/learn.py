"""Learn from the labels of one batch: what its own tool does well and badly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import CorpusError
from imagegate.features import EDITS
from imagegate.models.calibration import Calibration, History, fit_calibration, sigmoid
from imagegate.models.forest import Forest
from imagegate.models.gate import Gate
from imagegate.stats.metrics import auroc, even_weights, passing
from imagegate.training.corpus import Corpus
from imagegate.training.learning.threshold import Objective, set_thresholds
from imagegate.training.split import group_folds

Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]
FOLDS = 5
FEWEST = 8  # labels of each kind
MOST_STUMPS, EVERY = 60, 5
RATE, RIDGE = 0.1, 4.0
CUTS = np.linspace(0.1, 0.9, 9)  # quantiles that a stump may cut at


@dataclass(frozen=True, eq=False)
class LabelsLearned:
    """A gate that has learned from the labels of a batch.

    ``before`` and ``after`` are the AUROC of the gate as it was and of gates that learned from the
    other labels, on the same labels; ``stumps`` is how many trees were added.
    """

    gate: Gate
    labels: int
    bad: int
    stumps: int
    before: float
    after: float


def learn_from_labels(
    gate: Gate, labels: Corpus, *, name: str = "", date: str = "", seed: int = 0
) -> LabelsLearned:
    """Return a gate of edits that fits one batch, and what its labels brought.

    The gate's log-odds are calibrated on the labels; then trees of one question are added as long
    as cross-validation finds that they predict better. The threshold is set on the labels alone.

    Parameters
    ----------
    gate : Gate
        A gate of edits.
    labels : Corpus
        Labelled edits as rows, from :func:`imagegate.edits.corpus.corpus_of`. Rows of one group
        are kept together.
    name, date : str
        For the card; the name stays if none is given.
    seed : int
        Of the folds.

    Returns
    -------
    LabelsLearned

    Raises
    ------
    CorpusError
        If there are fewer than 8 good or 8 bad labels, or fewer than 5 groups.
    """
    _check(gate, labels)
    rows = _Rows.of(gate, labels)
    unseen = np.zeros(len(labels))
    for held in _folds(rows, seed):
        line, stumps = _learned(rows.at(~held), seed)
        unseen[held] = _log_odds(rows.at(held), line, stumps)
    line, stumps = _learned(rows, seed)
    own = np.unique(rows.sources, return_inverse=True)[1].astype(np.int32)
    history = History(unseen, rows.fails, own, ~gate.ood.alarm(rows.X))
    final = fit_calibration(unseen, rows.fails, rows.weights)
    changed = replace(gate, forest=_forest(gate.forest, line, stumps), calibration=final)
    changed = _with_card(replace(changed, history=history), gate, labels, name, date)
    return LabelsLearned(
        gate=changed,
        labels=len(labels),
        bad=int(rows.fails.sum()),
        stumps=len(stumps),
        before=_area(rows.raw, rows.fails),
        after=_area(unseen, rows.fails),
    )


@dataclass(frozen=True, eq=False)
class _Rows:
    X: Floats
    raw: Floats  # log-odds of the gate's forest
    fails: Bits
    weights: Floats
    sources: NDArray[np.str_]
    groups: NDArray[np.str_]

    @classmethod
    def of(cls, gate: Gate, labels: Corpus) -> _Rows:
        X = labels.matrix(gate.card.measures).astype(np.float64)
        sources = labels.column("source_id").astype(str)
        weights = even_weights(sources)
        return cls(X, gate.forest.decision(X), labels.fails, weights, sources, labels.groups)

    def at(self, mask: Bits) -> _Rows:
        return _Rows(**{name: values[mask] for name, values in vars(self).items()})


@dataclass(frozen=True)
class _Stump:
    feature: int
    threshold: float
    below: float  # also for what is undefined
    above: float


def _learned(rows: _Rows, seed: int) -> tuple[Calibration, list[_Stump]]:
    """Return line and stumps, as many as cross-validation within the rows finds best."""
    losses = np.zeros(MOST_STUMPS // EVERY + 1)
    for held in _folds(rows, seed + 1):
        train, test = rows.at(~held), rows.at(held)
        line = fit_calibration(train.raw, train.fails, train.weights)
        stumps = _boosted(train, line, MOST_STUMPS)
        for i in range(losses.size):
            found = _log_odds(test, line, stumps[: i * EVERY])
            signed = np.where(test.fails, -found, found)
            losses[i] += float(np.logaddexp(0, signed) @ test.weights)
    line = fit_calibration(rows.raw, rows.fails, rows.weights)
    return line, _boosted(rows, line, int(np.argmin(losses)) * EVERY)


def _boosted(rows: _Rows, line: Calibration, count: int) -> list[_Stump]:
    """Return stumps by Newton boosting (Friedman, Annals of Statistics 29, 2001)."""
    known = np.where(np.isnan(rows.X), -np.inf, rows.X)
    cuts = [
        (feature, float(cut))
        for feature, column in enumerate(rows.X.T)
        if not np.isnan(column).all()
        for cut in np.unique(np.nanquantile(column, CUTS))
    ]
    above = np.stack([known[:, feature] > cut for feature, cut in cuts], axis=1).astype(float)
    found, stumps = line.log_odds(rows.raw), []
    for _ in range(count):
        p = sigmoid(found)
        pull, curve = rows.weights * (rows.fails - p), rows.weights * p * (1 - p)
        right = pull @ above / (curve @ above + RIDGE)
        left = pull @ (1 - above) / (curve @ (1 - above) + RIDGE)
        gain = right * (pull @ above) + left * (pull @ (1 - above))
        best = int(np.argmax(gain))
        stump = _Stump(*cuts[best], RATE * float(left[best]), RATE * float(right[best]))
        stumps.append(stump)
        found = found + np.where(above[:, best] > 0, stump.above, stump.below)
    return stumps


def _log_odds(rows: _Rows, line: Calibration, stumps: list[_Stump]) -> Floats:
    found = line.log_odds(rows.raw)
    for stump in stumps:
        found = found + np.where(
            rows.X[:, stump.feature] > stump.threshold, stump.above, stump.below
        )
    return found


def _forest(forest: Forest, line: Calibration, stumps: list[_Stump]) -> Forest:
    """Return the forest on the line, with the stumps as trees."""
    own = replace(forest, value=line.slope * forest.value)
    trees = [
        Forest(
            roots=np.zeros(1, np.int32),
            left=np.array([1, 0, 0], np.int32),
            feature=np.array([stump.feature, 0, 0], np.int16),
            threshold=np.array([stump.threshold, 0, 0]),
            missing_left=np.array([True, False, False]),
            value=np.array([0, stump.below, stump.above]),
            base=0.0,
            features=forest.features,
        )
        for stump in stumps
    ]
    return replace(Forest.joined([own, *trees]), base=line.slope * forest.base + line.intercept)


def _with_card(gate: Gate, before: Gate, labels: Corpus, name: str, date: str) -> Gate:
    """Set the threshold on the labels, and say on the card what was learned from."""
    card = before.card
    objective = Objective(
        name or card.name, card.promise or 0.05, card.confidence or 0.95, None, card.seed, date
    )
    thresholds, guarantee = set_thresholds(objective, gate.history, gate.calibration)
    facts: dict[str, Any] = {"file": "labels", **labels.counts(), "sets": labels.sets}
    entry = {
        "date": date,
        "from": {"name": card.name, "hash": card.hash},
        "before": {"promise": card.promise, "pass": card.thresholds["pass"]},
        "after": {"promise": objective.risk_target, "pass": thresholds["pass"]},
        "outcomes": facts,
    }
    card = replace(
        card,
        name=objective.name,
        date=date,
        thresholds=thresholds,
        guarantee=guarantee,
        adjusted=(*card.adjusted, entry),
        results={},
        hash="",
    )
    return replace(gate, card=card)


def _folds(rows: _Rows, seed: int) -> Iterator[Bits]:
    """Yield the rows of each fold, groups whole, if both kinds are left."""
    fold = group_folds(rows.groups, FOLDS, seed=seed)
    for number in range(FOLDS):
        held = np.asarray(fold == number, np.bool_)
        if held.any() and rows.fails[~held].any() and not rows.fails[~held].all():
            yield held


def _area(score: Floats, fails: Bits) -> float:
    return float(auroc(passing(score, fails))[0])


def _check(gate: Gate, labels: Corpus) -> None:
    if gate.card.task != EDITS:
        raise CorpusError(f"{gate.name} is a gate for {gate.card.task}: expected one of edits")
    bad, groups = int(labels.fails.sum()), len(np.unique(labels.groups))
    if min(bad, len(labels) - bad) < FEWEST or groups < FOLDS:
        raise CorpusError(
            f"{len(labels) - bad} good and {bad} bad labels of {groups} groups: review more, "
            f"{FEWEST} of each and {FOLDS} groups at least"
        )
