"""Say plainly whether to keep a gate, to look at a sample, or to train it again, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from imagegate.models.gate import Gate
from imagegate.models.rules import RulesGate
from imagegate.monitoring.feedback import Observed, Seen
from imagegate.monitoring.moved import Moved
from imagegate.monitoring.passing import Passing
from imagegate.pipeline.summary import Expected
from imagegate.stats.binomial import allowed_failures, clopper_pearson, sources_needed
from imagegate.text import agree, brief_percent, count

LEAST_AWAY = 0.1  # of all images, provably, where training had hardly any; a fifth of those seen

Level = Literal["keep", "look", "retrain"]
LEVELS: tuple[Level, ...] = ("keep", "look", "retrain")
ALPHA = 0.05  # of all that a report asks together
MATERIAL, MANY = 0.05, 10  # share and number of unfamiliar images that are worth a training
CALIBRATION = 0.2  # share of the labelled that sets the threshold of a new gate
STRICTER = 5  # drift is asked of dozens of measures: so many times surer
MOST_LABELS = 2000  # beyond so many nobody labels


@dataclass(frozen=True)
class Advice:
    """What to do with the gate.

    Parameters
    ----------
    level : {"keep", "look", "retrain"}
        Nothing; label a sample; train again.
    about : str
        The day or batch that it is about, ``"all"`` for all of them.
    reason : str
        One plain sentence.
    labels : int or None
        How many labels settle it, drawn at random: to look, among the passed, if none of them
        fails; to train again, among all. None if the gate promises nothing.
    labels_expected : int or None
        To look: how many if as many fail as the gate expects; None if that would prove nothing.
    """

    level: Level
    about: str
    reason: str
    labels: int | None = None
    labels_expected: int | None = None

    def sentence(self) -> str:
        """Return the whole of it in plain words."""
        return f"{self.level.capitalize()}: {self.because()}"

    def because(self) -> str:
        """Return why, and how many labels it takes."""
        first = f"{self.reason}."
        if self.level == "keep" or self.labels is None:
            return first
        if self.level == "retrain":
            return (
                f"{first} A new promise takes at least {count(self.labels, 'labelled image')}, "
                "drawn at random from what comes in now."
            )
        more = (
            f", about {self.labels_expected:,} if as many fail as expected"
            if self.labels_expected and self.labels_expected > self.labels
            else ""
        )
        return (
            f"{first} To know, label images that pass, drawn at random: {self.labels:,} settle it "
            f"if none of them fails{more}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {**vars(self), "sentence": self.sentence()}


@dataclass(frozen=True)
class Facts:
    """What advice is given on.

    ``expected`` is about those used that the gate's promise covers; ``where`` names the reference
    of the drift; ``passing`` is None where nothing is there to compare with.
    """

    name: str
    judged: int
    unfamiliar: int
    expected: Expected | None
    moved: Sequence[Moved]
    observed: Observed | None
    where: str = "in training"
    passing: Passing | None = None


def advise(facts: Facts, gate: Gate | RulesGate, *, alpha: float) -> Advice:
    """Return what to do with the gate, judged by the images of a day, a batch, or of all.

    Parameters
    ----------
    facts : Facts
        What is known of them.
    gate : Gate or RulesGate
        Its promise and its guard's false alarms are what the facts are held against.
    alpha : float
        How sure it must be; smaller if many periods are asked about.
    """
    checks = (_broken, _many_odd, _more_failures, _hard_mix, _fewer, _moved_away, _some_odd)
    answers = (check(facts, gate, alpha) for check in checks)
    found = next(filter(None, answers), Found("keep", _calm(facts, gate), settled=False))
    card, retrain = gate.card, found.level == "retrain"
    promise, confidence = card.promise if retrain else card.guaranteed_risk, card.confidence
    if not found.settled or promise is None or confidence is None:
        return Advice(found.level, facts.name, found.reason)
    least = sources_needed(promise, confidence)
    if retrain:
        return Advice(found.level, facts.name, found.reason, math.ceil(least / CALIBRATION))
    likely = _likely(facts.expected, promise, confidence)
    return Advice(found.level, facts.name, found.reason, least, likely)


def weightiest(advice: Sequence[Advice]) -> Advice:
    """Return the advice that asks for most, the first of several."""
    return max(advice, key=lambda one: LEVELS.index(one.level))


class Found(NamedTuple):
    """What speaks against keeping a gate; ``settled`` tells whether labels would settle it."""

    level: Level
    reason: str
    settled: bool = True


def _broken(facts: Facts, gate: Gate | RulesGate, alpha: float) -> Found | None:
    seen = facts.observed
    if not (seen and seen.broken and seen.promise is not None):
        return None
    return Found(
        "retrain",
        f"of {_told(seen.covered, 'among the passed')}, and at most "
        f"{brief_percent(seen.promise)} were promised",
    )


def _many_odd(facts: Facts, gate: Gate | RulesGate, alpha: float) -> Found | None:
    odd = _unfamiliar(facts, gate, alpha)
    return Found("retrain", odd) if odd and facts.unfamiliar >= MANY else None


def _some_odd(facts: Facts, gate: Gate | RulesGate, alpha: float) -> Found | None:
    odd = _unfamiliar(facts, gate, alpha)
    if not odd:
        return None
    return Found("look", f"{odd}; they go to review, so see there what they are", settled=False)


def _unfamiliar(facts: Facts, gate: Gate | RulesGate, alpha: float) -> str:
    """Say how many images are unlike all training, if they are many beyond chance."""
    usual = gate.card.guard.get("false_alarms")
    if usual is None or not facts.judged or facts.unfamiliar < MATERIAL * facts.judged:
        return ""
    low, _ = clopper_pearson(facts.unfamiliar, facts.judged, 1 - alpha)
    if low <= usual:
        return ""
    share, verb = facts.unfamiliar / facts.judged, agree(facts.unfamiliar, "is", "are")
    return (
        f"{facts.unfamiliar:,} of {count(facts.judged, 'image')} ({brief_percent(share)}) {verb} "
        f"unlike anything that the gate has learned from, and {brief_percent(usual)} are usual"
    )


def _more_failures(facts: Facts, gate: Gate | RulesGate, alpha: float) -> Found | None:
    seen = facts.observed
    if not (seen and seen.expected and seen.above):
        return None
    return Found(
        "look",
        f"{seen.expected_failed:,} of {count(seen.expected.images, 'labelled image')} failed, "
        f"where {seen.expected.low:,} to {seen.expected.high:,} were expected; if they were chosen "
        "at random, the probabilities are too low",
    )


def _hard_mix(facts: Facts, gate: Gate | RulesGate, alpha: float) -> Found | None:
    """Say if the probabilities themselves exceed the promise: it is about the calibration's mix."""
    found, promise = facts.expected, gate.card.guaranteed_risk
    if not (found and found.images and promise and found.low > promise * found.images):
        return None
    return Found(
        "look",
        f"by the gate's own probabilities {found.low:,} to {found.high:,} of "
        f"{count(found.images, 'image')} passed will fail, more than the {brief_percent(promise)} "
        "promised: harder images come in than it was calibrated on",
    )


