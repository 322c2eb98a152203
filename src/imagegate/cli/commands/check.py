"""``imagegate check``: verdicts for images and folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Any

import typer

from imagegate.cli.answers import close, show
from imagegate.cli.batch import (
    GateName,
    Jobs,
    Language,
    LogFile,
    Megapixels,
    PolicyFile,
    Thresholds,
    asked_gate,
    asked_language,
    asked_limits,
    batch_name,
    finish,
    run_with_progress,
)
from imagegate.cli.console import complain, print_json
from imagegate.cli.outputs import check_outputs
from imagegate.errors import SettingsError, UnknownNameError
from imagegate.models.verdict import Result, Row
from imagegate.models.zoo import Gate, RulesGate
from imagegate.parallel.pool import run_many
from imagegate.pipeline.files import images_under, is_url, local
from imagegate.pipeline.log import DecisionLog
from imagegate.pipeline.policy import Policy, load_policy
from imagegate.pipeline.route import Router, results_of
from imagegate.pipeline.run import Many
from imagegate.pipeline.summary import Tally

ALL_PASS, NOT_ALL_PASS, COULD_NOT_RUN = 0, 1, 2
NO_REPAIR = Policy(repair={})


Paths = Annotated[
    list[str], typer.Argument(help="Images, or folders that are searched through; or URLs.")
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="What the engine made of the image (mask, .txt), or a folder with one of the "
        "same stem for each: judge image and output together.",
    ),
]
Out = Annotated[
    str | None,
    typer.Option(
        "--out",
        help="Write the verdicts to a .parquet, .jsonl or .csv file or URL. Bounded memory, "
        "progress, and a killed run goes on.",
    ),
]
Engine = Annotated[
    str, typer.Option("--engine", help="With --out, where it runs: local, or ray (RAY_ADDRESS).")
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Show only what does not pass, and no summary.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


def command(
    paths: Paths,
    gate: GateName = "ocr",
    thresholds: Thresholds = None,
    policy: PolicyFile = None,
    output: Output = None,
    to: Out = None,
    log: LogFile = None,
    engine: Engine = "local",
    megapixels: Megapixels = None,
    language: Language = "en",
    quiet: Quiet = False,
    as_json: AsJson = False,
    jobs: Jobs = 0,
) -> None:
    """Say for every image whether the task will work on it, and why not.

    PDF and multi-page TIFF: one verdict a page. Repairs are tried only if a policy is given.

    Exit code 0: all passed. 1: something was rejected, is for review or is broken.
    2: could not run (no such gate, path or image).
    """
    answerer, told = asked_gate(gate, thresholds), asked_language(language)
    if output and (to is not None or log or policy or megapixels):
        raise SettingsError("--output goes with none of --out, --log, --policy, --max-megapixels")
    if engine != "local" and to is None:
        raise SettingsError(f"--engine {engine} needs --out: say where the verdicts go")
    if output:
        rows = check_outputs(answerer, listed(paths), output, jobs=jobs or None, language=told)
        asked = (isinstance(answerer, Gate) and answerer.output) or answerer
        raise typer.Exit(tell(rows, paths, asked, quiet=quiet, as_json=as_json))
    wanted = load_policy(policy) if policy else NO_REPAIR
    router = Router(answerer, wanted, limits=asked_limits(megapixels), language=told)
    if to is not None:
        given: dict[str, Any] = {"many": workers_of(engine), "jobs": jobs or None}
        summary = run_with_progress(router, paths, to, log=log, **given)
        finish(summary, to, as_json=as_json, quiet=quiet)
    written = DecisionLog(log, answerer, batch=batch_name(paths)) if log else None
    rows = examined(router, listed(paths), written, jobs=jobs or None)
    kept = router.keeps_promise
    raise typer.Exit(tell(rows, paths, answerer, promised=kept, quiet=quiet, as_json=as_json))


def workers_of(engine: str) -> Many:
    """Return what does the work on many files."""
    if engine == "ray":
        from imagegate.integrations.ray import quieted, ray_many

        quieted()
        return ray_many
    if engine != "local":
        raise UnknownNameError("engine to run on", engine, ["local", "ray"])
    return run_many


def listed(paths: list[str]) -> list[str]:
    """Return the images to look at; what does not exist is told of later."""
    return list(images_under(path for path in paths if exists(path)))


def exists(path: str) -> bool:
    """Tell whether a path leads somewhere; behind a URL it is found out when it is listed."""
    return is_url(path) or os.path.lexists(local(path))


def examined(
    router: Router, files: list[str], log: DecisionLog | None, *, jobs: int | None
) -> Iterator[Row]:
    """Yield the rows of files, logged if wanted."""
    for answer in run_many(router.pages, files, jobs=jobs):
        results = results_of(answer, router.gate.name)
        if log:
            log.append(results)
        yield from (result.to_dict() for result in results)


def tell(
    rows: Iterable[Row],
    paths: list[str],
    answerer: Gate | RulesGate,
    *,
    promised: bool = True,
    quiet: bool,
    as_json: bool,
) -> int:
    """Print every row and the end of the list, and return the exit code."""
    tally, coming = Tally(), iter(rows)
    first = list(islice(coming, 2))
    for row in chain(first, coming):
        tally.add(row)
        if quiet and row["ok"]:
            continue
        if as_json:
            print_json(row)
        else:
            show(row, alone=len(first) == 1 and not quiet)
    missing = [path for path in paths if not exists(path)]
    for path in missing:
        tell_missing(path, answerer, as_json=as_json)
    if len(first) > 1 and not (as_json or quiet):
        close(tally.summary(answerer, guaranteed=promised))
    if missing:
        return COULD_NOT_RUN
    return ALL_PASS if tally.passed == tally.images else NOT_ALL_PASS


def tell_missing(path: str, answerer: Gate | RulesGate, *, as_json: bool) -> None:
    """Say that a path does not exist, in the form asked for."""
    if as_json:
        print_json(Result(path, answerer.name, error="no such file or folder").to_dict())
    else:
        complain(f"{path}: no such file or folder")
