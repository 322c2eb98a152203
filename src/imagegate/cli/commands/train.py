"""``imagegate train``: from a corpus, or from outcomes in production, to a gate file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from imagegate.cli.console import cards, err, out, plain, print_json, print_table, say, say_written
from imagegate.cli.options import (
    CORPORA,
    RISK_TARGET,
    AsJson,
    FalsePass,
    FalseReject,
    Force,
    GateOut,
    Name,
    Seed,
    both_costs,
    check_gate_out,
)
from imagegate.errors import SettingsError
from imagegate.models.artifact import save_gate
from imagegate.models.card_text import diagnosis_lines, insight_lines
from imagegate.models.gate import Gate
from imagegate.text import agree, count
from imagegate.training.corpus import (
    Corpus,
    join_corpora,
    read_corpus,
    read_outcomes,
    with_outcomes,
)
from imagegate.training.evaluation.baselines import ORACLE
from imagegate.training.evaluation.evaluate import evaluate
from imagegate.training.evaluation.evaluation import (
    Evaluation,
    cell,
    measured,
    ranks,
    rules_of,
    scope,
    too_few,
)
from imagegate.training.labelling.recipes import FOR_DIAGNOSIS
from imagegate.training.labelling.store import read_meta
from imagegate.training.learning.fit import train
from imagegate.training.learning.messages import TrainingMessages

EXAMPLES = (
    "imagegate train corpus --out my.gate --risk-target 0.05 --confidence 0.95",
    "imagegate train --outcomes outcomes.csv --out my.gate",
)
MOST_SAID = 10  # outcomes left out that are named

Outcomes = Annotated[
    Path | None,
    typer.Option(
        help="Your own images: a CSV of path,failed[,group] from production, instead of corpora "
        "or added to them as the set 'feedback'.",
    ),
]
TaskName = Annotated[
    str | None,
    typer.Option("--task", "-t", help="With --outcomes alone: what the images are for."),
]
Confidence = Annotated[float, typer.Option(help="The confidence with which the risk target holds.")]
Shares = Annotated[
    str,
    typer.Option(help="Shares of the sources to train, calibrate and test on; they sum to 1."),
]


def command(
    corpus: Annotated[list[Path] | None, CORPORA] = None,
    to: GateOut = Path("my.gate"),
    outcomes: Outcomes = None,
    task: TaskName = None,
    risk_target: Annotated[float, RISK_TARGET] = 0.05,
    confidence: Confidence = 0.95,
    cost_false_pass: FalsePass = None,
    cost_false_reject: FalseReject = None,
    shares: Shares = "0.6,0.2,0.2",
    name: Name = None,
    seed: Seed = 0,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Train a gate: learn where the engine fails, calibrate, and set the threshold."""
    if not (corpus or outcomes):
        raise SettingsError("give corpus folders, --outcomes FILE, or both")
    if corpus and task:
        raise SettingsError("--task goes with --outcomes alone: a corpus knows its task")
    gate = run(
        corpus or [],
        to,
        outcomes=outcomes,
        task=task,
        name=name,
        quiet=as_json,
        force=force,
        seed=seed,
        shares=three(shares),
        risk_target=risk_target,
        confidence=confidence,
        costs=both_costs(cost_false_pass, cost_false_reject),
    )
    if as_json:
        print_json(cards(gate))
    elif corpus and not outcomes:  # 'evaluate' reads corpora alone
        usable = (path for path in corpus if read_meta(path).get("recipe") not in FOR_DIAGNOSIS)
        folders = " ".join(map(str, usable))
        out.print(f"next: imagegate evaluate {to} {folders} --report report.html", soft_wrap=True)


def three(text: str) -> list[float]:
    """Read three shares that sum to 1, such as ``0.6,0.2,0.2``."""
    try:
        first, second, third = (float(share) for share in text.split(","))
    except ValueError:
        raise SettingsError(f"expected --shares like 0.6,0.2,0.2, got {text!r}") from None
    return [first, second, third]


