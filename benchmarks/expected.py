"""How often the interval of failures to expect holds, on the real rows behind the bundled gates.

    python benchmarks/expected.py ocr corpora/ocr-tesseract/*
    python benchmarks/expected.py background-removal corpora/background-removal/*
    python benchmarks/expected.py ocr-rapidocr corpora/ocr-rapidocr/*

Only sources that the gate's trees have not seen: 150 times, half of the groups calibrate, and of
the other half one image a source, as far as it passes, is a batch.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from imagegate.models.artifact import load_gate
from imagegate.models.calibration import History, fit_calibration
from imagegate.models.gate import Gate
from imagegate.pipeline.summary import Chances, calibration_lines, expected_failures
from imagegate.training.corpus import Corpus, join_corpora, read_corpus

SIZES = (25, 100, 1_000_000)


def calibrated(gate: Gate, raw: np.ndarray, fails: np.ndarray, sources: np.ndarray) -> Gate:
    """Return the gate as if it had been calibrated on these rows."""
    _, source, count = np.unique(sources, return_inverse=True, return_counts=True)
    line = fit_calibration(raw, fails, 1 / count[source])
    kept = History(raw, fails, source.astype(np.int32), np.ones(len(raw), bool))
    return replace(gate, calibration=line, history=kept)


def one_a_source(rows: np.ndarray, sources: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return one row of each source, in a chance order."""
    shuffled = rng.permutation(rows)
    _, first = np.unique(sources[shuffled], return_index=True)
    return rng.permutation(shuffled[first])


def cover(gate: Gate, corpus: Corpus, *, splits: int, seed: int) -> None:
    """Print one line a size of batch."""
    group = corpus.column("group").astype(str)
    unseen = np.isin(group, (*gate.card.groups["calibration"], *gate.card.groups["test"]))
    group, fails = group[unseen], np.asarray(corpus.fails[unseen], bool)
    source = corpus.column("source_id")[unseen].astype(str)
    X = gate.columns(corpus.X[unseen])
    raw, familiar = gate.forest.decision(X), ~gate.ood.alarm(X)
    rng, names = np.random.default_rng(seed), np.unique(group)
    found: dict[int, list[tuple[float, ...]]] = {size: [] for size in SIZES}
    for split in range(splits):
        own = np.isin(group, rng.permutation(names)[: len(names) // 2])
        asked = calibrated(gate, raw[own], fails[own], source[own])
        p = asked.calibration.probability(raw)
        passed = np.flatnonzero(~own & familiar & (p <= gate.thresholds.passing))
        batch = one_a_source(passed, source, rng)
        lines = calibration_lines(asked, seed=split)
        for size in SIZES:
            rows = batch[:size]
            if len(rows) < size < SIZES[-1]:
                continue
            told = expected_failures(asked, Chances.of(p[rows]), lines=lines, seed=split)
            failed = int(fails[rows].sum())
            found[size].append((len(rows), told.failures, failed, told.low <= failed <= told.high))
    for rows in filter(None, found.values()):
        images, expected, failed, held = np.mean(rows, axis=0)
        print(
            f"| {gate.name} | {images:.0f} | {expected:.1f} | {failed:.1f} | {100 * held:.0f} % |"
        )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gate")
    parser.add_argument("corpus", nargs="+")
    parser.add_argument("--splits", type=int, default=150)
    parser.add_argument("--seed", type=int, default=5)
    asked = parser.parse_args()
    rows = join_corpora([read_corpus(folder) for folder in asked.corpus])
    print("| gate | images passed | expected | failed | within the 95 % interval |")
    print("| --- | --- | --- | --- | --- |")
    cover(load_gate(asked.gate), rows, splits=asked.splits, seed=asked.seed)


if __name__ == "__main__":
    main()
