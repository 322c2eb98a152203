"""A gate's card as lines of plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imagegate.models.card.findings import diagnosis_lines, lesson_lines

if TYPE_CHECKING:  # card.py calls this file
    from imagegate.models.card import Card


def card_lines(card: Card) -> list[str]:
    """Return what ``imagegate show`` prints."""
    head = [f"{card.name}: {_purpose(card)}", f"promise: {card.promise_text()}"]
    if card.engine is None:
        return [*head, "thresholds: " + _settings(card.rules_preset)]
    return [
        *head,
        *_calibration(card),
        *_thresholds(card),
        *_training(card),
        *lesson_lines(card.lesson),
        *diagnosis_lines(card.diagnosis),
        *map(_adjusted, card.adjusted),
        *_results(card.results),
        *_rules(card),
        *_making(card),
    ]


def _purpose(card: Card) -> str:
    if card.engine is None:
        return f"rules for {card.task}"
    limit = "" if card.limit != card.limit else f"; loss beyond {card.limit:g} counts as failed"
    return f"{card.task} by {card.engine} {card.engine_version}".rstrip() + limit


def _calibration(card: Card) -> list[str]:
    found = card.guarantee
    if found is None:
        return []
    if found.kept:
        return [
            f"calibration: {found.failed} of {found.passed} passed sources failed, "
            f"{found.sources} sources looked at; holds for images like these"
        ]
    more = found.more_sources
    hope = (
        f"about {more:,} more calibration sources would do"
        if more
        else "more sources alone would not help"
    )
    return [f"calibration: {found.sources} sources were too few or too hard; {hope}"]


def _thresholds(card: Card) -> list[str]:
    passing, rejecting = card.thresholds.get("pass"), card.thresholds.get("reject")
    lines = []
    if rejecting is not None:
        first = "nothing passes by itself" if passing is None else f"pass up to {passing:.3f}"
        lines.append(f"chance of failure: {first}, reject from {rejecting:.3f}")
    if card.guard:
        rate = 100 * card.guard.get("false_alarms", 0)
        lines.append(
            f"out of distribution: {rate:g} % of images like the training ones, for review"
        )
    return lines


def _training(card: Card) -> list[str]:
    lines = [
        f"learned from {row['name']}: {row['sources']:,} sources, {row['rows']:,} images, "
        f"{row['fails']:,} failing" + (f"; {row['licence']}" if row.get("licence") else "")
        for row in card.sets
    ]
    parts = [
        f"{name} {part['sources']:,} sources ({part['rows']:,} images, {part['fails']:,} failing)"
        for name, part in card.parts.items()
    ]
    return [*lines, "split: " + ", ".join(parts)] if parts else lines


CONTENDERS = {
    "learned": "this gate",
    "output": "with its output",
    "tuned": "tuned rules",
    "preset": "preset rules",
    "laplacian": "blur alone",
}


FIGURES = {
    "auroc": "AUROC",
    "coverage": "share passed",
    "risk": "share of those failing",
    "brier": "Brier",
}


def _results(results: Mapping[str, Any]) -> list[str]:
    if not results:
        return ["held-out results: none stored yet (imagegate train writes them)"]
    part = results.get("part", {})
    counts = f"{part.get('rows', 0):,} images of {part.get('groups', 0):,} groups"
    lines = [f"held out ({part.get('name', 'test')}): {counts}, {part.get('failed', 0):,} failing"]
    for key, title in CONTENDERS.items():
        if key in results:
            found = [(name, _estimate(results[key].get(name))) for name in FIGURES]
            # What an adjustment has outdated is gone from the card; rules have no Brier score.
            known = [
                f"{FIGURES[name]} {text}"
                for name, text in found
                if name in results[key] and (name, text) != ("brier", "n/a")
            ]
            lines.append(f"  {title}: " + ", ".join(known))
    return lines


def _adjusted(entry: Mapping[str, Any]) -> str:
    """Return one line about a change after training."""
    before, after = (_asked(entry.get(name, {})) for name in ("before", "after"))
    when = f"adjusted {entry['date']}" if entry.get("date") else "adjusted"
    outcomes, more = entry.get("outcomes"), ""
    if outcomes:
        more = (
            f"; calibrated on {outcomes['rows']:,} more images of {outcomes['groups']:,} groups "
            f"from {outcomes['file']}, {outcomes['fails']:,} failing"
        )
    return f"{when}: before {before}, now {after}{more}"


def _asked(wanted: Mapping[str, Any]) -> str:
    """Return what was asked for, and up to which chance of failure images pass by it."""
    passing = wanted.get("pass")
    up_to = "nothing passes" if passing is None else f"pass up to {passing:.3f}"
    if wanted.get("costs"):
        false_pass, false_reject = wanted["costs"]
        return f"costs {false_pass:g} to {false_reject:g} ({up_to})"
    if wanted.get("promise") is None:
        return f"a threshold set by hand ({up_to})"
    sure = wanted.get("confidence")
    confidence = "" if sure is None else f" with confidence {100 * sure:g} %"
    return f"{100 * wanted['promise']:g} %{confidence} ({up_to})"


def _estimate(estimate: Any) -> str:
    """Return ``0.912 (0.890–0.931)``, or n/a."""
    if not isinstance(estimate, Mapping) or not isinstance(estimate.get("value"), float):
        return "n/a"
    ends = [estimate.get(end) for end in ("low", "high")]
    text = f"{estimate['value']:.3f}"
    return f"{text} ({ends[0]:.3f}–{ends[1]:.3f})" if None not in ends else text


def _rules(card: Card) -> list[str]:
    pairs = (("preset", card.rules_preset), ("tuned", card.rules_tuned))
    return [f"rules, {name}: {_settings(rules)}" for name, rules in pairs if rules]


def _settings(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in values.items())


def _making(card: Card) -> list[str]:
    made = [f"{name} {version}" for name, version in card.libraries.items()]
    return [
        f"measures: {len(card.measures)}, version {card.features_version}",
        f"made: {card.date or 'date not told'}, seed {card.seed}, {', '.join(made)}",
        *([f"hash: {card.hash}"] if card.hash else []),
    ]
