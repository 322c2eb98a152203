"""Exact numbers about samples of a finite batch: how many bad pictures can be left, at most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from imagegate.errors import SettingsError


@dataclass(frozen=True)
class Sampled:
    """One stratum: how many it has, how many of them were drawn at random, how many were bad."""

    size: int
    drawn: int
    found: int

    @property
    def fraction(self) -> float:
        """The share that was drawn, 0 to 1; 1 of an empty stratum."""
        return self.drawn / self.size if self.size else 1.0


def hypergeometric_p(found: int, bad: int, drawn: int, size: int) -> float:
    """Return the probability of at most ``found`` bad ones among ``drawn`` of ``size``.

    ``bad`` of all are bad; drawing is without replacement.

    >>> round(hypergeometric_p(0, 28, 50, 500), 4), hypergeometric_p(3, 3, 10, 20)
    (0.0471, 1.0)
    """
    if found >= min(bad, drawn):
        return 1.0
    least = max(0, drawn - (size - bad))
    every = _choose(size, drawn)
    ways = (_choose(bad, k) + _choose(size - bad, drawn - k) for k in range(least, found + 1))
    return min(1.0, math.fsum(math.exp(way - every) for way in ways))


def binomial_tail(found: int, bad: int, share: float) -> float:
    """Return the probability of at most ``found`` of ``bad`` where each is drawn with ``share``."""
    if found >= bad or share <= 0:
        return 1.0
    if share >= 1:
        return 0.0
    drawn, missed = math.log(share), math.log1p(-share)
    terms = (_choose(bad, k) + k * drawn + (bad - k) * missed for k in range(found + 1))
    return min(1.0, math.fsum(map(math.exp, terms)))


def p_value(strata: Sequence[Sampled], bad: int) -> float:
    """Return the largest probability of finding so few, however ``bad`` ones lie in the strata.

    Exact for one stratum. For several each bad one counts as drawn with the smallest fraction of
    any stratum, independently. This is never too small: the number found in a stratum is a sum of
    independent trials (Vatutin and Mikhailov, 1982), and below the mean less one the tail of
    such a sum is largest where all have the same probability (Hoeffding, Ann. Math. Stat. 1956).
    A stratum that was drawn whole has nothing left and does not count.
    """
    open_ones = [one for one in strata if one.drawn < one.size]
    bad -= sum(one.found for one in strata if one.drawn >= one.size)
    if not open_ones:
        return 0.0 if bad > 0 else 1.0
    found = sum(one.found for one in open_ones)
    if bad > sum(one.size - one.drawn + one.found for one in open_ones):
        return 0.0
    if len(open_ones) == 1:
        return hypergeometric_p(found, bad, open_ones[0].drawn, open_ones[0].size)
    share = min(one.fraction for one in open_ones)
    if found and found > share * bad - 1:
        return 1.0
    return binomial_tail(found, bad, share)


def bad_below(strata: Sequence[Sampled], confidence: float) -> int:
    """Return the number that the bad ones of all strata stay below, at a confidence.

    Parameters
    ----------
    strata : sequence of Sampled
        What was drawn at random, its number fixed beforehand.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    int
        "Fewer than so many are bad", those found included; ``found + 1`` if all were drawn.

    Examples
    --------
    >>> bad_below([Sampled(size=500, drawn=50, found=0)], 0.95)
    28
    """
    alpha = 1 - _checked(confidence)
    low = sum(one.found for one in strata)  # so many are possible
    high = low + sum(one.size - one.drawn for one in strata) + 1  # so many are not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if p_value(strata, middle) <= alpha else (middle, high)
    return high


def bad_below_each(strata: Sequence[Sampled], confidence: float) -> list[int]:
    """Return ``bad_below`` for every stratum, all at once at the confidence (Bonferroni)."""
    each = 1 - (1 - _checked(confidence)) / max(1, len(strata))
    return [bad_below([one], each) for one in strata]


def proves(strata: Sequence[Sampled], limit: int, confidence: float) -> bool:
    """Tell whether fewer than ``limit`` bad ones are left among those not drawn.

    It may be asked after every draw, and one may stop as soon as it holds: the confidence is that
    of the whole procedure, see :func:`stopping_level`.
    """
    found = sum(one.found for one in strata)
    alpha = stopping_level(limit, confidence)
    return limit > 0 and p_value(strata, found + limit) <= alpha


def looks_needed(sizes: Sequence[int], limit: int, confidence: float, *, found: int = 0) -> int:
    """Return how many draws prove fewer than ``limit`` left if so many bad ones are found.

    Every stratum is drawn to the same fraction.

    >>> looks_needed([500], 5, 0.95), looks_needed([500], 5, 0.95, found=3)
    (241, 365)
    """
    total = sum(sizes)
    if limit <= 0:
        return total
    if total < limit:
        return 0
    alpha = stopping_level(limit, confidence)
    low, high = -1, total  # draws that do not prove it, and that do
    while high - low > 1:
        middle = (low + high) // 2
        fine = (
            hypergeometric_p(found, min(found + limit, total), middle, total)
            if len(sizes) == 1
            else binomial_tail(found, found + limit, middle / total)
        )
        low, high = (low, middle) if fine <= alpha else (middle, high)
    return min(total, sum(math.ceil(round(high / total * size, 9)) for size in sizes))


def stopping_level(limit: int, confidence: float) -> float:
    """Return the level for each test if one stops at the first that proves the limit.

    Asking after every draw gives chance more than one try. By how much the error grows was
    computed exactly (order statistics of uniforms below a boundary) for limits of 1 to 160 and
    levels of 0.01 to 0.2; the line lies above all of them.
    """
    alpha = 1 - _checked(confidence)
    return float(alpha / (1.045 + 0.132 * math.log(max(1, limit)) ** 1.75))


def _choose(total: int, some: int) -> float:
    """Return the logarithm of a binomial coefficient."""
    if not 0 <= some <= total:
        return -math.inf
    return math.lgamma(total + 1) - math.lgamma(some + 1) - math.lgamma(total - some + 1)


def _checked(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise SettingsError(f"confidence lies between 0 and 1, got {confidence}")
    return confidence
