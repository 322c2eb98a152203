"""``imagegate edits learn``: fit the gate of edits to a batch by its reviews."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from imagegate.cli.console import print_json, say, say_written
from imagegate.cli.edit_options import StoreFolder, opened
from imagegate.cli.options import AsJson, check_gate_out
from imagegate.edits.batch.learn import labelled
from imagegate.edits.check import edit_gate
from imagegate.edits.learn import learn_from_labels
from imagegate.errors import SettingsError
from imagegate.models.artifact import save_gate
from imagegate.text import number

EXAMPLES = ("imagegate edits learn --store batch/ --out mine.gate",)


def command(
    store: StoreFolder,
    to: Annotated[Path, typer.Option("--out", "-o", help="The gate file to write.")],
    gate: Annotated[
        str | None, typer.Option("--gate", "-g", help="A gate of edits; the one that ships if any.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fit a gate of edits to what this batch's tool does well and badly, by its reviews.

    The next batch of the same tool is checked with it: imagegate edits validate --gate mine.gate
    """
    check_gate_out(to, inputs=[], force=force)
    start = edit_gate(gate)
    if start is None:
        raise SettingsError("no gate of edits ships: give one with --gate")
    date = datetime.now(UTC).date().isoformat()
    found = learn_from_labels(start, labelled(opened(store)), name=to.stem, date=date)
    save_gate(found.gate, to)
    facts = {"labels": found.labels, "bad": found.bad, "before": found.before, "after": found.after}
    if as_json:
        print_json(facts)
        return
    say(
        f"{found.labels:,} labels, {found.bad:,} of bad edits: AUROC on labels not learned from "
        f"{number(found.before)} before, {number(found.after)} after."
    )
    say_written(to)
