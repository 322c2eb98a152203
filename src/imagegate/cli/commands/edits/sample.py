"""``imagegate edits sample``: what people look at, and what that will prove."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated

import typer

from imagegate.cli.console import print_json, say
from imagegate.cli.edit_options import By, StoreFolder, opened, share_of, who
from imagegate.cli.options import AsJson, Seed
from imagegate.edits.batch.sample import Plan, sample
from imagegate.errors import SettingsError
from imagegate.text import percent

EXAMPLES = (
    "imagegate edits sample --store batch/ --bound 0.01 --confidence 0.95",
    "imagegate edits sample --store batch/ --share 10%",
)


def command(
    store: StoreFolder,
    bound: Annotated[float, typer.Option(help="Fewer than this share may be bad.")] = 0.01,
    confidence: Annotated[float, typer.Option(help="How sure that shall be.")] = 0.95,
    share: Annotated[str | None, typer.Option(help="Instead: look at a fixed share.")] = None,
    high_risk: Annotated[float, typer.Option(help="The riskiest share, all looked at.")] = 0.1,
    strata: Annotated[
        Path | None, typer.Option(help="CSV with name,stratum; by look without it.")
    ] = None,
    by: By = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Draw what people look at, and say beforehand how many looks the bound takes."""
    plan = sample(
        opened(store),
        who=who(by),
        bound=bound,
        confidence=confidence,
        share=share_of(share, "--share") if share else None,
        high=high_risk,
        strata=read_strata(strata) if strata else None,
        seed=seed,
    )
    if as_json:
        print_json(plan.to_dict())
    else:
        say(*lines(plan))


def read_strata(path: Path) -> dict[str, str]:
    """Return the stratum of every name of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if not {"name", "stratum"} <= {*(reader.fieldnames or ())}:
            raise SettingsError(f"{path}: expected the columns name and stratum")
        return {row["name"]: row["stratum"] for row in reader}


def lines(plan: Plan) -> list[str]:
    """Return the plan in sentences."""
    total, at = sum(plan.sizes.values()), f"at {percent(plan.confidence)} confidence"
    looks = f"{plan.looks:,} looks: {plan.high:,} of high risk, {plan.drawn:,} at random"
    aim = f"; if no random one is bad they prove fewer than {plan.limit} of {total:,} left, {at}"
    tenth, below = plan.tenth
    return [
        looks + (aim if plan.limit else ""),
        f"a fixed 10 % takes {tenth:,} looks and proves fewer than {below:,} of {total:,} at best",
    ]
