"""``imagegate adjust``: another risk target for a gate, or new outcomes, without training."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from imagegate.cli.commands.train import say_left_out
from imagegate.cli.console import cards, print_json, say, say_written
from imagegate.cli.options import (
    RISK_TARGET,
    AsJson,
    FalsePass,
    FalseReject,
    Force,
    GateOut,
    Name,
    both_costs,
    check_gate_out,
)
from imagegate.models.artifact import SUFFIX, ZOO, load_gate, save_gate
from imagegate.training.corpus import read_outcomes
from imagegate.training.maintenance.adjust import adjust, changes, learned_only, objective_for

EXAMPLES = (
    "imagegate adjust my.gate --risk-target 0.02 --confidence 0.9 -o strict.gate",
    "imagegate adjust my.gate --outcomes feedback.csv --out fed.gate",
)


def command(
    gate: Annotated[str, typer.Argument(help="A gate file or a bundled gate.")],
    to: GateOut,
    risk_target: Annotated[float | None, RISK_TARGET] = None,
    confidence: Annotated[
        float | None, typer.Option(help="The confidence of the risk target; by default as before.")
    ] = None,
    cost_false_pass: FalsePass = None,
    cost_false_reject: FalseReject = None,
    outcomes: Annotated[
        Path | None,
        typer.Option(
            help="A CSV of path,failed[,group] from production: calibrate on these images, too."
        ),
    ] = None,
    name: Name = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Set a gate's threshold again from the calibration rows in its file, without retraining."""
    read = [Path(gate), *([outcomes] if outcomes else []), *ZOO.glob(f"*{SUFFIX}")]
    check_gate_out(to, inputs=read, force=force)
    costs, known = both_costs(cost_false_pass, cost_false_reject), None
    before = learned_only(load_gate(gate))
    asked: dict[str, Any] = {"risk_target": risk_target, "confidence": confidence, "costs": costs}
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
    say_written(to)
