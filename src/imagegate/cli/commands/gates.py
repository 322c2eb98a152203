"""``imagegate gates``: which gates there are."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from imagegate.cli.console import out, print_json
from imagegate.models.zoo import gate_names, load_gate


def command(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List the gates that ship with imagegate."""
    cards = [load_gate(name).card for name in gate_names()]
    if as_json:
        for card in cards:
            print_json(card.to_dict())
        return
    table = Table(
        "gate", "task", "engine", "what it promises", box=None, pad_edge=False, header_style="bold"
    )
    for card in cards:
        table.add_row(card.name, card.task, card.engine or "any", card.promise_text())
    out.print(table)
    out.print("\n[dim]imagegate show NAME tells more; imagegate train makes your own.[/]")
