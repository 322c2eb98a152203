"""Say whether to keep a gate, to look at a sample, or to train it again, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from imagegate.models.card import Card
from imagegate.models.gate import Gate
from imagegate.models.rules import RulesGate
from imagegate.monitoring.drift import Shift
from imagegate.monitoring.feedback import Failures, Observed
from imagegate.monitoring.periods import Period
from imagegate.pipeline.summary import Expected
from imagegate.stats.binomial import allowed_failures, clopper_pearson, sources_needed
from imagegate.text import agree, brief_percent, count, percent, percent_range

Level = Literal["keep", "look", "retrain"]
LEVELS: tuple[Level, ...] = ("keep", "look", "retrain")
ALPHA = 0.05  # of all that a report asks together
MATERIAL, MANY = 0.05, 10  # share and number of unfamiliar images that are worth a training
COLLAPSE = 0.2  # of all images, by which fewer pass than usual
LEAST_OUTSIDE = 0.1  # of all images, provably, where training had hardly any
DRIFT_STRICTER = 5  # dozens of measures are tested for drift: so many times surer
CALIBRATION = 0.2  # share of the labelled that sets the threshold of a new gate
MOST_LABELS = 2000  # nobody labels more


@dataclass(frozen=True)
class Advice:
    """What to do with the gate: nothing, label a sample, or train again."""

    level: Level
    about: str  # the day or batch, or "all"
    reason: str
    # How many labels settle it, drawn at random: to look, among the passed, if none of them fails;
    # to train again, among all. None if the gate guarantees nothing.
    labels: int | None = None
    # To look: how many if as many fail as expected; None if that would prove nothing.
    labels_expected: int | None = None

    def sentence(self) -> str:
        """Return what to do, why, and how many labels it takes."""
        return f"{self.level.capitalize()}: {self.because()}"

    def because(self) -> str:
        """Return why, and how many labels it takes."""
        if self.level == "keep" or self.labels is None:
            return f"{self.reason}."
        if self.level == "retrain":
            return (
                f"{self.reason}. A new guarantee needs at least "
                f"{count(self.labels, 'labelled image')}, drawn at random from what comes in now."
            )
        more = (
            f", about {self.labels_expected:,} if as many fail as expected"
            if self.labels_expected and self.labels_expected > self.labels
            else ""
        )
        return (
            f"{self.reason}. To find out, label images that pass, drawn at random: "
            f"{self.labels:,} are enough if none of them fails{more}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {**vars(self), "sentence": self.sentence()}


@dataclass(frozen=True)
class PassRate:
    """How many images of a day or batch pass, compared with the usual share.

    ``usual_low`` is the least that the usual share may be; ``sentence`` has the numbers in words.
    """

    passed: int
    images: int
    usual: float
    usual_low: float
    sentence: str

    def collapsed(self, alpha: float) -> bool:
        """Tell whether the share is materially lower than usual, and beyond chance."""
        if not self.images or self.usual - self.passed / self.images < COLLAPSE:
            return False
        _, high = clopper_pearson(self.passed, self.images, 1 - alpha)
        return high < self.usual_low


def against_periods(
    own: Period, others: Sequence[Period], *, where: str, alpha: float
) -> PassRate | None:
    """Compare the share to use with that of other days or batches together, named by ``where``.

    Both intervals together err in a share ``alpha`` of cases.
    """
    used = sum(other.tally.passed for other in others)
    images = sum(other.tally.images for other in others)
    if not images:
        return None
    passed, low = own.tally.passed, clopper_pearson(used, images, 1 - alpha)[0]
    sentence = (
        f"{_of(passed, own.tally.images)} can be used as they are, against {used:,} of {images:,} "
        f"{where} ({percent(used / images)}){_main_reason(own)}"
    )
    return PassRate(passed, own.tally.images, used / images, low, sentence)


def against_card(own: Period, card: Card) -> PassRate | None:
    """Compare what the gate passes with what it passed of the images held out in training.

    Decisions, not routes: the card knows no policy. None if it does not say.
    """
    found = card.results.get("learned", {}).get("coverage")
    if not found or found.get("value") is None:
        return None
    usual, low = found["value"], found.get("low")
    sentence = (
        f"the gate passes {_of(own.passed, own.judged)}, against {percent(usual)} of its held-out "
        f"images{_main_reason(own)}"
    )
    return PassRate(own.passed, own.judged, usual, usual if low is None else low, sentence)


def _of(passed: int, images: int) -> str:
    share = f" ({percent(passed / images)})" if images else ""
    return f"{passed:,} of {count(images, 'image')}{share}"


def _main_reason(own: Period) -> str:
    found = own.tally.reasons.most_common(1)
    return f"; the most common reason is {found[0][0]} ({found[0][1]:,})" if found else ""


@dataclass(frozen=True)
class PeriodFacts:
    """What is known of the images of a day, a batch, or of all."""

    period: Period
    expected: Expected | None  # failures among those used that the gate's guarantee covers
    shifts: Sequence[Shift]
    observed: Observed | None
    where: str  # what sentences call the reference of the drift
    pass_rate: PassRate | None  # None where there is nothing to compare with


class Concern(NamedTuple):
    """What speaks against keeping a gate, and whether labels would settle it."""

    level: Level
    reason: str
    labels_settle: bool = True


def advise(facts: PeriodFacts, gate: Gate | RulesGate, *, alpha: float) -> Advice:
    """Return what to do with the gate; ``alpha`` is smaller if many periods are judged."""
    checks = (
        _guarantee_exceeded,
        _many_unfamiliar,
        _more_failures_than_expected,
        _harder_images,
        _fewer_pass,
        _shifted_outside,
        _some_unfamiliar,
    )
    found = next(
        filter(None, (check(facts, gate, alpha) for check in checks)),
        Concern("keep", _calm(facts, gate), labels_settle=False),
    )
    name, card, retrain = facts.period.name, gate.card, found.level == "retrain"
    target = card.promise if retrain else card.guaranteed_risk
    if not found.labels_settle or target is None or card.confidence is None:
        return Advice(found.level, name, found.reason)
    least = sources_needed(target, card.confidence)
    if retrain:
        return Advice(found.level, name, found.reason, math.ceil(least / CALIBRATION))
    expected = _labels_expected(facts.expected, target, card.confidence)
    return Advice(found.level, name, found.reason, least, expected)


def most_urgent(advice: Sequence[Advice]) -> Advice:
    """Return the advice that asks for most, the first of several."""
    return max(advice, key=lambda one: LEVELS.index(one.level))


def _guarantee_exceeded(found: PeriodFacts, gate: Gate | RulesGate, alpha: float) -> Concern | None:
    seen = found.observed
    if not (seen and seen.exceeded and seen.guaranteed is not None):
        return None
    target = brief_percent(seen.guaranteed)
    return Concern(
        "retrain", f"{_failed(seen.covered, 'passed')}, more than the guaranteed {target}"
    )


def _many_unfamiliar(found: PeriodFacts, gate: Gate | RulesGate, alpha: float) -> Concern | None:
    reason = _unfamiliar(found, gate, alpha)
    return Concern("retrain", reason) if reason and found.period.unfamiliar >= MANY else None


def _some_unfamiliar(found: PeriodFacts, gate: Gate | RulesGate, alpha: float) -> Concern | None:
    reason = _unfamiliar(found, gate, alpha)
    if not reason:
        return None
    return Concern("look", f"{reason}; look at them among those for review", labels_settle=False)


def _unfamiliar(found: PeriodFacts, gate: Gate | RulesGate, alpha: float) -> str:
    """Say how many images are out of distribution, if they are many beyond chance."""
    usual = gate.card.guard.get("false_alarms")
    odd, judged = found.period.unfamiliar, found.period.judged
    if usual is None or not judged or odd < MATERIAL * judged:
        return ""
    if clopper_pearson(odd, judged, 1 - alpha)[0] <= usual:
        return ""
    return (
        f"{_of(odd, judged)} {agree(odd, 'is', 'are')} unlike anything the gate was trained on, "
        f"where {percent(usual)} is usual"
    )


def _more_failures_than_expected(
    found: PeriodFacts, gate: Gate | RulesGate, alpha: float
) -> Concern | None:
    seen = found.observed
    if not (seen and seen.expected and seen.above_expected):
        return None
    return Concern(
        "look",
        f"{seen.expected_failed:,} of {count(seen.expected.images, 'labelled image')} failed, but "
        f"{seen.expected.low:,} to {seen.expected.high:,} were expected; if they were drawn at "
        "random, the probabilities are too low",
    )


def _harder_images(found: PeriodFacts, gate: Gate | RulesGate, alpha: float) -> Concern | None:
    """Say if the probabilities exceed the guarantee, which is about the calibration's mix."""
    expected, target = found.expected, gate.card.guaranteed_risk
    if not (expected and expected.images and target and expected.low > target * expected.images):
        return None
    return Concern(
        "look",
        f"{expected.low:,} to {expected.high:,} of {count(expected.images, 'passed image')} are "
        f"expected to fail, more than the guaranteed {brief_percent(target)}: the images are "
        "harder than those of the calibration",
    )


