"""Compare a gate with the rules, with blur alone and with the perfect gate, on the same rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from imagegate.errors import CorpusError, SettingsError
from imagegate.models.card import Card
from imagegate.models.gate import Gate
from imagegate.models.rules import RulesGate
from imagegate.stats.bootstrap import calibration_by_chance
from imagegate.training.corpus import Corpus, check_labelled
from imagegate.training.evaluation.baselines import contenders, gate_columns
from imagegate.training.evaluation.comparison import (
    Chance,
    Rows,
    compare,
    reliability,
    responses,
    slices,
)
from imagegate.training.evaluation.heldout import choose_rows
from imagegate.training.evaluation.mistakes import worst_mistakes
from imagegate.training.evaluation.results import Evaluation

__all__ = ["Evaluation", "evaluate"]


DEFAULT_PROMISE = 0.05  # for gates without one, so that coverages can be compared at all


def evaluate(
    gate: Gate | RulesGate,
    corpus: Corpus,
    *,
    part: str = "test",
    bootstrap: int = 1000,
    seed: int = 0,
    mistakes: int = 6,
    roots: dict[str, str] | None = None,
) -> Evaluation:
    """Compare a gate with its rivals on rows that it has not learned from.

    Parameters
    ----------
    gate : Gate
        A learned gate; its card says what it has learned from and holds the tuned rules.
    corpus : Corpus
        Labelled rows, those of the gate's own training or others.
    part : {"test", "calibration", "train", "all"}
        Of a corpus that holds groups which the gate knows: which part. ``"test"`` leaves out
        every row of a group used for training or calibration. The other parts are no proof,
        and the outcome says so.
    bootstrap, seed : int
        Number of draws of whole groups for the intervals, and their seed.
    mistakes : int
        How many false passes and how many false rejects to show at most.
    roots : dict, optional
        Where the sets of the corpus are now, by name, if they have moved: for the pictures.

    Returns
    -------
    Evaluation
        Plain values; ``to_dict()`` for JSON, ``headline()`` for people.

    Raises
    ------
    CorpusError
        If no row is left.
    SettingsError
        If there is no such part, or the gate is one of rules.
    """
    if isinstance(gate, RulesGate):
        raise SettingsError(f"expected a learned gate, got {gate.name}: rules are only its rivals")
    check_labelled(corpus)
    chosen = choose_rows(gate.card, corpus.column("group").astype(str), part)
    kept = corpus.select(chosen.mask)
    if not len(kept):
        raise CorpusError(f"no rows to evaluate on. {chosen.note}")
    rows, rivals = _rows(kept), contenders(gate, kept)
    card, chance = gate.card, Chance(bootstrap, seed)
    promise = DEFAULT_PROMISE if card.promise is None else card.promise
    calibrated = calibration_by_chance(rivals[0].risk, seed=seed)
    return Evaluation(
        **{"gate": card.name, "card": card, **facts(kept)},
        promise=promise,
        part=part,
        part_note=chosen.note + mismatches(card, kept),
        seen=chosen.seen,
        left_out=len(corpus) - len(kept),
        results=compare(rivals, rows, promise=promise, chance=chance, calibrated=calibrated),
        slices=tuple(slices(rivals, rows, chance=chance)),
        responses=tuple(responses(rivals[0], rows)),
        reliability=tuple(reliability(rivals[0], rows)),
        mistakes=worst_mistakes(gate, kept, rivals[0], count=mistakes, roots=roots),
        calibration_by_chance=calibrated,
        unfamiliar=int(gate.unfamiliar(gate_columns(gate, kept)).sum()),
        bootstrap=bootstrap,
        seed=seed,
        contenders=rivals,
        fails=rows.fails,
    )


def facts(corpus: Corpus) -> dict[str, Any]:
    """Return on how many rows of what gates are judged."""
    sources, groups = (np.unique(corpus.column(n).astype(str)) for n in ("source_id", "group"))
    return {
        "task": str(corpus.meta["task"]),
        "engine": str(corpus.meta["engine"]),
        "limit": corpus.failure_threshold,
        "rows": len(corpus),
        "sources": len(sources),
        "groups": len(groups),
        "failed": int(corpus.fails.sum()),
    }


def mismatches(card: Card, corpus: Corpus) -> str:
    """Say where the rows are not what the gate was made for: allowed, but never in silence."""
    said = ""
    for name in ("task", "engine", "engine_version", "limit"):
        mine, theirs = getattr(card, name), corpus.meta.get(name)
        if mine != theirs and (card.engine or name == "task"):  # rules are for any engine
            said += (
                f" The gate was made for {name.replace('_', ' ')} {mine}, these rows are {theirs}."
            )
    return said


def _rows(corpus: Corpus) -> Rows:
    text = {name: corpus.column(name).astype(str) for name in ("group", "set", "cause")}
    return Rows(
        fails=np.asarray(corpus.fails, bool),
        severity=corpus.column("severity").astype(np.int64),
        **text,
    )
