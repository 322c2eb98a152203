"""Add outcomes from production to the rows that a gate is calibrated on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import CorpusError, SettingsError
from imagegate.models.card import Card
from imagegate.models.learned import Gate, History
from imagegate.training.calibrate import fit_calibration
from imagegate.training.corpus import Corpus
from imagegate.training.facts import counts, set_facts
from imagegate.training.promise import even_weights


def merge(gate: Gate, outcomes: Corpus) -> tuple[Gate, dict[str, Any]]:
    """Return the gate calibrated on its own rows and on new outcomes, and what was merged.

    Forest and guard score the images as they would in production; the line from log-odds to
    probability is fitted again on old and new rows, every source counting once. The threshold is
    left to the caller.

    Parameters
    ----------
    gate : Gate
        A gate of images alone: outcomes come without what the engine made of them.
    outcomes : Corpus
        What :func:`imagegate.training.corpus.read_outcomes` returned.

    Returns
    -------
    Gate, dict
        Rows of groups that the gate knows, from whichever part, are left out and counted.

    Raises
    ------
    CorpusError
        If the gate knows all of the groups.
    SettingsError
        If the rows are not outcomes.
    """
    if outcomes.meta.get("engine") != "outcomes":
        raise SettingsError(
            f"expected outcomes from production, got rows labelled by {outcomes.meta['engine']}: "
            "train a gate on those"
        )
    rows = outcomes.select(~known_groups(gate.card, outcomes))
    left_out = len(outcomes) - len(rows)
    if not len(rows):
        raise CorpusError(_nothing_new(gate.card, outcomes))
    X = gate.columns(rows.matrix(gate.card.measures))
    history = _extended(gate, rows, X)
    line = fit_calibration(history.raw, history.fails, even_weights(history.source))
    facts = {
        "file": str(outcomes.meta["engine_version"]),
        "sha256": str(outcomes.meta.get("sha256", "")),
        **counts(rows, np.ones(len(rows), bool)),
        "sets": sorted(set(rows.column("set").astype(str).tolist())),
        "left_out": left_out,
        "held_back": int((~gate.passes(X)).sum()),
    }
    return replace(gate, card=_card(gate.card, rows), calibration=line, history=history), facts


def known_groups(card: Card, rows: Corpus) -> NDArray[np.bool_]:
    """Tell for every row whether its group is in any part of what the gate was made from."""
    known = sorted({name for part in card.groups.values() for name in part})
    return np.isin(rows.column("group").astype(str), np.array(known, dtype=str))


def _nothing_new(card: Card, outcomes: Corpus) -> str:
    digest = outcomes.meta.get("sha256")
    merged = [(entry.get("outcomes") or {}).get("sha256") for entry in card.adjusted]
    why = (
        "this very file was merged already"
        if digest and digest in merged
        else "their groups are among those that the gate was made from"
    )
    return (
        f"{outcomes.meta['engine_version']}: none of {len(outcomes):,} outcomes is new to "
        f"{card.name}, for {why}. To set another threshold, leave them out"
    )


def _extended(gate: Gate, rows: Corpus, X: NDArray[np.floating]) -> History:
    """Return the calibration rows with new ones behind them, as sources of their own."""
    old = gate.history
    member = np.unique(rows.column("source_id").astype(str), return_inverse=True)[1]
    source = member + 1 + int(old.source.max(initial=-1))
    return History(
        raw=np.concatenate([old.raw, gate.forest.decision(X)]),
        fails=np.concatenate([old.fails, np.asarray(rows.fails, bool)]),
        source=np.concatenate([old.source, source]).astype(np.int32),
        familiar=np.concatenate([old.familiar, ~gate.guard.alarm(X)]),
    )


def _card(card: Card, rows: Corpus) -> Card:
    """Return the card with the new rows among its sets, and in its calibration part."""
    names = np.unique(rows.column("set").astype(str))
    everything = np.ones(len(rows), bool)
    sets = {str(one["name"]): one for one in card.sets}
    for name in names.tolist():
        sets[name] = _sum(set_facts(rows, name), sets.get(name, {}))
    calibration = _sum(counts(rows, everything), card.parts.get("calibration", {}))
    groups = _joined(card.groups.get("calibration", ()), rows.column("group").astype(str))
    return replace(
        card,
        sets=tuple(sets[name] for name in sorted(sets)),
        parts={**card.parts, "calibration": calibration},
        groups={**card.groups, "calibration": groups},
    )


def _sum(new: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """Add up what is counted; the rest is as the older facts have it."""
    numbers = {name: old.get(name, 0) + n for name, n in new.items() if isinstance(n, int)}
    return {**new, **old, **numbers}


def _joined(old: Iterable[str], new: NDArray[np.str_]) -> tuple[str, ...]:
    return tuple(sorted({*old, *new.tolist()}))
