"""What ``check --out`` and ``sort`` share: the run with its progress, its log and its end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from imagegate.cli.answers import close
from imagegate.cli.console import err, out, print_json, progress
from imagegate.pipeline.files import images_under
from imagegate.pipeline.log import DecisionLog
from imagegate.pipeline.record import Examiner
from imagegate.pipeline.route import Router
from imagegate.pipeline.run import run
from imagegate.pipeline.summary import Summary

ALL_USED, NOT_ALL_USED, STOPPED = 0, 1, 130

GateName = Annotated[
    str, typer.Option("--gate", "-g", help="A bundled gate, 'rules:TASK', or a .gate file.")
]
PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", "-p", help="TOML: thresholds, what to repair, what people look at."),
]
LogFile = Annotated[
    Path | None, typer.Option("--log", help="Append every decision to this file (JSON lines).")
]
Jobs = Annotated[int, typer.Option("--jobs", "-j", help="Processes; 0 is one a core.")]


def run_with_progress(
    router: Router,
    roots: list[str],
    to: str,
    *,
    log: Path | None,
    without: str | None = None,
    **given: Any,
) -> Summary:
    """Run to the end, or say how to go on."""
    written = DecisionLog(log, router.gate, batch=", ".join(roots)) if log else None
    paths = images_under(roots, without=without)
    try:
        with progress("checking") as tell:
            return run(Examiner(router), paths, to, log=written, progress=tell, **given)
    except KeyboardInterrupt:
        err.print("\nstopped; the same command goes on from here")
        raise typer.Exit(STOPPED) from None


def finish(summary: Summary, to: str, *, as_json: bool) -> NoReturn:
    """Say what it came to; exit code 1 if not everything can be used."""
    if as_json:
        print_json(summary.to_dict())
    else:
        close(summary)
        out.print(f"written: {to}", soft_wrap=True)
    raise typer.Exit(ALL_USED if summary.routes["use"] == summary.images else NOT_ALL_USED)
