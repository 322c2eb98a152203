"""Tell what a gate has learned: what it looks at, where the task begins to fail, how fast."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.features import KNOWN, OUTPUT, SIGNALS
from imagegate.models.learned import Gate
from imagegate.models.lesson_text import CLEAN, CONTENT, LEAST_SHARE
from imagegate.tables import CAUSES
from imagegate.training.breaking import Seen, find_break, sided
from imagegate.training.corpus import Corpus
from imagegate.training.weights import even_weights

Floats = NDArray[np.float64]
MOST_EXPLAINED = 300  # rows: a share then moves by a point or two with other ones
MIXTURE = "mixture"
DIGITS = 4  # of what is kept; the rows do not bear more


def lesson_of(gate: Gate, corpus: Corpus, split: NDArray[np.str_], *, seed: int) -> dict[str, Any]:
    """Return what a gate has learned, as plain values for its card.

    Nothing here looks at the test part. For people only: neither a verdict nor a threshold
    depends on it.

    Parameters
    ----------
    gate : Gate
        As trained on this corpus.
    corpus : Corpus
        Its rows.
    split : ndarray of str, shape (rows,)
        The part of every row.
    seed : int
        Of the rows that are explained, and of the folds of the breaks.

    Returns
    -------
    dict
        ``shares``: of each signal (and of ``content``, and of ``output`` if that is judged) in
        what moves the gate's log-odds away from those of a typical passing image, the largest
        first; the mean absolute Shapley values of calibration images, scaled to a sum of 1. **They
        mirror the images**: what is seldom bad in them moves little.
        ``explained``: the rows and sources behind that.
        ``breaks``: for each signal the reading at which the task begins to fail, as far as the
        rows show one: see :func:`imagegate.training.breaking.find_break`. The rows are clean
        images and those with this cause alone; without degraded images all rows, and then only
        signals that matter are told.
        ``rows``: how many are not in the test part; ``causes``: whether some were degraded.
        ``severity``: by cause the (images, failures) at severity 1 to 5, those of clean images
        under ``clean``; for a gate of outputs and without degraded images empty.
    """
    calibration = np.flatnonzero(split == "calibration")
    sources = corpus.column("source_id").astype(str)
    explained = calibration[drawn(sources[calibration], MOST_EXPLAINED, seed=seed)]
    own = corpus.matrix(gate.card.measures).astype(np.float64)
    shares = shares_of(gate, own[explained], sources[explained])
    looked_at = corpus.select(split != "test")
    return {
        "shares": {name: round(share, DIGITS) for name, share in shares.items()},
        "explained": {"rows": len(explained), "sources": len(np.unique(sources[explained]))},
        "breaks": _breaks(gate, looked_at, shares, seed),
        "rows": len(looked_at),
        "causes": _degraded(looked_at),
        "severity": {} if gate.judges_output else severity_of(looked_at),
    }


def drawn(sources: NDArray[np.str_], count: int, *, seed: int) -> NDArray[np.intp]:
    """Return the indices of ``count`` rows at most: one of each source, then a second one."""
    shuffled = np.random.default_rng(seed).permutation(len(sources))
    _, member = np.unique(sources[shuffled], return_inverse=True)
    order = np.argsort(member, kind="stable")
    sizes = np.bincount(member, minlength=1)
    turn = np.empty(len(sources), np.intp)
    turn[order] = np.arange(len(sources)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.sort(shuffled[np.argsort(turn, kind="stable")[:count]])


def shares_of(gate: Gate, X: Floats, sources: NDArray[np.str_]) -> dict[str, float]:
    """Return the share of every signal in what moves the log-odds, the largest first.

    Parameters
    ----------
    gate : Gate
        Any learned gate.
    X : ndarray of shape (rows, measures)
        The gate's own columns.
    sources : ndarray of str, shape (rows,)
        Each counts the same.

    Returns
    -------
    dict
        Adds up to 1; empty if nothing moves.
    """
    found = [gate.explain(x) for x in X]
    moved = np.abs([(*row.contributions, row.content) for row in found])
    mean = even_weights(sources) @ moved
    if not mean.sum() > 0:
        return {}
    names = (*SIGNALS, *([OUTPUT] if gate.judges_output else []), CONTENT)
    pairs = zip(names, (mean / mean.sum()).tolist(), strict=True)
    return dict(sorted(pairs, key=lambda pair: -pair[1]))


def severity_of(corpus: Corpus) -> dict[str, list[Any]]:
    """Return (images, failures) at severity 1 to 5 of every cause, and those of clean images."""
    if not _degraded(corpus):
        return {}
    cause, severity = corpus.column("cause").astype(str), corpus.column("severity")
    by_cause = {
        name: [_count(corpus, (cause == name) & (severity == level)) for level in range(1, 6)]
        for name in (*CAUSES, MIXTURE)
        if (cause == name).any()
    }
    return {CLEAN: _count(corpus, cause == CLEAN), **by_cause}


def _count(corpus: Corpus, mask: NDArray[np.bool_]) -> list[int]:
    return [int(mask.sum()), int(corpus.fails[mask].sum())]


def _degraded(corpus: Corpus) -> bool:
    return bool((corpus.column("cause").astype(str) != CLEAN).any())


def _breaks(
    gate: Gate, corpus: Corpus, shares: dict[str, float], seed: int
) -> list[dict[str, Any]]:
    """Return the breaks of the signals that matter; of a gate of outputs, of the output alone."""
    names = gate.card.measures
    text = {name: corpus.column(name).astype(str) for name in ("source_id", "group", "cause")}
    seen = Seen(
        corpus.matrix(names),
        names,
        np.asarray(corpus.fails, bool),
        text["source_id"],
        text["group"],
    )
    asked = [OUTPUT] if gate.judges_output else list(SIGNALS)
    tried = len(sided([name for name in names if KNOWN[name].signal in asked]))
    # Where each fault has rows of its own, what they show of it is true whatever the gate uses.
    least = 0.0 if _degraded(corpus) else LEAST_SHARE
    kept = []
    for signal in (name for name in shares if name in asked and shares[name] >= least):
        # With other causes at work, too, a reading would be blamed for what they did.
        alone = np.isin(text["cause"], [CLEAN, signal]) | (signal == OUTPUT)
        own = [name for name in names if KNOWN[name].signal == signal]
        found = find_break(seen.at(alone), own, seed=seed, tried=tried)
        if found:
            rates = {name: getattr(found, name).to_dict() for name in ("before", "beyond")}
            plain = {name: getattr(found, name) for name in ("measure", "rows", "sources")}
            reading = float(f"{found.reading:.{DIGITS}g}")
            kept.append({"signal": signal, **plain, "reading": reading, **rates})
    return kept
