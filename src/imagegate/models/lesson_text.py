"""What a gate has learned, in plain words, from the lesson on its card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from imagegate.features import KNOWN
from imagegate.models.words import BARE, name_in_words, value_in_words

LEAST_SHARE = 0.05  # of what moves the answers; below that a signal hardly matters
FEW_IMAGES = 5  # a share of fewer is not told
CONTENT, CLEAN = "content", "clean"
NONE = "–"  # too few to tell
SEVERITIES = (CLEAN, "1", "2", "3", "4", "5")
BARS = " ▁▂▃▄▅▆▇█"
WIDTH, COLUMN = 24, 7  # of the first column, and of one severity: 80 with the bars


def lesson_lines(lesson: Mapping[str, Any]) -> list[str]:
    """Return a lesson as lines of text, none for a gate file without one.

    Parameters
    ----------
    lesson : mapping
        As :func:`imagegate.training.lesson.lesson_of` returns it.

    Returns
    -------
    list of str
        Sentences, then a table of 80 columns at most, if images were degraded.
    """
    return [*lesson_sentences(lesson), *severity_lines(lesson)]


def lesson_sentences(lesson: Mapping[str, Any]) -> list[str]:
    """Return what the gate looks at, and where the task begins to fail."""
    return [*_shares(lesson), *_breaks(lesson)]


def severity_title(lesson: Mapping[str, Any]) -> str:
    """Say what the shares by severity are shares of."""
    return (
        f"Share failing by severity, of {lesson['rows']:,} images outside the test "
        f"({NONE}: under {FEW_IMAGES}):"
    )


def severity_cells(lesson: Mapping[str, Any]) -> Iterator[tuple[str, list[str], str]]:
    """Yield the name of every cause, its cells for severity 0 to 5, and bars of as many blocks."""
    by_cause = lesson.get("severity", {})
    for cause, levels in by_cause.items():
        if cause != CLEAN:
            shares = [_part(images, fails) for images, fails in (by_cause[CLEAN], *levels)]
            cells = [NONE if share is None else whole(share) for share in shares]
            yield cause, cells, "".join(map(_bar, shares))


def severity_lines(lesson: Mapping[str, Any]) -> list[str]:
    """Return the shares by severity as a table of text."""
    rows = list(severity_cells(lesson))
    if not rows:
        return []
    head = _line("", SEVERITIES, "")
    return [
        severity_title(lesson),
        head,
        *(_line(f"  {name}", cells, bars) for name, cells, bars in rows),
    ]


def whole(share: float) -> str:
    """Return a share in whole percent, never 0 or 100 for what is not.

    >>> whole(0.614), whole(0.001), whole(1.0)
    ('61 %', '<1 %', '100 %')
    """
    if 0 < share < 0.01:
        return "<1 %"
    return ">99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"


def _shares(lesson: Mapping[str, Any]) -> list[str]:
    shares: Mapping[str, float] = lesson.get("shares", {})
    if not shares:
        return []
    known = {name: share for name, share in shares.items() if name != CONTENT}
    much = [name for name, share in known.items() if share >= LEAST_SHARE]
    little = [name for name, share in known.items() if 0 < share < LEAST_SHARE]
    nothing = [name for name, share in known.items() if share == 0]
    named = {name: "the output" if name == "output" else name for name in known}
    most = _listed([f"{named[n]} ({whole(known[n])})" for n in much], first=" most", then="then ")
    hardly = _listed([f"{named[n]} ({whole(known[n])})" for n in little])
    parts = [
        most or "no signal much",
        *([f"little at {hardly}"] if little else []),
        *([f"not at {_listed(nothing)}"] if nothing else []),
    ]
    said = "; ".join(parts)
    content = f"{whole(shares.get(CONTENT, 0.0))} is what the picture shows, by itself"
    if "output" in shares:
        return [f"With the output at hand it looks at {said}; {content}."]
    rows = lesson["explained"]["rows"]
    return [
        f"It looks at {said}; {content}.",
        f"  (Shares of what moves its answers on {rows:,} images of calibration: small for a fault "
        "that is rare there, or that another signal shows, too.)",
    ]


def _listed(names: Sequence[str], *, first: str = "", then: str = "") -> str:
    """Return ``a most (50 %), then b (30 %) and c (20 %)``."""
    if not names:
        return ""
    name, bracket, rest = names[0].partition(" (")
    head = f"{name}{first}{bracket}{rest}"
    if len(names) == 1:
        return head
    middle = ", ".join([head, *(then * (i == 0) + n for i, n in enumerate(names[1:-1]))])
    return f"{middle} and {then * (len(names) == 2)}{names[-1]}"


def _breaks(lesson: Mapping[str, Any]) -> list[str]:
    breaks = lesson.get("breaks", [])
    if not breaks:
        return []
    if breaks[0]["signal"] == "output":
        return [_break(one) for one in breaks]
    about = (
        "clean images and those with this fault alone"
        if lesson.get("causes")
        else "all images, whatever else is wrong with them"
    )
    title = f"Where the task begins to fail ({about}, none from the test):"
    return [title, *(f"  {_break(one)}" for one in breaks)]


def _break(one: Mapping[str, Any]) -> str:
    name, reading = str(one["measure"]), float(one["reading"])
    sides = ("below", "above") if KNOWN[name].worse == "high" else ("above", "below")
    unit = "" if KNOWN[name].unit in BARE else f" {KNOWN[name].unit}"
    before, beyond = (whole(float(one[side]["value"])) for side in ("before", "beyond"))
    return (
        f"{str(one['signal']).capitalize()}: {before} fail while {name_in_words(name)} is "
        f"{sides[0]} {value_in_words(name, reading)}{unit}, {beyond} {sides[1]}."
    )


def _part(images: int, fails: int) -> float | None:
    return fails / images if images >= FEW_IMAGES else None


def _bar(share: float | None) -> str:
    """Return the block as high as a share; nothing fails is the lowest one, not a blank."""
    return BARS[0] if share is None else BARS[max(1, round(share * (len(BARS) - 1)))]


def _line(name: str, cells: Sequence[str], bars: str) -> str:
    return f"{name:<{WIDTH}}{''.join(f'{cell:>{COLUMN}}' for cell in cells)}  {bars}".rstrip()
