"""Say in plain words what came of training and what is wanting."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from imagegate.features import OUTPUT_MEASURES
from imagegate.models.card import Card, Guarantee, percent

FEW_SOURCES = 50  # to calibrate on
FEW_FAILING = 30  # sources to learn failure from, or success


def messages_of(card: Card) -> Iterator[str]:
    """Yield what a user should read after training."""
    training, calibration = card.parts["train"], card.parts["calibration"]
    yield (
        f"Learned from {training['sources']:,} sources ({training['rows']:,} images, "
        f"{percent(training['fails'] / training['rows'])} failing), calibrated on "
        f"{calibration['sources']:,}; {card.parts['test']['sources']:,} are kept for the test."
    )
    if card.guarantee:
        everywhere = sum(part["sources"] for part in card.parts.values())
        yield _promise(card.guarantee, everywhere / max(1, calibration["sources"]))
    elif card.costs:
        yield (
            f"Passes up to a chance of failure of {percent(card.thresholds['pass'] or 0)}: a "
            f"false pass costs {card.costs[0]:g}, a false reject {card.costs[1]:g}."
        )
    yield from _warnings(training, calibration)


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
        sources, everywhere = (
            card.parts["calibration"]["sources"],
            sum(part["sources"] for part in card.parts.values()),
        )
        yield f"Output check: {_promise(card.guarantee, everywhere / max(1, sources))}"


def why_no_output(meta: Mapping[str, Any]) -> list[str]:
    """Return why there is no gate of image and output, if the task could have one."""
    if meta.get("task") not in OUTPUT_MEASURES or meta.get("engine") == "outcomes":
        return []
    if "outcomes" in meta:
        return ["No output check: outcomes come without what the engine made of the images."]
    why = (
        "measures of outputs from another version"
        if meta.get("output_measures")
        else ("no measures of outputs")
    )
    return [f"No output check: this corpus has {why}. Label again to get one."]


def _promise(found: Guarantee, sources_per_calibration: float) -> str:
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
    if found.more_sources is None:
        return (
            f"{beginning} More sources alone would not help: even among the images that look best "
            "more fail. Ask for less, or label sources that resemble each other more."
        )
    total = math.ceil(found.more_sources * sources_per_calibration)
    return (
        f"{beginning} At least {found.more_sources:,} more calibration sources are needed, about "
        f"{total:,} more sources in all; or promise less."
    )


def _warnings(training: Mapping[str, int], calibration: Mapping[str, int]) -> Iterator[str]:
    if calibration["sources"] < FEW_SOURCES:
        yield (
            f"Warning: only {calibration['sources']} sources to calibrate on; below "
            f"{FEW_SOURCES} the probabilities are rough."
        )
    if training["failing_sources"] < FEW_FAILING:
        yield (
            f"Warning: only {training['failing_sources']} training sources ever fail; below "
            f"{FEW_FAILING} the gate has seen too few failures. Degrade more, or add hard images."
        )
    succeeding = training["rows"] - training["fails"]
    if succeeding < FEW_FAILING:
        yield (
            f"Warning: the task succeeds on only {succeeding} training images; below "
            f"{FEW_FAILING} the gate has seen too few successes. Add images."
        )
    if calibration["fails"] in (0, calibration["rows"]):
        always = "always fails" if calibration["fails"] else "never fails"
        yield (
            f"Warning: the task {always} on the calibration images; the probabilities are a guess."
        )
