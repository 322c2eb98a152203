"""What a gate has learned, in plain words, from the lesson on its card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

LEAST_FALL = 0.005  # of AUROC; below that a family of measures hardly matters
FEW_IMAGES = 5  # a share of fewer is not told
CLEAN = "clean"
FAMILIES = {
    "text": "letters",
    "content": "what the picture shows",
    "mask": "the mask",
    "reading": "what was read",
}
NONE = "–"  # too few to tell
MIXED = {
    "several": "several causes, the first is among them",
    "helps": "of several, the one whose removal helps the engine most",
    "clean": "clean images without a probable cause",
}
SEVERITIES = (CLEAN, "1", "2", "3", "4", "5")
BARS = " ▁▂▃▄▅▆▇█"
WIDTH, COLUMN = 24, 7  # of the first column, and of one severity: 80 with the bars


def lesson_lines(lesson: Mapping[str, Any]) -> list[str]:
    """Return a lesson as lines of text, none for a gate file without one.

    Parameters
    ----------
    lesson : mapping
        As :func:`imagegate.training.learning.insights.insights_of` returns it.

    Returns
    -------
    list of str
        Sentences, then a table of 80 columns at most, if images were degraded.
    """
    return [*lesson_sentences(lesson), *severity_lines(lesson)]


def lesson_sentences(lesson: Mapping[str, Any]) -> list[str]:
    """Return what the ranking of the gate rests on."""
    found: Mapping[str, float] = lesson.get("importance", {})
    much = [f"{FAMILIES.get(n, n)} ({fall:.3f})" for n, fall in found.items() if fall >= LEAST_FALL]
    if not found:
        return []
    told = ", ".join(much) if much else "none by more than 0.005"
    return [f"AUROC falls by so much when the readings of one kind are shuffled: {told}."]


def diagnosis_lines(diagnosis: Mapping[str, Any]) -> list[str]:
    """Return how often the first reason is the true cause, none without a diagnosis.

    Parameters
    ----------
    diagnosis : mapping
        As :func:`imagegate.training.learning.diagnosis.diagnose` writes it on the card.
    """
    if not diagnosis:
        return []
    held, hurts = diagnosis["held_out"], diagnosis["hurts_from"]
    from_level = zip(diagnosis["causes"], hurts, strict=True)
    lines = [
        f"Reasons, learned from {diagnosis['rows']:,} images of {diagnosis['sources']:,} sources. "
        "On the test images, the first is the true cause:"
    ]
    lines += [
        f"  {cause:<12} {_rate(held['one'].get(cause, (0, 0)))}; hurts from severity {level:.1f}"
        f"{' or more' * (level >= 2)}"
        for cause, level in from_level
    ]
    lines += [f"  {words}: {_rate(held[name])}" for name, words in MIXED.items()]
    gain = held["gain"]
    stated, measured = gain.get("stated"), gain.get("measured")
    if stated is not None and measured is not None:
        lines.append(
            f"  without the cause, the share failing falls by {whole(measured)} where "
            f"{whole(stated)} is stated ({gain['rows']:,} images)"
        )
    return lines


def _rate(counted: Sequence[int]) -> str:
    images, right = counted
    return f"{right:,} of {images:,}" + (f" ({whole(right / images)})" if images else "")


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


def _part(images: int, fails: int) -> float | None:
    return fails / images if images >= FEW_IMAGES else None


def _bar(share: float | None) -> str:
    """Return the block as high as a share; nothing fails is the lowest one, not a blank."""
    return BARS[0] if share is None else BARS[max(1, round(share * (len(BARS) - 1)))]


def _line(name: str, cells: Sequence[str], bars: str) -> str:
    return f"{name:<{WIDTH}}{''.join(f'{cell:>{COLUMN}}' for cell in cells)}  {bars}".rstrip()
