"""What it costs to set a threshold without training rows, as ``imagegate adjust`` does.

    python benchmarks/starts.py ocr-tesseract corpora/ocr-tesseract/*

Training chooses on training rows how many passed sources its first test looks at; a gate file
does not hold these, so ``adjust`` starts with the fewest that can keep the promise. Both are put
side by side on the gate's own calibration sources, and on fewer of them drawn by chance: how
often the promise can be given, and the share of sources passed (0 where it cannot).
"""

from __future__ import annotations

import argparse

import numpy as np

from imagegate.models.artifact import load_gate
from imagegate.models.calibration import History
from imagegate.stats.binomial import sources_needed
from imagegate.stats.metrics import even_weights
from imagegate.training.corpus import Corpus, join_corpora, read_corpus
from imagegate.training.learning.learner import learn
from imagegate.training.learning.threshold import ScoredRows, meet_risk_target

PROMISES = ((0.02, 0.9), (0.05, 0.9), (0.05, 0.95), (0.1, 0.9), (0.1, 0.95), (0.2, 0.9))
FEWER = (60, 120, 250, 500)


def training_rows(gate, corpus: Corpus) -> ScoredRows:
    """Score the gate's training rows by models that have not seen them, as training does."""
    rows = corpus.select(np.isin(corpus.column("group").astype(str), gate.card.groups["train"]))
    source = np.unique(rows.column("source_id").astype(str), return_inverse=True)[1]
    weights, fails = even_weights(source), np.asarray(rows.fails, bool)
    learned = learn(
        *(rows.matrix(gate.card.measures), fails, weights, rows.column("group").astype(str)),
        measures=gate.card.measures,
        seed=gate.card.seed,
    )
    return ScoredRows(learned.unseen, fails, weights)


def shares(gate, training: ScoredRows | None, promise: tuple[float, float], some: int, draws: int):
    """Return the share of sources passed in each draw."""
    history, source = gate.history, gate.history.source
    rng, found = np.random.default_rng(0), []
    wanted = dict(zip(("risk_target", "confidence"), promise, strict=True))
    for seed in range(draws):
        mask = np.isin(source, rng.choice(source.max() + 1, some, replace=False))
        rows = History(*(values[mask] for values in vars(history).values()))
        _, kept = meet_risk_target(rows, **wanted, seed=seed, training=training)
        found.append(kept.passed / kept.sources if kept.kept else 0.0)
    return np.array(found)


def main() -> None:
    """Print one line a number of sources and promise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gate")
    parser.add_argument("corpus", nargs="+")
    parser.add_argument("--draws", type=int, default=200)
    asked = parser.parse_args()
    gate = load_gate(asked.gate)
    training = training_rows(gate, join_corpora([read_corpus(folder) for folder in asked.corpus]))
    every = int(gate.history.source.max()) + 1
    print("| sources | promise | given: training, adjust | passed: training, adjust |")
    print("| --- | --- | --- | --- |")
    for some in (*(count for count in FEWER if count < every), every):
        for promise in (one for one in PROMISES if sources_needed(*one) < some):
            both = [shares(gate, rows, promise, some, asked.draws) for rows in (training, None)]
            given = ", ".join(f"{100 * np.mean(one > 0):.0f} %" for one in both)
            passed = ", ".join(f"{100 * one.mean():.1f} %" for one in both)
            name = f"{100 * promise[0]:g} % at {100 * promise[1]:g} %"
            print(f"| {some} | {name} | {given} | {passed} |")


if __name__ == "__main__":
    main()
