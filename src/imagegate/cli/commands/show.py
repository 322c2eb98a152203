"""``imagegate show``: what is known of one gate."""

from __future__ import annotations

from typing import Annotated

import typer

from imagegate.cli.console import cards, out, print_json, say
from imagegate.cli.options import AsJson
from imagegate.models.card_text import card_lines
from imagegate.models.gate import Gate
from imagegate.models.zoo import load_gate

EXAMPLES = ("imagegate show ocr-tesseract", "imagegate show my.gate --json")


def command(
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
