"""Tell what a gate has learned: what its ranking rests on, and failures by severity."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.features import CAUSES, find
from imagegate.models.card_text import CLEAN
from imagegate.models.gate import Gate
from imagegate.stats.metrics import auroc, even_weights, passing
from imagegate.training.corpus import Corpus

MIXTURE = "mixture"
SHUFFLES = 5  # of every family of measures
DIGITS = 4  # of what is kept; the rows do not bear more


def insights_of(gate: Gate, corpus: Corpus, split: NDArray[np.str_]) -> dict[str, Any]:
    """Return what a gate has learned, as plain values for its card; the test rows are not used.

    For people only: neither a verdict nor a threshold depends on it.
    """
    seen, calibration = corpus.select(split != "test"), corpus.select(split == "calibration")
    return {
        "importance": importance(gate, calibration, seed=gate.card.seed),
        "rows": len(seen),
        "severity": {} if gate.judges_output else severity_of(seen),
    }


def importance(gate: Gate, corpus: Corpus, *, seed: int) -> dict[str, float]:
    """Return by how much AUROC falls when the readings of a family are shuffled.

    By family of measures (``text``, ``blur`` …), the largest first; empty if the task never or
    always fails.

    References
    ----------
    Permutation importance: Breiman, Machine Learning 45 (2001), doi:10.1023/A:1010933404324; by
    groups of columns, for readings of a family say much the same.
    """
    fails, weights = corpus.fails, even_weights(corpus.column("source_id"))
    if fails.all() or not fails.any():
        return {}
    X, rng = corpus.matrix(gate.card.measures), np.random.default_rng(seed)
    families: dict[str, list[int]] = {}
    for j, name in enumerate(gate.card.measures):
        families.setdefault(find(name).family, []).append(j)

    def ranking(X: NDArray[np.float32]) -> float:
        return float(auroc(passing(gate.p_fail(X), fails, weights[None, :]))[0])

    whole, found = ranking(X), {}
    for family, columns in families.items():
        falls = []
        for _ in range(SHUFFLES):
            shuffled = X.copy()
            shuffled[:, columns] = X[rng.permutation(len(X))][:, columns]
            falls.append(whole - ranking(shuffled))
        found[family] = round(float(np.mean(falls)), DIGITS)
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def severity_of(corpus: Corpus) -> dict[str, list[Any]]:
    """Return (images, failures) at severity 1 to 5 of every cause, and those of clean images.

    Empty without degraded images.
    """
    cause, severity = corpus.column("cause").astype(str), corpus.column("severity")
    if (cause == CLEAN).all():
        return {}
    by_cause = {
        name: [_count(corpus, (cause == name) & (severity == level)) for level in range(1, 6)]
        for name in (*CAUSES, MIXTURE)
        if (cause == name).any()
    }
    return {CLEAN: _count(corpus, cause == CLEAN), **by_cause}


def _count(corpus: Corpus, mask: NDArray[np.bool_]) -> list[int]:
    return [int(mask.sum()), int(corpus.fails[mask].sum())]
