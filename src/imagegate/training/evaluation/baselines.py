"""The learned gate and its rivals, each as a risk and a decision for every row of a corpus."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imagegate.features import CAUSES, OUTPUT_VERSION
from imagegate.models.gate import Gate
from imagegate.models.rule_thresholds import RuleThresholds, load_thresholds
from imagegate.training.corpus import Corpus
from imagegate.training.learning.rules_tuning import six_scores

Floats = NDArray[np.float64]

LAPLACIAN = "blur.laplacian_variance"
LAPLACIAN_CUT = 100.0  # in common use since A. Rosebrock, "Blur detection with OpenCV", 2015
WORST = 101.0  # beyond any shortfall of a 0-100 score
NOTES = {
    "output": "Gate with output: judges image and output together, once the engine has run.",
    "tuned": "Tuned rules: the thresholds on the six scores that do best on the gate's own "
    "training rows. Their risk is by how much the worst score falls short of its threshold.",
    "preset": "Preset rules: the thresholds and sizes that the package ships for this task.",
    "laplacian": f"Blur alone: variance of the Laplacian with the popular cut, {LAPLACIAN_CUT:g}.",
}


@dataclass(frozen=True, eq=False)
class Contender:
    """One way to judge images.

    Parameters
    ----------
    key : str
        ``"learned"``, ``"output"``, ``"tuned"``, ``"preset"``, ``"laplacian"`` or ``"perfect"``.
    name : str
        What people read.
    risk : ndarray of float64
        The higher, the sooner the row is held back; NaN where undefined.
    passes : ndarray of bool
        The decision at the contender's own threshold.
    probability : bool
        Whether the risk claims to be the probability of failure.
    note : str
        What to know for a fair comparison.
    """

    key: str
    name: str
    risk: Floats
    passes: NDArray[np.bool_]
    probability: bool = False
    note: str = ""

    def at(self, mask: NDArray[np.bool_]) -> Contender:
        """Return the same contender on some of the rows."""
        return replace(self, risk=self.risk[mask], passes=self.passes[mask])


def contenders(gate: Gate, corpus: Corpus) -> tuple[Contender, ...]:
    """Return the gates first, then the rules, blur alone and the perfect gate."""
    fails, card = np.asarray(corpus.fails, bool), gate.card
    rules = (
        ("tuned", "tuned rules", card.rules_tuned),
        ("preset", "preset rules", card.rules_preset),
    )
    found = six_scores(corpus.X, corpus.names)
    return (
        *learned(gate, corpus),
        *(
            by_rules(key, name, load_thresholds(thresholds), corpus, found)
            for key, name, thresholds in rules
            if thresholds
        ),
        laplacian(corpus),
        Contender("perfect", "perfect gate", fails.astype(np.float64), ~fails),
    )


def learned(gate: Gate, corpus: Corpus) -> list[Contender]:
    """Return the gate, then its gate of image and output where the corpus has what that reads."""
    found = [by_gate("learned", "learned gate", gate, corpus)]
    if gate.output and corpus.outputs and corpus.meta.get("output_version") == OUTPUT_VERSION:
        found.append(by_gate("output", "gate with output", gate.output, corpus))
    return found


def by_gate(key: str, name: str, gate: Gate, corpus: Corpus) -> Contender:
    """Return a gate's own probabilities and decisions."""
    X = gate_columns(gate, corpus)
    note = NOTES.get(key, "")
    return Contender(key, name, gate.p_fail(X), gate.passes(X), probability=True, note=note)


def gate_columns(gate: Gate, corpus: Corpus) -> NDArray[np.float32]:
    """Return the gate's own measures, whatever the order in the corpus."""
    return corpus.matrix(gate.card.measures)


def by_rules(
    key: str, name: str, thresholds: RuleThresholds, corpus: Corpus, scores: Floats
) -> Contender:
    """Return rules: a score below its threshold, or a side too short, holds an image back.

    Their risk is by how much the worst score falls short; too small is worse than any score. As
    in :func:`imagegate.models.rules.validate`, an undefined score holds nothing back.
    """
    least = np.array([getattr(thresholds, f"{cause}_score") for cause in CAUSES])
    short = np.where(np.isnan(scores), -WORST, least - scores).max(axis=1)
    sizes = (("width", thresholds.min_width), ("height", thresholds.min_height))
    small = np.any([corpus.column(side) < pixels for side, pixels in sizes], axis=0)
    risk = np.where(small, WORST, short)
    return Contender(key, name, risk, risk <= 0, note=NOTES.get(key, ""))


def laplacian(corpus: Corpus) -> Contender:
    """Return the variance of the Laplacian as a judge of its own."""
    sharp = corpus.column(LAPLACIAN).astype(np.float64)
    return Contender(
        "laplacian", "blur alone", -sharp, sharp >= LAPLACIAN_CUT, note=NOTES["laplacian"]
    )
