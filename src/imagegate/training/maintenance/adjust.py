"""Set the threshold of a gate again, with or without new outcomes, and leave its trees alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from imagegate.errors import SettingsError
from imagegate.models.card import Card
from imagegate.models.gate import OUTPUT_SUFFIX, Gate
from imagegate.models.rules import RulesGate
from imagegate.models.verdict import json_safe
from imagegate.training.corpus import Corpus
from imagegate.training.evaluation.evaluate import DEFAULT_RISK_TARGET
from imagegate.training.learning.facts import Asked
from imagegate.training.learning.promise import set_thresholds
from imagegate.training.learning.threshold import cost_threshold, sources_needed
from imagegate.training.maintenance.merge import merge

__all__ = ["adjust"]

DEFAULT_CONFIDENCE = 0.95
AT_THRESHOLD = ("coverage", "risk")
BY_PROBABILITY = ("brier", "calibration")
AT_PROMISE = ("coverage_at_risk", "share_of_perfect")


def adjust(
    gate: Gate | RulesGate,
    *,
    promise: float | None = None,
    confidence: float | None = None,
    costs: tuple[float, float] | None = None,
    outcomes: Corpus | None = None,
    name: str = "",
    date: str = "",
) -> Gate:
    """Return the gate with another threshold, set on the calibration rows that its file holds.

    The same functions as in training set it, but for one thing: the walk from strict to lenient
    starts with the fewest sources that can keep the promise. In training the start is chosen on
    training rows, which a gate file does not hold; either start is valid. ``docs/gates.md`` has
    what the difference costs.

    A promise holds for **one** promise chosen beforehand: not for the best of many tried on the
    same rows, and only for images like them.

    Parameters
    ----------
    gate : Gate
        A learned gate; its gate of image and output gets the same promise.
    promise, confidence : float, optional
        Of the images passed at most the share ``promise`` fails, with this confidence. What is
        not given stays as it was; a confidence that never was is 0.95.
    costs : tuple of 2 float, optional
        Instead: what a false pass and a false reject cost.
    outcomes : Corpus, optional
        From :func:`imagegate.training.corpus.read_outcomes`: what became of images in production
        joins the calibration rows, and the probability is calibrated again. Each group counts
        once: see :func:`imagegate.training.maintenance.merge.merge`. Only images labelled whether or not
        the gate passed them tell what the gate is worth on all images.
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
        If nothing is asked for, or both promise and costs, or the gate is one of rules; if a
        promise is no share, or costs are not two positive numbers.
    CorpusError
        If none of the outcomes is new to the gate.
    """
    gate = learned_only(gate)
    asked = wanted(gate.card, promise, confidence, costs, name=name, date=date)
    if (promise, confidence, costs, outcomes) == (None,) * 4:
        raise SettingsError("nothing to adjust: give a promise, costs or outcomes")
    merged, facts = (gate, None) if outcomes is None else merge(gate, outcomes)
    after, output = _reset(merged, gate, asked, facts), None
    if gate.output:
        named = replace(asked, name=asked.name + OUTPUT_SUFFIX)
        output = _reset(gate.output, gate.output, named, None)
    return replace(_with_output_results(after, gate, output), output=output)


def learned_only(gate: Gate | RulesGate) -> Gate:
    """Return the gate, or raise SettingsError if it is one of rules."""
    if isinstance(gate, RulesGate):
        raise SettingsError(
            f"expected a learned gate, got {gate.name}: rules have no calibration rows. Change "
            "their thresholds instead, or train a gate"
        )
    return gate


def wanted(
    card: Card,
    promise: float | None = None,
    confidence: float | None = None,
    costs: tuple[float, float] | None = None,
    *,
    name: str = "",
    date: str = "",
) -> Asked:
    """Return what :func:`adjust` is asked for, or raise SettingsError: before any work."""
    if costs is not None and len(costs) != 2:
        raise SettingsError(f"expected costs of a false pass and of a false reject, got {costs}")
    by_promise = promise is not None or confidence is not None
    if costs and by_promise:
        raise SettingsError("expected a promise or costs, got both")
    if not by_promise:
        costs = costs or card.costs
    promise = card.promise if promise is None else promise
    if promise is None and not costs:
        raise SettingsError(f"{card.name} has no promise of its own: say which one to keep")
    confidences = (confidence, card.confidence, DEFAULT_CONFIDENCE)
    asked = Asked(
        name=name or card.name,
        promise=DEFAULT_RISK_TARGET if promise is None else promise,
        confidence=next(c for c in confidences if c is not None),
        costs=costs,
        seed=card.seed,
        date=date,
    )
    if costs:
        cost_threshold(*costs)  # raises what is out of range
    sources_needed(asked.promise, asked.confidence)
    return asked


def _reset(merged: Gate, before: Gate, asked: Asked, outcomes: dict[str, Any] | None) -> Gate:
    """Return the gate with its threshold set anew and a card that says so."""
    thresholds, guarantee = set_thresholds(asked, merged.history, merged.calibration)
    card = replace(
        merged.card,
        name=asked.name,
        promise=None if asked.costs else asked.promise,
        confidence=None if asked.costs else asked.confidence,
        costs=asked.costs,
        guarantee=guarantee,
        thresholds=thresholds,
        hash="",
    )
    entry = {
        "date": asked.date,
        "from": {"name": before.card.name, "hash": before.card.hash},
        "before": _asked_of(before.card),
        "after": _asked_of(card),
        "outcomes": outcomes,
    }
    gate = replace(merged, card=replace(card, adjusted=(*card.adjusted, json_safe(entry))))
    return replace(gate, card=replace(gate.card, results=_holding(gate, before)))


def _asked_of(card: Card) -> dict[str, Any]:
    """Return what a card promises and what passes by it."""
    names = ("promise", "confidence", "costs")
    return {**{name: getattr(card, name) for name in names}, "pass": card.thresholds["pass"]}


def _holding(gate: Gate, before: Gate) -> dict[str, Any]:
    """Return the held-out results without those that another line or threshold has outdated."""
    outdated: tuple[str, ...] = ()
    if gate.calibration != before.calibration:
        outdated += BY_PROBABILITY
    results = dict(before.card.results)
    if _risk(gate.card) != _risk(before.card):
        results = {key: _without(part, AT_PROMISE) for key, part in results.items()}
    if not _passes_alike(gate, before):
        outdated += AT_THRESHOLD
    return results | {key: _without(results[key], outdated) for key in results if key == "learned"}


def _with_output_results(gate: Gate, before: Gate, output: Gate | None) -> Gate:
    """Return the gate whose results have, of its gate of outputs, only what still holds."""
    results = dict(gate.card.results)
    if "output" in results and output and not _passes_alike(output, before.output or output):
        results["output"] = _without(results["output"], AT_THRESHOLD)
    return replace(gate, card=replace(gate.card, results=results))


def _risk(card: Card) -> float:
    """Return the risk at which held-out coverages were compared."""
    return DEFAULT_RISK_TARGET if card.promise is None else card.promise


def _passes_alike(gate: Gate, before: Gate) -> bool:
    """Tell whether both pass the same images: another line may move the threshold with it."""
    return (gate.card.thresholds["pass"], gate.calibration) == (
        before.card.thresholds["pass"],
        before.calibration,
    )


def _without(part: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name not in names}
