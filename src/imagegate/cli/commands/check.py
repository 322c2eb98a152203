"""``imagegate check``: verdicts for images and folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imagegate.cli.checking import (
    batch_name,
    close,
    finish,
    gate_of,
    language_of,
    router_of,
    run_with_progress,
    show,
)
from imagegate.cli.console import complain, print_json
from imagegate.cli.options import (
    GateName,
    Jobs,
    Language,
    LogFile,
    Megapixels,
    PolicyFile,
    RowsAsJson,
    Thresholds,
)
from imagegate.errors import SettingsError, UnknownNameError
from imagegate.models.gate import Gate
from imagegate.models.verdict import Result, Row
from imagegate.parallel.pool import run_many
from imagegate.pipeline.files import images_under, is_url, local
from imagegate.pipeline.policy import Policy
from imagegate.pipeline.route import Router, results_of

if TYPE_CHECKING:
    from imagegate.models.rules import RulesGate
    from imagegate.pipeline.run import Many

EXAMPLES = (
    "imagegate check invoice.jpg --gate ocr",
    "imagegate check inbox/ --out verdicts.parquet --log decisions.jsonl",
    "imagegate check scans/ --gate my.gate --engine-output hocr/",
)
ALL_PASS, NOT_ALL_PASS, COULD_NOT_RUN = 0, 1, 2
NO_REPAIR = Policy(repair={})

Paths = Annotated[
    list[str], typer.Argument(help="Images, or folders that are searched through; or URLs.")
]
EngineOutput = Annotated[
    Path | None,
    typer.Option(
        "--engine-output",
        "--output",
        help="What the engine made of the image, to judge both together: text, TSV, hOCR, ALTO "
        "XML, JSON or a mask; or a folder with one of the same stem for each image.",
    ),
]
Out = Annotated[
    str | None,
    typer.Option(
        "--out",
        "-o",
        help="Write the verdicts to a .parquet, .jsonl or .csv file or URL. Bounded memory, "
        "progress, and a killed run resumes.",
    ),
]
Runner = Annotated[
    str,
    typer.Option(
        "--runner", "--engine", help="With --out, where it runs: local, or ray (RAY_ADDRESS)."
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Show only what does not pass, and no summary.")
]


def command(
    paths: Paths,
    gate: GateName = "ocr",
    thresholds: Thresholds = None,
    policy: PolicyFile = None,
    engine_output: EngineOutput = None,
    to: Out = None,
    log: LogFile = None,
    runner: Runner = "local",
    megapixels: Megapixels = None,
    language: Language = "en",
    quiet: Quiet = False,
    as_json: RowsAsJson = False,
    jobs: Jobs = 0,
) -> None:
    """Predict for each image whether the task will fail on it, and say why.

    PDF and multi-page TIFF: one verdict a page. Repairs are tried only if a policy is given.

    Exit code 0: all passed. 1: something was rejected, is for review or is broken.
    2: could not run (no such gate, path or image).
    """
    judge, language = gate_of(gate, thresholds), language_of(language)
    if runner != "local" and to is None:
        raise SettingsError(f"--runner {runner} needs --out: where to write the verdicts")
    if engine_output:
        if to is not None or log or policy or megapixels:
            raise SettingsError(
                "--engine-output goes with none of --out, --log, --policy, --max-megapixels"
            )
        from imagegate.cli.outputs import check_outputs

        given: dict[str, Any] = {"jobs": jobs or None, "language": language}
        rows = check_outputs(judge, listed(paths), engine_output, **given)
        judge = (isinstance(judge, Gate) and judge.output) or judge
        raise typer.Exit(tell(rows, paths, judge, quiet=quiet, as_json=as_json))
    router = router_of(judge, policy or NO_REPAIR, megapixels=megapixels, language=language)
    if to is not None:
        given = {"log": log, "many": runner_of(runner), "jobs": jobs or None}
        summary = run_with_progress(router, paths, to, **given)
        finish(summary, to, as_json=as_json, quiet=quiet)
    rows = checked(router, paths, log, jobs=jobs or None)
    kept = router.keeps_guarantee
    raise typer.Exit(tell(rows, paths, judge, guaranteed=kept, quiet=quiet, as_json=as_json))


def runner_of(name: str) -> Many:
    """Return what does the work on many files."""
    if name == "ray":
        from imagegate.integrations.ray import quieted, ray_many

        quieted()
        return ray_many
    if name != "local":
        raise UnknownNameError("runner", name, ["local", "ray"])
    return run_many


def listed(paths: list[str]) -> list[str]:
    """Return the images to check; a path that does not exist is reported later."""
    return list(images_under(path for path in paths if exists(path)))


def exists(path: str) -> bool:
    """Tell whether a path leads somewhere; a URL is found out when it is listed."""
    return is_url(path) or os.path.lexists(local(path))


def checked(
    router: Router, paths: list[str], log: str | None, *, jobs: int | None
) -> Iterator[Row]:
    """Yield the rows of files, logged if asked for."""
    written = None
    if log:
        from imagegate.pipeline.log import DecisionLog

        written = DecisionLog(log, router.gate, batch=batch_name(paths))
    for done in run_many(router.pages, listed(paths), jobs=jobs):
        results = results_of(done, router.gate.name)
        if written:
            written.append(results)
        yield from (result.to_dict() for result in results)


def tell(
    rows: Iterable[Row],
    paths: list[str],
    gate: Gate | RulesGate,
    *,
    guaranteed: bool = True,
    quiet: bool,
    as_json: bool,
) -> int:
    """Print every row and the end of the list, and return the exit code."""
    coming, all_pass, tally = iter(rows), True, None
    first = list(islice(coming, 2))
    rows, alone = chain(first, coming), len(first) == 1
    if len(first) > 1 and not (as_json or quiet):
        from imagegate.pipeline.summary import Tally

        tally = Tally()
        rows = tally.watch(rows)
    for row in rows:
        all_pass &= row["ok"]
        if quiet and row["ok"]:
            continue
        if as_json:
            print_json(row)
        else:
            show(row, alone=alone and not quiet)
    missing = [path for path in paths if not exists(path)]
    for path in missing:
        tell_missing(path, gate, as_json=as_json)
    if tally:
        close(tally.summary(gate, guaranteed=guaranteed))
    if missing:
        return COULD_NOT_RUN
    return ALL_PASS if all_pass else NOT_ALL_PASS


def tell_missing(path: str, gate: Gate | RulesGate, *, as_json: bool) -> None:
    """Say that a path does not exist, in the form asked for."""
    if as_json:
        print_json(Result(path, gate.name, error="no such file or folder").to_dict())
    else:
        complain(f"{path}: no such file or folder")
