"""Draw what the watch page shows, as SVG text that takes its ink from the page."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

from imagegate.features import find
from imagegate.html.figures import BLUE, FAINT, INK, svg
from imagegate.monitoring.drift import Shift
from imagegate.monitoring.report import Report, Section
from imagegate.pipeline.summary import WORDS
from imagegate.text import brief_percent

# Okabe and Ito's palette, told apart by all common kinds of colour vision.
COLORS = {
    "use": "#009E73",
    "repair": "#56B4E9",
    "review": "#E69F00",
    "reject": "#D55E00",
    "broken": "#7F7F7F",
}
ORANGE = COLORS["reject"]
# The most names below a figure, and letters of one and of all.
NAMES, FEW_NAMES = (16, 24, 48), (6, 14, 24)
FEW = 4  # periods whose intervals are drawn to their ends, however small the scale gets
COLUMNS, TITLE_WIDTH = 4, 34


def routes(report: Report) -> str:
    """Draw what became of the images of every period, as shares."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        bottom = [0.0] * len(report.periods)
        for route, label in WORDS.items():
            shares = [100 * period.share(route) for period in report.periods]
            if any(shares):
                style = {"color": COLORS[route], "label": label, "linewidth": 0}
                axes.bar(range(len(shares)), shares, 0.72, bottom, **style)
                bottom = [low + share for low, share in zip(bottom, shares, strict=True)]
        axes.set(ylim=(0, 100), ylabel="images (%)")
        _name_periods(axes, report.periods)
        figure.legend(loc="outside upper left", ncols=len(WORDS))

    return svg(draw, name="routes", size=(5.2, 3.9))


def risk(report: Report) -> str:
    """Draw the share of failures among those used: expected, labelled and guaranteed."""
    if not any(period.expected or period.observed for period in report.periods):
        return ""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        guaranteed = report.gate.card.guaranteed_risk or 0.0
        if guaranteed:
            label = f"at most {brief_percent(guaranteed)} guaranteed"
            axes.axhline(
                100 * guaranteed, color=INK, linewidth=1, linestyle=(0, (4, 3)), label=label
            )
        expected, labelled = (list(map(of, report.periods)) for of in (_expected, _labelled))
        tops = [
            _shares(axes, expected, -0.12, color=BLUE, label="expected"),
            _shares(axes, labelled, 0.12, color=ORANGE, marker="D", label="labelled"),
        ]
        if any(tops):
            figure.legend(loc="outside upper left", ncols=3)
        top = min(100, 1.1 * max(1.0, *tops, 250 * guaranteed))
        axes.set(ylim=(0, top), ylabel="failures among those used (%)")
        _name_periods(axes, report.periods)

    return svg(draw, name="risk", size=(5.2, 3.9))


def _expected(period: Section) -> tuple[float, float, float] | None:
    found = period.expected
    if not (found and found.images):
        return None
    return found.low / found.images, found.failures / found.images, found.high / found.images


def _labelled(period: Section) -> tuple[float, float, float] | None:
    found = period.observed and period.observed.used
    return (found.low, found.failed / found.images, found.high) if found and found.images else None


def _shares(
    axes: Any, shares: Sequence[tuple[float, float, float] | None], offset: float, **style: Any
) -> float:
    """Draw shares with their intervals; return how high the plot must reach."""
    known = {at: share for at, share in enumerate(shares) if share}
    for at, share in known.items():
        _interval(axes, at + offset, *(100 * end for end in share), **style)
        style["label"] = "_"  # one entry in the legend
    if len(shares) <= FEW:
        return max((100 * high for _, _, high in known.values()), default=0.0)
    return max((100 * value for _, value, _ in known.values()), default=0.0)


def measures(report: Report) -> str:
    """Draw the measure of each cause that shifted most, by period."""
    causes = report.total.causes
    if not causes:
        return ""
    lines = -(-len(causes) // COLUMNS)

    def draw(figure: Any) -> None:
        grid = figure.subplots(lines, COLUMNS, squeeze=False)
        for axes, (cause, shift) in zip(grid.flat, causes.items(), strict=False):
            _measure(axes, cause, shift, report.periods)
        for axes in grid.flat[len(causes) :]:
            axes.remove()

    return svg(draw, name="measures", size=(10.6, 3.0 * lines))


def _measure(axes: Any, cause: str, total: Shift, periods: Sequence[Section]) -> None:
    """Draw the median and the middle 80 % of every period over those of the reference."""
    row = find(total.measure)
    factor, unit = (100, "%") if row.unit == "share" else (1, row.shown_unit)
    if not math.isnan(total.reference_median):
        low, high = factor * total.reference_low, factor * total.reference_high
        axes.axhspan(low, high, color=BLUE, alpha=0.13, linewidth=0)
        axes.axhline(factor * total.reference_median, color=BLUE, linewidth=1.6)
    for at, period in enumerate(periods):
        found = next((one for one in period.shifts if one.measure == total.measure), None)
        if found and not math.isnan(found.median):
            color = ORANGE if found.level() == "large" else INK
            ends = (factor * end for end in (found.low, found.median, found.high))
            _interval(axes, at, *ends, color=color)
    title = f"{cause}: {row.label}" + (f" ({unit})" if unit else "")
    axes.set_title("\n".join(textwrap.wrap(title, TITLE_WIDTH)), fontsize=9)
    _name_periods(axes, periods, FEW_NAMES)


def _interval(
    axes: Any, x: float, low: float, value: float, high: float, *, marker: str = "o", **style: Any
) -> None:
    axes.plot([x, x], [low, high], color=style["color"], linewidth=2.2)
    axes.plot(x, value, marker, markersize=5.5, **style)


def _name_periods(
    axes: Any, periods: Sequence[Section], limits: tuple[int, int, int] = NAMES
) -> None:
    """Write the names of the periods below, only some if they are many, tilted if they are long."""
    most, longest, room = limits
    ticks = range(0, len(periods), -(-len(periods) // most))
    names = [shortened(periods[tick].name, longest).replace("$", r"\$") for tick in ticks]
    tilted = len(names) * max(map(len, names)) > room
    axes.set_xticks(ticks, names, rotation=35 if tilted else 0, ha="right" if tilted else "center")
    axes.set_xlim(-0.6, len(periods) - 0.4)
    axes.grid(visible=False, axis="x")
    axes.axhline(0, color=FAINT, linewidth=0)


def shortened(name: str, longest: int = 40) -> str:
    """Return the end of a long name, which tells paths apart, without what cannot be printed."""
    short = name if len(name) <= longest else "…" + name[1 - longest :]
    return "".join(letter if letter.isprintable() else " " for letter in short)
