"""Write a watch report as one HTML page: ``watch.html`` is the page, this file what it shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from imagegate import html
from imagegate.monitoring import figures
from imagegate.monitoring.report import Report, Section
from imagegate.pipeline.destination import check_page
from imagegate.pipeline.summary import WORDS
from imagegate.text import agree, brief_percent, percent, percent_range

TEMPLATE = Path(__file__).with_name("watch.html")
VERDICTS = {
    "keep": "Keep the gate",
    "look": "Look at a sample",
    "retrain": "Train the gate again",
}
MOST_ADVICE = 4  # of periods, in words
MOST_SHIFTS = 3  # of the causes of a period, in words
MOST_PERIODS_TOLD = 8


def write_page(report: Report, path: str | Path) -> Path:
    """Write a report as one HTML file, which replaces nothing but such a file, and return it."""
    target = check_page(path)
    target.write_text(render(report), encoding="utf-8")
    return Path(path)


def render(report: Report) -> str:
    """Return the report as HTML; every name and message in it is escaped."""
    total, advice = report.total, report.other_advice
    return html.render(
        TEMPLATE,
        report=report,
        total=total,
        verdict=VERDICTS[report.advice.level],
        advice=advice[:MOST_ADVICE],
        more_advice=max(0, len(advice) - MOST_ADVICE),
        tiles=list(tiles(total)),
        held={
            route: words for route, words in WORDS.items() if route != "use" and total.routes[route]
        },
        sections=report.sections,
        shifts=list(shifts(report)),
        psi_by_chance=psi_by_chance(report),
        figures=figures,
    )


def tiles(total: Section) -> Iterator[html.Tile]:
    """Yield the figures that matter most."""
    yield html.Tile(f"{total.images:,}", (agree(total.images, "image", "images"),))
    interval = percent_range(total.passed_low, total.passed_high)
    yield html.Tile(percent(total.share("use")), ("to use", f"95 %: {interval}"))
    expected, seen = total.expected, total.observed
    lines: tuple[str, ...]
    if expected and expected.images:
        span = f"95 %: {expected.low:,}–{expected.high:,}"
        lines = ("expected failures", f"of {expected.images:,} used", span)
        yield html.Tile(f"{expected.failures:.1f}", lines)
    if expected and total.judged:
        yield html.Tile(percent(total.unfamiliar_share), ("unfamiliar to the gate",))
    if seen and seen.used.images:
        used, span = seen.used, f"95 %: {percent_range(seen.used.low, seen.used.high)}"
        target = seen.guaranteed if seen.covered == used else None
        guaranteed = [f"{brief_percent(target)} guaranteed"] if target else []
        lines = ("of those used and labelled failed", span, *guaranteed)
        yield html.Tile(f"{used.failed:,} of {used.images:,}", lines)


def shifts(report: Report) -> Iterator[tuple[str, str, str]]:
    """Yield period, cause and sentence of the largest shifts in the last periods."""
    for period in report.periods[-MOST_PERIODS_TOLD:]:
        shifted = [one for one in period.causes.values() if one.level() != "none"]
        for one in shifted[:MOST_SHIFTS]:
            yield period.name, one.cause, one.sentence()


def psi_by_chance(report: Report) -> tuple[float, int] | None:
    """Return how large the index gets by chance in the smallest period, and how many it holds."""
    periods = [period for period in report.periods if period.shifts]
    if not periods:
        return None
    smallest = min(periods, key=lambda period: period.judged)
    return max(one.psi_by_chance for one in smallest.shifts), smallest.judged
