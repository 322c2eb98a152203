"""Train a gate: split, learn, calibrate, set the threshold, and write down how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import CorpusError
from imagegate.features import LEARNABLE, MEASURES, OUTPUT_VERSION
from imagegate.models.calibration import Calibration, History, fit_calibration
from imagegate.models.gate import OUTPUT_SUFFIX, Gate
from imagegate.models.ood import OutOfDistributionDetector
from imagegate.models.rules import PRESETS
from imagegate.stats.metrics import even_weights
from imagegate.training.corpus import Corpus, check_labelled
from imagegate.training.learning.diagnosing import diagnose
from imagegate.training.learning.facts import Asked, Made, make_card
from imagegate.training.learning.guarding import FALSE_ALARMS, fit_guard
from imagegate.training.learning.learner import (
    DEFAULT,
    Learned,
    LearnerSettings,
    from_sklearn,
    learn,
    varying,
)
from imagegate.training.learning.lesson import lesson_of
from imagegate.training.learning.messages import (
    Said,
    left_out,
    output_messages,
    said_of,
    why_no_output,
)
from imagegate.training.learning.promise import Scored, set_thresholds
from imagegate.training.learning.rules_tuning import six_scores, tune_rules
from imagegate.training.learning.wanting import HARDER, MILDER
from imagegate.training.split import PARTS, SHARES, split_by_group

__all__ = ["LearnerSettings", "TrainResult", "from_sklearn", "train"]

Floats = NDArray[np.float64]
USUAL = (0.05, 0.95)  # quantiles of the passing training rows


@dataclass(frozen=True, eq=False)
class TrainResult:
    """A trained gate.

    Parameters
    ----------
    gate : Gate
        Ready to answer and to be saved; its ``output`` judges what the engine made of an image.
    split : ndarray of str, shape (rows,)
        The part of every row of the corpus: train, calibration or test.
    said : Said
        What was made of how much, what is promised, and what is wanting, in plain words.
    """

    gate: Gate
    split: NDArray[np.str_]
    said: Said

    @property
    def messages(self) -> tuple[str, ...]:
        """All that is said, in its order; what was learned stands on the card."""
        return (*self.said.learned, *self.said.promised, *self.said.wanting)


@dataclass(frozen=True, eq=False)
class Part:
    """The rows of one part as arrays."""

    X: NDArray[np.float32]
    fails: NDArray[np.bool_]
    sources: NDArray[np.str_]
    groups: NDArray[np.str_]
    weights: Floats  # the rows of a source add up to 1


def train(
    corpus: Corpus,
    *,
    name: str,
    promise: float = 0.05,
    confidence: float = 0.95,
    costs: tuple[float, float] | None = None,
    seed: int = 0,
    date: str = "",
    shares: Sequence[float] = SHARES,
    diagnosis: Sequence[Corpus] = (),
    settings: LearnerSettings | None = None,
) -> TrainResult:
    """Train a gate on a labelled corpus.

    Trees and rules learn from the training part; the probability is calibrated and the threshold
    set on the calibration part; the test part is not looked at. If the corpus has measures of
    outputs, a second gate learns from image and output together in the same way; it is kept if
    its cross-validated log-loss is lower.

    Parameters
    ----------
    corpus : Corpus
        Rows with measures and losses.
    name : str
        The name of the gate; that of the second one is ``"NAME+output"``.
    promise, confidence : float
        Of the images passed at most the share ``promise`` fails, with this confidence.
    costs : tuple of 2 float, optional
        Instead of a promise: what a false pass and a false reject cost.
    seed : int
        Of split and training; the same corpus and seed give the same gate file.
    date : str
        Written on the card; no clock is read here.
    shares : sequence of 3 float
        Of training, calibration and test; few sources want more calibration.
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
        If there are too few groups to split, or the task never fails or always fails.
    """
    check_labelled(corpus)
    asked = Asked(name, promise, confidence, costs, seed, date, settings or DEFAULT)
    groups, sets = corpus.column("group").astype(str), corpus.column("set").astype(str)
    split = split_by_group(groups, sets, seed=seed, shares=shares)
    gate = _fit(corpus, split, asked, images_only(corpus))
    output, said = _with_output(corpus, split, asked, gate)
    taught = _taught(gate, corpus, split)
    gate = diagnose(taught, corpus, split, diagnosis, shares=shares, settings=asked.settings)
    if output:
        gate = replace(gate, output=replace(output, diagnosis=gate.diagnosis))
    return TrainResult(gate, split, said_of(gate.card, said, corpus.meta))


def images_only(corpus: Corpus) -> list[str]:
    """Return the measures of images that a gate for such a task may learn from."""
    # Text is read from luminance: the measures of pictures, some of colour, would cost a reading
    # gate more than all others and teach it that red paper is odd.
    text = corpus.meta.get("text")
    barred = {True: "picture", False: "text"}[bool(text)] if text is not None else None
    learnable = (name for name in corpus.names if name in LEARNABLE)
    return [name for name in learnable if MEASURES[name].about != barred]


def _with_output(
    corpus: Corpus, split: NDArray[np.str_], asked: Asked, gate: Gate
) -> tuple[Gate | None, list[str]]:
    """Return a gate of image and output if it is better, and what is to be said of it."""
    if not corpus.outputs or corpus.meta.get("output_version") != OUTPUT_VERSION:
        return None, why_no_output(corpus.meta)
    named = replace(asked, name=asked.name + OUTPUT_SUFFIX)
    output = _fit(corpus, split, named, [*images_only(corpus), *corpus.outputs])
    better = output.judges_output and _log_loss(output) < _log_loss(gate)
    said = output_messages(output.card, alone=_log_loss(gate), kept=better)
    return (_taught(output, corpus, split) if better else None), list(said)


def _taught(gate: Gate, corpus: Corpus, split: NDArray[np.str_]) -> Gate:
    """Write on the card what the gate has learned."""
    lesson = lesson_of(gate, corpus, split, seed=gate.card.seed)
    return replace(gate, card=replace(gate.card, lesson=lesson))


def _log_loss(gate: Gate) -> float:
    return float(gate.card.settings["log_loss"])


def _fit(corpus: Corpus, split: NDArray[np.str_], asked: Asked, allowed: Sequence[str]) -> Gate:
    """Learn, calibrate and set the threshold on the measures allowed, as far as they vary."""
    measures = _varying(corpus.select(split == "train"), allowed, asked.seed)
    training, calibration = (_part(corpus, split == part, measures) for part in PARTS[:2])
    _check(training, calibration, " ".join(left_out(corpus.meta)))
    learned = learn(
        *(training.X, training.fails, training.weights, training.groups),
        measures=measures,
        seed=asked.seed,
        settings=asked.settings,
    )
    guard = fit_guard(training.X, training.sources, calibration.X, seed=asked.seed)
    line, history = _calibrated(learned, guard, calibration)
    unseen = Scored(learned.unseen, training.fails, training.weights)
    thresholds, guarantee = set_thresholds(asked, history, line, training=unseen)
    made = Made(
        measures=tuple(measures),
        settings=learned.settings,
        thresholds=thresholds,
        guarantee=guarantee,
        guard={"false_alarms": FALSE_ALARMS, "limit": guard.limit, "rows": len(guard.rows)},
        rules=_rules(corpus, split == "train", training),
    )
    card = make_card(corpus, split, asked, made)
    usual = _usual(training.X[~training.fails])
    return Gate(card, learned.forest, line, guard, usual, history)


def _varying(training: Corpus, allowed: Sequence[str], seed: int) -> list[str]:
    groups = training.column("group").astype(str)
    return [allowed[j] for j in varying(training.matrix(allowed), groups, seed=seed)]


def _part(corpus: Corpus, mask: NDArray[np.bool_], measures: Sequence[str]) -> Part:
    sources = corpus.column("source_id")[mask].astype(str)
    return Part(
        X=corpus.matrix(measures)[mask],
        fails=np.asarray(corpus.fails[mask], bool),
        sources=sources,
        groups=corpus.column("group")[mask].astype(str),
        weights=even_weights(sources),
    )


def _check(training: Part, calibration: Part, errors: str) -> None:
    for name, part in (("training", training), ("calibration", calibration)):
        if not len(part.X) or (name == "training" and len(np.unique(part.groups)) < 2):
            raise CorpusError(
                "too few groups to split into training, calibration and test: label at least 20 "
                "sources, better 250"
            )
        failing = int(part.fails.sum())
        if name == "training" and failing in (0, len(part.fails)):
            often, remedy = ("always", MILDER) if failing else ("never", HARDER)
            raise CorpusError(
                f"the task {often} fails on the {len(part.fails)} training images: there is "
                f"nothing to learn. Label more {remedy}, or check the loss limit. {errors}".rstrip()
            )


def _calibrated(
    learned: Learned, guard: OutOfDistributionDetector, calibration: Part
) -> tuple[Calibration, History]:
    """Return the line to probabilities, and the calibration rows as they are kept."""
    raw = learned.forest.decision(calibration.X)
    history = History(
        raw=raw,
        fails=calibration.fails,
        source=np.unique(calibration.sources, return_inverse=True)[1].astype(np.int32),
        familiar=~guard.alarm(calibration.X),
    )
    return fit_calibration(raw, calibration.fails, calibration.weights), history


def _rules(
    corpus: Corpus, mask: NDArray[np.bool_], training: Part
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the preset of the task and the rules tuned on the training rows."""
    preset = PRESETS.get(str(corpus.meta["task"]), PRESETS["general"])
    found = six_scores(corpus.X[mask], corpus.names)
    tuned = tune_rules(found, training.fails, training.weights, preset)
    return preset.to_dict(), tuned.to_dict()


def _usual(X: NDArray[np.float32]) -> Floats:
    """Return the usual range of every measure, NaN where never defined."""
    usual = np.full((X.shape[1], 2), np.nan)
    for j, column in enumerate(X.astype(np.float64).T):
        known = column[~np.isnan(column)]
        if known.size:
            usual[j] = np.quantile(known, USUAL)
    return usual
