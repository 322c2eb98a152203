"""``imagegate edits validate``: check every pair of a batch."""

from __future__ import annotations

from functools import partial

import typer

from imagegate.cli.commands.edits.check import EditGate, EditPolicyFile
from imagegate.cli.console import print_json, progress, say
from imagegate.cli.edit_options import By, StoreFolder, opened, who
from imagegate.cli.options import AsJson, Jobs
from imagegate.edits.batch.validate import look, validate
from imagegate.edits.check import edit_gate
from imagegate.edits.policy import load_edit_policy

EXAMPLES = (
    "imagegate edits validate --store batch/",
    "imagegate edits validate --store batch/ --gate mine.gate --policy policy.toml",
)


def command(
    store: StoreFolder,
    gate: EditGate = None,
    policy: EditPolicyFile = None,
    by: By = None,
    jobs: Jobs = 0,
    as_json: AsJson = False,
) -> None:
    """Check every pair that was not checked yet; a killed run goes on with the same command.

    Exit code 0: all passed. 1: some are for review or rejected. 2: could not run.
    """
    batch = opened(store)
    edit_gate(gate)  # what is wrong with it is told once, not of every picture
    own = partial(look, gate=gate, policy=load_edit_policy(policy))
    with progress("checking") as tell:
        found = validate(batch, who=who(by), look=own, jobs=jobs or None, tell=tell)
    if as_json:
        print_json(dict(found))
    else:
        say(", ".join(f"{found[name]:,} {name}" for name in ("pass", "review", "reject")))
    raise typer.Exit(int(found["pass"] < found.total()))
