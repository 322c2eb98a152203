"""Train a gate: split, learn, calibrate, set the threshold, and write the card."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import CorpusError
from imagegate.features import LEARNABLE, MEASURES, OUTPUT_VERSION, VERSION
from imagegate.models.beyond import rows_beyond, usual_shares
from imagegate.models.calibration import History, fit_calibration
from imagegate.models.card import Card, recorded_limits
from imagegate.models.forest import Forest
from imagegate.models.gate import OUTPUT_SUFFIX, Gate
from imagegate.models.ood import OutOfDistributionDetector
from imagegate.models.rules import PRESETS
from imagegate.stats.metrics import even_weights
from imagegate.training.corpus import Corpus, check_labelled
from imagegate.training.labelling.recipes import FOR_DIAGNOSIS
from imagegate.training.learning.diagnosis import diagnose
from imagegate.training.learning.insights import insights_of
from imagegate.training.learning.learner import DEFAULT, LearnerSettings, learn, varying
from imagegate.training.learning.messages import (
    FEW_SOURCES,
    HARDER,
    MILDER,
    TrainingMessages,
    left_out,
    log_loss,
    training_messages,
)
from imagegate.training.learning.ood import FALSE_ALARMS, fit_detector
from imagegate.training.learning.rules import six_scores, tune_rules
from imagegate.training.learning.threshold import Objective, ScoredRows, set_thresholds
from imagegate.training.split import SHARES, SPLITS, split_by_group

__all__ = ["TrainResult", "train"]

Floats = NDArray[np.float64]
USUAL = (0.05, 0.95)  # quantiles of the passing training rows
LIBRARIES = ("imagegate", "numpy", "scikit-learn")


@dataclass(frozen=True, eq=False)
class TrainResult:
    """A trained gate.

    Parameters
    ----------
    gate : Gate
        Ready to answer and to be saved; its ``output`` judges what the engine made of an image.
    split : ndarray of str, shape (rows,)
        The split of every row of the corpus: train, calibration or test.
    summary : TrainingMessages
        What was learned from how much, what is guaranteed, and what there is too little of.
    """

    gate: Gate
    split: NDArray[np.str_]
    summary: TrainingMessages


@dataclass(frozen=True, eq=False)
class SplitRows:
    """The rows of one split as arrays."""

    X: NDArray[np.floating]
    fails: NDArray[np.bool_]
    sources: NDArray[np.str_]
    groups: NDArray[np.str_]
    weights: Floats  # the rows of a source add up to 1


def train(
    corpus: Corpus,
    *,
    name: str,
    risk_target: float = 0.05,
    confidence: float = 0.95,
    costs: tuple[float, float] | None = None,
    seed: int = 0,
    date: str = "",
    shares: Sequence[float] = SHARES,
    diagnosis: Sequence[Corpus] = (),
    settings: LearnerSettings | None = None,
) -> TrainResult:
    """Train a gate on a labelled corpus.

    Trees and rules learn from the training split; the probability is calibrated and the threshold
    set on the calibration split; the test split is not looked at. If the corpus has measures of
    outputs, a second gate learns from image and output together in the same way; it is kept if
    its cross-validated log-loss is lower.

    Parameters
    ----------
    corpus : Corpus
        Rows with measures and losses.
    name : str
        The name of the gate; that of the second one is ``"NAME+output"``.
    risk_target, confidence : float
        Of the images passed at most the share ``risk_target`` fails, with this confidence.
    costs : tuple of 2 float, optional
        Instead of a risk target: what a false pass and a false reject cost.
    seed : int
        Of split and training; the same corpus and seed give the same gate file.
    date : str
        Written on the card; no clock is read here.
    shares : sequence of 3 float
        Of training, calibration and test; together 1. Few sources need more calibration.
    diagnosis : sequence of Corpus
        More rows to learn causes from, labelled with the recipes ``causes`` and
        ``counterfactuals``; the probability of failure is not learned from them.
    settings : LearnerSettings, optional
        How much the learner tries: by default three candidates of up to 100 trees.

    Returns
    -------
    TrainResult

    Raises
    ------
    CorpusError
        If there are too few groups to split, if the task never fails or always fails, or if the
        corpus teaches causes alone (recipes ``causes`` and ``counterfactuals``).
    SettingsError
        If risk target, confidence, costs or shares are out of range.

    Examples
    --------
    >>> result = train(read_corpus("corpus"), name="qr", risk_target=0.1)  # doctest: +SKIP
    >>> save_gate(result.gate, "qr.gate")  # doctest: +SKIP
    """
    check_labelled(corpus, barred=FOR_DIAGNOSIS)
    objective = Objective(name, risk_target, confidence, costs, seed, date)
    settings = settings or DEFAULT
    split = split_by_group(corpus.groups, corpus.column("set"), seed=seed, shares=shares)
    gate, second = _fit(corpus, split, objective, images_only(corpus), settings), None
    gate = diagnose(gate, corpus, split, diagnosis, shares=shares, settings=settings)
    if corpus.outputs and corpus.meta.get("output_version") == OUTPUT_VERSION:
        objective = replace(objective, name=name + OUTPUT_SUFFIX)
        measures = [*images_only(corpus), *corpus.outputs]
        second = _fit(corpus, split, objective, measures, settings)
        if second.judges_output and log_loss(second) < log_loss(gate):
            gate = replace(gate, output=replace(second, diagnosis=gate.diagnosis))
    return TrainResult(gate, split, training_messages(gate, second, corpus.meta))


def images_only(corpus: Corpus) -> list[str]:
    """Return the measures of images that a gate for such a task may learn from."""
    # Text is read from luminance: the measures of pictures, some of colour, would cost a gate for
    # text more time than all others, and red paper would count as unusual.
    barred = {True: "picture", False: "text", None: None}[corpus.meta.get("text")]
    learnable = (name for name in corpus.names if name in LEARNABLE)
    return [name for name in learnable if MEASURES[name].about != barred]


def _fit(
    corpus: Corpus,
    split: NDArray[np.str_],
    objective: Objective,
    allowed: Sequence[str],
    settings: LearnerSettings,
) -> Gate:
    """Return a gate that learns from the measures allowed, as far as they vary."""
    rows = corpus.select(split == "train")
    varied = varying(rows.matrix(allowed), rows.groups, seed=objective.seed)
    measures = tuple(allowed[j] for j in varied)
    training, calibration = (
        _split_rows(some, measures) for some in (rows, corpus.select(split == "calibration"))
    )
    _check(training, calibration, corpus.meta)
    preset = PRESETS.get(str(corpus.meta["task"]), PRESETS["general"])
    scores = six_scores(rows.X, rows.names)
    card = replace(
        _card(corpus, split, objective),
        measures=measures,
        rules_preset=asdict(preset),
        rules_tuned=asdict(tune_rules(scores, training.fails, training.weights, preset)),
    )
    gate = fit_gate(training, calibration, card, objective, settings)
    return replace(gate, card=replace(gate.card, lesson=insights_of(gate, corpus, split)))


def fit_gate(
    training: SplitRows,
    calibration: SplitRows,
    card: Card,
    objective: Objective,
    settings: LearnerSettings | None = None,
) -> Gate:
    """Return a gate for any matrix: trees, detector, calibration and threshold.

    The columns are ``card.measures``; a name that is no measure stands for a free column.
    """
    learned = learn(
        *(training.X, training.fails, training.weights, training.groups),
        measures=card.measures,
        seed=objective.seed,
        settings=settings or DEFAULT,
    )
    detector = fit_detector(
        training.X,
        training.sources,
        calibration.X,
        seed=objective.seed,
        names=card.measures,
    )
    guard = {"false_alarms": FALSE_ALARMS, "limit": detector.limit, "rows": len(detector.rows)}
    card = replace(card, guard=guard | usual_shares(training.X[~training.fails], card))
    history = _history(learned.forest, detector, calibration, card)
    line = fit_calibration(history.raw, history.fails, calibration.weights)
    unseen = ScoredRows(learned.unseen, training.fails, training.weights)
    thresholds, guarantee = set_thresholds(objective, history, line, training=unseen)
    card = replace(
        card,
        guarantee=guarantee,
        thresholds=thresholds,
        settings=learned.settings,
    )
    usual = _usual(training.X[~training.fails])
    return Gate(card, learned.forest, line, detector, usual, history)


def _history(
    forest: Forest, detector: OutOfDistributionDetector, calibration: SplitRows, card: Card
) -> History:
    """Return the scores and outcomes of the calibration rows, and which of them are familiar."""
    strange = detector.alarm(calibration.X) | rows_beyond(calibration.X, card)
    return History(
        raw=forest.decision(calibration.X),
        fails=calibration.fails,
        source=np.unique(calibration.sources, return_inverse=True)[1].astype(np.int32),
        familiar=~(strange | np.isnan(calibration.X).all(axis=1)),
    )


def _split_rows(rows: Corpus, measures: Sequence[str]) -> SplitRows:
    sources = rows.column("source_id").astype(str)
    return SplitRows(rows.matrix(measures), rows.fails, sources, rows.groups, even_weights(sources))


def _check(training: SplitRows, calibration: SplitRows, meta: Mapping[str, Any]) -> None:
    if not len(calibration.X) or len(np.unique(training.groups)) < 2:
        least = round(FEW_SOURCES / SHARES[1])
        raise CorpusError(
            "too few groups to split into training, calibration and test: label at least "
            f"{least} sources"
        )
    if training.fails.all() or not training.fails.any():
        often, remedy = ("always", MILDER) if training.fails.any() else ("never", HARDER)
        raise CorpusError(
            f"the task {often} fails on the {len(training.fails)} training images: there is "
            f"nothing to learn. Label more {remedy}, or check the failure threshold. "
            f"{' '.join(left_out(meta))}".rstrip()
        )


def _card(corpus: Corpus, split: NDArray[np.str_], objective: Objective) -> Card:
    """Return a card that says what the gate is made from and for."""
    meta, by_target = corpus.meta, objective.costs is None
    splits = {name: corpus.select(split == name) for name in SPLITS}
    return Card(
        name=objective.name,
        task=str(meta["task"]),
        engine=str(meta["engine"]),
        engine_version=str(meta.get("engine_version", "")),
        limit=corpus.failure_threshold,
        limits=recorded_limits(meta.get("limits")),
        features_version=int(meta.get("features_version", VERSION)),
        sets=corpus.set_facts(),
        parts={name: rows.counts() for name, rows in splits.items()},
        groups={name: tuple(np.unique(rows.groups).tolist()) for name, rows in splits.items()},
        seed=objective.seed,
        promise=objective.risk_target if by_target else None,
        confidence=objective.confidence if by_target else None,
        costs=objective.costs,
        libraries={name: metadata.version(name) for name in LIBRARIES},
        date=objective.date,
    )


def _usual(X: NDArray[np.floating]) -> Floats:
    """Return the usual range of every measure, NaN where never defined."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # all NaN
        return np.nanquantile(X.astype(np.float64), USUAL, axis=0).T
