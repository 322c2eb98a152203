"""Learn what a gate is made of from any matrix of numbers: forest, calibration, guard, promise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import CorpusError, SettingsError
from imagegate.features import MEASURES, every_measure
from imagegate.models.calibration import Calibration, Thresholds, fit_calibration
from imagegate.models.card import Guarantee
from imagegate.models.forest import Forest
from imagegate.models.gate import Gate
from imagegate.models.ood import OutOfDistributionDetector
from imagegate.training.learning.learner import FOLDS, Learned, learn, varying
from imagegate.training.learning.ood import fit_detector
from imagegate.training.learning.threshold import (
    LEAST_REJECTED,
    ScoredRows,
    meet_risk_target,
)

Floats = NDArray[np.float64]
# Of a column that is no measure nothing is known; the learner takes it as one of these.
EITHER = next(name for name, row in MEASURES.items() if row.worse == "either")


@dataclass(frozen=True, eq=False)
class Parts:
    """What answers for rows of a matrix.

    Parameters
    ----------
    columns : ndarray of intp
        The columns of the matrix that are looked at: those that vary.
    forest, calibration, guard, thresholds
        As of a gate.
    guarantee : Guarantee or None
        What calibration says of the threshold; None if it was set in another way.
    """

    columns: NDArray[np.intp]
    forest: Forest
    calibration: Calibration
    guard: OutOfDistributionDetector
    thresholds: Thresholds
    guarantee: Guarantee | None

    @classmethod
    def of_gate(cls, gate: Gate) -> Parts:
        """Return the parts of a gate; the columns are its measures."""
        return cls(
            np.arange(len(gate.card.measures)),
            gate.forest,
            gate.calibration,
            gate.ood,
            gate.thresholds,
            gate.card.guarantee,
        )

    def p_fail(self, X: Floats) -> Floats:
        """Return the calibrated probability of failure of every row."""
        return self.calibration.probability(self.forest.decision(X[:, self.columns]))

    def held_back(self, X: Floats) -> NDArray[np.bool_]:
        """Tell which rows are unlike anything in training, or say nothing at all."""
        seen = X[:, self.columns]
        return np.asarray(self.guard.alarm(seen) | np.isnan(seen).all(axis=1), np.bool_)

    def decisions(self, X: Floats) -> NDArray[np.str_]:
        """Return the decision for every row."""
        return self.thresholds.decisions(self.p_fail(X), self.held_back(X))


@dataclass(frozen=True)
class Wanted:
    """What is asked of learning: the promise, what to keep for it, and chance."""

    promise: float
    confidence: float
    calibration_share: float
    seed: int

    def check(self) -> Wanted:
        """Return it, or raise SettingsError for what is no share."""
        for name in ("promise", "confidence", "calibration_share"):
            value = getattr(self, name)
            if not isinstance(value, int | float | np.floating) or not 0 < value < 1:
                raise SettingsError(f"{name}: expected a share between 0 and 1, got {value!r}")
        return self


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a matrix; those of one group add up to a weight of 1."""

    X: Floats
    fails: NDArray[np.bool_]
    groups: NDArray[np.intp]
    weights: Floats

    def where(self, mask: NDArray[np.bool_]) -> Rows:
        """Return some of the rows."""
        return Rows(self.X[mask], self.fails[mask], self.groups[mask], self.weights[mask])

    def among(self, columns: NDArray[np.intp]) -> Rows:
        """Return the rows with some of the columns."""
        return replace(self, X=self.X[:, columns])


