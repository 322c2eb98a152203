"""Say in plain words what an adjustment has changed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from imagegate.models.calibration import History
from imagegate.models.card import percent
from imagegate.models.gate import Gate
from imagegate.stats.bootstrap import FEW_GROUPS
from imagegate.stats.metrics import even_weights
from imagegate.text import count
from imagegate.training.learning.messages import promise_words

NO_GROUPS = (
    "No group was named, so each file counts by itself: where several are of one customer or one "
    "book, say so in a column group, or the promise is worth less than it says."
)
FEW_HELD_BACK = 0.05  # of the outcomes; fewer say next to nothing of what the gate does not pass
ONE_PROMISE = (
    "A promise holds for one that was chosen beforehand, not for the best of several tried on "
    "these same images."
)
NO_OUTCOMES = (
    "Output check: outcomes come without what the engine made of the images, so that only its "
    "threshold is set again, on the rows it had."
)


def changes(before: Gate, after: Gate) -> Iterator[str]:
    """Yield what a user should read after an adjustment."""
    outcomes = after.card.adjusted[-1]["outcomes"]
    if outcomes:
        yield from _merged(outcomes, before.card.name)
    yield from _passing(before, after)
    if after.card.guarantee and after.card.guarantee.kept:
        yield ONE_PROMISE
    if before.output and after.output:
        if outcomes:
            yield NO_OUTCOMES
        yield from (f"Output check: {line}" for line in _passing(before.output, after.output))


def passed_of(gate: Gate, history: History) -> tuple[float, float]:
    """Return the share of calibration images passed and the share of those that fail.

    Every source counts once; NaN where nothing passes. The threshold was set on these very
    images: as a forecast the second number is too rosy, see the promise for one.
    """
    weights = even_weights(history.source)
    p_fail = gate.calibration.probability(history.raw)
    passes = gate.thresholds.decisions(p_fail, ~history.familiar) == "pass"
    passed = float(weights[passes].sum())
    failing = float(weights[passes & history.fails].sum())
    return passed / float(weights.sum()), failing / passed if passed else math.nan


def _merged(outcomes: Mapping[str, Any], name: str) -> Iterator[str]:
    yield (
        f"Merged {outcomes['rows']:,} outcomes of {outcomes['groups']:,} groups from "
        f"{outcomes['file']}, {outcomes['fails']:,} of them failing." + _left_out(outcomes, name)
    )
    if not outcomes["named_groups"]:
        yield NO_GROUPS
    if outcomes["groups"] < FEW_GROUPS:
        yield (
            f"Warning: these outcomes are of {count(outcomes['groups'], 'group')} only, and each "
            f"counts once: fewer than {FEW_GROUPS} move little, and say little of others."
        )
    if outcomes["held_back"] < FEW_HELD_BACK * outcomes["rows"]:
        yield (
            f"Warning: {name} passes all but {outcomes['held_back']:,} of these images. Outcomes "
            "of passed images alone say nothing of those held back: have some of these judged, "
            "too."
        )


def _left_out(outcomes: Mapping[str, Any], name: str) -> str:
    """Return what was left out, and why."""
    why = {
        "merged before, by this name or another": outcomes["merged_before"],
        f"of groups that {name} was made from": outcomes["known_groups"],
    }
    parts = [f"{number:,} {reason}" for reason, number in why.items() if number]
    return f" Left out: {'; '.join(parts)}." if parts else ""


def _passing(before: Gate, after: Gate) -> Iterator[str]:
    """Yield the promise, and what passes of the calibration images, before and after."""
    card = after.card
    if card.guarantee:
        yield promise_words(card.guarantee)
    else:
        yield (
            f"Set for {card.promise_text()}. Passes up to a chance of failure of "
            f"{percent(card.thresholds['pass'] or 0)}."
        )
    old, new = (_share(*passed_of(gate, after.history)) for gate in (before, after))
    yield (
        f"Of its {len(after.history.raw):,} calibration images, every source counting once: before "
        f"{old}; now {new}."
    )


def _share(passed: float, failing: float) -> str:
    if not passed:
        return "nothing passed"
    return f"{percent(passed)} passed, {percent(failing)} of those failing"
