"""Say what training made, what it guarantees, and how many more sources it takes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from imagegate.features import EDITS, OUTPUTS, SCORES
from imagegate.models.card import Card
from imagegate.models.gate import Gate
from imagegate.stats.bootstrap import FEW_GROUPS, FEW_OUTCOMES
from imagegate.text import agree, brief_percent, count, percent
from imagegate.training.split import SHARES, SPLITS

HARDER = "harder variants (a higher --strength)"
MILDER = "clean sources or milder variants (a lower --strength)"
COUNTED = ("rows", "sources", "groups", "fails", "works", "failing_sources")
FEW_SOURCES = 50  # to calibrate on
FEW_FAILING = 30  # sources to learn failure from, or images to learn success from
RARE = 0.05  # of all images: fewer failures, or successes, say little about them
PLENTY = 100  # sources that fail, or images that do not: then even a small share is enough
FEW_RIGHT = 0.9  # of first reasons
ENOUGH_TO_JUDGE = 30  # calibration sources: with fewer, nobody knows whether more would help


@dataclass(frozen=True)
class TrainingMessages:
    """What a user should read after training.

    Parameters
    ----------
    learned : tuple of str
        What it was made of.
    guarantee : tuple of str
        What is guaranteed of the images passed, and what became of the check of outputs.
    shortfall : tuple of str
        What there is too little of, and how many more sources it takes; empty if nothing.
    """

    learned: tuple[str, ...]
    guarantee: tuple[str, ...]
    shortfall: tuple[str, ...]


def training_messages(gate: Gate, second: Gate | None, meta: Mapping[str, Any]) -> TrainingMessages:
    """Return what to say of a gate; ``second`` learned from outputs, too, whether kept or not."""
    card, output = gate.card, gate.output.card if gate.output else None
    training, calibration, test = (card.parts[name] for name in SPLITS)
    learned = (
        f"Learned from {training['sources']:,} sources ({training['rows']:,} images, "
        f"{percent(training['fails'] / training['rows'])} failing), calibrated on "
        f"{calibration['sources']:,}; {test['sources']:,} are kept for the test."
    )
    return TrainingMessages(
        (learned, *left_out(meta)),
        (target_message(card, needed="more sources"), *_of_output(gate, second, meta)),
        (*shortfall(card, output), *_unexplained(card)),
    )


def left_out(meta: Mapping[str, Any]) -> Iterator[str]:
    """Yield how many rows with an error of the engine were left out, and what to do about it."""
    if meta.get("errors") and meta.get("engine") != "outcomes":
        yield (
            f"Left out: {meta['errors']:,} rows with an error. If that is how {meta['engine']:.60} "
            "answers bad images, count them as failures: label again with --errors fail."
        )


def target_message(card: Card, *, needed: str = "") -> str:
    """Say what a gate guarantees, or why nothing; ``needed`` replaces the number of sources."""
    found = card.guarantee
    if not found:
        return (
            f"Set for {card.guarantee_text()}. Passes up to a chance of failure of "
            f"{percent(card.thresholds['pass'] or 0)}."
        )
    if found.kept:
        return (
            f"Guarantee: {found.goal}. Of {found.sources:,} calibration sources, "
            f"{found.passed:,} pass and {found.failed:,} of these fail. "
            "It holds for images like these."
        )
    if found.more_sources is not None:
        needed = needed or f"at least {found.more_sources:,} more calibration sources"
        remedy = f"It takes {needed}, or a higher risk target."
    elif found.sources < ENOUGH_TO_JUDGE:
        remedy = (
            f"{found.sources:,} calibration sources are too few to estimate how many it takes. "
            "Add sources, or choose a higher risk target."
        )
    else:
        remedy = (
            "More sources alone do not help: even among the images that look best, more fail. "
            "Choose a higher risk target, or label sources that resemble each other more."
        )
    return f"The risk target cannot be met, so nothing passes automatically: {found.goal}. {remedy}"


def log_loss(gate: Gate) -> float:
    """Return the cross-validated log-loss of a gate."""
    return float(gate.card.settings["log_loss"])


def _of_output(gate: Gate, second: Gate | None, meta: Mapping[str, Any]) -> Iterator[str]:
    """Yield what became of the gate of image and output, if the task could have one."""
    if second:
        losses = f"(cross-validated log-loss {log_loss(second):.3f} against {log_loss(gate):.3f})"
        if gate.output:
            yield f"Output check: image and output predict better than the image alone {losses}."
            yield f"Output check: {target_message(second.card, needed='more sources')}"
        else:
            yield f"No output check: the output adds nothing to the image alone {losses}."
    elif meta.get("task") in OUTPUTS and meta.get("engine") != "outcomes":
        if "outcomes" in meta:
            yield "No output check: outcomes come without what the engine made of the images."
            return
        old = "measures of outputs from another version"
        why = old if meta.get("output_measures") else "no measures of outputs"
        yield f"No output check: this corpus has {why}. Label again to get one."


def _unexplained(card: Card) -> Iterator[str]:
    """Yield that the reasons are not learned, or how often they are wrong, and what to do."""
    remedy = "Add images that show causes, no engine runs: imagegate label SOURCES --recipe causes"
    if card.task == EDITS:
        return
    missing = [cause for cause in SCORES if cause not in card.diagnosis.get("causes", ())]
    if len(missing) == len(SCORES):
        yield (
            "The reasons come from the six scores: too few rows with each cause to learn them "
            f"from. {remedy}."
        )
        return
    if missing:
        yield (
            f"Reasons for {', '.join(missing)} come from scores only: too few rows to learn from. "
            f"{remedy}."
        )
    pairs = card.diagnosis["held_out"]["one"].values()
    rows, right = (sum(numbers) for numbers in zip(*pairs, strict=True))
    if rows and right / rows < FEW_RIGHT:
        yield (
            f"The first reason is the true cause on only {right:,} of {rows:,} test images. "
            f"{remedy}."
        )


def shortfall(card: Card, output: Card | None = None) -> Iterator[str]:
    """Yield what there is too little of, then one number: how many more sources it takes.

    The number follows from the rates among the counts in ``parts`` of the card: *about* so many
    more sources if those to come are like those at hand. It is enough for everything that is
    missing, also for the guarantees of the gate and of its check of outputs.
    """
    counts = Counts(card)
    needs = [*_to_calibrate(counts), *_to_learn(counts), *_to_compare(counts)]
    yield from (sentence for sentence, _ in needs)
    yield from _to_balance(counts)
    given = [one.guarantee for one in (card, output) if one and one.guarantee]
    missing = max((guarantee.more_sources or 0 for guarantee in given), default=0)
    most = max([counts.in_all(missing, "calibration"), *(more for _, more in needs)])
    if most:
        yield f"Add about {rounded_up(most):,} more {counts.noun} like these."
    rate = counts.all["fails"] / counts.all["rows"]
    if card.guarantee and card.guarantee.kept and 0 < rate < card.guarantee.promise:
        yield (
            f"Only {percent(rate)} of the images fail, fewer than the risk target of "
            f"{brief_percent(card.guarantee.promise)}: passing all of them would meet it. Choose "
            f"a lower target, such as {rate / 2:.2g}."
        )


Need = tuple[str, float]  # a sentence, and about how many more sources like those at hand


class Counts:
    """The counts of every split and of all; ``works`` are the images on which the task works."""

    def __init__(self, card: Card) -> None:
        self.splits = {
            name: {**own, "works": own["rows"] - own["fails"]} for name, own in card.parts.items()
        }
        self.all = {what: sum(own[what] for own in self.splits.values()) for what in COUNTED}
        self.outcomes = card.engine == "outcomes"  # nothing was degraded or labelled
        self.noun = "images" if self.outcomes else "sources"

    def in_all(self, missing: float, split: str) -> float:
        """Return about how many sources must come in all so that so many fall to a split."""
        # The share is that of the sources at hand; of a few, whole sources make it another than was
        # asked for, so then it is the usual one.
        total = max(1, self.all["sources"])
        found, usual = self.splits[split]["sources"] / total, SHARES[SPLITS.index(split)]
        return missing / (usual if abs(found - usual) * total < 2 else found)

    def like(self, least: int, split: str, what: str) -> float:
        """Return how many sources like those at hand bring a split to the least of something."""
        own = self.splits[split]
        rates = [some[what] / max(1, some["sources"]) for some in (own, self.all)]
        rate = rates[0] or rates[1] or 1.0
        return max(0.0, self.in_all((least - own[what]) / rate, split))


def rounded_up(number: float) -> int:
    """Return a number rounded up to two digits: what follows from a few rates is not exact.

    >>> rounded_up(7.2), rounded_up(667), rounded_up(3280)
    (8, 670, 3300)
    """
    unit: int = 10 ** max(0, len(str(math.ceil(number))) - 2)
    return math.ceil(number / unit) * unit


def _to_calibrate(counts: Counts) -> Iterator[Need]:
    own = counts.splits["calibration"]
    if own["sources"] < FEW_SOURCES:
        yield (
            f"Warning: only {count(own['sources'], 'source')} to calibrate on; below "
            f"{FEW_SOURCES} the probabilities are rough.",
            counts.like(FEW_SOURCES, "calibration", "sources"),
        )
    elif own["groups"] < FEW_GROUPS:
        yield (
            f"Warning: the {own['sources']:,} sources to calibrate on are of only "
            f"{count(own['groups'], 'group')}. Images of a group resemble each other, so the "
            "guarantee claims too much. Sources of new groups help most.",
            counts.like(FEW_GROUPS, "calibration", "groups"),
        )
    for often, what, lacking in (
        ("never", "fails", "failing_sources"),
        ("always", "works", "works"),
    ):
        if not own[what]:
            yield (
                f"Warning: the task {often} fails on the calibration images; the probabilities "
                "are a guess.",
                counts.like(FEW_OUTCOMES, "calibration", lacking),
            )


def _to_learn(counts: Counts) -> Iterator[Need]:
    own = counts.splits["train"]
    failing, works = own["failing_sources"], own["works"]
    if failing < FEW_FAILING:
        spared = counts.all["sources"] - counts.all["failing_sources"]
        remedy = ""
        if counts.outcomes:
            remedy = " Images that fail help most."
        elif counts.in_all(FEW_FAILING - failing, "train") <= spared:
            remedy = f" Or label {HARDER}."
        yield (
            f"Warning: only {count(failing, 'training source')} ever "
            f"{agree(failing, 'fails', 'fail')}; below {FEW_FAILING} the gate has seen too few "
            f"failures.{remedy}",
            counts.like(FEW_FAILING, "train", "failing_sources"),
        )
    if works < FEW_FAILING:
        milder = "Images that do not fail help most." if counts.outcomes else f"Or label {MILDER}."
        yield (
            f"Warning: the task succeeds on only {count(works, 'training image')}; below "
            f"{FEW_FAILING} the gate has seen too few successes. {milder}",
            counts.like(FEW_FAILING, "train", "works"),
        )


def _to_compare(counts: Counts) -> Iterator[Need]:
    """Say what the test lacks to compare the gate with the rules."""
    needed = {"groups": FEW_GROUPS, "fails": FEW_OUTCOMES, "works": FEW_OUTCOMES}
    own = counts.splits["test"]
    if any(own[what] < least for what, least in needed.items()):
        yield (
            f"Warning: too few to compare with the rules: the test has "
            f"{count(own['groups'], 'group')}, {own['fails']:,} failing and "
            f"{count(own['works'], 'working image')}; it takes {FEW_GROUPS}, {FEW_OUTCOMES} and "
            f"{FEW_OUTCOMES}.",
            max(counts.like(least, "test", what) for what, least in needed.items()),
        )


def _to_balance(counts: Counts) -> Iterator[str]:
    """Say if almost everything fails, or almost nothing."""
    rows, fails, works = (counts.all[what] for what in ("rows", "fails", "works"))
    for verb, images, independent, where in (
        ("fails", fails, counts.all["failing_sources"], HARDER),
        ("works", works, works, MILDER),
    ):
        if images < RARE * rows and independent < PLENTY:
            yield (
                f"Warning: the task {verb} on only {percent(images / rows)} of the images, so the "
                f"gate hardly knows that case. Add images on which it {verb}"
                f"{'' if counts.outcomes else f': {where}'}."
            )