def _fewer_pass(found: PeriodFacts, gate: Gate | RulesGate, alpha: float) -> Concern | None:
    """Say if far fewer pass than usual; labels of those that do would not tell why."""
    if not (found.pass_rate and found.pass_rate.collapsed(alpha)):
        return None
    return Concern("look", found.pass_rate.sentence, labels_settle=False)


def _shifted_outside(found: PeriodFacts, gate: Gate | RulesGate, alpha: float) -> Concern | None:
    outside = [one for one in found.shifts if one.outside(alpha / DRIFT_STRICTER)]
    worst, images = max(outside, key=lambda one: one.rare, default=None), found.period.judged
    if not worst or not images:
        return None
    if clopper_pearson(round(worst.rare * images), images, 1 - alpha)[0] <= LEAST_OUTSIDE:
        return None
    return Concern(
        "look",
        f"{percent(worst.rare)} of the images are where hardly any were {found.where} "
        f"({worst.cause}: {worst.sentence()})",
    )


def _calm(found: PeriodFacts, gate: Gate | RulesGate) -> str:
    seen = found.observed
    labels = (
        f"; {_failed(seen.used, 'used')}"
        if seen and seen.used.images
        else "; without labels nothing more is known"
    )
    if not isinstance(gate, Gate):
        return f"rules have no training data, so there is no drift to measure{labels}"
    if not found.period.judged:
        return "none of the images could be judged"
    if not found.shifts:
        return f"the others are compared with these images{labels}"
    if any(one.level() == "large" for one in found.shifts):
        return (
            f"as a whole the images differ from those {found.where}, but stay within their range"
            f"{labels}"
        )
    return f"the images are much like those {found.where}{labels}"


def _failed(seen: Failures, which: str) -> str:
    """Say how many labelled images failed."""
    return (
        f"{seen.failed:,} of {count(seen.images, 'labelled image')} that "
        f"{agree(seen.images, 'was', 'were')} {which} failed ({percent_range(seen.low, seen.high)})"
    )


def _labels_expected(expected: Expected | None, target: float, confidence: float) -> int | None:
    """Return how many labels would prove the guarantee if as many fail as expected."""
    if not (expected and expected.images):
        return None
    counts = np.arange(1, MOST_LABELS + 1)
    failing = counts * expected.failures / expected.images
    enough = np.flatnonzero(failing <= allowed_failures(counts, target, confidence))
    return int(counts[enough[0]]) if enough.size else None
