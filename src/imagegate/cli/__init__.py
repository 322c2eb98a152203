"""The command line: a file in ``commands`` and a row in ``COMMANDS`` for each command."""

from __future__ import annotations

import errno
import sys
from importlib import metadata
from typing import Annotated

import typer

from imagegate.cli.console import complain, out
from imagegate.cli.groups import Group, commands_of
from imagegate.errors import ImagegateError

__all__ = ["app", "main"]

# In the order of --help: each a function in ``commands``, with EXAMPLES in the same file.
EDITS = {
    "check": "edits.check.command",
}
COMMANDS: dict[str, str | Group] = {
    "check": "check.command",
    "sort": "sort.command",
    "watch": "watch.command",
    "degrade": "degrade.command",
    "label": "label.command",
    "remeasure": "remeasure.command",
    "train": "train.command",
    "evaluate": "evaluate.command",
    "adjust": "adjust.command",
    "gates": "gates.command",
    "show": "gates.show",
    "tasks": "tasks.command",
    "edits": Group("Check edited pictures before they are published.", EDITS),
    "demo": "demo.command",
}
# Earlier spellings of options, still accepted.
EARLIER = {
    "check": {"output": "engine-output", "engine": "runner"},
    "label": {"limit": "failure-threshold", "output": "kind"},
    "train": {"promise": "risk-target"},
    "evaluate": {"part": "split"},
    "adjust": {"promise": "risk-target"},
}


app = typer.Typer(
    name="imagegate",
    cls=commands_of("imagegate", COMMANDS, EARLIER),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def show_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        out.print(f"imagegate {metadata.version('imagegate')}")
        raise typer.Exit


@app.callback()
def top(
    version: Annotated[
        bool,
        typer.Option("--version", callback=show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Predict whether a task will fail on an image, and say why."""


def main() -> None:
    """Run the command line; an expected error is one line and exit code 2."""
    try:
        app(prog_name="imagegate")
    except ImagegateError as error:
        complain(str(error))
        sys.exit(2)
    except OSError as error:  # a full disk, a folder without rights: not worth a traceback
        where = f"{error.filename}: " if error.filename else ""
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        advice = ": free some space, then run the same command again" if full else ""
        complain(f"{where}{error.strerror or error}{advice}")
        sys.exit(2)
