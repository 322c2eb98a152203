"""A gate's card in plain words: what ``imagegate show`` prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from imagegate.engines.engine import EngineLimits
from imagegate.models.card import Card, limits_of

LEAST_FALL = 0.005  # of AUROC; below that a family of measures hardly matters
FEW_IMAGES = 5  # a share of fewer is not told
CLEAN = "clean"
FAMILIES = {
    "text": "size and contrast of letters",
    "letters": "legibility of letters",
    "content": "what the picture shows",
    "mask": "the mask",
    "reading": "what was read",
}
NONE = "–"  # too few to tell
MIXED = {
    "several": "several causes, the first is among them",
    "helps": "of several, the first is the one that helps most to remove",
    "clean": "clean images without a probable cause",
}
SEVERITIES = (CLEAN, "1", "2", "3", "4", "5")
BARS = " ▁▂▃▄▅▆▇█"
WIDTH, COLUMN = 24, 7  # of the first column, and of one severity: 80 with the bars
BASELINES = {
    "learned": "this gate",
    "output": "with its output",
    "tuned": "tuned rules",
    "preset": "preset rules",
    "laplacian": "blur alone",
}
NO_BRIER = ("brier", "n/a")
FIGURES = {"auroc": "AUROC", "coverage": "coverage", "risk": "risk", "brier": "Brier"}


def card_lines(card: Card) -> list[str]:
    """Return what ``imagegate show`` prints."""
    guarantee = f"guarantee: {card.guarantee_text()}"
    if card.engine is None:
        settings = f"thresholds: {_settings(card.rules_preset)}"
        return [f"{card.name}: rules for {card.task}", guarantee, settings]
    limit = "" if card.limit != card.limit else f"; loss beyond {card.limit:g} counts as failed"
    purpose = f"{card.task} by {card.engine} {card.engine_version}".rstrip()
    return [
        f"{card.name}: {purpose}{limit}",
        *_limits(limits_of(card)),
        guarantee,
        *_calibration(card),
        *_thresholds(card),
        *_training(card),
        *insight_lines(card.lesson),
        *diagnosis_lines(card.diagnosis),
        *map(_adjusted, card.adjusted),
        *_results(card.results),
        *_making(card),
    ]


def _limits(limits: EngineLimits) -> list[str]:
    """Return what the engine can do at all, nothing if that is not known."""
    if limits == EngineLimits():
        return []
    scripts = ", ".join(limits.scripts).replace("_", " ")
    lies = ", ".join(limits.orientations).replace("_", " ")
    sides = [
        f"refuses sides beyond {limits.longest_side} px" if limits.longest_side else "",
        f"shrinks sides beyond {limits.shrinks_to} px" if limits.shrinks_to else "",
        f"reads no lines tilted by more than {limits.most_skew:g}°" if limits.most_skew else "",
        f"reads text that lies {lies}" if lies else "",
        f"reads no x-height under {limits.least_x_height:g} px" if limits.least_x_height else "",
    ]
    reads = f"reads {limits.language}" + f" ({scripts} letters)" * bool(scripts)
    return ["engine: " + "; ".join(filter(None, [reads * bool(limits.language), *sides]))]


def _calibration(card: Card) -> list[str]:
    found = card.guarantee
    if found is None:
        return []
    if found.kept:
        return [
            f"calibration: {found.failed} of {found.passed} passed sources failed, "
            f"of {found.sources} sources in all; holds for images like these"
        ]
    more = found.more_sources
    advice = f"about {more:,} more would be enough" if more else "more would not help"
    return [f"calibration: {found.sources} calibration sources were too few or too hard; {advice}"]


def _thresholds(card: Card) -> list[str]:
    passing, rejecting = card.thresholds.get("pass"), card.thresholds.get("reject")
    lines = []
    if rejecting is not None:
        first = "nothing passes automatically" if passing is None else f"pass up to {passing:.3f}"
        lines.append(f"chance of failure: {first}, reject from {rejecting:.3f}")
    if card.guard:
        rate = 100 * card.guard.get("false_alarms", 0)
        lines.append(
            f"out of distribution: false alarms on {rate:g} % of images like those of training"
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


def _results(results: Mapping[str, Any]) -> list[str]:
    if not results:
        return ["held-out results: none stored yet (imagegate train writes them)"]
    part = results.get("part", {})
    counts = f"{part.get('rows', 0):,} images of {part.get('groups', 0):,} groups"
    lines = [f"held out ({part.get('name', 'test')}): {counts}, {part.get('failed', 0):,} failing"]
    for key, title in BASELINES.items():
        # What an adjustment has outdated is gone from the card; rules have no Brier score.
        found = {name: _estimate(value) for name, value in results.get(key, {}).items()}
        known = [name for name in FIGURES if name in found and (name, found[name]) != NO_BRIER]
        if key in results:
            figures = ", ".join(f"{FIGURES[name]} {found[name]}" for name in known)
            lines.append(f"  {title}: {figures}")
    return lines


def _adjusted(entry: Mapping[str, Any]) -> str:
    """Return one line about a change after training."""
    before, after = (_objective(entry.get(name, {})) for name in ("before", "after"))
    when = f"adjusted {entry['date']}" if entry.get("date") else "adjusted"
    outcomes, more = entry.get("outcomes"), ""
    if outcomes:
        more = (
            f"; calibrated on {outcomes['rows']:,} more images of {outcomes['groups']:,} groups "
            f"from {outcomes['file']}, {outcomes['fails']:,} failing"
        )
    return f"{when}: before {before}, now {after}{more}"


def _objective(wanted: Mapping[str, Any]) -> str:
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


def _settings(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in values.items())


def _making(card: Card) -> list[str]:
    made = [f"{name} {version}" for name, version in card.libraries.items()]
    rules = (("preset", card.rules_preset), ("tuned", card.rules_tuned))
    return [
        *(f"rules, {name}: {_settings(least)}" for name, least in rules if least),
        f"measures: {len(card.measures)}, version {card.features_version}",
        f"made: {card.date or 'date unknown'}, seed {card.seed}, {', '.join(made)}",
        *([f"hash: {card.hash}"] if card.hash else []),
    ]


def insight_lines(lesson: Mapping[str, Any]) -> list[str]:
    """Return what a gate has learned: sentences, then a table of at most 80 columns."""
    rows = [_line(f"  {name}", cells, bars) for name, cells, bars in severity_cells(lesson)]
    table = [severity_title(lesson), _line("", SEVERITIES, ""), *rows] if rows else []
    return [*insight_sentences(lesson), *table]


def insight_sentences(lesson: Mapping[str, Any]) -> list[str]:
    """Return what the ranking of the gate rests on."""
    found: Mapping[str, float] = lesson.get("importance", {})
    if not found:
        return []
    much = [f"{FAMILIES.get(n, n)} ({fall:.3f})" for n, fall in found.items() if fall >= LEAST_FALL]
    told = ", ".join(much) if much else "none by more than 0.005"
    return [f"Permutation importance (drop in AUROC): {told}."]


def diagnosis_lines(diagnosis: Mapping[str, Any]) -> list[str]:
    """Return how often the first reason is the true cause, none without a diagnosis."""
    if not diagnosis:
        return []
    held = diagnosis["held_out"]
    lines = [
        f"Reasons, learned from {diagnosis['rows']:,} images of {diagnosis['sources']:,} sources. "
        "On the test images, the first is the true cause:"
    ]
    lines += [
        f"  {cause:<12} {_rate(held['one'].get(cause, (0, 0)))}; hurts from severity {level:.1f}"
        f"{' or more' * (level >= 2)}"
        for cause, level in zip(diagnosis["causes"], diagnosis["hurts_from"], strict=True)
    ]
    lines += [f"  {words}: {_rate(held[name])}" for name, words in MIXED.items()]
    gain = held["gain"]
    stated, measured = gain.get("stated"), gain.get("measured")
    if stated is not None and measured is not None:
        lines.append(
            f"  without the cause, the share failing falls by {whole(measured)} where "
            f"{whole(stated)} is stated ({gain['rows']:,} images)"
        )
    return lines


def _rate(counted: Sequence[int]) -> str:
    images, right = counted
    return f"{right:,} of {images:,}" + (f" ({whole(right / images)})" if images else "")


def severity_title(lesson: Mapping[str, Any]) -> str:
    """Say what the shares by severity are shares of."""
    return (
        f"Share failing by severity, of {lesson['rows']:,} images outside the test "
        f"({NONE}: under {FEW_IMAGES}):"
    )


def severity_cells(lesson: Mapping[str, Any]) -> Iterator[tuple[str, list[str], str]]:
    """Yield the name of every cause, its cells for severity 0 to 5, and bars of as many blocks."""
    by_cause = lesson.get("severity", {})
    for cause, levels in by_cause.items():
        if cause != CLEAN:
            shares = [
                fails / images if images >= FEW_IMAGES else None
                for images, fails in (by_cause[CLEAN], *levels)
            ]
            cells = [NONE if share is None else whole(share) for share in shares]
            yield cause, cells, "".join(map(_bar, shares))


def whole(share: float) -> str:
    """Return a share in whole percent, never 0 or 100 for what is not.

    >>> whole(0.614), whole(0.001), whole(1.0)
    ('61 %', '<1 %', '100 %')
    """
    if 0 < share < 0.01:
        return "<1 %"
    return ">99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"


def _bar(share: float | None) -> str:
    """Return the block as high as a share; nothing fails is the lowest one, not a blank."""
    return BARS[0] if share is None else BARS[max(1, round(share * (len(BARS) - 1)))]


def _line(name: str, cells: Sequence[str], bars: str) -> str:
    return f"{name:<{WIDTH}}{''.join(f'{cell:>{COLUMN}}' for cell in cells)}  {bars}".rstrip()
