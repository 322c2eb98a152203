"""Choose the rows that a gate may be judged on: those of groups that it has not learned from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import SettingsError
from imagegate.models.card import Card

PARTS = ("test", "calibration", "train", "all")
MADE_FROM = ("train", "calibration")  # what a gate has seen, by way of its trees or thresholds


@dataclass(frozen=True)
class Choice:
    """Which rows, in words too; ``seen`` if the gate was made from some of them."""

    mask: NDArray[np.bool_]
    seen: bool
    note: str


def choose_rows(card: Card, groups: NDArray[np.str_], part: str) -> Choice:
    """Return the rows of a part.

    Parameters
    ----------
    card : Card
        Names the groups of each part of the gate's own corpus.
    groups : ndarray of str
        The group of each row of the corpus to evaluate on.
    part : str
        ``"test"`` is every row whose group did not make the gate: the held-out part of its own
        corpus, and all of a foreign one. ``"train"`` and ``"calibration"`` are those parts of
        its own, ``"all"`` is every row.

    Raises
    ------
    SettingsError
        If there is no such part.
    """
    if part not in PARTS:
        raise SettingsError(f"expected a part of {', '.join(PARTS)}, got {part!r}")
    made = made_from(card, groups)
    masks = {"test": ~made, "all": np.ones(len(groups), bool)}
    mask = masks.get(part, np.isin(groups, np.array(card.groups.get(part, ()), dtype=str)))
    return Choice(mask, bool((mask & made).any()), _note(part, mask, made))


def made_from(card: Card, groups: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Tell for every row whether the gate has learned from its group or was calibrated on it."""
    known = sorted({name for made in MADE_FROM for name in card.groups.get(made, ())})
    return np.isin(groups, np.array(known, dtype=str))


def _note(part: str, mask: NDArray[np.bool_], made: NDArray[np.bool_]) -> str:
    left_out = f"{int((~mask).sum()):,} of {len(mask):,} rows"
    if part != "test":
        return f"Part {part!r}, on request; {left_out} left out."
    if not made.any():
        return "The gate was made from none of the groups in this corpus; every row counts."
    return f"Left out: {left_out}, because the gate was made from their groups."