def _fewer(facts: Facts, gate: Gate | RulesGate, alpha: float) -> Found | None:
    """Say if far fewer pass than usual: labels of those that do would tell nothing of it."""
    if not (facts.passing and facts.passing.collapsed(alpha)):
        return None
    return Found("look", facts.passing.sentence, settled=False)


def _share_low(share: float, images: int, alpha: float) -> float:
    """Return the lowest share that so many images may come from."""
    return clopper_pearson(round(share * images), images, 1 - alpha)[0] if images else 0.0


def _moved_away(facts: Facts, gate: Gate | RulesGate, alpha: float) -> Found | None:
    away = [
        one
        for one in facts.moved
        if one.away(alpha / STRICTER) and _share_low(one.rare, facts.judged, alpha) > LEAST_AWAY
    ]
    if not away:
        return None
    worst = max(away, key=lambda one: one.rare)
    return Found(
        "look",
        f"{brief_percent(worst.rare)} of the images are where hardly any were {facts.where} "
        f"({worst.signal}: {worst.sentence()})",
    )


def _told(seen: Seen, which: str) -> str:
    return (
        f"{count(seen.images, 'labelled image')} {which} {seen.failed:,} failed "
        f"({brief_percent(seen.low)} to {brief_percent(seen.high)})"
    )


def _calm(facts: Facts, gate: Gate | RulesGate) -> str:
    seen = facts.observed
    told = (
        f"; of {_told(seen.used, 'among those used')}"
        if seen and seen.used.images
        else "; without labels nothing more is known"
    )
    if not isinstance(gate, Gate):
        return f"rules have no training that images could move away from{told}"
    if not facts.judged:
        return "none of the images could be judged"
    if not facts.moved:
        return f"the others are compared with these images{told}"
    if any(one.level() == "large" for one in facts.moved):
        return (
            f"as a whole the images differ from those {facts.where}, but stay within their "
            f"range{told}"
        )
    return f"the images are much like those {facts.where}{told}"


def _likely(expected: Expected | None, promise: float, confidence: float) -> int | None:
    """Return how many labels would prove the promise if as many fail as expected."""
    if not (expected and expected.images):
        return None
    counts = np.arange(1, MOST_LABELS + 1)
    failing = counts * expected.failures / expected.images
    enough = np.flatnonzero(failing <= allowed_failures(counts, promise, confidence))
    return int(counts[enough[0]]) if enough.size else None
