"""``imagegate train``: from a corpus, or from outcomes in production, to a gate file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imagegate.cli.console import out, print_json
from imagegate.errors import SettingsError

if TYPE_CHECKING:
    from imagegate.models.gate import Gate


def command(
    corpus: Annotated[
        list[Path] | None,
        typer.Argument(help="Corpus folders from 'imagegate label'; several are joined."),
    ] = None,
    to: Annotated[Path, typer.Option("--out", "-o", help="The gate file to write.")] = Path(
        "my.gate"
    ),
    outcomes: Annotated[
        Path | None,
        typer.Option("--outcomes", help="Instead: a CSV of path,failed[,group] from production."),
    ] = None,
    task: Annotated[
        str, typer.Option("--task", "-t", help="With --outcomes: what the images are for.")
    ] = "custom",
    promise: Annotated[
        float, typer.Option("--promise", help="Of the images passed, at most this share fails.")
    ] = 0.05,
    confidence: Annotated[float, typer.Option("--confidence", help="How sure that is.")] = 0.95,
    cost_false_pass: Annotated[
        float | None,
        typer.Option("--cost-false-pass", help="Instead of a promise: cost of a failure passed."),
    ] = None,
    cost_false_reject: Annotated[
        float | None, typer.Option("--cost-false-reject", help="… and of a good image held back.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="The gate's name; default: the file's.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="The card as one JSON object.")] = False,
) -> None:
    """Learn where the engine fails, calibrate the probability, and set the threshold."""
    if bool(corpus) == bool(outcomes):
        raise SettingsError(
            "give either corpus folders or --outcomes FILE, not both and not neither"
        )
    if (cost_false_pass is None) != (cost_false_reject is None):
        raise SettingsError("--cost-false-pass and --cost-false-reject go together")
    costs = None
    if cost_false_pass is not None and cost_false_reject is not None:
        costs = (cost_false_pass, cost_false_reject)
    gate = run(
        corpus or [],
        to,
        outcomes=outcomes,
        task=task,
        name=name,
        promise=promise,
        confidence=confidence,
        costs=costs,
        seed=seed,
        quiet=as_json,
    )
    if as_json:
        print_json(gate.card.to_dict())
    elif corpus:
        folders = " ".join(map(str, corpus))
        out.print(f"next: imagegate evaluate {to} {folders} --report report.html", soft_wrap=True)


def run(
    corpus: list[Path],
    to: Path,
    *,
    outcomes: Path | None = None,
    task: str = "custom",
    name: str | None = None,
    quiet: bool = False,
    **settings: Any,
) -> Gate:
    """Train on a corpus or on outcomes, write the gate file, and say what was learned."""
    from imagegate.models.artifact import save_gate
    from imagegate.training.corpus import join_corpora, read_corpus, read_outcomes
    from imagegate.training.fit import train

    if outcomes:
        rows = read_outcomes(outcomes, task=task)
    else:
        rows = join_corpora([read_corpus(folder) for folder in corpus])
    date = datetime.now(UTC).date().isoformat()
    result = train(rows, name=name or to.stem, date=date, **settings)
    save_gate(result.gate, to)
    if not quiet:
        for message in result.messages:
            out.print(message, soft_wrap=True)
        out.print(f"written: {to} ({to.stat().st_size / 1000:,.0f} kB)")
    return result.gate
