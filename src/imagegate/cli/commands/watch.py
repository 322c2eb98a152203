"""``imagegate watch``: how a gate performs, from the log of its decisions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer
from rich.cells import cell_len
from rich.markup import escape

from imagegate.cli.console import out, print_json, print_table
from imagegate.cli.options import AsJson
from imagegate.errors import SettingsError
from imagegate.models.gate import OUTPUT_SUFFIX
from imagegate.monitoring import watch, write_page
from imagegate.monitoring.advice import Advice
from imagegate.monitoring.drift import Shift
from imagegate.monitoring.log import By
from imagegate.monitoring.report import Report, Section
from imagegate.pipeline.destination import check_page
from imagegate.pipeline.summary import WORDS
from imagegate.text import count, percent, percent_range

EXAMPLES = (
    "imagegate watch decisions.jsonl --html watch.html",
    "imagegate watch decisions.jsonl --by batch --feedback feedback.csv",
)
KEEP, ACT = 0, 1
STYLE = {"keep": "bold green", "look": "bold yellow", "retrain": "bold red"}
DRIFT_STYLE = {"none": "dim", "some": "yellow", "large": "bold yellow"}
MOST_ADVICE = 4  # besides the most urgent
MOST_SHIFTS = 10  # large shifts in words
ELSEWHERE = "see --html or --json"
SCALE = "stability index: under 0.1 none, over 0.25 large; [bold red]red[/]: rare in training"
MOST_REASONS, NAME_WIDTH = 2, 24  # of a period, in a table
HELD_FOR = "held back for"


Logs = Annotated[
    list[Path],
    typer.Argument(help="Logs of decisions (--log), or the output of 'imagegate check --json'."),
]
GateName = Annotated[
    str | None,
    typer.Option(
        "--gate", "-g", help="A bundled gate or a .gate file; default: the gate named in the log."
    ),
]
Grouping = Annotated[
    str | None, typer.Option(help="day or batch; by default day, if the log has several.")
]
Against = Annotated[
    str | None,
    typer.Option(help="Measure drift against this day or batch, not training."),
]
Feedback = Annotated[Path | None, typer.Option(help="Outcomes of images: a CSV of path,failed.")]
Page = Annotated[Path | None, typer.Option(help="Write a self-contained page with plots.")]


def command(
    logs: Logs,
    gate: GateName = None,
    by: Grouping = None,
    against: Against = None,
    feedback: Feedback = None,
    html: Page = None,
    as_json: AsJson = False,
) -> None:
    """Report how many images pass, what has drifted, and when to train the gate again.

    Exit code 0: keep the gate. 1: look at a sample, or train again. 2: could not run.
    """
    if by not in (None, "day", "batch"):
        raise SettingsError(f"--by: expected day or batch, got {by!r}")
    if html:
        check_page(html, inputs=inputs(logs, feedback, gate))
    report = watch(logs, gate=gate, by=cast(By | None, by), against=against, feedback=feedback)
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
    """Print the advice, then the tables."""
    sections = report.sections
    verdict(report)
    out.print()
    counted(sections, report.by)
    if any(section.shifts for section in sections):
        where = "training" if report.against == "training" else report.against
        out.print(f"\n[bold]drift[/] against {escape(where)} [dim]({SCALE})[/]", soft_wrap=True)
        drifted(sections, report.by)
        largest_shifts(report.periods)
    out.print()
    for note in report.notes:
        out.print(f"[dim]{escape(note)}[/]", soft_wrap=True)


def verdict(report: Report) -> None:
    """Print the most urgent advice, and all other that is not to keep the gate."""
    first, more = report.advice, report.other_advice
    advise(first, first.about if len(report.periods) > 1 else "")
    for one in more[:MOST_ADVICE]:
        advise(one, one.about)
    if len(more) > MOST_ADVICE:
        out.print(f"… and {len(more) - MOST_ADVICE:,} more, {ELSEWHERE}")
    kept = sum(period.advice.level == "keep" for period in report.periods)
    if kept and first.level != "keep":
        out.print(f"[{STYLE['keep']}]{'keep':<8}[/]{count(kept, f'other {report.by}')}")


def advise(advice: Advice, name: str) -> None:
    """Print what to do, and why."""
    about = f"[bold]{escape(name)}[/]: " if name else ""
    level = f"[{STYLE[advice.level]}]{advice.level:<8}[/]"
    out.print(f"{level}{about}{escape(advice.because())}", soft_wrap=True)


def counted(sections: tuple[Section, ...], by: str) -> None:
    """Print what became of the images of every period."""
    columns = {"images": [f"{one.images:,}" for one in sections]}
    columns["to use"] = [passed(one) for one in sections]
    for route, words in WORDS.items():
        if route != "use" and any(one.routes[route] for one in sections):
            columns[words.replace(" ", "\n")] = [f"{one.routes[route]:,}" for one in sections]
    columns["unfamiliar"] = [percent(one.unfamiliar_share) for one in sections]
    if any(one.reasons for one in sections):
        columns[HELD_FOR] = [held_for(one) for one in sections]
    columns["expected\nfailures"] = [expected_failures(one) for one in sections]
    if any(one.observed for one in sections):
        columns["labelled\nfailures"] = [labelled_failures(one) for one in sections]
    named_table(sections, by, columns)


def named_table(sections: tuple[Section, ...], by: str, columns: dict[str, list[str]]) -> None:
    """Print columns, each with a cell a period, beside the names of the periods."""
    names = [escape(shortened(section.name, NAME_WIDTH)) for section in sections]
    rows = zip(names, *columns.values(), strict=True)
    print_table([by, *columns], *rows, right=columns.keys() - {HELD_FOR}, markup=True)


def shortened(name: str, most: int) -> str:
    """Return a name cut in front: the ends of paths tell them apart."""
    if cell_len(name) <= most:
        return name
    while cell_len(name) >= most:
        name = name[1:]
    return f"…{name}"


def passed(section: Section) -> str:
    """Return the share to use."""
    interval = percent_range(section.passed_low, section.passed_high)
    return f"{percent(section.share('use'))} [dim]({interval})[/]"


def held_for(section: Section) -> str:
    """Return the commonest reasons."""
    found = list(section.reasons.items())[:MOST_REASONS]
    return ", ".join(f"{escape(name)} {count:,}" for name, count in found)


def expected_failures(section: Section) -> str:
    """Return how many of those used are expected to fail."""
    expected = section.expected
    if not (expected and expected.images):
        return "[dim]n/a[/]"
    return f"{expected.failures:.1f} [dim]({expected.low:,}–{expected.high:,})[/]"


def labelled_failures(section: Section) -> str:
    """Return how many of those used and labelled failed."""
    found = section.observed
    if not (found and found.used.images):
        return "[dim]n/a[/]"
    used, style = found.used, "red" if found.exceeded else "none"
    interval = f"[dim]({percent_range(used.low, used.high)})[/]"
    return f"[{style}]{used.failed:,} of {used.images:,}[/] {interval}"


def drifted(sections: tuple[Section, ...], by: str) -> None:
    """Print the stability index of every cause and period."""
    names = list(dict.fromkeys(name for section in sections for name in section.causes))
    columns = {name: [index(one.causes.get(name)) for one in sections] for name in names}
    named_table(sections, by, columns)


def index(shift: Shift | None) -> str:
    """Return the stability index, dim where it may be chance."""
    if shift is None:
        return "[dim]–[/]"
    style = "bold red" if shift.outside() else DRIFT_STYLE[shift.level()]
    return f"[{style}]{shift.psi:.2f}[/]"


def largest_shifts(periods: tuple[Section, ...]) -> None:
    """Print the largest shifts in words: first those outside training, then by the index."""
    large = [
        (period.name, one)
        for period in periods
        for one in period.causes.values()
        if one.level() == "large"
    ]
    large.sort(key=lambda found: (not found[1].outside(), -found[1].psi))
    for name, one in large[:MOST_SHIFTS]:
        about = f"{escape(name)}, {one.cause}: {escape(one.sentence())}"
        out.print(f"  [yellow]•[/] {about}", soft_wrap=True)
    if len(large) > MOST_SHIFTS:
        out.print(f"  … and {len(large) - MOST_SHIFTS:,} more, {ELSEWHERE}")
