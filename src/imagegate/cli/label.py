"""``imagegate label``: run the real engine on worsened images and keep what it lost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from imagegate.cli.console import complain, err, named, out, percent, progress
from imagegate.errors import CorpusError

Sources = Annotated[
    list[str],
    typer.Argument(
        help="Clean images, folders, CSV lists (path,truth,group,set), or generated ones: "
        "'pages:N', 'captures:N', 'photos:N', 'prints:N'."
    ),
]
Out = Annotated[
    Path, typer.Option("--out", "-o", help="The corpus folder; an unfinished one is resumed.")
]
TaskName = Annotated[str, typer.Option("--task", "-t", help="What the images are for.")]
EngineName = Annotated[str | None, typer.Option("--engine", "-e", help="The program that does it.")]
Variants = Annotated[int, typer.Option("--variants", "-n", min=1, help="Rows per source image.")]
Recipe = Annotated[
    str, typer.Option("--recipe", help="'mixed', 'singles', or 'natural': the images as they are.")
]
GroupBy = Annotated[
    str | None,
    typer.Option("--group-by", help="Regular expression on file names; group 1 is never split."),
]
LimitSources = Annotated[
    int | None, typer.Option("--limit-sources", help="At most so many sources of each set.")
]
Licence = Annotated[
    list[str] | None, typer.Option("--licence", help="'SET=TEXT' for the card; may be repeated.")
]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same bytes.")]
Jobs = Annotated[int, typer.Option("--jobs", "-j", help="Worker processes; 0 is one a core.")]
HalfRun = Annotated[
    bool,
    typer.Option(
        "--half-run",
        help="Also run the engine at half size; what both masks agree on tells of the output.",
    ),
]
Timeout = Annotated[float, typer.Option("--timeout", help="Seconds an engine may take an image.")]


def command(
    sources: Sources,
    to: Out,
    task: TaskName = "ocr",
    engine: EngineName = None,
    variants: Variants = 8,
    recipe: Recipe = "mixed",
    group_by: GroupBy = None,
    limit: LimitSources = None,
    licence: Licence = None,
    seed: Seed = 0,
    jobs: Jobs = 0,
    timeout: Timeout = 60.0,
    half_run: HalfRun = False,
) -> None:
    """Degrade clean images, run the real engine on each, and write its measured loss as rows.

    Stop it at any time: the same command goes on where it was.
    """
    run(
        sources,
        to,
        task=task,
        engine=engine,
        variants=variants,
        recipe=recipe,
        group_by=group_by,
        limit=limit,
        seed=seed,
        jobs=jobs or None,
        timeout=timeout,
        half_run=half_run,
        licences=dict(named(text, "--licence SET=TEXT") for text in licence or []),
    )
    out.print(f"next: imagegate train {to} --out my.gate")


def run(
    sources: list[str],
    to: Path,
    *,
    task: str,
    engine: str | None,
    group_by: str | None = None,
    limit: int | None = None,
    **settings: Any,
) -> None:
    """Find the sources, label them under a progress bar, and say what came of it."""
    from imagegate.tasks import find_task
    from imagegate.training.label import label
    from imagegate.training.sources import find_sources

    chosen = find_task(task)
    found, problems = find_sources(sources, chosen, group_by=group_by, limit=limit)
    for problem in problems:
        err.print(f"[yellow]left out[/] {problem}", soft_wrap=True)
    if not found:
        raise CorpusError(f"no usable sources in {', '.join(sources)}")
    with progress("labelling") as tell:

        def count(done: int, total: int, errors: int, fails: int) -> None:
            note = f"{percent(fails / max(1, done))} fail"
            tell(done, total, f"{note}, {errors} errors" if errors else note)

        try:
            report = label(found, chosen, engine, to, progress=count, **settings)
        except KeyboardInterrupt:
            complain("stopped. Every row is kept: the same command goes on from here.")
            raise typer.Exit(130) from None
    rows = f"{report.rows:,} rows from {report.sources:,} sources in {to}"
    fate = f"{percent(report.fail_share)} fail, {report.errors:,} errors"
    out.print(f"{rows}: {fate}, {len(report.dropped):,} sources dropped")
    for source, reason in list(report.dropped.items())[:10]:
        err.print(f"[yellow]dropped[/] {source}: {reason}", soft_wrap=True)
