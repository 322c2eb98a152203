"""Measures and readings in plain words."""

from __future__ import annotations

import math

from imagegate.features import KNOWN

TAILS = {" p90": " in the worst tenth", " p10": " in the weakest tenth"}
WITH_FAMILY = ("text", "mask", "reading")  # their names say too little alone
# Where a name says too little to people who have not read its documentation.
SAID = {
    "resolution.effective_px": "short side that detail fills",
    "text.area_share": "share of the picture that is text",
    "text.broken_share": "share of letters in pieces",
    "text.components": "number of letters found",
    "text.contrast_evenness": "contrast of the faintest letters to that of typical ones",
    "text.height_spread": "height of the tallest letters to that of typical ones",
    "text.linked_share": "share of letters with a next one beside them",
    "text.merged_share": "share of text in letters grown together",
    "text.one_threshold_share": "share of letters that one threshold tells from the ground",
    "text.speck_share": "share of specks away from the letters",
    "text.uneven_share": "share of letters off their line",
    "pixelation.step_runs": "share of steps that take more than one pixel",
    "pixelation.squares_across": "number of squares across the picture",
    "blur.edges_across": "number of edge widths across the picture",
    "content.border_contrast": "colour contrast of border to middle",
    "content.subject_share": "share of the picture unlike its border",
    "content.subject_whole": "share of the subject in one piece",
    "content.subject_separation": "separation of subject and ground",
}
BARE = ("ratio", "log ratio", "count", "quality", "share", "halvings")  # no unit after the number


def name_in_words(name: str) -> str:
    """Return the name of a measure without its unit.

    >>> name_in_words("blur.edge_width_p90_px"), name_in_words("noise.to_contrast")
    ('edge width in the worst tenth', 'noise to contrast')
    """
    if name in SAID:
        return SAID[name]
    family, _, own = name.partition(".")
    words = own.replace("_", " ").replace("x height", "x-height")
    unit = KNOWN[name].unit
    words = words.removesuffix(" px") if unit == "px" else words.removesuffix(" bits")
    for tail, meaning in TAILS.items():
        words = words.replace(tail, meaning)
    return f"{family} {words}" if family in WITH_FAMILY or words.startswith("to ") else words


def reading_in_words(name: str, reading: float) -> str:
    """Return a name with its reading.

    >>> reading_in_words("blur.edge_width_px", 7.25)
    'edge width is 7.25 px'
    >>> reading_in_words("exposure.dark_share", 0.5)
    'dark share is 50 %'
    """
    if math.isnan(reading):
        return f"{name_in_words(name)} could not be measured"
    unit = KNOWN[name].unit
    shown = "" if unit in BARE else f" {unit}"
    return f"{name_in_words(name)} is {value_in_words(name, reading)}{shown}"


def value_in_words(name: str, reading: float) -> str:
    """Return a reading alone; shares in percent."""
    return f"{number(100 * reading)} %" if KNOWN[name].unit == "share" else number(reading)


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
