"""``imagegate watch``: how a gate is doing, from the log of its decisions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, cast

import typer
from rich.cells import cell_len
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from imagegate.cli.console import out, print_json
from imagegate.errors import SettingsError
from imagegate.models.card import percent
from imagegate.models.gate import OUTPUT_SUFFIX

if TYPE_CHECKING:
    from imagegate.monitoring.advice import Advice
    from imagegate.monitoring.lines import By
    from imagegate.monitoring.moved import Moved
    from imagegate.monitoring.report import Report, Section

KEEP, ACT = 0, 1
STYLE = {"keep": "bold green", "look": "bold yellow", "retrain": "bold red"}
DRIFT_STYLE = {"none": "dim", "some": "yellow", "large": "bold yellow"}
MOST_ADVICE = 4  # beside the weightiest, in words
MOST_TOLD = 10  # of the signals of all days or batches, in words
ELSEWHERE = "see --html or --json"
NAME_WIDTH, LEAST_NAME = 16, 8  # columns that names get before others go, and at least
GAP = 2  # between two columns
HELD_FOR = "held back for"


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
    from imagegate.monitoring.monitor import watch
    from imagegate.monitoring.page import write_page
    from imagegate.pipeline.destination import check_page

    if by not in (None, "day", "batch"):
        raise SettingsError(f"--by: expected day or batch, got {by!r}")
    if html:
        check_page(html, inputs=inputs(logs, feedback, gate))
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


def inputs(logs: list[Path], feedback: Path | None, gate: str | None) -> list[Path]:
    """Return the files that are read; of a gate inside another, that one."""
    asked = [Path(name) for name in (gate, gate and gate.removesuffix(OUTPUT_SUFFIX)) if name]
    return [*logs, *([feedback] if feedback else []), *asked]


def show(report: Report) -> None:
    """Print what to do, then the tables and sentences for people."""
    several = len(report.periods) > 1
    sections = (*report.periods, report.total) if several else report.periods
    verdict(report)
    out.print()
    out.print(happened(sections, report.by))
    if any(section.moved for section in sections):
        where = "training" if report.against == "training" else report.against
        out.print(f"\n[bold]drift[/] against {escape(where)} [dim]({SCALE})[/]", soft_wrap=True)
        out.print(drifted(sections, report.by))
        tell(report.periods)
    out.print()
    for note in report.notes:
        out.print(f"[dim]{escape(note)}[/]", soft_wrap=True)


def verdict(report: Report) -> None:
    """Print the weightiest advice, and whatever else asks for more than nothing."""
    from imagegate.monitoring.advice import LEVELS
    from imagegate.text import count

    first, several = report.advice, len(report.periods) > 1
    advise(first, first.about if several else "")
    if not several or first.level == "keep":
        return
    periods = [period.advice for period in report.periods]
    more = [one for one in (report.total.advice, *periods) if one.level != "keep"]
    more = sorted(
        (one for one in more if one is not first), key=lambda one: -LEVELS.index(one.level)
    )
    for one in more[:MOST_ADVICE]:
        advise(one, one.about)
    if len(more) > MOST_ADVICE:
        out.print(f"… and {len(more) - MOST_ADVICE:,} more, {ELSEWHERE}")
    kept = sum(one.level == "keep" for one in periods)
    if kept:
        out.print(f"[{STYLE['keep']}]{'keep':<8}[/]{count(kept, f'other {report.by}')}")


def advise(advice: Advice, name: str) -> None:
    """Print what to do, and why."""
    about = f"[bold]{escape(name)}[/]: " if name else ""
    level = f"[{STYLE[advice.level]}]{advice.level:<8}[/]"
    out.print(f"{level}{about}{escape(advice.because())}", soft_wrap=True)


SCALE = (
    "stability index: under 0.1 as it was, over 0.25 large; [bold red]red[/] where hardly any were"
)


def happened(sections: tuple[Section, ...], by: str) -> Table:
    """Return what became of the images of every period, with as much as the terminal is wide."""
    for plan in PLANS:
        columns = columns_of(sections, plan)
        table, left = named_table(sections, by, columns)
        if left >= min(NAME_WIDTH, widest(escape(section.name) for section in sections)):
            break
    return table


class Plan(NamedTuple):
    """What of the table fits: intervals, how many reasons, the unfamiliar, all the routes."""

    intervals: bool
    reasons: int
    unfamiliar: bool = True
    routes: bool = True


PLANS = (
    *(Plan(intervals=True, reasons=2), Plan(intervals=False, reasons=2)),
    *(Plan(intervals=False, reasons=1), Plan(intervals=False, reasons=1, unfamiliar=False)),
    Plan(intervals=False, reasons=0, unfamiliar=False),
    Plan(intervals=False, reasons=0, unfamiliar=False, routes=False),
)


def columns_of(sections: tuple[Section, ...], plan: Plan) -> dict[str, list[str]]:
    """Return cells by heading."""
    from imagegate.pipeline.summary import WORDS

    found = {"images": [f"{one.images:,}" for one in sections]}
    found["to use"] = [passed(one, plan) for one in sections]
    for route, words in WORDS.items() if plan.routes else ():
        if route != "use" and any(one.routes[route] for one in sections):
            found[words.replace(" ", "\n")] = [f"{one.routes[route]:,}" for one in sections]
    if plan.unfamiliar:
        shares = (one.unfamiliar / one.judged if one.judged else None for one in sections)
        found["unfamiliar"] = ["n/a" if share is None else percent(share) for share in shares]
    if plan.reasons and any(one.reasons for one in sections):
        found[HELD_FOR] = [held_for(one, plan.reasons) for one in sections]
    wide = plan.intervals
    found["to fail of\nthose used" if wide else "to\nfail"] = [
        to_fail(one, plan) for one in sections
    ]
    if any(one.observed for one in sections):
        found["failed of\nthose labelled" if wide else "failed of\nlabelled"] = [
            seen(one, plan) for one in sections
        ]
    return found


def named_table(
    sections: tuple[Section, ...], by: str, columns: dict[str, list[str]]
) -> tuple[Table, int]:
    """Return a table of which no cell is folded, and how much room there is for names."""
    need = sum(widest([*title.split("\n"), *cells]) + GAP for title, cells in columns.items())
    left = out.width - need
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(by, no_wrap=True)
    for title in columns:
        table.add_column(title, justify="left" if title == HELD_FOR else "right", no_wrap=True)
    for at, section in enumerate(sections):
        name = escape(shortened(section.name, max(left, LEAST_NAME)))
        table.add_row(name, *(cells[at] for cells in columns.values()))
    return table, left


def widest(texts: Iterable[str]) -> int:
    """Return how many columns of a terminal the widest text takes, without its markup."""
    return max(Text.from_markup(text).cell_len for text in texts)


def shortened(name: str, most: int) -> str:
    """Return a name cut in front: the ends of paths tell them apart."""
    if cell_len(name) <= most:
        return name
    while cell_len(name) >= most:
        name = name[1:]
    return f"…{name}"


def passed(section: Section, plan: Plan) -> str:
    """Return the share to use."""
    share = percent(section.share("use"))
    low, high = section.passed_low, section.passed_high
    return f"{share} [dim]({span(low, high)})[/]" if plan.intervals else share


def held_for(section: Section, most: int) -> str:
    """Return the commonest reasons."""
    found = list(section.reasons.items())[:most]
    return ", ".join(f"{escape(name)} {count:,}" for name, count in found)


def to_fail(section: Section, plan: Plan) -> str:
    """Return how many failures to expect."""
    expected = section.expected
    if not (expected and expected.images):
        return "[dim]n/a[/]"
    interval = f" [dim]({expected.low:,}–{expected.high:,})[/]" if plan.intervals else ""
    return f"{expected.failures:.1f}{interval}"


def span(low: float, high: float) -> str:
    """Return an interval of shares."""
    return f"{100 * low:.0f}–{100 * high:.0f} %"


def seen(section: Section, plan: Plan) -> str:
    """Return what feedback says about the images that were used."""
    found = section.observed
    if not (found and found.used.images):
        return "[dim]n/a[/]"
    used, style = found.used, "red" if found.broken else "none"
    interval = f" [dim]({span(used.low, used.high)})[/]" if plan.intervals else ""
    return f"[{style}]{used.failed:,} of {used.images:,}[/]{interval}"


def drifted(sections: tuple[Section, ...], by: str) -> Table:
    """Return the stability index of every signal and period."""
    names = list(dict.fromkeys(name for section in sections for name in section.signals))
    columns = {name: [index(one.signals.get(name)) for one in sections] for name in names}
    return named_table(sections, by, columns)[0]


def index(moved: Moved | None) -> str:
    """Return the stability index, dim where it may be chance."""
    if moved is None:
        return "[dim]–[/]"
    style = "bold red" if moved.away() else DRIFT_STYLE[moved.level()]
    return f"[{style}]{moved.psi:.2f}[/]"


def tell(periods: tuple[Section, ...]) -> None:
    """Print in words what moved most: first where hardly any were, then by the index."""
    told = [
        (period.name, one)
        for period in periods
        for one in period.signals.values()
        if one.level() == "large"
    ]
    told.sort(key=lambda found: (not found[1].away(), -found[1].psi))
    for name, one in told[:MOST_TOLD]:
        about = f"{escape(name)}, {one.signal}: {escape(one.sentence())}"
        out.print(f"  [yellow]•[/] {about}", soft_wrap=True)
    if len(told) > MOST_TOLD:
        out.print(f"  … and {len(told) - MOST_TOLD:,} more, {ELSEWHERE}")
