"""``imagegate label``: run the real engine on degraded images and keep what it lost."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from imagegate.cli import engine_options as engines
from imagegate.cli.console import complain, err, out, plain, progress
from imagegate.cli.options import Jobs, Seed, Sources, pairs
from imagegate.engines.engine import Engine
from imagegate.errors import CorpusError
from imagegate.tasks.task import Task
from imagegate.text import count, percent
from imagegate.training.data.clean import Source
from imagegate.training.data.sources import find_sources
from imagegate.training.labelling.label import LabelReport, label
from imagegate.training.labelling.recipes import CAUSES_ONLY, FOR_DIAGNOSIS

EXAMPLES = (
    "imagegate label scans/ --task ocr --engine rapidocr --out corpus",
    "imagegate label photos/ --onnx matting.onnx --kind mask --out corpus",
    "imagegate label scans/ --command 'my-ocr {image}' --out corpus",
)
NOTHING_USABLE = 1
MOST_SAID = 10  # sources dropped, and kinds of errors, that are named
MOST_CLEAN_FAILS = 0.3  # of the clean images, beyond which something else may be wrong

Out = Annotated[
    Path, typer.Option("--out", "-o", help="The corpus folder; an unfinished one is resumed.")
]
Variants = Annotated[int, typer.Option("--variants", "-n", help="Rows per source image.")]
Recipe = Annotated[
    str | None,
    typer.Option(
        help="'reading' (the default for OCR), 'mixed' (the default for pictures), 'singles', or "
        "'natural': the images as they are. To teach reasons, in a "
        "folder of their own: 'causes', which runs no engine, or 'counterfactuals'.",
    ),
]
Strength = Annotated[
    float | None,
    typer.Option(
        metavar="FACTOR",
        help="How strongly images are degraded; 1 is the strength that breaks OCR. By default "
        "that of the task. If nearly everything fails, use less.",
    ),
]
GroupBy = Annotated[
    str | None,
    typer.Option(
        help="Regular expression on file names; images with the same group 1 stay in one split."
    ),
]
LimitSources = Annotated[int | None, typer.Option(help="Maximum number of sources per set.")]
FailureThreshold = Annotated[
    float | None,
    typer.Option(
        metavar="LOSS",
        help="The loss, 0 to 1, beyond which the task failed; by default that of the task.",
    ),
]
Licence = Annotated[
    list[str] | None,
    typer.Option(help="'SET=TEXT': the licence of a set, for the card; repeatable."),
]
HalfRun = Annotated[
    bool,
    typer.Option(
        "--half-run",
        help="Also run the engine at half size, and measure how far the two masks agree.",
    ),
]
Errors = Annotated[
    str,
    typer.Option(
        metavar="HOW",
        help="If the engine fails with an error: 'leave-out' the row, or count it as 'fail'.",
    ),
]
Timeout = Annotated[float, typer.Option(help="Seconds that an engine may take for an image.")]

# The parameters of the command that ``run`` takes as they are.
SETTINGS = (
    *("group_by", "limit_sources", "failure_threshold", "variants", "recipe", "strength"),
    *("seed", "timeout", "half_run", "errors"),
)


def command(
    context: typer.Context,
    sources: Sources,
    to: Out,
    task: engines.TaskName = None,
    engine: engines.EngineName = None,
    truth: engines.TruthFrom = None,
    failure_threshold: FailureThreshold = None,
    variants: Variants = 8,
    recipe: Recipe = None,
    strength: Strength = None,
    group_by: GroupBy = None,
    limit_sources: LimitSources = None,
    licence: Licence = None,
    seed: Seed = 0,
    jobs: Jobs = 0,
    timeout: Timeout = 60.0,
    errors: Errors = "leave-out",
    half_run: HalfRun = False,
    command_line: engines.CommandLine = None,
    onnx: engines.OnnxFile = None,
    kind: engines.Kind = None,
    class_names: engines.ClassNames = None,
    input_size: engines.InputSize = None,
    fit: engines.Fit = None,
    scaling: engines.Scaling = None,
    colours: engines.Colours = None,
    input_multiple: engines.InputMultiple = None,
    tile: engines.Tile = None,
    values: engines.Values = None,
) -> None:
    """Degrade clean images, run the real engine on each, and keep its measured loss.

    Stop it at any time: the same command resumes where it stopped.
    """
    chosen, program = engines.task_and_engine(context.params, runs=recipe != CAUSES_ONLY)
    settings = {name: context.params[name] for name in SETTINGS}
    settings |= {"jobs": jobs or None, "licences": pairs(licence, "--licence SET=TEXT")}
    run(sources, to, task=chosen, engine=program, **settings)
    corpora = f"CORPUS {to}" if recipe in FOR_DIAGNOSIS else to
    out.print(f"next: imagegate train {corpora} --out my.gate")


def sources_of(names: list[str], task: str | Task = "ocr", **settings: Any) -> list[Source]:
    """Find the sources, and print what was left out or ignored."""
    found, problems = find_sources(names, task, **settings)
    for problem in problems:
        err.print(f"[yellow]warning[/] {plain(problem)}", soft_wrap=True)
    if not found:
        raise CorpusError(f"no images in {', '.join(names)}")
    return found


def run(
    sources: list[str],
    to: Path,
    *,
    task: str | Task,
    engine: str | Engine | None,
    group_by: str | None = None,
    limit_sources: int | None = None,
    **settings: Any,
) -> None:
    """Find the sources, label them under a progress bar, and report."""
    found = sources_of(sources, task, group_by=group_by, limit=limit_sources)
    runs = settings.get("recipe") != CAUSES_ONLY
    with progress("labelling") as tell:

        def count(done: int, total: int, errors: int, fails: int) -> None:
            note = f"{percent(fails / max(1, done))} fail" if runs else "measured"
            tell(done, total, f"{note}, {errors} errors" if errors else note)

        try:
            report = label(found, task, engine, to, progress=count, **settings)
        except KeyboardInterrupt:
            complain("stopped. Every row is kept: the same command resumes from here.")
            raise typer.Exit(130) from None
    close(report, to, runs=runs)


def close(report: LabelReport, to: Path, *, runs: bool = True) -> None:
    """Report on a corpus; exit with 1 if no row can be used."""
    rows = f"{count(report.rows, 'row')} from {count(report.sources, 'source')} in {to}"
    share = report.fail_share if report.usable else math.nan
    among = " of them" if report.errors_fail else ""
    fate = f"{percent(share)} fail" if runs else "measured, no engine has run"
    fate += f", {report.errors:,}{among} errors"
    out.print(f"{rows}: {fate}, {len(report.dropped):,} sources dropped", soft_wrap=True)
    dropped = [f"{source}: {reason}" for source, reason in report.dropped.items()]
    tell_first("dropped", dropped, "sources dropped")
    errors = [
        f"in {f'{times:,} rows, first ' if times > 1 else ''}{row}: {reason}"
        for reason, times, row in report.reasons
    ]
    tell_first("error", errors, "kinds of errors")
    if report.clean_fails > MOST_CLEAN_FAILS * report.clean:
        err.print(
            f"[yellow]warning[/] the task fails on {report.clean_fails:,} of {report.clean:,} "
            "clean images. Is the engine set up correctly? Does the truth match its output?",
            soft_wrap=True,
        )
    if not report.usable:
        complain(
            f"no row can be used, so there is nothing to train on. Fix the errors above, delete "
            f"{to}, and label again"
        )
        raise typer.Exit(NOTHING_USABLE)


def tell_first(what: str, found: list[str], all_of_them: str) -> None:
    """Print the first problems, and how many more there are."""
    for text in found[:MOST_SAID]:
        err.print(f"[yellow]{what}[/] {plain(text)}", soft_wrap=True)
    if len(found) > MOST_SAID:
        err.print(f"… and {len(found) - MOST_SAID:,} more {all_of_them}")
