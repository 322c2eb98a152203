"""``imagegate edits reviews``: record what people say of pictures."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated

import typer

from imagegate.cli.console import print_json, say
from imagegate.cli.edit_options import By, StoreFolder, opened, who
from imagegate.cli.options import AsJson
from imagegate.edits.batch.proof import next_pictures, proof
from imagegate.edits.batch.reviews import record_review, undo_review
from imagegate.errors import SettingsError

EXAMPLES = (
    "imagegate edits reviews --store batch/ --next 20",
    "imagegate edits reviews --store batch/ --add labels.csv --by ann",
)


def command(
    store: StoreFolder,
    add: Annotated[Path | None, typer.Option(help="CSV with name,label[,kind,seconds].")] = None,
    take_back: Annotated[bool, typer.Option("--undo", help="Take back the last answer.")] = False,
    most: Annotated[int, typer.Option("--next", help="List so many to look at next.")] = 0,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Record answers (good, bad or skip), say what they prove, list what to look at next.

    Exit code 0: the bound is proven. 1: not yet. 2: could not run.
    """
    batch, reviewer = opened(store), who(by)
    if take_back and undo_review(batch, reviewer) is None:
        raise SettingsError(f"{reviewer} has no answer to take back")
    for row in read_labels(add) if add else ():
        record_review(
            batch,
            row["name"],
            reviewer,
            row["label"],
            kind=row.get("kind") or None,
            seconds=float(row["seconds"]) if row.get("seconds") else None,
        )
    found, names = proof(batch), next_pictures(batch, reviewer)[:most]
    if as_json:
        print_json({**found.to_dict(), "next": names})
    else:
        say(found.sentence(), *names)
    raise typer.Exit(int(not found.proven))


def read_labels(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file of labels."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if not {"name", "label"} <= {*(reader.fieldnames or ())}:
            raise SettingsError(f"{path}: expected the columns name and label")
        return list(reader)
