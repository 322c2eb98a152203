"""The command line: a file in ``commands`` and a row in ``COMMANDS`` for each command."""

from __future__ import annotations

import errno
import sys
from importlib import import_module, metadata
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from imagegate.cli.console import complain, out
from imagegate.cli.groups import GROUPS, group
from imagegate.errors import ImagegateError

__all__ = ["app", "main"]

# In the order of --help: each a function in ``commands``, with EXAMPLES in the same file.
COMMANDS = {
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


class Commands(TyperGroup):
    """Imports a command when it is called, so that checking an image loads no training."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands."""
        return [*COMMANDS, *GROUPS]

    def get_command(self, ctx: Any, name: str) -> Any:
        """Return a command, None if there is no such."""
        if name in GROUPS and name not in self.commands:
            self.add_command(group(name), name)
        if name in COMMANDS and name not in self.commands:
            file, _, function = COMMANDS[name].partition(".")
            module = import_module(f"imagegate.cli.commands.{file}")
            examples = [line for line in module.EXAMPLES if line.startswith(f"imagegate {name}")]
            alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
            shown = "\n\n".join(["[bold]Examples[/]", *examples])
            earlier = EARLIER.get(name, {})
            spelling = {"token_normalize_func": lambda option: earlier.get(option, option)}
            alone.command(name, epilog=shown, context_settings=spelling)(getattr(module, function))
            self.add_command(typer.main.get_command(alone), name)
        return super().get_command(ctx, name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return a command by its name, or suggest the nearest one."""
        if args[0] not in COMMANDS:
            for name in (*COMMANDS, *GROUPS):  # what may be suggested
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name="imagegate",
    cls=Commands,
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
