"""``imagegate evaluate``: the learned gate beside the rules, on sources it has never seen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imagegate.cli.console import named, out, plain, print_json, print_table
from imagegate.models.zoo import load_gate

if TYPE_CHECKING:
    from imagegate.training.evaluation.evaluate import Evaluation


def command(
    gate: Annotated[str, typer.Argument(help="A gate file or a bundled gate.")],
    corpus: Annotated[list[Path], typer.Argument(help="Corpus folders from 'imagegate label'.")],
    report: Annotated[
        Path | None, typer.Option("--report", "-r", help="Write a self-contained HTML page.")
    ] = None,
    part: Annotated[
        str,
        typer.Option(
            "--part", help="test: only sources that the gate has not seen; or train, all."
        ),
    ] = "test",
    bootstrap: Annotated[
        int, typer.Option("--bootstrap", help="Resamples for the intervals.")
    ] = 1000,
    root: Annotated[
        list[str] | None,
        typer.Option("--root", help="'SET=FOLDER' where a set's images are now; may be repeated."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Everything as one JSON object.")] = False,
) -> None:
    """Compare the gate with hand-set rules, tuned rules, blur alone and the perfect gate."""
    asked: dict[str, Any] = {"part": part, "bootstrap": bootstrap, "seed": seed}
    asked["roots"] = dict(named(text, "--root SET=FOLDER") for text in root or [])
    run(gate, corpus, report=report, as_json=as_json, **asked)


def run(
    gate: str, corpus: list[Path], *, report: Path | None, as_json: bool = False, **settings: Any
) -> None:
    """Evaluate, write the report if asked, and print the comparison."""
    from imagegate.pipeline.place import check_page
    from imagegate.training.corpus import join_corpora, read_corpus
    from imagegate.training.evaluation.evaluate import evaluate
    from imagegate.training.report.report import write_report

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
    """Print the comparison table and the sentence it comes down to."""
    print_table(*evaluation.summary())
    out.print(plain(evaluation.headline()), soft_wrap=True)
