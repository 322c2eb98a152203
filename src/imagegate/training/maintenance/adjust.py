"""Set the threshold of a gate again, with or without new outcomes, without retraining."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import CorpusError, SettingsError
from imagegate.models.beyond import rows_beyond
from imagegate.models.calibration import History, fit_calibration
from imagegate.models.card import Card
from imagegate.models.gate import OUTPUT_SUFFIX, Gate
from imagegate.models.rules import RulesGate
from imagegate.models.verdict import json_safe
from imagegate.stats.bootstrap import FEW_GROUPS
from imagegate.stats.metrics import even_weights
from imagegate.text import count, percent
from imagegate.training.corpus import Corpus
from imagegate.training.data.outcomes import file_and_page
from imagegate.training.evaluation.evaluate import DEFAULT_RISK_TARGET
from imagegate.training.learning.messages import target_message
from imagegate.training.learning.threshold import Objective, set_thresholds

__all__ = ["adjust"]

DEFAULT_CONFIDENCE = 0.95
DIGITS = 12  # of a digest, to base 16: of a million images two would agree in 1 case of 500
AT_THRESHOLD = ("coverage", "risk")
BY_PROBABILITY = ("brier", "calibration")
AT_RISK_TARGET = ("coverage_at_risk", "share_of_perfect")
FEW_HELD_BACK = 0.05  # of the outcomes; fewer say next to nothing of what the gate does not pass


def adjust(
    gate: Gate | RulesGate,
    *,
    risk_target: float | None = None,
    confidence: float | None = None,
    costs: tuple[float, float] | None = None,
    outcomes: Corpus | None = None,
    name: str = "",
    date: str = "",
) -> Gate:
    """Return the gate with another threshold, set on the calibration rows that its file holds.

    The same functions as in training set it, but for one thing: the walk from strict to lenient
    starts with the fewest sources that can prove the target. In training the start is chosen on
    training rows, which a gate file does not hold; either start is valid. ``docs/gates.md`` has
    what the difference costs.

    The guarantee holds for **one** target chosen beforehand: not for the best of many tried on
    the same rows, and only for images like them.

    Parameters
    ----------
    gate : Gate
        A learned gate; its gate of image and output gets the same target.
    risk_target, confidence : float, optional
        Of the images passed at most this share fails, with this confidence. What is not given
        stays as it was; a confidence that never was is 0.95.
    costs : tuple of 2 float, optional
        Instead: what a false pass and a false reject cost.
    outcomes : Corpus, optional
        From :func:`imagegate.read_outcomes`: what became of images in production joins the
        calibration rows, and the probability is calibrated again. Each group counts once. Only
        images labelled whether or not the gate passed them tell what it is worth on all images.
    name : str
        Of the new gate; as before if not given.
    date : str
        Written on the card; no clock is read here.

    Returns
    -------
    Gate
        ``card.adjusted`` has one more entry; ``card.results`` keeps the held-out figures that
        still hold.

    Raises
    ------
    SettingsError
        If nothing is asked for, or both a risk target and costs, or the gate is one of rules; if
        a target is no share, or costs are not two positive numbers.
    CorpusError
        If none of the outcomes is new to the gate.

    Examples
    --------
    >>> stricter = adjust(load_gate("my.gate"), risk_target=0.02)  # doctest: +SKIP
    """
    gate = learned_only(gate)
    objective = objective_for(gate.card, risk_target, confidence, costs, name=name, date=date)
    if (risk_target, confidence, costs, outcomes) == (None,) * 4:
        raise SettingsError("nothing to adjust: give a risk target, costs or outcomes")
    merged, facts = (gate, None) if outcomes is None else _merge(gate, outcomes)
    after = _reset(merged, gate, objective, facts)
    if not gate.output:
        return after
    named = replace(objective, name=objective.name + OUTPUT_SUFFIX)
    output = _reset(gate.output, gate.output, named, None)
    results = dict(after.card.results)
    if "output" in results and not _passes_alike(output, gate.output):
        results["output"] = _without(results["output"], AT_THRESHOLD)
    return replace(after, card=replace(after.card, results=results), output=output)


def learned_only(gate: Gate | RulesGate) -> Gate:
    """Return the gate, or raise SettingsError if it is one of rules."""
    if isinstance(gate, RulesGate):
        raise SettingsError(
            f"expected a learned gate, got {gate.name}: rules have no calibration rows. Change "
            "their thresholds instead, or train a gate"
        )
    return gate


def objective_for(
    card: Card,
    risk_target: float | None = None,
    confidence: float | None = None,
    costs: tuple[float, float] | None = None,
    *,
    name: str = "",
    date: str = "",
) -> Objective:
    """Return what :func:`adjust` is asked for, or raise SettingsError: before any work."""
    by_target = risk_target is not None or confidence is not None
    if costs is not None and by_target:
        raise SettingsError("expected a risk target or costs, got both")
    if costs is None and not by_target:
        costs = card.costs
    target = card.promise if risk_target is None else risk_target
    if target is None and costs is None:
        raise SettingsError(f"{card.name} has no risk target of its own: give one")
    confidences = (confidence, card.confidence, DEFAULT_CONFIDENCE)
    return Objective(
        name=name or card.name,
        risk_target=DEFAULT_RISK_TARGET if target is None else target,
        confidence=next(c for c in confidences if c is not None),
        costs=costs,
        seed=card.seed,
        date=date,
    )


def _merge(gate: Gate, outcomes: Corpus) -> tuple[Gate, dict[str, Any]]:
    """Return the gate calibrated on its own rows and on new outcomes, and what was merged."""
    if outcomes.meta.get("engine") != "outcomes":
        raise SettingsError(
            f"expected outcomes from production, got rows labelled by {outcomes.meta['engine']}: "
            "train a gate on those"
        )
    entries = [entry.get("outcomes") or {} for entry in gate.card.adjusted]
    merged = _among(_contents(outcomes), (entry.get("images", ()) for entry in entries))
    known = _among(outcomes.groups, gate.card.groups.values()) & ~merged
    if (merged | known).all():
        raise CorpusError(_nothing_new(gate.card, outcomes, int(merged.sum())))
    rows, named = _one_source_a_group(outcomes.select(~(merged | known)))
    X = gate.columns(rows.matrix(gate.card.measures))
    old, source = (
        gate.history,
        np.unique(rows.column("source_id").astype(str), return_inverse=True)[1],
    )
    history = History(
        raw=np.concatenate([old.raw, gate.forest.decision(X)]),
        fails=np.concatenate([old.fails, rows.fails]),
        source=np.append(old.source, source + 1 + old.source.max(initial=-1)).astype(np.int32),
        familiar=np.concatenate([old.familiar, ~(gate.ood.alarm(X) | rows_beyond(X, gate.card))]),
    )
    line = fit_calibration(history.raw, history.fails, even_weights(history.source))
    facts = {
        "file": str(outcomes.meta["engine_version"]),
        **rows.counts(),
        "sets": rows.sets,
        "named_groups": len(named),
        "merged_before": int(merged.sum()),
        "known_groups": int(known.sum()),
        "held_back": int((~gate.passes(X)).sum()),
        "images": sorted(set(_contents(rows).tolist())),
    }
    card = _card_with(gate.card, rows, named)
    return replace(gate, card=card, calibration=line, history=history), facts


def _contents(rows: Corpus) -> NDArray[np.str_]:
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
    """Return the rows, with their group as their source, and the groups that the user has named."""
    # A guarantee draws one row of each source: of a book that must be one page, not one of each.
    # Without a name the file is a group, known by its content: a path may come again.
    given = rows.groups
    paths = [file_and_page(path)[0] for path in rows.column("path").tolist()]
    named = given != np.array(paths, dtype=str)
    group = np.where(named, given, _contents(rows)).astype(object)
    changed = replace(rows, rows=rows.rows | {"source_id": group, "group": group})
    return changed, set(given[named].tolist())


def _nothing_new(card: Card, outcomes: Corpus, merged: int) -> str:
    others, why = len(outcomes) - merged, []
    if merged:
        why.append(f"{merged:,} were merged before, by this name or another.")
    if others:
        why.append(
            f"{others:,} are of groups that it was made from. If these are others of the same "
            "name, give their groups other names."
        )
    return (
        f"{outcomes.meta['engine_version']}: none of {len(outcomes):,} outcomes is new to "
        f"{card.name}: {' '.join(why)} To set another threshold, leave them out"
    )


def _card_with(card: Card, rows: Corpus, named: set[str]) -> Card:
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
    """Add up the numbers; all else stays as it was."""
    numbers = {name: old.get(name, 0) + n for name, n in new.items() if isinstance(n, int)}
    return {**new, **old, **numbers}


def _reset(
    merged: Gate, before: Gate, objective: Objective, outcomes: dict[str, Any] | None
) -> Gate:
    """Return the gate with its threshold set anew and a card that says so."""
    thresholds, guarantee = set_thresholds(objective, merged.history, merged.calibration)
    card = replace(
        merged.card,
        name=objective.name,
        promise=None if objective.costs else objective.risk_target,
        confidence=None if objective.costs else objective.confidence,
        costs=objective.costs,
        guarantee=guarantee,
        thresholds=thresholds,
        hash="",
    )
    entry = {
        "date": objective.date,
        "from": {"name": before.card.name, "hash": before.card.hash},
        "before": _target_of(before.card),
        "after": _target_of(card),
        "outcomes": outcomes,
    }
    gate, adjusted = replace(merged, card=card), (*card.adjusted, json_safe(entry))
    return replace(gate, card=replace(card, adjusted=adjusted, results=_holding(gate, before)))


def _target_of(card: Card) -> dict[str, Any]:
    """Return what a card was set for and what passes by it."""
    names = ("promise", "confidence", "costs")
    return {**{name: getattr(card, name) for name in names}, "pass": card.thresholds["pass"]}


def _holding(gate: Gate, before: Gate) -> dict[str, Any]:
    """Return the held-out results without those that another line or threshold has outdated."""
    results, risks = dict(before.card.results), (gate.card.promise, before.card.promise)
    now, then = (DEFAULT_RISK_TARGET if risk is None else risk for risk in risks)
    if now != then:
        results = {key: _without(own, AT_RISK_TARGET) for key, own in results.items()}
    outdated: tuple[str, ...] = () if gate.calibration == before.calibration else BY_PROBABILITY
    if not _passes_alike(gate, before):
        outdated += AT_THRESHOLD
    if "learned" in results:
        results["learned"] = _without(results["learned"], outdated)
    return results


def _passes_alike(gate: Gate, before: Gate) -> bool:
    """Tell whether both pass the same images: another line may move the threshold with it."""
    same_threshold = gate.thresholds.passing == before.thresholds.passing
    return same_threshold and gate.calibration == before.calibration


def _without(results: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in results.items() if name not in names}


def changes(before: Gate, after: Gate) -> Iterator[str]:
    """Yield what a user should read after an adjustment."""
    outcomes = after.card.adjusted[-1]["outcomes"]
    if outcomes:
        yield from _merged(outcomes, before.card.name)
    yield from _passing(before, after)
    if after.card.guarantee and after.card.guarantee.kept:
        yield (
            "A guarantee holds for one target chosen beforehand, not for the best of several "
            "tried on these same images."
        )
    if before.output and after.output:
        if outcomes:
            yield (
                "Output check: outcomes come without what the engine made of the images, so only "
                "its threshold is set again, on the rows it had."
            )
        yield from (f"Output check: {line}" for line in _passing(before.output, after.output))


def _merged(outcomes: Mapping[str, Any], name: str) -> Iterator[str]:
    yield (
        f"Merged {outcomes['rows']:,} outcomes of {outcomes['groups']:,} groups from "
        f"{outcomes['file']}, {outcomes['fails']:,} of them failing."
    )
    if outcomes["merged_before"]:
        yield f"Left out: {outcomes['merged_before']:,} merged before, by this name or another."
    if outcomes["known_groups"]:
        yield f"Left out: {outcomes['known_groups']:,} of groups that {name} was made from."
    if not outcomes["named_groups"]:
        yield (
            "No group was named, so each file counts as a source of its own. If several belong to "
            "one customer or one book, add a column group, or the guarantee claims too much."
        )
    if outcomes["groups"] < FEW_GROUPS:
        yield (
            f"Warning: these outcomes are of only {count(outcomes['groups'], 'group')}, and each "
            f"counts once; fewer than {FEW_GROUPS} change little and say little of others."
        )
    if outcomes["held_back"] < FEW_HELD_BACK * outcomes["rows"]:
        yield (
            f"Warning: {name} passes all but {outcomes['held_back']:,} of these images. Outcomes "
            "of passed images alone say nothing of those held back: judge some of these, too."
        )


def _passing(before: Gate, after: Gate) -> Iterator[str]:
    """Yield the guarantee, and what passes of the calibration images, before and after."""
    yield target_message(after.card)
    old, new = (_passed_text(*passed_of(gate, after.history)) for gate in (before, after))
    yield (
        f"Of its {len(after.history.raw):,} calibration images, every source counting once: before "
        f"{old}; now {new}."
    )


def passed_of(gate: Gate, history: History) -> tuple[float, float]:
    """Return the share of calibration images passed and the share of those that fail, or NaN."""
    weights = even_weights(history.source)
    p_fail = gate.calibration.probability(history.raw)
    passes = gate.thresholds.decisions(p_fail, ~history.familiar) == "pass"
    passed = float(weights[passes].sum())
    failing = float(weights[passes & history.fails].sum())
    return passed / float(weights.sum()), failing / passed if passed else math.nan


def _passed_text(passed: float, failing: float) -> str:
    if not passed:
        return "nothing passed"
    return f"{percent(passed)} passed, {percent(failing)} of those failing"
