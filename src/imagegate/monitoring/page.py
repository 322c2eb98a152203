"""Write a watch report as one HTML page that opens anywhere, with nothing to load or run."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from imagegate.models.card import percent
from imagegate.monitoring import plots
from imagegate.monitoring.advice import LEVELS
from imagegate.monitoring.moved import Moved
from imagegate.monitoring.report import Report, Section
from imagegate.pipeline.destination import check_page
from imagegate.pipeline.summary import WORDS
from imagegate.text import count
from imagegate.training.report.markup import table

VERDICTS = {
    "keep": "Keep the gate",
    "look": "Look at a sample",
    "retrain": "Train the gate again",
}
HELD = {route: words for route, words in WORDS.items() if route != "use"}
MIXED = (
    "Training holds images degraded on purpose, so real ones always differ from it as a whole; "
    "what counts is whether they are where it had hardly any. "
)
MOST_ADVICE = 4  # of periods, in words
MOST_TOLD = 3  # of the signals of a period, in words
MOST_PERIODS_TOLD = 8


def write_page(report: Report, path: str | Path) -> Path:
    """Write the page.

    Parameters
    ----------
    report : Report
        What :func:`imagegate.monitoring.monitor.watch` returned.
    path : str or Path
        The HTML file to write; its folder is made if need be.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    SettingsError
        If something else than an HTML page is there, or nothing can be written there.
    """
    target = check_page(path)
    target.write_text(render(report), encoding="utf-8")
    return Path(path)


def render(report: Report) -> str:
    """Return the report as HTML; every name and message in it is escaped."""
    own, shared = (
        files(f"imagegate.{room}") / "templates" for room in ("monitoring", "training.report")
    )
    styles = (shared / "report.css", own / "watch.css")
    page = Template((own / "watch.html").read_text(encoding="utf-8")).substitute(
        css="\n".join(style.read_text(encoding="utf-8") for style in styles),
        title=escape(f"{report.gate.name} at work"),
        facts=escape(facts(report)),
        level=report.advice.level,
        verdict=VERDICTS[report.advice.level],
        advice=advice(report),
        tiles=tiles(report.total),
        by=report.by,
        routes=plots.routes(report),
        risk=plots.risk(report),
        risk_caption=risk_caption(report),
        happened=happened(report),
        intervals=intervals(report),
        drift=moved(report) if report.total.moved else "",
        notes="\n".join(f"<li>{escape(note)}</li>" for note in report.notes),
    )
    return page.replace(" %", "\N{NO-BREAK SPACE}%")


def facts(report: Report) -> str:
    """Return what was looked at, in one line."""
    card = report.gate.card
    images = count(report.total.images, "image")
    periods = count(len(report.periods), report.by)
    span = f", {report.periods[0].name} to {report.periods[-1].name}" * (report.by == "day")
    version = f", version {card.hash[:12]}" if card.hash else ""
    return f"{images} in {periods}{span}. Gate {report.gate.name}{version}."


def advice(report: Report) -> str:
    """Return the advice: the weightiest, then that of periods that ask for more than nothing."""
    first = report.advice
    about = f"<b>{escape(first.about)}:</b> " if first is not report.total.advice else ""
    lines = [f"<p>{about}{escape(capital(first.because()))}</p>"]
    others = [
        period.advice
        for period in report.periods
        if period.advice.level != "keep" and period.advice is not first
    ]
    others.sort(key=lambda one: -LEVELS.index(one.level))
    if len(report.periods) > 1:
        lines += [
            f'<p><b class="{one.level}">{escape(one.about)}: {one.level}.</b> '
            f"{escape(capital(one.reason))}.</p>"
            for one in others[:MOST_ADVICE]
        ]
    if len(others) > MOST_ADVICE:
        lines.append(f"<p>And {len(others) - MOST_ADVICE:,} more, marked in the table below.</p>")
    return "\n".join(lines)


def capital(text: str) -> str:
    """Return a text that begins with a capital letter."""
    return text[:1].upper() + text[1:]


def tiles(total: Section) -> str:
    """Return the figures that matter most."""
    found = [
        (f"{total.images:,}", "image" if total.images == 1 else "images"),
        (percent(total.share("use")), "to use"),
    ]
    if total.expected and total.expected.images:
        expected = total.expected
        found.append(
            (
                f"{expected.failures:.1f}",
                f"of {expected.images:,} used will fail, {expected.low:,} to {expected.high:,}",
            )
        )
    if total.judged:
        found.append((percent(total.unfamiliar / total.judged), "unfamiliar to the gate"))
    seen = total.observed
    if seen and seen.used.images:
        used = seen.used
        span = f"{percent(used.low)} to {percent(used.high)}"
        promised = (
            f", {percent(seen.promise)} promised" if seen.promise and seen.covered == used else ""
        )
        found.append(
            (
                f"{used.failed:,} of {used.images:,}",
                f"labelled of those used failed: {span}{promised}",
            )
        )
    return "\n".join(
        f'<div class="tile"><b>{escape(value)}</b><span>{escape(what)}</span></div>'
        for value, what in found
    )


def risk_caption(report: Report) -> str:
    """Explain the second figure."""
    if report.total.expected is None:
        return "Rules know no probability: nothing can be expected."
    seen = " Orange: what labelled images have shown." if report.total.observed else ""
    return (
        "The share of failures to expect among those used, with 95 % intervals; it holds for "
        f"images like those that the gate was calibrated on.{seen}"
    )


def intervals(report: Report) -> str:
    """Explain the intervals of the table."""
    seen = report.total.observed
    first = (
        "To fail: the sum of the probabilities; the interval counts doubt about the calibration "
        "and chance."
    )
    if not seen:
        return first
    whole = (
        f" Of all {count(seen.expected.images, 'labelled image')} "
        f"{seen.expected_failed:,} failed; the probabilities expect "
        f"{seen.expected.failures:.1f} ({seen.expected.low:,} to {seen.expected.high:,})."
        if seen.expected and seen.expected.images
        else ""
    )
    others = (("repaired", seen.repaired), ("held back", seen.held_back))
    parts = [f" Of {o.images:,} {name} {o.failed:,} failed." for name, o in others if o.images]
    return f"{first} Failed: exact intervals (Clopper and Pearson).{whole}{''.join(parts)}"


def happened(report: Report) -> str:
    """Return the table of what became of the images; routes that nothing took are left out."""
    routes = [route for route in HELD if report.total.routes[route]]
    labelled = report.total.observed is not None
    titles = [report.by, "images", "to use", *(HELD[route] for route in routes), "unfamiliar"]
    titles += ["held back for", "to fail of those used"]
    titles += ["failed of those labelled"] * labelled + [""]
    sections = [("", period) for period in report.periods]
    if len(report.periods) > 1:
        sections.append((' class="total"', report.total))
    return table(
        titles,
        (
            (mark, [*_happened(one, routes), *[_failed(one)] * labelled, _level(one)])
            for mark, one in sections
        ),
    )


def _happened(section: Section, routes: Sequence[str]) -> list[str]:
    low, high = 100 * section.passed_low, 100 * section.passed_high
    expected = section.expected
    unfamiliar = percent(section.unfamiliar / section.judged) if section.judged else "n/a"
    reasons = ", ".join(f"{name} {count:,}" for name, count in list(section.reasons.items())[:3])
    return [
        escape(section.name),
        f"{section.images:,}",
        f"{percent(section.share('use'))}<small>{low:.0f} to {high:.0f} %</small>",
        *(f"{section.routes[route]:,}" for route in routes),
        unfamiliar,
        f'<span class="wrap">{escape(reasons) or "–"}</span>',
        f"{expected.failures:.1f}<small>{expected.low:,} to {expected.high:,}</small>"
        if expected and expected.images
        else "n/a",
    ]


def _failed(section: Section) -> str:
    seen = section.observed
    if not (seen and seen.used.images):
        return "n/a"
    used = seen.used
    span = f"{100 * used.low:.0f} to {100 * used.high:.0f} %"
    return f"{used.failed:,} of {used.images:,}<small>{span}</small>"


def _level(section: Section) -> str:
    level = section.advice.level
    return f'<span class="{level}">{level}</span>'


def moved(report: Report) -> str:
    """Return the part of the page about drift."""
    folder = files("imagegate.monitoring") / "templates"
    where = "training" if report.against == "training" else report.against
    return Template((folder / "drift.html").read_text(encoding="utf-8")).substitute(
        where=escape(where),
        by=report.by,
        measures=len(report.total.moved),
        heat=heat(report),
        chance=chance(report),
        mixed=MIXED if report.against == "training" else "",
        told=told(report),
        readings=plots.readings(report),
    )


def heat(report: Report) -> str:
    """Return the stability index of every signal and period, coloured."""
    names = list(report.total.signals)
    rows = [
        ("", [escape(period.name), *(_index(period.signals.get(name)) for name in names)])
        for period in report.periods
    ]
    return table([report.by, *names], rows)


def _index(found: Moved | None) -> str:
    if found is None:
        return "–"
    title = f"{found.measure}: p {found.p:.2g}, {percent(found.rare)} where hardly any were"
    level = "away" if found.away() else found.level()
    return f'<span class="{level}" title="{escape(title)}">{found.psi:.2f}</span>'


def chance(report: Report) -> str:
    """Say how large the index gets by chance."""
    smallest = min((period for period in report.periods if period.moved), key=lambda p: p.judged)
    highest = max(one.psi_by_chance for one in smallest.moved)
    return (
        f"By chance alone the index reaches {highest:.2f} in the smallest {report.by} "
        f"({count(smallest.judged, 'image')})."
    )


def told(report: Report) -> str:
    """Return in words what moved most in every period."""
    lines = [
        f"<li><b>{escape(period.name)}, {escape(one.signal)}:</b> {escape(one.sentence())}</li>"
        for period in report.periods[-MOST_PERIODS_TOLD:]
        for one in [found for found in period.signals.values() if found.level() != "none"][
            :MOST_TOLD
        ]
    ]
    return "\n".join(lines) or "<li>Nothing has moved beyond chance.</li>"
