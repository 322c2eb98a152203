"""Measures and readings in plain words."""

from __future__ import annotations

import math

from imagegate.features import find


def name_in_words(name: str) -> str:
    """Return what people call a measure.

    >>> name_in_words("blur.edge_width_p90_px"), name_in_words("noise.to_contrast")
    ('edge width in the worst tenth', 'noise to contrast')
    """
    return find(name).label


def reading_in_words(name: str, reading: float) -> str:
    """Return a name with its reading.

    >>> reading_in_words("blur.edge_width_px", 7.25)
    'edge width is 7.25 px'
    >>> reading_in_words("exposure.dark_share", 0.5)
    'dark share is 50 %'
    """
    if math.isnan(reading):
        return f"{name_in_words(name)} could not be measured"
    unit = find(name).shown_unit
    return f"{name_in_words(name)} is {value_in_words(name, reading)} {unit}".rstrip()


def value_in_words(name: str, reading: float) -> str:
    """Return a reading alone; shares in percent."""
    return f"{number(100 * reading)} %" if find(name).unit == "share" else number(reading)


def range_in_words(name: str, low: float, high: float) -> str:
    """Return a range of readings.

    >>> range_in_words("exposure.dark_share", 0.0, 0.056)
    '0–5.6 %'
    """
    return f"{value_in_words(name, low).removesuffix(' %')}–{value_in_words(name, high)}"


def number(value: float) -> str:
    """Return a number with three telling digits, without an exponent.

    >>> number(0.01234), number(1234.5), number(7.0)
    ('0.0123', '1230', '7')
    """
    if not math.isfinite(value):
        return "n/a"
    rounded = float(f"{value:.3g}")
    return f"{rounded:.0f}" if abs(rounded) >= 100 else f"{rounded:.6f}".rstrip("0").rstrip(".")
