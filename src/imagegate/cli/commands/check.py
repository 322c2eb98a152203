"""``imagegate check``: verdicts for images and folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
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
from imagegate.parallel.pool import Done, run_many
from imagegate.pipeline.files import images_under, is_url, local
from imagegate.pipeline.route import Policy, Router, results_of

if TYPE_CHECKING:
    from imagegate.models.rules import RulesGate
    from imagegate.pipeline.log import DecisionLog
    from imagegate.pipeline.run import Many
    from imagegate.pipeline.summary import Tally

EXAMPLES = (
    "imagegate check invoice.jpg --gate ocr",
    "imagegate check inbox/ --out verdicts.parquet --log decisions.jsonl",
    "imagegate check scans/ --gate my.gate --engine-output hocr/",
)
ALL_PASS, NOT_ALL_PASS, COULD_NOT_RUN = 0, 1, 2
NOT_WITH_OUTPUT = "--out, --log, --policy, --max-megapixels"
RUNNERS = ("local", "ray")
NO_SUCH = "no such file or folder"
NO_REPAIR = Policy(repair={})

Paths = Annotated[
    list[str], typer.Argument(help="Images, or folders that are searched through; or URLs.")
]
EngineOutput = Annotated[
    Path | None,
    typer.Option(
        "--engine-output",
        help="What the engine made of the image, to judge both together: text, TSV, hOCR, ALTO "
        "XML, JSON or a mask; or a folder with one of the same stem for each image.",
    ),
]
Out = Annotated[
    str | None,
    typer.Option(
        "--out",
        "-o",
        help="Write the verdicts to a file or URL in the format that its name ends with, such as "
        ".parquet, .jsonl or .csv. Bounded memory, progress, and a killed run resumes.",
    ),
]
Runner = Annotated[
    str,
    typer.Option("--runner", help="With --out, where it runs: local, or ray (RAY_ADDRESS)."),
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
    if runner not in RUNNERS:
        raise UnknownNameError("runner", runner, RUNNERS)
    if runner != "local" and to is None:
        raise SettingsError(f"--runner {runner} needs --out: where to write the verdicts")
    if engine_output:
        if to is not None or log or policy or megapixels:
            raise SettingsError(f"--engine-output goes with none of {NOT_WITH_OUTPUT}")
        from imagegate.cli.outputs import check_outputs

        files = listed(paths)
        rows = check_outputs(judge, files, engine_output, jobs=jobs or None, language=language)
        guaranteed, judge = True, (isinstance(judge, Gate) and judge.output) or judge
    else:
        router = router_of(judge, policy or NO_REPAIR, megapixels=megapixels, language=language)
        if to is not None:
            given: dict[str, Any] = {"log": log, "many": runner_of(runner), "jobs": jobs or None}
            finish(run_with_progress(router, paths, to, **given), to, as_json=as_json, quiet=quiet)
        files, rows = checked(router, paths, log, jobs=jobs or None)
        guaranteed = router.keeps_guarantee
    listing = Listing(len(files) == 1 and not quiet, quiet, as_json, language)
    for row in rows:
        listing.add(row)
    raise typer.Exit(listing.end(judge, paths, guaranteed=guaranteed))


def runner_of(name: str) -> Many:
    """Return what does the work on many files."""
    if name == "ray":
        from imagegate.integrations.ray import quieted, ray_many

        quieted()
        return ray_many
    return run_many


def listed(paths: list[str]) -> list[str]:
    """Return the images to check; a path that does not exist is reported later."""
    return list(images_under(path for path in paths if exists(path)))


def exists(path: str) -> bool:
    """Tell whether a path leads somewhere; a URL is found out when it is listed."""
    return is_url(path) or os.path.lexists(local(path))


def checked(
    router: Router, paths: list[str], log: str | None, *, jobs: int | None
) -> tuple[list[str], Iterator[Row]]:
    """Return the files, and their rows as they come; logged if asked for."""
    decisions = None
    if log:
        from imagegate.pipeline.log import DecisionLog

        decisions = DecisionLog(log, router.gate, batch=batch_name(paths))
    told, files = partial(rows_of, gate=router.gate.name, log=decisions), listed(paths)
    return files, chain.from_iterable(map(told, run_many(router.pages, files, jobs=jobs)))


def rows_of(done: Done[list[Result]], *, gate: str, log: DecisionLog | None) -> list[Row]:
    """Return the rows of a file, logged if asked for."""
    results = results_of(done, gate)
    if log:
        log.append(results)
    return [result.to_dict() for result in results]


@dataclass
class Listing:
    """Prints rows as they come, and the end of the list; ``alone`` if there is only one file."""

    alone: bool
    quiet: bool
    as_json: bool
    language: str
    all_pass: bool = True
    tally: Tally | None = None

    def add(self, row: Row) -> None:
        """Print a row, and count it if a summary will follow."""
        self.all_pass &= row["ok"]
        alone = self.alone and row["pages"] == 1
        if not (alone or self.quiet or self.as_json):
            from imagegate.pipeline.summary import Tally

            self.tally = self.tally or Tally()
            self.tally.add(row)
        if self.quiet and row["ok"]:
            return
        if self.as_json:
            print_json(row)
        else:
            show(row, alone=alone, language=self.language)

    def end(self, gate: Gate | RulesGate, paths: list[str], *, guaranteed: bool) -> int:
        """Name the paths that do not exist, print the summary, and return the exit code."""
        missing = [path for path in paths if not exists(path)]
        for path in missing:
            if self.as_json:
                print_json(Result(path, gate.name, error=NO_SUCH).to_dict())
            else:
                complain(f"{path}: {NO_SUCH}")
        if self.tally:
            close(self.tally.summary(gate, guaranteed=guaranteed))
        if missing:
            return COULD_NOT_RUN
        return ALL_PASS if self.all_pass else NOT_ALL_PASS
