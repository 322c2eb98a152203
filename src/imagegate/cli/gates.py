"""``imagegate gates`` and ``imagegate show``: which gates there are, and what is known of one."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from imagegate.cli.console import out, plain, print_json
from imagegate.models.zoo import Gate, RulesGate, gate_names, load_gate


def list_command(
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


def show_command(
    gate: Annotated[str, typer.Argument(help="A bundled gate, 'rules:TASK', or a .gate file.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="The whole card as one JSON object.")
    ] = False,
) -> None:
    """Show a gate's card: its training, its promise, its results on unseen sources."""
    found = load_gate(gate)
    if as_json:
        print_json(cards(found))
        return
    for line in found.card.lines():
        out.print(plain(line), soft_wrap=True)
    if isinstance(found, Gate) and found.output:
        out.print("\n[bold]once the engine has run[/]")
        for line in found.output.card.lines():
            out.print(plain(line), soft_wrap=True)


def cards(gate: Gate | RulesGate) -> dict[str, Any]:
    """Return a gate's card as plain values, with that of its gate of outputs, if it has one."""
    plain = gate.card.to_dict()
    if isinstance(gate, Gate) and gate.output:
        plain["output"] = gate.output.card.to_dict()
    return plain
