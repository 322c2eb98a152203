"""``imagegate compare``: two gates on the same images, with what is more than luck."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from imagegate.cli.console import out, plain, print_json
from imagegate.models.zoo import load_gate
from imagegate.stats.bootstrap import FEWEST_DRAWS

if TYPE_CHECKING:
    from imagegate.training.evaluation.versus import Versus


def command(
    a: Annotated[str, typer.Argument(help="A gate file, a bundled gate, or 'rules:TASK'.")],
    b: Annotated[str, typer.Argument(help="The gate to compare it with.")],
    corpus: Annotated[
        list[Path], typer.Argument(help="Corpus folders from 'imagegate label'; joined.")
    ],
    part: Annotated[
        str,
        typer.Option("--part", help="test: only groups that neither gate was made from; or all."),
    ] = "test",
    risk: Annotated[
        float | None,
        typer.Option(
            "--risk", help="At which coverages are compared; default: the stricter promise."
        ),
    ] = None,
    bootstrap: Annotated[
        int, typer.Option("--bootstrap", min=FEWEST_DRAWS, help="Resamples for the intervals.")
    ] = 1000,
    seed: Annotated[int, typer.Option("--seed")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Everything as one JSON object.")] = False,
) -> None:
    """Tell which of two gates is the better judge, and whether that is more than luck."""
    from imagegate.training.corpus import join_corpora, read_corpus
    from imagegate.training.evaluation.versus import compare_gates

    gates = load_gate(a), load_gate(b)
    rows = join_corpora([read_corpus(folder) for folder in corpus])
    found = compare_gates(*gates, rows, part=part, risk=risk, bootstrap=bootstrap, seed=seed)
    if as_json:
        print_json(found.to_dict())
        return
    show(found)


def show(found: Versus) -> None:
    """Print who is who, the table, and the sentences it comes down to."""
    for letter, result in (("A", found.a), ("B", found.b)):
        known = f" (was made from the groups of {result.known:,} rows)" if result.known else ""
        out.print(f"{letter}: {plain(result.name)}{known}", soft_wrap=True)
    header, *rows = found.table()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in header:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*map(plain, row))
    out.print(table)
    out.print(plain(found.headline()), soft_wrap=True)
