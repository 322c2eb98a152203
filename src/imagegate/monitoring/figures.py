"""Draw what the watch page shows, as SVG text that takes its ink from the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from imagegate.features import find
from imagegate.html.figures import BLUE, FAINT, INK, svg
from imagegate.monitoring.moved import Moved
from imagegate.monitoring.report import Report, Section
from imagegate.pipeline.summary import WORDS

# Okabe and Ito's palette, told apart by all common kinds of colour vision.
COLORS = {
    "use": "#009E73",
    "repair": "#56B4E9",
    "review": "#E69F00",
    "reject": "#D55E00",
    "broken": "#7F7F7F",
}
MOST_TICKS, LONGEST = 16, 24
FEW_TICKS, SHORTER = 6, 14  # of the small figures
FEW = 4  # periods whose intervals are drawn to their ends, whatever becomes of the scale
COLUMNS = 4


def routes(report: Report) -> str:
    """Draw what became of the images of every period, as shares."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        places = range(len(report.periods))
        bottom = [0.0] * len(report.periods)
        for route, label in WORDS.items():
            shares = [100 * period.share(route) for period in report.periods]
            if any(shares):
                axes.bar(
                    places, shares, 0.72, bottom, color=COLORS[route], label=label, linewidth=0
                )
                bottom = [low + share for low, share in zip(bottom, shares, strict=True)]
        axes.set(ylim=(0, 100), ylabel="images (%)")
        _name_periods(axes, report.periods)
        figure.legend(loc="outside upper left", ncols=len(WORDS))

    return svg(draw, name="routes", size=(5.2, 3.9))


def risk(report: Report) -> str:
    """Draw the share that fails of those to use: expected, seen, promised; "" if none is known."""
    if not any(period.expected or period.observed for period in report.periods):
        return ""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        tops = [_expected(axes, report.periods), _seen(axes, report.periods)]
        promise = report.gate.card.guaranteed_risk
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
        _name_periods(axes, report.periods)
        if any(tops[:2]):
            figure.legend(loc="outside upper left", ncols=2)

    return svg(draw, name="risk", size=(5.2, 3.9))


def _expected(axes: Any, periods: Sequence[Section]) -> float:
    """Draw what is expected with its interval; return how high the plot must reach."""
    top, label = 0.0, "expected"
    for place, period in enumerate(periods):
        found = period.expected
        if found and found.images:
            low, value, high = (
                100 * number / found.images for number in (found.low, found.failures, found.high)
            )
            axes.plot([place - 0.12] * 2, [low, high], color=BLUE, linewidth=2.2)
            axes.plot(place - 0.12, value, "o", color=BLUE, markersize=6, label=label)
            top, label = max(top, high if len(periods) <= FEW else value), "_"
    return top


def _seen(axes: Any, periods: Sequence[Section]) -> float:
    """Draw what feedback has shown with its interval; return how high the plot must reach."""
    top, label = 0.0, "seen in feedback"
    color = COLORS["reject"]
    for place, period in enumerate(periods):
        found = period.observed and period.observed.used
        if found and found.images:
            axes.plot(
                [place + 0.12] * 2, [100 * found.low, 100 * found.high], color=color, linewidth=2.2
            )
            value = 100 * found.failed / found.images
            axes.plot(place + 0.12, value, "D", color=color, markersize=6, label=label)
            top, label = max(top, 100 * found.high if len(periods) <= FEW else value), "_"
    return top


def readings(report: Report) -> str:
    """Draw, for the measure of each signal that moved most, where its readings lie by period."""
    signals = list(report.total.signals.items())
    if not signals:
        return ""

    def draw(figure: Any) -> None:
        lines = -(-len(signals) // COLUMNS)
        grid = figure.subplots(lines, COLUMNS, squeeze=False)
        for axes, (signal, moved) in zip(grid.flat, signals, strict=False):
            _reading(axes, signal, moved, report.periods)
        for axes in grid.flat[len(signals) :]:
            axes.remove()

    return svg(draw, name="readings", size=(10.6, 3.0 * -(-len(signals) // COLUMNS)))


def _reading(axes: Any, signal: str, moved: Moved, periods: Sequence[Section]) -> None:
    """Draw the middle 80 % and the median of every period over those of the reference."""
    factor = 100 if find(moved.measure).unit == "share" else 1
    if not math.isnan(moved.reference_median):
        low, high = factor * moved.reference_low, factor * moved.reference_high
        axes.axhspan(low, high, color=BLUE, alpha=0.13, linewidth=0)
        axes.axhline(factor * moved.reference_median, color=BLUE, linewidth=1.6)
    for place, period in enumerate(periods):
        found = next((one for one in period.moved if one.measure == moved.measure), None)
        if found and not math.isnan(found.median):
            color = COLORS["reject"] if found.level() == "large" else INK
            axes.plot(
                [place] * 2, [factor * found.low, factor * found.high], color=color, linewidth=2.2
            )
            axes.plot(place, factor * found.median, "o", color=color, markersize=5.5)
    axes.set_title(f"{signal}\n{_title(moved.measure)}", fontsize=9)
    _name_periods(axes, periods, most=FEW_TICKS, longest=SHORTER)


def _title(measure: str) -> str:
    """Return a measure with its unit, broken into two lines if it is long."""
    row = find(measure)
    shown = "%" if row.unit == "share" else row.shown_unit
    words = find(measure).label + (f" ({shown})" if shown else "")
    if len(words) <= 30:
        return words
    at = words.rfind(" ", 0, 31)
    return f"{words[:at]}\n{words[at + 1 :]}"


def _name_periods(
    axes: Any, periods: Sequence[Section], *, most: int = MOST_TICKS, longest: int = LONGEST
) -> None:
    """Write the periods below, only some of them if they are many."""
    step = -(-len(periods) // most)
    places = list(range(0, len(periods), step))
    names = [shortened(periods[place].name, longest) for place in places]
    tilted = sum(map(len, names)) > 4 * most
    axes.set_xticks(places, names, rotation=35 if tilted else 0, ha="right" if tilted else "center")
    axes.set_xlim(-0.6, len(periods) - 0.4)
    axes.grid(visible=False, axis="x")
    axes.axhline(0, color=FAINT, linewidth=0)


def shortened(name: str, longest: int) -> str:
    """Return the end of a long name, as can be drawn; a dollar is no formula."""
    short = name if len(name) <= longest else "…" + name[1 - longest :]
    short = "".join(letter if letter.isprintable() else " " for letter in short)
    return short.replace("$", r"\$")
