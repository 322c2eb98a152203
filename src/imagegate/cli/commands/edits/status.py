"""``imagegate edits status`` and ``log``: where a batch stands, and what was done to it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from imagegate.cli.console import print_json, say
from imagegate.cli.edit_options import StoreFolder, opened
from imagegate.cli.options import AsJson, RowsAsJson
from imagegate.edits.batch.proof import held_back, proof
from imagegate.edits.batch.publish import differing, flagged
from imagegate.edits.batch.reviews import kinds, minutes
from imagegate.edits.batch.store import Store

EXAMPLES = (
    "imagegate edits status --store batch/",
    "imagegate edits log --store batch/",
)


def command(store: StoreFolder, as_json: AsJson = False) -> None:
    """Show how many pictures were checked, reviewed, held back, published and flagged."""
    found = facts(opened(store))
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        if isinstance(value, dict):
            value = value.get("sentence") or ", ".join(f"{n} {v}" for n, v in value.items())
        say(f"{name.replace('_', ' '):<12}{'n/a' if value in (None, '') else value}")


def log(store: StoreFolder, as_json: RowsAsJson = False) -> None:
    """Show all that was done to a batch, in order."""
    for row in opened(store).rows("SELECT at, who, what, more FROM log ORDER BY id"):
        more: dict[str, Any] = json.loads(row.pop("more") or "{}")
        if as_json:
            print_json({**row, **more})
        else:
            shown = ", ".join(f"{key} {value}" for key, value in more.items() if value is not None)
            say(f"{row['at']}  {row['who']}  {row['what']}  {shown}")


def facts(batch: Store) -> dict[str, Any]:
    """Return where a batch stands, as plain values."""
    rows = batch.pictures()
    places = batch.rows("SELECT destination, done, state FROM places")
    out = Counter(one["destination"] for one in places if one["state"].startswith("edited"))
    return {
        "pictures": len(rows),
        "made_by": batch.get("provenance")["model"],
        "checked": dict(Counter(row["decision"] or "not yet" for row in rows)),
        "proven": proof(batch).to_dict() if batch.get("sample") else None,
        "held_back": dict(Counter(held_back(batch).values())),
        "kinds": kinds(batch),
        "minutes": minutes(batch),
        "published": dict(out),
        "changed_since": sum(len(differing(batch, place)) for place in out),
        "unfinished": sum(not one["done"] for one in places),
        "flagged": flagged(batch),
    }