def learn_parts(
    X: Floats,
    fails: NDArray[np.bool_],
    groups: NDArray[np.intp],
    *,
    names: Sequence[str],
    wanted: Wanted,
) -> Parts:
    """Learn from a matrix as training learns from a corpus.

    Parameters
    ----------
    X : ndarray of float64, shape (rows, columns)
        NaN where undefined.
    fails : ndarray of bool, shape (rows,)
        The label.
    groups : ndarray of int, shape (rows,)
        What belongs together, as numbers from 0; no split cuts through a group, and the promise
        counts one row of each.
    names : sequence of str
        The names of the columns. That of a measure says which end is bad; any other does not.
    wanted : Wanted
        The promise, the share of groups kept for calibration, and chance.

    Returns
    -------
    Parts

    Raises
    ------
    CorpusError
        If there are too few groups of one kind, or no column varies.
    """
    wanted.check()
    rng = np.random.default_rng(wanted.seed)
    rows = Rows(X, fails, groups, 1 / np.bincount(groups)[groups])
    rank = spread(rows, rng)
    kept = systematic(rank, wanted.calibration_share, float(rng.random()))
    folds = (np.unique(rank[~kept], return_inverse=True)[1] % FOLDS).astype(str)
    training, calibration = rows.where(~kept), rows.where(kept)
    _check(training.fails, folds, calibration)
    columns = np.array(varying(training.X, folds, seed=wanted.seed), np.intp)
    if not columns.size:
        raise CorpusError("no column varies: there is nothing to learn from")
    known = every_measure()
    measures = [names[j] if names[j] in known else EITHER for j in columns]
    training, calibration = training.among(columns), calibration.among(columns)
    learned = learn(
        *(training.X, training.fails, training.weights, folds),
        measures=measures,
        seed=wanted.seed,
    )
    return _answering(columns, learned, training, calibration, wanted)


def spread(rows: Rows, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return the place of every row's group among all groups, by failures, ties by chance.

    Taking every n-th place gives parts with the same share of failures.
    """
    rate = np.bincount(rows.groups, rows.fails * rows.weights)
    order = np.lexsort((rng.random(len(rate)), rate))
    place = np.empty(len(rate), np.intp)
    place[order] = np.arange(len(rate))
    return place[rows.groups]


def systematic(rank: NDArray[np.intp], share: float, offset: float) -> NDArray[np.bool_]:
    """Tell which ranks are taken when a share of them is, at even distances.

    >>> systematic(np.arange(8), 0.25, 0.5).nonzero()[0].tolist()
    [1, 5]
    """
    return np.asarray(np.floor((rank + 1) * share + offset) > np.floor(rank * share + offset))


def _check(fails: NDArray[np.bool_], folds: NDArray[np.str_], calibration: Rows) -> None:
    left = [fails[folds != fold] for fold in np.unique(folds)]
    if not len(calibration.X) or len(left) < 2 or any(len(np.unique(rest)) < 2 for rest in left):
        raise CorpusError(
            f"{len(fails) + len(calibration.X)} rows with {int(fails.sum())} failures to learn "
            "from are too few: expected at least three groups of each class"
        )


def _answering(
    columns: NDArray[np.intp], learned: Learned, training: Rows, calibration: Rows, wanted: Wanted
) -> Parts:
    """Fit the guard, the calibration and the threshold, and put all parts together."""
    names = training.groups.astype(str)
    guard = fit_detector(training.X, names, calibration.X, seed=wanted.seed)
    raw = learned.forest.decision(calibration.X)
    line = fit_calibration(raw, calibration.fails, calibration.weights)
    bare = Parts(
        *(np.arange(len(columns)), learned.forest, line, guard),
        thresholds=Thresholds(None, LEAST_REJECTED),
        guarantee=None,
    )
    scores = np.where(bare.held_back(calibration.X), np.inf, raw)  # never passes
    threshold, guarantee = meet_risk_target(
        ScoredRows(scores, calibration.fails, calibration.weights),
        calibration.groups,
        risk_target=wanted.promise,
        confidence=wanted.confidence,
        seed=wanted.seed,
        training=ScoredRows(learned.unseen, training.fails, training.weights),
    )
    passing = None if threshold is None else float(line.probability(np.array([threshold]))[0])
    thresholds = Thresholds(passing, max(passing or 0.0, LEAST_REJECTED))
    return replace(bare, columns=columns, thresholds=thresholds, guarantee=guarantee)
