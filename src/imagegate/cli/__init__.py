"""The command line, one file a command."""

from __future__ import annotations

import errno
import sys

import typer

from imagegate.cli import (
    adjust,
    check,
    compare,
    degrade,
    demo,
    evaluate,
    gates,
    label,
    remeasure,
    sort,
    tasks,
    train,
    watch,
)
from imagegate.cli.console import complain
from imagegate.errors import ImagegateError

__all__ = ["app", "main"]

app = typer.Typer(
    name="imagegate",
    help="The gate in front of the model: will this task fail on this image, why, and what now?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("check")(check.command)
app.command("sort")(sort.command)
app.command("watch")(watch.command)
app.command("degrade")(degrade.command)
app.command("label")(label.command)
app.command("remeasure")(remeasure.command)
app.command("train")(train.command)
app.command("evaluate")(evaluate.command)
app.command("adjust")(adjust.command)
app.command("compare")(compare.command)
app.command("gates")(gates.list_command)
app.command("show")(gates.show_command)
app.command("tasks")(tasks.command)
app.command("demo")(demo.command)


def main() -> None:
    """Run the command line; a deliberate error is one plain line and exit code 2."""
    try:
        app()
    except ImagegateError as error:
        complain(str(error))
        sys.exit(2)
    except OSError as error:  # a full disk, a folder without rights: not worth a traceback
        where = f"{error.filename}: " if error.filename else ""
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        advice = ": make room, then run the same command again" if full else ""
        complain(f"{where}{error.strerror or error}{advice}")
        sys.exit(2)
