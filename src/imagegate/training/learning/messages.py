"""Say in plain words what came of training, and what is wanting: how many more, of which kind."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from imagegate.features import CAUSES, OUTPUTS
from imagegate.models.card import Card, Guarantee, percent
from imagegate.training.learning.wanting import Counts, wanting

FEW_RIGHT = 0.9  # of first reasons
TELLING = 30  # calibration sources from which it can be told that more would not help


@dataclass(frozen=True)
class Said:
    """What a user should read after training.

    Parameters
    ----------
    learned : tuple of str
        What it was made of.
    promised : tuple of str
        What is promised of the images passed, and what became of the check of outputs.
    wanting : tuple of str
        What there is too little of, and how much more it would take; empty if nothing.
    """

    learned: tuple[str, ...]
    promised: tuple[str, ...]
    wanting: tuple[str, ...]


def said_of(card: Card, of_output: Iterable[str], meta: Mapping[str, Any]) -> Said:
    """Return what to say of a gate; ``of_output`` is what there is to say of its second one."""
    learned = (_learned(card), *left_out(meta))
    lacks = (*wanting(card), *_unexplained(card))
    return Said(learned, (*_promised(card), *of_output), lacks)


def _unexplained(card: Card) -> Iterator[str]:
    """Yield that the reasons are not learned, or how often they are wrong, and what to do."""
    remedy = "Add images that show causes, no engine runs: imagegate label SOURCES --recipe causes"
    missing = [cause for cause in CAUSES if cause not in card.diagnosis.get("causes", ())]
    if len(missing) == len(CAUSES):
        yield (
            "The reasons come from the six scores: too few rows with each cause to learn them "
            f"from. {remedy}."
        )
        return
    if missing:
        told = ", ".join(missing)
        yield f"Reasons know {told} by the scores alone: too few rows to learn from. {remedy}."
    counted = card.diagnosis["held_out"]["one"].values()
    rows, right = (sum(pair[i] for pair in counted) for i in (0, 1))
    if rows and right / rows < FEW_RIGHT:
        yield (
            f"The first reason is the true cause on only {right:,} of {rows:,} test images. "
            f"{remedy}."
        )


def left_out(meta: Mapping[str, Any]) -> Iterator[str]:
    """Yield how many rows with an error of the engine were left out, and what to do about it."""
    if meta.get("errors") and meta.get("engine") != "outcomes":
        yield (
            f"Left out: {meta['errors']:,} rows with an error. If that is how {meta['engine']:.60} "
            "answers bad images, count them as failures: label again with --errors fail."
        )


def _learned(card: Card) -> str:
    training, calibration = card.parts["train"], card.parts["calibration"]
    return (
        f"Learned from {training['sources']:,} sources ({training['rows']:,} images, "
        f"{percent(training['fails'] / training['rows'])} failing), calibrated on "
        f"{calibration['sources']:,}; {card.parts['test']['sources']:,} are kept for the test."
    )


def _promised(card: Card) -> Iterator[str]:
    if card.guarantee:
        yield promise_words(card.guarantee, _sources_for_one(card))
    elif card.costs:
        yield (
            f"Passes up to a chance of failure of {percent(card.thresholds['pass'] or 0)}: a "
            f"false pass costs {card.costs[0]:g}, a false reject {card.costs[1]:g}."
        )


def output_messages(card: Card, *, alone: float, kept: bool) -> Iterator[str]:
    """Yield what became of the gate of image and output; ``alone`` is the image's log-loss."""
    losses = f"{card.settings['log_loss']:.3f} against {alone:.3f}"
    if not kept:
        yield (
            "No output check: image and output together tell no more than the image alone "
            f"(cross-validated log-loss {losses})."
        )
        return
    yield (
        "Output check: image and output together tell more than the image alone "
        f"(cross-validated log-loss {losses})."
    )
    if card.guarantee:
        yield f"Output check: {promise_words(card.guarantee, _sources_for_one(card))}"


def why_no_output(meta: Mapping[str, Any]) -> list[str]:
    """Return why there is no gate of image and output, if the task could have one."""
    if meta.get("task") not in OUTPUTS or meta.get("engine") == "outcomes":
        return []
    if "outcomes" in meta:
        return ["No output check: outcomes come without what the engine made of the images."]
    why = (
        "measures of outputs from another version"
        if meta.get("output_measures")
        else ("no measures of outputs")
    )
    return [f"No output check: this corpus has {why}. Label again to get one."]


def _sources_for_one(card: Card) -> float:
    """Return how many sources must be labelled for one to calibrate on."""
    return 1 / Counts(card.parts, outcomes=False).share("calibration")


def promise_words(found: Guarantee, sources_per_calibration: float | None = None) -> str:
    """Say what is promised, or what is wanting.

    ``sources_per_calibration`` tells how many sources must be labelled for one to calibrate on;
    None where all new ones go there.
    """
    wanted = (
        f"at most {percent(found.promise)} of the images passed fail "
        f"(confidence {percent(found.confidence)})"
    )
    if found.kept:
        return (
            f"Promise: {wanted}. Of {found.sources:,} calibration sources {found.passed:,} pass, "
            f"{found.failed:,} of them fail. It holds for images like these."
        )
    beginning = f"The promise cannot be kept, so nothing passes by itself: {wanted}."
    if found.more_sources is None and found.sources < TELLING:
        return (
            f"{beginning} From {found.sources:,} calibration sources it cannot be told how many it "
            "would take; promise less, or add sources."
        )
    if found.more_sources is None:
        return (
            f"{beginning} More sources alone would not help: even among the images that look best "
            "more fail. Ask for less, or label sources that resemble each other more."
        )
    needed = f"At least {found.more_sources:,} more calibration sources are needed"
    if sources_per_calibration:
        total = math.ceil(found.more_sources * sources_per_calibration)
        needed += f", about {total:,} more sources in all"
    return f"{beginning} {needed}; or promise less."
