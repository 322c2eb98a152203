"""``imagegate evaluate``: a gate beside its baselines, on sources that it has never seen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from imagegate.cli.console import out, print_json, print_table, say
from imagegate.cli.options import AsJson, Corpora, Roots, Seed, pairs
from imagegate.models.artifact import load_gate
from imagegate.pipeline.destination import check_page
from imagegate.training.corpus import join_corpora, read_corpus
from imagegate.training.evaluation.evaluate import evaluate
from imagegate.training.evaluation.evaluation import Evaluation
from imagegate.training.report import write_report

EXAMPLES = (
    "imagegate evaluate my.gate corpus --report report.html",
    "imagegate evaluate my.gate corpus --against old.gate --against rules:ocr",
)


def command(
    gate: Annotated[str, typer.Argument(help="A gate file, a bundled gate, or 'rules:TASK'.")],
    corpus: Corpora,
    report: Annotated[
        Path | None, typer.Option("--report", "-r", help="Write a self-contained HTML page.")
    ] = None,
    against: Annotated[
        list[str] | None, typer.Option(help="Another gate to compare; repeatable.")
    ] = None,
    split: Annotated[
        str,
        typer.Option(
            help="test: only sources that no gate has seen; or calibration, train, all.",
        ),
    ] = "test",
    risk: Annotated[
        float | None,
        typer.Option(help="The risk at which coverages are compared; by default the risk target."),
    ] = None,
    bootstrap: Annotated[int, typer.Option(help="Resamples for the intervals.")] = 1000,
    root: Roots = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Compare a gate with rules, blur alone, other gates and the oracle."""
    asked: dict[str, Any] = {"split": split, "risk": risk, "bootstrap": bootstrap, "seed": seed}
    asked["against"] = [load_gate(other) for other in against or []]
    asked["roots"] = pairs(root, "--root SET=FOLDER")
    run(gate, corpus, report=report, as_json=as_json, **asked)


def run(
    gate: str, corpus: list[Path], *, report: Path | None, as_json: bool = False, **settings: Any
) -> None:
    """Evaluate, write the report if asked, and print the comparison."""
    if report:
        check_page(report, inputs=[gate])
    rows = join_corpora([read_corpus(folder) for folder in corpus])
    evaluation = evaluate(load_gate(gate), rows, **settings)
    if report:
        write_report(evaluation, report)
    if as_json:
        print_json(evaluation.to_dict())
        return
    print_evaluation(evaluation)
    if report:
        out.print(f"report: {report}")


def print_evaluation(evaluation: Evaluation) -> None:
    """Print the figures, one table more for each other gate, and the headline."""
    print_table(*evaluation.summary())
    for other in evaluation.against:
        known = f" (was made from the groups of {other.known:,} rows)" if other.known else ""
        say("", f"A: {evaluation.gate}", f"B: {other.name}{known}")
        print_table(*evaluation.difference(other.key))
    if evaluation.against:
        say("", evaluation.split_note)
    say(*evaluation.sentences())
