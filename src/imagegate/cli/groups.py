"""Groups of commands, ``imagegate edits SUBCOMMAND``: a row in ``GROUPS``, a file for each."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

# In the order of --help: each a function in ``commands/GROUP``, with EXAMPLES in the same file.
GROUPS = {
    "edits": {
        "check": "check.command",
        "begin": "begin.command",
        "validate": "validate.command",
        "sample": "sample.command",
        "review": "review.command",
        "reviews": "reviews.command",
        "learn": "learn.command",
        "report": "report.command",
        "status": "status.command",
        "log": "status.log",
        "publish": "publish.command",
        "report-flag": "publish.report_flag",
        "rollback": "publish.rollback",
        "gc": "versions.gc",
        "export": "versions.export",
    }
}
ABOUT = {"edits": "Audit edited pictures: check, sample, review, publish, roll back."}


def group(name: str) -> Any:
    """Return a group, whose commands are imported when they are called."""
    rows = GROUPS[name]

    class Subcommands(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            return list(rows)

        def get_command(self, ctx: Any, command: str) -> Any:
            if command in rows and command not in self.commands:
                self.add_command(subcommand(name, command), command)
            return super().get_command(ctx, command)

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            for command in rows:  # what may be suggested
                self.get_command(ctx, command)
            return super().resolve_command(ctx, args)

    app = typer.Typer(
        name=name, cls=Subcommands, no_args_is_help=True, help=ABOUT[name], add_completion=False
    )
    app.callback()(lambda: None)
    return typer.main.get_command(app)


def subcommand(name: str, command: str) -> Any:
    """Return one command of a group, with its examples."""
    file, _, function = GROUPS[name][command].partition(".")
    module = import_module(f"imagegate.cli.commands.{name}.{file}")
    begins = f"imagegate {name} {command} "
    examples = [line for line in module.EXAMPLES if line.startswith(begins)]
    shown = "\n\n".join(["[bold]Examples[/]", *examples])
    alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
    alone.command(command, epilog=shown)(getattr(module, function))
    return typer.main.get_command(alone)
