"""A gate and its baselines, each as a risk and a decision for every row of a corpus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imagegate.features import OUTPUT_VERSION, SCORES
from imagegate.models.gate import Gate
from imagegate.models.rules import RulesGate, RuleThresholds, load_thresholds
from imagegate.stats.metrics import Floats
from imagegate.training.corpus import Corpus
from imagegate.training.learning.rules import six_scores

LAPLACIAN = "blur.laplacian_variance"
LAPLACIAN_CUT = 100.0  # in common use since A. Rosebrock, "Blur detection with OpenCV", 2015
WORST = 101.0  # beyond any shortfall of a 0-100 score
ORACLE = "perfect"  # the key of the gate that knows every outcome
NOTES = {
    "output": "Gate with output: judges image and output together, once the engine has run.",
    "tuned": "Tuned rules: the thresholds on the six scores that do best on the gate's own "
    "training rows. Their risk is by how much the worst score falls short of its threshold.",
    "preset": "Preset rules: the thresholds and sizes that the package ships for this task.",
    "laplacian": f"Blur alone: variance of the Laplacian with the popular cut, {LAPLACIAN_CUT:g}.",
}


@dataclass(frozen=True, eq=False)
class Baseline:
    """One way to judge images: the gate itself, or what it is compared with.

    ``key`` is ``learned`` (the gate itself), ``output``, ``tuned``, ``preset``, ``laplacian``,
    ``against_1`` and so on for other gates, or ``perfect`` for the oracle. The higher the
    ``risk``, the sooner a row is held back; NaN is undefined. ``passes`` is the decision at its
    own threshold, ``probability`` tells whether the risk claims to be that of failure.
    """

    key: str
    name: str
    risk: Floats
    passes: NDArray[np.bool_]
    probability: bool = False
    note: str = ""

    def at(self, mask: NDArray[np.bool_]) -> Baseline:
        """Return the same baseline on some of the rows."""
        return replace(self, risk=self.risk[mask], passes=self.passes[mask])


def baselines(
    gate: Gate | RulesGate, corpus: Corpus, others: Mapping[str, Gate | RulesGate]
) -> tuple[Baseline, ...]:
    """Return the gate first, then its rules, blur alone, other gates by name, and the oracle."""
    fails = corpus.fails
    return (
        *learned(gate, corpus),
        *_rules(gate, corpus),
        *([laplacian(corpus)] if LAPLACIAN in corpus.names else []),
        *(
            by_gate(f"against_{i}", name, other, corpus)
            for i, (name, other) in enumerate(others.items(), 1)
        ),
        Baseline(ORACLE, "oracle", fails.astype(np.float64), ~fails),
    )


def learned(gate: Gate | RulesGate, corpus: Corpus) -> list[Baseline]:
    """Return the gate, then its gate of image and output where the corpus has what that reads."""
    if isinstance(gate, RulesGate):
        return [by_gate("learned", gate.card.name, gate, corpus)]
    found = [by_gate("learned", "learned gate", gate, corpus)]
    if gate.output and corpus.outputs and corpus.meta.get("output_version") == OUTPUT_VERSION:
        found.append(by_gate("output", "gate with output", gate.output, corpus))
    return found


def by_gate(key: str, name: str, gate: Gate | RulesGate, corpus: Corpus) -> Baseline:
    """Return a gate's own risks and decisions."""
    if isinstance(gate, RulesGate):
        return by_rules(key, name, gate.thresholds, corpus)
    X = corpus.matrix(gate.card.measures)
    note = NOTES.get(key, "")
    return Baseline(key, name, gate.p_fail(X), gate.passes(X), probability=True, note=note)


def _rules(gate: Gate | RulesGate, corpus: Corpus) -> Iterator[Baseline]:
    """Yield the rules on the card of a learned gate."""
    if isinstance(gate, RulesGate):
        return
    for key, found in (("tuned", gate.card.rules_tuned), ("preset", gate.card.rules_preset)):
        if found:
            yield by_rules(key, f"{key} rules", load_thresholds(found), corpus)


def by_rules(key: str, name: str, thresholds: RuleThresholds, corpus: Corpus) -> Baseline:
    """Return rules: a score below its threshold, or a side too short, holds an image back.

    Their risk is by how much the worst score falls short; too small is worse than any score. As
    in :func:`imagegate.models.rules.validate`, an undefined score holds nothing back.
    """
    least = np.array([getattr(thresholds, f"{cause}_score") for cause in SCORES])
    scores = six_scores(corpus.X, corpus.names)
    short = np.where(np.isnan(scores), -WORST, least - scores).max(axis=1)
    sizes = (("width", thresholds.min_width), ("height", thresholds.min_height))
    small = np.any([corpus.column(side) < pixels for side, pixels in sizes], axis=0)
    risk = np.where(small, WORST, short)
    return Baseline(key, name, risk, risk <= 0, note=NOTES.get(key, ""))


def laplacian(corpus: Corpus) -> Baseline:
    """Return the variance of the Laplacian as a judge of its own."""
    sharp = corpus.column(LAPLACIAN).astype(np.float64)
    return Baseline(
        "laplacian", "blur alone", -sharp, sharp >= LAPLACIAN_CUT, note=NOTES["laplacian"]
    )
