"""Draw what the watch page shows, as SVG text that takes its ink from the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from imagegate.features import KNOWN
from imagegate.models.words import BARE, name_in_words
from imagegate.pipeline.watch.moved import Moved
from imagegate.pipeline.watch.report import Report, Section
from imagegate.training.plots import BLUE, FAINT, INK, svg

# Okabe and Ito's palette, told apart by all common kinds of colour vision.
ROUTES = {
    "use": ("to use", "#009E73"),
    "repair": ("repaired", "#56B4E9"),
    "review": ("for review", "#E69F00"),
    "reject": ("rejected", "#D55E00"),
    "broken": ("broken", "#7F7F7F"),
}
MOST_TICKS, LONGEST = 16, 18
FEW = 4  # groups whose intervals are drawn to their ends, whatever becomes of the scale
COLUMNS = 4


def routes(report: Report) -> str:
    """Draw what became of the images of every group, as shares."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        places = range(len(report.groups))
        bottom = [0.0] * len(report.groups)
        for route, (label, color) in ROUTES.items():
            shares = [100 * group.share(route) for group in report.groups]
            if any(shares):
                axes.bar(places, shares, 0.72, bottom, color=color, label=label, linewidth=0)
                bottom = [low + share for low, share in zip(bottom, shares, strict=True)]
        axes.set(ylim=(0, 100), ylabel="images (%)")
        _name_groups(axes, report.groups)
        figure.legend(loc="outside upper left", ncols=len(ROUTES))

    return svg(draw, name="routes", size=(5.2, 3.9))


def risk(report: Report) -> str:
    """Draw the share that fails of those to use: expected, seen, promised; "" if none is known."""
    if not any(group.expected or group.observed for group in report.groups):
        return ""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        tops = [_expected(axes, report.groups), _seen(axes, report.groups)]
        promise = _promise(report)
        if promise:
            axes.axhline(100 * promise, color=INK, linewidth=1, linestyle=(0, (4, 3)))
            axes.annotate(
                f"{100 * promise:g} % promised",
                (0.99, 100 * promise),
                xycoords=("axes fraction", "data"),
                xytext=(0, 3),
                textcoords="offset points",
                ha="right",
            )
            tops.append(250 * promise)
        axes.set(ylim=(0, min(100, 1.1 * max([1.0, *tops]))), ylabel="failing of those used (%)")
        _name_groups(axes, report.groups)
        if any(tops[:2]):
            figure.legend(loc="outside upper left", ncols=2)

    return svg(draw, name="risk", size=(5.2, 3.9))


def _promise(report: Report) -> float | None:
    found = report.gate.card.guarantee
    return found.promise if found and found.kept else None


def _expected(axes: Any, groups: Sequence[Section]) -> float:
    """Draw what is expected with its interval; return how high the plot must reach."""
    top, label = 0.0, "expected"
    for place, group in enumerate(groups):
        found = group.expected
        if found and found.images:
            low, value, high = (
                100 * number / found.images for number in (found.low, found.failures, found.high)
            )
            axes.plot([place - 0.12] * 2, [low, high], color=BLUE, linewidth=2.2)
            axes.plot(place - 0.12, value, "o", color=BLUE, markersize=6, label=label)
            top, label = max(top, high if len(groups) <= FEW else value), "_"
    return top


def _seen(axes: Any, groups: Sequence[Section]) -> float:
    """Draw what feedback has shown with its interval; return how high the plot must reach."""
    top, label = 0.0, "seen in feedback"
    color = ROUTES["reject"][1]
    for place, group in enumerate(groups):
        found = group.observed
        if found and found.used:
            axes.plot(
                [place + 0.12] * 2, [100 * found.low, 100 * found.high], color=color, linewidth=2.2
            )
            value = 100 * found.failed / found.used
            axes.plot(place + 0.12, value, "D", color=color, markersize=6, label=label)
            top, label = max(top, 100 * found.high if len(groups) <= FEW else value), "_"
    return top


def readings(report: Report) -> str:
    """Draw, for the measure of each signal that moved most, where its readings lie by group."""
    signals = list(report.total.signals.items())
    if not signals:
        return ""

    def draw(figure: Any) -> None:
        lines = -(-len(signals) // COLUMNS)
        grid = figure.subplots(lines, COLUMNS, squeeze=False)
        for axes, (signal, moved) in zip(grid.flat, signals, strict=False):
            _reading(axes, signal, moved, report.groups)
        for axes in grid.flat[len(signals) :]:
            axes.remove()

    return svg(draw, name="readings", size=(10.6, 3.0 * -(-len(signals) // COLUMNS)))


def _reading(axes: Any, signal: str, moved: Moved, groups: Sequence[Section]) -> None:
    """Draw the middle 80 % and the median of every group over those of the reference."""
    factor = 100 if KNOWN[moved.measure].unit == "share" else 1
    if not math.isnan(moved.reference_median):
        low, high = factor * moved.reference_low, factor * moved.reference_high
        axes.axhspan(low, high, color=BLUE, alpha=0.13, linewidth=0)
        axes.axhline(factor * moved.reference_median, color=BLUE, linewidth=1.6)
    for place, group in enumerate(groups):
        found = next((one for one in group.moved if one.measure == moved.measure), None)
        if found and not math.isnan(found.median):
            color = ROUTES["reject"][1] if found.level() == "large" else INK
            axes.plot(
                [place] * 2, [factor * found.low, factor * found.high], color=color, linewidth=2.2
            )
            axes.plot(place, factor * found.median, "o", color=color, markersize=5.5)
    axes.set_title(f"{signal}\n{_title(moved.measure)}", fontsize=9)
    _name_groups(axes, groups, most=6)


def _title(measure: str) -> str:
    """Return a measure with its unit, broken into two lines if it is long."""
    unit = KNOWN[measure].unit
    shown = "%" if unit == "share" else "" if unit in BARE else unit
    words = name_in_words(measure) + (f" ({shown})" if shown else "")
    if len(words) <= 30:
        return words
    at = words.rfind(" ", 0, 31)
    return f"{words[:at]}\n{words[at + 1 :]}"


def _name_groups(axes: Any, groups: Sequence[Section], *, most: int = MOST_TICKS) -> None:
    """Write the groups below, only some of them if they are many."""
    step = -(-len(groups) // most)
    places = list(range(0, len(groups), step))
    names = [shortened(groups[place].name) for place in places]
    tilted = sum(map(len, names)) > 4 * most
    axes.set_xticks(places, names, rotation=35 if tilted else 0, ha="right" if tilted else "center")
    axes.set_xlim(-0.6, len(groups) - 0.4)
    axes.grid(visible=False, axis="x")
    axes.axhline(0, color=FAINT, linewidth=0)


def shortened(name: str) -> str:
    """Return the end of a long name; a dollar is no formula."""
    short = name if len(name) <= LONGEST else "…" + name[1 - LONGEST :]
    return short.replace("$", r"\$")
