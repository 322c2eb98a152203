"""Learn from the reviews of a batch: its labels as rows of measures."""

from __future__ import annotations

import json
from typing import Any

from imagegate.edits.batch.reviews import BAD, GOOD, labels
from imagegate.edits.batch.store import Store
from imagegate.edits.corpus import Row, corpus_of
from imagegate.errors import CorpusError
from imagegate.features.edits import EDIT_MEASURES
from imagegate.training.corpus import Corpus
from imagegate.training.labelling import store as corpora


def labelled(batch: Store) -> Corpus:
    """Return the pictures that reviewers found good or bad, as a corpus in memory.

    Raises
    ------
    CorpusError
        If there are none.
    """
    said = labels(batch)
    rows = [
        _row(picture, bad=said[picture["name"]] == BAD)
        for picture in batch.pictures()
        if said.get(picture["name"]) in (GOOD, BAD) and _measures(picture)
    ]
    if not rows:
        raise CorpusError(f"{batch.folder}: no picture was found good or bad yet: review some")
    return corpus_of(rows)


def _measures(picture: dict[str, Any]) -> dict[str, float | None]:
    found: dict[str, float | None] = json.loads(picture["verdict"] or "{}").get("measures", {})
    return found


def _row(picture: dict[str, Any], *, bad: bool) -> Row:
    verdict, name = json.loads(picture["verdict"]), picture["name"]
    measures = {key: verdict["measures"].get(key) for key in EDIT_MEASURES}
    facts = {"chain": "[]", "severity": 0, "seed": 0, **corpora.BLANK, "cause": "", "path": name}
    about = {"source_id": name, "group": name, "set": "batch"}
    size = {"width": verdict["width"], "height": verdict["height"], "loss": float(bad)}
    return {"row_id": name, **facts, **about, **size, **measures}
