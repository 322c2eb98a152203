"""``imagegate gates``: which gates there are."""

from __future__ import annotations

from imagegate.cli.console import out, print_json, print_table
from imagegate.cli.options import RowsAsJson
from imagegate.models.card import Card
from imagegate.models.zoo import ALIASES, RULES, gate_names, load_gate

EXAMPLES = ("imagegate gates", "imagegate gates --json")


def command(as_json: RowsAsJson = False) -> None:
    """List the gates that ship with imagegate, and their aliases."""
    cards = [load_gate(name).card for name in gate_names()]
    if as_json:
        for card in cards:
            print_json(card.to_dict())
        return
    learned = [card for card in cards if not card.name.startswith(RULES)]
    print_table(["gate", "alias", "engine", "risk target"], *map(row, learned))
    presets = [card.name.removeprefix(RULES) for card in cards if card not in learned]
    out.print(f"\n{RULES}TASK: fixed thresholds without a guarantee, for {', '.join(presets)}")
    out.print("[dim]imagegate show NAME tells more; imagegate train makes your own.[/]")


def row(card: Card) -> tuple[str, ...]:
    """Return a gate as cells."""
    alias = next((alias for alias, name in ALIASES.items() if name == card.name), "")
    given = card.guarantee
    risk = f"{100 * given.promise:g} % at {100 * given.confidence:g} %" if given else "none"
    return card.name, alias, card.engine or "any", risk
