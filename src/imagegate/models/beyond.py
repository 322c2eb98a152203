"""What a gate leaves to people, whatever its risk: too little text, and what it cannot read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagegate.models.card import Card

LITTLE_TEXT = "content.little_text"
FEWEST_LETTERS = 12  # fewer tell too little of how well a page can be read


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


def little_text(readings: NDArray[np.floating], card: Card) -> NDArray[np.bool_]:
    """Tell whether there are letters, but too few; none at all is another matter."""
    return np.asarray((readings > 0) & (readings < FEWEST_LETTERS), np.bool_)


BOUNDS = (
    Bound(
        LITTLE_TEXT,
        "text.components",
        little_text,
        f"From {FEWEST_LETTERS} letters on there is enough to judge.",
    ),
)


def bound_of(readings: Mapping[str, float], card: Card) -> Bound | None:
    """Return the first bound that an image is beyond, None if the gate can judge it."""
    own = [bound for bound in BOUNDS if bound.measure in card.measures]
    return next((one for one in own if one.beyond(np.array(readings[one.measure]), card)), None)


def rows_beyond(X: NDArray[np.floating], card: Card) -> NDArray[np.bool_]:
    """Tell for every row of X, whose columns are ``card.measures``, what no gate judges."""
    found = np.zeros(len(X), np.bool_)
    for bound in BOUNDS:
        if bound.measure in card.measures:
            found |= bound.beyond(X[:, card.measures.index(bound.measure)], card)
    return found
