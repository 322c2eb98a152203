"""``imagegate edits report``: what a batch has come to, and what it would take to prove more."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from imagegate.cli.console import print_json, say, say_written
from imagegate.cli.edit_options import StoreFolder, opened
from imagegate.cli.options import AsJson
from imagegate.edits.batch.report import lines, summary, write_batch_report

EXAMPLES = (
    "imagegate edits report --store batch/",
    "imagegate edits report --store batch/ --out report.html",
)


def command(
    store: StoreFolder,
    to: Annotated[Path | None, typer.Option("--out", "-o", help="Also write an HTML page.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say looks, minutes, what is proven, what more would prove, and what skipping costs."""
    batch = opened(store)
    found = summary(batch)
    if to:
        write_batch_report(batch, to)
    if as_json:
        print_json(asdict(found))
        return
    say(*lines(found))
    if to:
        say_written(to)
