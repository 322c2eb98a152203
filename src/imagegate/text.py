"""Write numbers for people: shares in percent, counts with their noun, three digits of the rest."""

from __future__ import annotations

import math
import os


def percent(share: float) -> str:
    """Return a share in percent, with one decimal below 10 % and above 99 %.

    A share strictly between 0 and 1 is never written as 0 or 100 %.

    >>> percent(0.031), percent(0.0002), percent(0.47), percent(0.9999), percent(1.0)
    ('3.1 %', 'under 0.1 %', '47 %', 'over 99.9 %', '100 %')
    >>> percent(math.nan)
    'n/a'
    """
    if math.isnan(share):
        return "n/a"
    value = 100 * share
    if value in (0, 100):
        return f"{value:.0f} %"
    if 0 < value < 0.1:
        return "under 0.1 %"
    if 99.9 < value < 100:
        return "over 99.9 %"
    return f"{value:.1f} %" if abs(value) < 9.95 or value > 99 else f"{value:.0f} %"


def brief_percent(share: float) -> str:
    """Return a share in percent with no more digits than a target that somebody chose has.

    >>> brief_percent(0.05), brief_percent(0.0123), brief_percent(0.995)
    ('5 %', '1.2 %', '99.5 %')
    """
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.3g} %"


def percent_range(low: float, high: float) -> str:
    """Return an interval of shares in percent, with one decimal below 10 %.

    >>> percent_range(0.0, 0.031), percent_range(0.254, 0.5)
    ('0–3.1 %', '25–50 %')
    """
    ends = (f"{100 * share:.{0 if share >= 0.0995 else 1}f}" for share in (low, high))
    return "–".join(end.removesuffix(".0") for end in ends) + " %"


def count(number: int, noun: str) -> str:
    """Return a number with its noun; of several words the last takes the plural.

    >>> count(1, "labelled image"), count(1_200, "batch"), count(0, "day")
    ('1 labelled image', '1,200 batches', '0 days')
    """
    plural = f"{noun}{'es' if noun.endswith('ch') else 's'}"
    return f"{number:,} {noun if number == 1 else plural}"


def agree(number: int, one: str, several: str) -> str:
    """Return the verb, or whatever else has to agree with a number.

    >>> agree(1, "is", "are"), agree(2, "is", "are")
    ('is', 'are')
    """
    return one if number == 1 else several


def number(value: float) -> str:
    """Return a number with three significant digits, without an exponent.

    >>> number(0.01234), number(1234.5), number(7.0), number(math.nan)
    ('0.0123', '1230', '7', 'n/a')
    """
    if not math.isfinite(value):
        return "n/a"
    rounded = float(f"{value:.3g}")
    return f"{rounded:.0f}" if abs(rounded) >= 100 else f"{rounded:.6f}".rstrip("0").rstrip(".")


def shown(path: str) -> str:
    """Return a path as text that every format can hold: bytes that are no UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
