"""Write numbers and places for people: percent, counts with their noun, part of a picture."""

from __future__ import annotations

import math
import os

MOST, EDGE, NEAR = 0.75, 0.2, 0.05  # of a side: nearly all, a narrow strip, at the border
# By where a part lies down and across; a side that it nearly fills says nothing.
PARTS = {
    ("upper", ""): "upper_half",
    ("upper", "left"): "upper_left",
    ("upper", "middle"): "upper_half",
    ("upper", "right"): "upper_right",
    ("middle", ""): "middle",
    ("middle", "left"): "left_half",
    ("middle", "middle"): "middle",
    ("middle", "right"): "right_half",
    ("lower", ""): "lower_half",
    ("lower", "left"): "lower_left",
    ("lower", "middle"): "lower_half",
    ("lower", "right"): "lower_right",
    ("", "left"): "left_half",
    ("", "middle"): "middle",
    ("", "right"): "right_half",
    ("", ""): "",
}
EDGES = tuple(f"{side}_edge" for side in ("upper", "lower", "left", "right"))
PLACES = (*dict.fromkeys(filter(None, PARTS.values())), *EDGES)


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


def place(box: tuple[int, int, int, int], width: int, height: int) -> str:
    """Return which part of a picture a box is, one of ``PLACES``; empty for nearly all of it.

    The box is left, top, right and bottom in pixels of the picture.

    >>> place((0, 400, 600, 800), 600, 800), place((10, 0, 300, 200), 600, 800)
    ('lower_half', 'upper_left')
    >>> place((560, 0, 600, 800), 600, 800), place((0, 0, 600, 700), 600, 800)
    ('right_edge', '')
    """
    left, top, right, bottom = box
    across, narrow = _along(left / width, right / width, ("left", "middle", "right"))
    down, flat = _along(top / height, bottom / height, ("upper", "middle", "lower"))
    if (narrow and not down) or (flat and not across):
        return f"{down or across}_edge"
    return PARTS[down, across]


def _along(start: float, end: float, names: tuple[str, str, str]) -> tuple[str, bool]:
    """Return where a part of a side lies, and whether it is a strip along the border."""
    if end - start >= MOST:
        return "", False
    strip = end - start <= EDGE and (start <= NEAR or end >= 1 - NEAR)
    middle = (start + end) / 2
    return names[int(middle >= 0.4) + int(middle > 0.6)], strip


def shown(path: str) -> str:
    """Return a path as text that every format can hold: bytes that are no UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
