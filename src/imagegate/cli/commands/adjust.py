"""``imagegate adjust``: another promise for a trained gate, or new outcomes, without training."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from imagegate.cli.commands.train import (
    AsJson,
    FalsePass,
    FalseReject,
    Name,
    both_costs,
    say_left_out,
)
from imagegate.cli.console import cards, out, plain, print_json, say
from imagegate.models.zoo import SUFFIX, ZOO, load_gate

Promise = Annotated[
    float | None,
    typer.Option("--promise", help="Of the images passed, at most this share fails."),
]
Confidence = Annotated[
    float | None, typer.Option("--confidence", help="How sure that is; as before if not given.")
]
Outcomes = Annotated[
    Path | None,
    typer.Option(
        "--outcomes",
        help="Your own images: a CSV of path,failed[,group] from production, to calibrate on too.",
    ),
]


def command(
    gate: Annotated[str, typer.Argument(help="A gate file or a bundled gate.")],
    to: Annotated[Path, typer.Option("--out", "-o", help="The gate file to write.")],
    promise: Promise = None,
    confidence: Confidence = None,
    cost_false_pass: FalsePass = None,
    cost_false_reject: FalseReject = None,
    outcomes: Outcomes = None,
    name: Name = None,
    as_json: AsJson = False,
) -> None:
    """Set a gate's threshold again from the calibration rows in its file; the trees stay."""
    from imagegate.models.artifact import save_gate
    from imagegate.pipeline.destination import check_gate_file
    from imagegate.training.corpus import read_outcomes
    from imagegate.training.maintenance.adjust import (
        adjust,
        changes,
        learned_only,
        objective_for,
    )

    read = [Path(gate), *([outcomes] if outcomes else []), *ZOO.glob(f"*{SUFFIX}")]
    check_gate_file(to, inputs=read)
    costs, known = both_costs(cost_false_pass, cost_false_reject), None
    before = learned_only(load_gate(gate))
    asked: dict[str, Any] = {"risk_target": promise, "confidence": confidence, "costs": costs}
    objective_for(before.card, **asked)  # what is wrong is told before the images are measured
    if outcomes:
        known = read_outcomes(outcomes, task=before.card.task, default_set="feedback")
        say_left_out(known.meta)
    date = datetime.now(UTC).date().isoformat()
    after = adjust(before, **asked, outcomes=known, name=name or to.stem, date=date)
    save_gate(after, to)
    if as_json:
        print_json(cards(after))
        return
    say(*changes(before, after))
    out.print(f"written: {plain(str(to))} ({to.stat().st_size / 1000:,.0f} kB)", soft_wrap=True)
