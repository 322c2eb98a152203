"""Groups of commands: each is imported when it is called, so that checking loads no training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup


@dataclass(frozen=True)
class Group:
    """A command with commands of its own: what it is for, and the function of each by name."""

    help: str
    commands: Mapping[str, str]


class Commands(TyperGroup):
    """Commands by name: a function ``file.function`` below ``cli/commands``, or a group."""

    prefix: ClassVar[str] = "imagegate"
    rows: ClassVar[Mapping[str, str | Group]] = {}
    earlier: ClassVar[Mapping[str, Mapping[str, str]]] = {}  # earlier spellings of options

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands."""
        return list(self.rows)

    def get_command(self, ctx: Any, name: str) -> Any:
        """Return a command, None if there is no such."""
        if name in self.rows and name not in self.commands:
            row = self.rows[name]
            made = self._group(name, row) if isinstance(row, Group) else self._command(name, row)
            self.add_command(made, name)
        return super().get_command(ctx, name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return a command by its name, or suggest the nearest one."""
        if args[0] not in self.rows:
            for name in self.rows:  # what may be suggested
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)

    def _command(self, name: str, row: str) -> Any:
        file, _, function = row.rpartition(".")
        module = import_module(f"imagegate.cli.commands.{file}")
        start = f"{self.prefix} {name}"
        examples = [line for line in module.EXAMPLES if line.startswith(start)]
        alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
        shown = "\n\n".join(["[bold]Examples[/]", *examples])
        earlier = self.earlier.get(name, {})
        spelling = {"token_normalize_func": lambda option: earlier.get(option, option)}
        alone.command(name, epilog=shown, context_settings=spelling)(getattr(module, function))
        return typer.main.get_command(alone)

    def _group(self, name: str, row: Group) -> Any:
        below = commands_of(f"{self.prefix} {name}", row.commands)
        group = typer.Typer(
            cls=below, add_completion=False, no_args_is_help=True, rich_markup_mode="rich"
        )
        group.callback(help=row.help)(lambda: None)
        return typer.main.get_command(group)


def commands_of(
    prefix: str,
    rows: Mapping[str, str | Group],
    earlier: Mapping[str, Mapping[str, str]] | None = None,
) -> type[Commands]:
    """Return the class of a group with these commands.

    ``prefix`` is what is typed before a command's name; ``earlier`` has earlier spellings of
    options by command.
    """
    return type("Commands", (Commands,), {"prefix": prefix, "rows": rows, "earlier": earlier or {}})