def run(
    corpus: list[Path],
    to: Path,
    *,
    outcomes: Path | None = None,
    task: str | None = None,
    name: str | None = None,
    quiet: bool = False,
    force: bool = False,
    **settings: Any,
) -> Gate:
    """Train, evaluate on the test split, write the gate file, and report."""
    check_gate_out(to, inputs=[outcomes] if outcomes else [], force=force)
    found = [read_corpus(folder) for folder in corpus]
    others = [rows for rows in found if rows.meta.get("recipe") in FOR_DIAGNOSIS]
    rows = rows_of([rows for rows in found if rows not in others], outcomes, task)
    date = datetime.now(UTC).date().isoformat()
    result = train(rows, name=name or to.stem, date=date, diagnosis=others, **settings)
    heldout = evaluate(result.gate, rows, seed=settings["seed"], mistakes=0)
    gate = result.gate.with_results(heldout.for_card())
    save_gate(gate, to)
    if not quiet:
        tell(gate, result.summary, heldout)
        say_written(to)
    return gate


def tell(gate: Gate, summary: TrainingMessages, heldout: Evaluation) -> None:
    """Print what it learned, how it compares, its guarantee, and what is missing."""
    of_output = insight_lines(gate.output.card.lesson) if gate.output else []
    of_output = [f"With the output: {line}" for line in of_output]
    say(*summary.learned, *insight_lines(gate.card.lesson), *of_output)
    say(*diagnosis_lines(gate.card.diagnosis))
    compare(heldout)
    say(*summary.guarantee[:1], *tested(heldout), *summary.guarantee[1:], *summary.shortfall)


def compare(heldout: Evaluation) -> None:
    """Print the gate beside the rules, on what it has not learned from."""
    shown = {"auroc": "AUROC", "coverage": "passed", "risk": "failing of passed"}
    rows = [
        [result.name, *(cell(result, name) for name in shown)]
        for result in heldout.results
        if result.key != ORACLE
    ]
    say(scope(heldout))
    print_table(["", *shown.values()], *rows)
    if not too_few(heldout) and rules_of(heldout):
        best = max(rules_of(heldout), key=lambda rules: rules.metrics["auroc"].value)
        say(ranks(heldout["learned"], best))


def tested(heldout: Evaluation) -> list[str]:
    """Return what the rows kept for the test say of a guarantee, if there is one."""
    given = heldout.card.guarantee
    passed = heldout["learned"].operating.passed
    return [f"On the test {measured(heldout, given)}."] if given and given.kept and passed else []


def rows_of(corpora: list[Corpus], outcomes: Path | None, task: str | None) -> Corpus:
    """Return the rows that the probability of failure is learned from."""
    if not (corpora or outcomes):
        raise SettingsError(
            "the recipes 'causes' and 'counterfactuals' only teach a gate to name causes: give a "
            "corpus of the recipe 'mixed', too"
        )
    if outcomes is None:
        return join_corpora(corpora)
    default_set = "feedback" if corpora else "outcomes"
    known = read_outcomes(outcomes, task=task or "custom", default_set=default_set)
    say_left_out(known.meta)
    return with_outcomes(join_corpora(corpora), known) if corpora else known


def say_left_out(meta: dict[str, Any]) -> None:
    """Name the outcomes whose image could not be used, and count those that say nothing new."""
    for path, why in list(meta["dropped"].items())[:MOST_SAID]:
        err.print(f"left out: {plain(path)}: {plain(why)}", soft_wrap=True)
    if meta["errors"] > MOST_SAID:
        err.print(f"left out: {meta['errors']:,} outcomes in all")
    if meta["repeated"]:
        several = meta["repeated"]
        verbs = agree(several, "repeats an outcome and counts", "repeat an outcome and count")
        err.print(f"{count(several, 'line')} {verbs} once")
