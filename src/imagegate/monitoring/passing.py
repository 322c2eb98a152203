"""Tell whether far fewer images pass than usual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imagegate.models.card import Card
from imagegate.monitoring.periods import Period
from imagegate.stats.binomial import clopper_pearson
from imagegate.text import brief_percent, count

COLLAPSE = 0.2  # of all images, by which fewer pass than usual


@dataclass(frozen=True)
class Passing:
    """How many images pass, beside what is usual.

    Parameters
    ----------
    passed, images : int
        Of the day or batch.
    usual, usual_low : float
        The share that usually passes, and the least that it may be.
    sentence : str
        The numbers in words.
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


def beside(own: Period, others: Sequence[Period], *, where: str, alpha: float) -> Passing | None:
    """Compare the share to use with that of other days or batches together.

    ``where`` names them in the sentence. Both intervals together err in a share ``alpha`` of cases.
    """
    used = sum(other.tally.passed for other in others)
    images = sum(other.tally.images for other in others)
    if not images:
        return None
    low, _ = clopper_pearson(used, images, 1 - alpha)
    sentence = f"{_told(own.tally.passed, own.tally.images)} can be used as they are, {where} "
    sentence += f"{used:,} of {images:,} ({brief_percent(used / images)}){_held_for(own)}"
    return Passing(own.tally.passed, own.tally.images, used / images, low, sentence)


def beside_card(own: Period, card: Card) -> Passing | None:
    """Compare what the gate passes with what it passed of the images held out in training.

    Decisions, not routes: the card knows no policy. None if it does not say.
    """
    found = card.results.get("learned", {}).get("coverage")
    if not found or found.get("value") is None:
        return None
    usual, low = found["value"], found.get("low")
    sentence = f"the gate passes {_told(own.passed, own.judged)}, "
    sentence += f"of the images held out in training {brief_percent(usual)}{_held_for(own)}"
    return Passing(own.passed, own.judged, usual, usual if low is None else low, sentence)


def _told(passed: int, images: int) -> str:
    share = f" ({brief_percent(passed / images)})" if images else ""
    return f"{passed:,} of {count(images, 'image')}{share}"


def _held_for(own: Period) -> str:
    """Name the commonest reason of those held back."""
    found = own.tally.reasons.most_common(1)
    return (
        f"; the commonest reason against them is {found[0][0]} ({found[0][1]:,})" if found else ""
    )
