"""``imagegate gates`` and ``imagegate show``: which gates there are, and the card of one."""

from __future__ import annotations

from typing import Annotated

import typer

from imagegate.cli.console import cards, out, print_json, print_table, say
from imagegate.cli.options import AsJson, RowsAsJson
from imagegate.models.artifact import ALIASES, RULES, gate_names, load_gate
from imagegate.models.card import Card
from imagegate.models.card_text import card_lines
from imagegate.models.gate import Gate

EXAMPLES = (
    *("imagegate gates", "imagegate gates --json"),
    *("imagegate show ocr-tesseract", "imagegate show my.gate --json"),
)


def command(as_json: RowsAsJson = False) -> None:
    """List the gates that ship with imagegate, and their aliases."""
    found = [load_gate(name).card for name in gate_names()]
    if as_json:
        for card in found:
            print_json(card.to_dict())
        return
    learned = [card for card in found if not card.name.startswith(RULES)]
    print_table(["gate", "alias", "engine", "risk target"], *map(row, learned))
    presets = [card.name.removeprefix(RULES) for card in found if card not in learned]
    out.print(f"\n{RULES}TASK: fixed thresholds without a guarantee, for {', '.join(presets)}")
    out.print("[dim]imagegate show NAME tells more; imagegate train makes your own.[/]")


def row(card: Card) -> tuple[str, ...]:
    """Return a gate as cells."""
    alias = next((alias for alias, name in ALIASES.items() if name == card.name), "")
    given = card.guarantee
    risk = f"{100 * given.promise:g} % at {100 * given.confidence:g} %" if given else "none"
    return card.name, alias, card.engine or "any", risk


def show(
    gate: Annotated[str, typer.Argument(help="A bundled gate, 'rules:TASK', or a .gate file.")],
    as_json: AsJson = False,
) -> None:
    """Show the card of a gate: its training, its guarantee, its results on unseen sources."""
    found = load_gate(gate)
    if as_json:
        print_json(cards(found))
        return
    say(*card_lines(found.card))
    if isinstance(found, Gate) and found.output:
        out.print("\n[bold]once the engine has run[/]")
        say(*card_lines(found.output.card))
