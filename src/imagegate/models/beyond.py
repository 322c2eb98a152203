"""What a gate leaves to people, whatever its risk: too little text, and what it cannot read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagegate.features.letters.glyphs import SURE, script
from imagegate.image import Image
from imagegate.models.card import Card, limits_of

LITTLE_TEXT = "content.little_text"
OTHER_SCRIPT, HANDWRITING = "unfamiliar.script", "unfamiliar.handwriting"
NEW_LETTERS = "unfamiliar.letters"  # a script that the engine reads and the gate has not learned
FEWEST_LETTERS = 12  # fewer tell too little of how well a page can be read
# Nats a mark, as ``letters.handwriting``: scans of print have up to 0.6, faded ones 0.8.
HANDWRITTEN = 0.9
USUAL = 0.2  # of the training images that the engine read: what is so common is no surprise


@dataclass(frozen=True)
class Bound:
    """What a gate that looks at ``measure`` does not judge.

    ``beyond(readings, card)`` tells for each of many readings of the measure whether the image is
    beyond it; never of NaN.
    """

    code: str  # of the reason
    measure: str
    beyond: Callable[[NDArray[np.floating], Card], NDArray[np.bool_]]
    detail: str  # what the gate does judge, for engineers
    of_passing: bool = False  # it is about what would pass: worn print is like handwriting


def little_text(readings: NDArray[np.floating], card: Card) -> NDArray[np.bool_]:
    """Tell whether there are letters, but too few; none at all is another matter."""
    return np.asarray((readings > 0) & (readings < FEWEST_LETTERS), np.bool_)


def other_script(readings: NDArray[np.floating], card: Card) -> NDArray[np.bool_]:
    """Tell whether the script is surely not Latin; never if the engine does not tell its own."""
    sure = np.asarray(readings >= SURE, np.bool_)
    return sure & bool(limits_of(card).scripts) & ~is_usual("letters.other_script", card)


def handwriting(readings: NDArray[np.floating], card: Card) -> NDArray[np.bool_]:
    """Tell whether the text is written by hand."""
    sure = np.asarray(readings >= HANDWRITTEN, np.bool_)
    return sure & ~is_usual("letters.handwriting", card)


def is_usual(measure: str, card: Card) -> np.bool_:
    """Tell whether much of what the gate has seen read in training was such text."""
    return np.bool_(card.guard.get(measure, 0.0) >= USUAL)


BOUNDS = (
    Bound(
        OTHER_SCRIPT,
        "letters.other_script",
        other_script,
        "This gate has learned from Latin script.",
    ),
    Bound(
        HANDWRITING,
        "letters.handwriting",
        handwriting,
        "This gate has learned from print.",
        of_passing=True,
    ),
    Bound(
        LITTLE_TEXT,
        "text.components",
        little_text,
        f"From {FEWEST_LETTERS} letters on there is enough to judge.",
    ),
)


def bounds_of(card: Card) -> list[Bound]:
    """Return the bounds of a gate: on what it has learned from, and on letters.

    Where an engine tells which scripts it reads, its gate need not have learned from the letters.
    """
    told = bool(limits_of(card).scripts)
    return [bound for bound in BOUNDS if told or bound.measure in card.measures]


def bound_of(readings: Mapping[str, float], card: Card, *, passes: bool) -> Bound | None:
    """Return the first bound that an image is beyond, None if the gate can judge it.

    ``passes`` tells whether it would pass if there were no bounds.
    """
    own = [bound for bound in bounds_of(card) if passes or not bound.of_passing]
    return next((one for one in own if one.beyond(np.array(readings[one.measure]), card)), None)


def code_of_bound(bound: Bound, image: Image, card: Card) -> str:
    """Return the code of a bound that an image is beyond.

    A script that the engine reads is only new to the gate.
    """
    reads = bound.code == OTHER_SCRIPT and script(image) in limits_of(card).scripts
    return NEW_LETTERS if reads else bound.code


def rows_beyond(X: NDArray[np.floating], card: Card) -> NDArray[np.bool_]:
    """Tell for every row of X, whose columns are ``card.measures``, what no gate judges."""
    found = np.zeros(len(X), np.bool_)
    for bound in BOUNDS:
        if bound.measure in card.measures:
            found |= bound.beyond(X[:, card.measures.index(bound.measure)], card)
    return found


def usual_shares(X: NDArray[np.floating], card: Card) -> dict[str, float]:
    """Return by measure what share of some rows, as for ``rows_beyond``, is beyond each bound.

    For ``Card.guard`` of the training images that the engine read; little text is never usual.
    """
    own = [one for one in BOUNDS if one.code != LITTLE_TEXT and one.measure in card.measures]
    columns = {one: X[:, card.measures.index(one.measure)] for one in own}
    return {one.measure: float(one.beyond(columns[one], card).mean()) for one in own if len(X)}
