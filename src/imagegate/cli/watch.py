"""``imagegate watch``: how a gate is doing, from the log of its decisions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer
from rich.markup import escape
from rich.table import Table

from imagegate.cli.console import out, print_json
from imagegate.errors import SettingsError
from imagegate.models.card import percent

if TYPE_CHECKING:
    from imagegate.pipeline.watch.advice import Advice
    from imagegate.pipeline.watch.lines import By
    from imagegate.pipeline.watch.moved import Moved
    from imagegate.pipeline.watch.report import Report, Section

KEEP, ACT = 0, 1
STYLE = {"keep": "bold green", "look": "bold yellow", "retrain": "bold red"}
DRIFT_STYLE = {"none": "dim", "some": "yellow", "large": "bold yellow"}
MOST_TOLD = 4  # of the signals of a day or batch, in words


Logs = Annotated[
    list[Path],
    typer.Argument(help="Logs of decisions (--log), or what 'imagegate check --json' printed."),
]
GateName = Annotated[
    str | None,
    typer.Option("--gate", "-g", help="A bundled gate or a .gate file; by default the log's."),
]
Grouping = Annotated[
    str | None, typer.Option("--by", help="day or batch; by default days, if the log has several.")
]
Against = Annotated[
    str | None,
    typer.Option("--against", help="Measure drift against this day or batch, not training."),
]
Answers = Annotated[
    Path | None, typer.Option("--feedback", help="What became of images: a CSV of path,failed.")
]
Page = Annotated[
    Path | None, typer.Option("--html", help="Write a page with plots that opens anywhere.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Everything as one object.")]


def command(
    logs: Logs,
    gate: GateName = None,
    by: Grouping = None,
    against: Against = None,
    feedback: Answers = None,
    html: Page = None,
    as_json: AsJson = False,
) -> None:
    """Say how many pass and why not, what has drifted, and when to train the gate again.

    Exit code 0: keep the gate. 1: look at a sample, or train again. 2: could not run.
    """
    from imagegate.pipeline.watch.monitor import watch
    from imagegate.pipeline.watch.page import write_page

    if by not in (None, "day", "batch"):
        raise SettingsError(f"--by: expected day or batch, got {by!r}")
    report = watch(logs, gate=gate, by=cast("By | None", by), against=against, feedback=feedback)
    if html:
        write_page(report, html)
    if as_json:
        print_json(report.to_dict())
    else:
        show(report)
        if html:
            out.print(f"page: {html}", soft_wrap=True)
    raise typer.Exit(KEEP if report.advice.level == "keep" else ACT)


def show(report: Report) -> None:
    """Print the tables and sentences for people."""
    several = len(report.periods) > 1
    sections = (*report.periods, report.total) if several else report.periods
    out.print(happened(sections, report.by))
    if any(section.moved for section in sections):
        where = "training" if report.against == "training" else report.against
        out.print(f"\n[bold]drift[/] against {escape(where)} [dim]({SCALE})[/]")
        out.print(drifted(sections, report.by))
        for section in report.periods:
            tell(section)
    for note in report.notes:
        out.print(f"[dim]{escape(note)}[/]", soft_wrap=True)
    out.print()
    for section in report.periods if several else ():
        advise(section.advice, section.name, short=section.advice.level == "keep")
    advise(report.total.advice, "all" if several else "")


def advise(advice: Advice, name: str, *, short: bool = False) -> None:
    """Print what to do, and why unless it is nothing."""
    style = STYLE[advice.level]
    about = f"[bold]{escape(name)}[/]: " if name and not short else escape(name)
    why = "" if short else escape(advice.because())
    out.print(f"[{style}]{advice.level:<8}[/]{about}{why}", soft_wrap=True)


SCALE = (
    "stability index: under 0.1 as it was, over 0.25 large; [bold red]red[/] where hardly any were"
)


def happened(sections: tuple[Section, ...], by: str) -> Table:
    """Return what became of the images of every period."""
    from imagegate.pipeline.summary import WORDS

    routes = [
        name
        for name in WORDS
        if name != "use" and any(section.routes[name] for section in sections)
    ]
    labelled = any(section.observed for section in sections)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(by, overflow="fold")
    for title in ("images", "to use", *(WORDS[name] for name in routes), "unfamiliar"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("held back for", overflow="fold")
    for title in ("to fail of those used", *["failed of those labelled"] * labelled):
        table.add_column(title, overflow="fold")
    for section in sections:
        table.add_row(*cells(section, routes), *[seen(section)] * labelled)
    return table


def cells(section: Section, routes: list[str]) -> list[str]:
    """Return one line of the table."""
    interval = span(section.passed_low, section.passed_high)
    reasons = ", ".join(f"{name} {count:,}" for name, count in list(section.reasons.items())[:2])
    expected = section.expected
    return [
        escape(section.name),
        f"{section.images:,}",
        f"{percent(section.share('use'))} [dim]({interval})[/]",
        *(f"{section.routes[route]:,}" for route in routes),
        percent(section.unfamiliar / section.judged) if section.judged else "n/a",
        reasons,
        f"{expected.failures:.1f} [dim]({expected.low:,}–{expected.high:,})[/]"
        if expected and expected.images
        else "[dim]n/a[/]",
    ]


def span(low: float, high: float) -> str:
    """Return an interval of shares."""
    return f"{100 * low:.0f}–{100 * high:.0f} %"


def seen(section: Section) -> str:
    """Return what feedback says about the images that were used."""
    found = section.observed
    if not (found and found.used.images):
        return "[dim]n/a[/]"
    used, style = found.used, "red" if found.broken else "none"
    return f"[{style}]{used.failed:,} of {used.images:,}[/] [dim]({span(used.low, used.high)})[/]"


def drifted(sections: tuple[Section, ...], by: str) -> Table:
    """Return the stability index of every signal and period."""
    names = list(dict.fromkeys(name for section in sections for name in section.signals))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(by, overflow="fold")
    for name in names:
        table.add_column(name, justify="right")
    for section in sections:
        found = section.signals
        table.add_row(escape(section.name), *(index(found.get(name)) for name in names))
    return table


def index(moved: Moved | None) -> str:
    """Return the stability index, dim where it may be chance."""
    if moved is None:
        return "[dim]–[/]"
    style = "bold red" if moved.away() else DRIFT_STYLE[moved.level()]
    return f"[{style}]{moved.psi:.2f}[/]"


def tell(section: Section) -> None:
    """Print in words what moved most in a day or batch."""
    told = [one for one in section.signals.values() if one.level() == "large"][:MOST_TOLD]
    for one in told:
        out.print(
            f"  [yellow]•[/] {escape(section.name)}, {one.signal}: {escape(one.sentence())}",
            soft_wrap=True,
        )
