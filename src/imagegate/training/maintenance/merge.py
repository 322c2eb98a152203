"""Add outcomes from production to the rows that a gate is calibrated on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import CorpusError, SettingsError
from imagegate.models.calibration import History, fit_calibration
from imagegate.models.card import Card
from imagegate.models.gate import Gate
from imagegate.stats.metrics import even_weights
from imagegate.training.corpus import Corpus
from imagegate.training.data.outcomes import file_and_page

DIGITS = 12  # of a digest, to base 16: of a million images two would agree in 1 case of 500


def merge(gate: Gate, outcomes: Corpus) -> tuple[Gate, dict[str, Any]]:
    """Return the gate calibrated on its own rows and on new outcomes, and what was merged.

    Forest and detector score the images as they would in production; the line from log-odds to
    probability is fitted again on old and new rows. A group that the user has named counts once,
    as one source, and so does a file without a group. The threshold is left to the caller.

    Files merged before, whatever they were called, and rows of groups that the gate knows, from
    whichever split, are left out and counted. CorpusError if nothing is left; SettingsError if
    the rows are not outcomes.
    """
    if outcomes.meta.get("engine") != "outcomes":
        raise SettingsError(
            f"expected outcomes from production, got rows labelled by {outcomes.meta['engine']}: "
            "train a gate on those"
        )
    entries = [entry.get("outcomes") or {} for entry in gate.card.adjusted]
    merged = _among(contents(outcomes), (entry.get("images", ()) for entry in entries))
    known = _among(outcomes.groups, gate.card.groups.values()) & ~merged
    if (merged | known).all():
        raise CorpusError(_nothing_new(gate.card, outcomes, int(merged.sum())))
    rows, groups = _one_source_a_group(outcomes.select(~(merged | known)))
    X = gate.columns(rows.matrix(gate.card.measures))
    history = _extended(gate, rows, X)
    line = fit_calibration(history.raw, history.fails, even_weights(history.source))
    facts = {
        "file": str(outcomes.meta["engine_version"]),
        **rows.counts(),
        "sets": rows.sets,
        "named_groups": len(groups),
        "merged_before": int(merged.sum()),
        "known_groups": int(known.sum()),
        "held_back": int((~gate.passes(X)).sum()),
        "images": sorted(set(contents(rows).tolist())),
    }
    card = _card(gate.card, rows, groups)
    return replace(gate, card=card, calibration=line, history=history), facts


def contents(rows: Corpus) -> NDArray[np.str_]:
    """Return of every row the first digits of the SHA-256 of its file, or raise CorpusError."""
    known = rows.meta.get("contents", {})
    found = [str(known.get(row, ""))[:DIGITS] for row in rows.column("row_id").tolist()]
    if not all(found):
        raise CorpusError(
            "expected outcomes with the SHA-256 of every image, got some without: read each file "
            "with read_outcomes, and merge one after the other"
        )
    return np.array(found, dtype=str)


def _among(values: NDArray[np.str_], several: Iterable[Iterable[str]]) -> NDArray[np.bool_]:
    """Tell of every value whether it is in any of several collections."""
    return np.isin(values, np.array([name for names in several for name in names], dtype=str))


def _one_source_a_group(rows: Corpus) -> tuple[Corpus, set[str]]:
    """Return the rows, with their group as their source, and the groups that the user has named.

    A guarantee draws one row of each source: of a book that must be one page, not one of each
    page. Without a name the file is a group, told by its content: a path may come again.
    """
    given = rows.groups
    paths = [file_and_page(path)[0] for path in rows.column("path").tolist()]
    named = given != np.array(paths, dtype=str)
    group = np.where(named, given, contents(rows)).astype(object)
    changed = replace(rows, rows=rows.rows | {"source_id": group, "group": group})
    return changed, set(given[named].tolist())


def _nothing_new(card: Card, outcomes: Corpus, merged: int) -> str:
    others, why = len(outcomes) - merged, []
    if merged:
        why.append(f"{merged:,} were merged before, by this name or another.")
    if others:
        why.append(
            f"{others:,} are of groups that it was made from. If these are others of the same "
            "name, name their groups otherwise."
        )
    return (
        f"{outcomes.meta['engine_version']}: none of {len(outcomes):,} outcomes is new to "
        f"{card.name}: {' '.join(why)} To set another threshold, leave them out"
    )


def _extended(gate: Gate, rows: Corpus, X: NDArray[np.floating]) -> History:
    """Return the calibration rows with new ones behind them, each group a source of its own."""
    old = gate.history
    member = np.unique(rows.column("source_id").astype(str), return_inverse=True)[1]
    source = member + 1 + int(old.source.max(initial=-1))
    return History(
        raw=np.concatenate([old.raw, gate.forest.decision(X)]),
        fails=np.concatenate([old.fails, rows.fails]),
        source=np.concatenate([old.source, source]).astype(np.int32),
        familiar=np.concatenate([old.familiar, ~gate.ood.alarm(X)]),
    )


def _card(card: Card, rows: Corpus, named: set[str]) -> Card:
    """Return the card with the new rows among its sets, and in its calibration split."""
    sets = {str(one["name"]): one for one in card.sets}
    for facts in rows.set_facts():
        sets[facts["name"]] = _sum(facts, sets.get(facts["name"], {}))
    calibration = _sum(rows.counts(), card.parts.get("calibration", {}))
    groups = tuple(sorted({*card.groups.get("calibration", ()), *named}))
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
