"""The corpus of an artefact gate: made edits and labelled ones, measured, one row a region."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from imagegate.edits.made.make import MadeEdit, make_edit
from imagegate.features import EDITS
from imagegate.features.edits import EDIT_MEASURES, EDIT_VERSION, EditPair, make_pair, measure_edit
from imagegate.tables import Pixels
from imagegate.training.corpus import Corpus, from_table
from imagegate.training.data.clean import Source
from imagegate.training.labelling import store
from imagegate.training.labelling.recipes import row_seed

Row = dict[str, Any]
LONGEST_SIDE = 640  # px of a photograph that edits are made of
LEAST_SIDE = 96
LEAST_OVERLAP = 0.3  # IoU of the region found with the mask; less is another edit


def made_edits(source: Source, pixels: Pixels, count: int, seed: int) -> Iterator[MadeEdit]:
    """Yield edits of one photograph, RGB (height, width, 3); the same seed gives the same ones."""
    clean = shrunk(pixels)
    if min(clean.shape[:2]) < LEAST_SIDE:
        return
    for index in range(count):
        rng = np.random.default_rng([seed, row_seed(seed, source.source_id, index)])
        yield make_edit(clean, rng)


def made_rows(source: Source, number: int, made: MadeEdit) -> list[Row]:
    """Return the rows of a made edit: by its mask, and by the region found without one.

    None if nobody could say whether it is good.
    """
    if made.label == "unsure":
        return []
    bad, named = made.label == "bad", f"{source.source_id}#{number:03d}"
    about = {
        "source_id": source.source_id,
        "group": source.group,
        "set": source.set,
        "path": source.shown,
        "cause": made.kind,
    }
    given = make_pair(made.original, made.edited, made.mask)
    rows = [edit_row(given, f"{named} {made.overlay} given", bad=bad, **about)]
    found = make_pair(made.original, made.edited)
    if overlap(given, found) >= LEAST_OVERLAP:
        rows.append(edit_row(found, f"{named} {made.overlay} found", bad=bad, **about))
    return rows


def edit_row(pair: EditPair, row_id: str, *, bad: bool, **about: str) -> Row:
    """Return the row of a corpus for one edit.

    ``about`` are source_id, group, set, path and cause, the kind of edit.
    """
    height, width = pair.region.shape
    facts = {"chain": "[]", "severity": 0, "seed": 0, **store.BLANK, **about}
    size = {"width": width, "height": height, "loss": float(bad)}
    return {"row_id": row_id, **facts, **size, **measure_edit(pair)}


def overlap(one: EditPair, two: EditPair) -> float:
    """Return the intersection over union of two regions."""
    union = np.count_nonzero(one.region | two.region)
    return float(np.count_nonzero(one.region & two.region) / np.maximum(1, union))


def corpus_of(rows: Sequence[Row], licences: Mapping[str, str] | None = None) -> Corpus:
    """Return rows as a corpus in memory; ``licences`` are by set."""
    return from_table(_meta(rows, licences or {}), _table(rows))


def write_corpus(
    folder: Path, rows: Sequence[Row], licences: Mapping[str, str] | None = None
) -> None:
    """Write rows as a corpus folder that ``imagegate train`` reads; ``licences`` are by set."""
    folder.mkdir(parents=True, exist_ok=True)
    store.write(_table(rows), folder / store.ROWS)
    store.write_meta(folder, _meta(rows, licences or {}))


def shrunk(pixels: Pixels) -> Pixels:
    """Return a photograph of 640 px at most."""
    share = LONGEST_SIDE / max(pixels.shape[:2])
    if share >= 1:
        return pixels
    small = cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def _table(rows: Sequence[Row]) -> Any:
    pa = store.arrow()
    types = {**store.TYPES, **dict.fromkeys(EDIT_MEASURES, "float32")}
    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in types.items()])
    return pa.Table.from_pylist(list(rows), schema=schema).sort_by("row_id")


def _meta(rows: Sequence[Row], licences: Mapping[str, str]) -> dict[str, Any]:
    sources = Counter(name for name, _ in {(row["set"], row["source_id"]) for row in rows})
    return {
        "format": store.FORMAT,
        "task": EDITS,
        "text": False,
        "engine": "edits",
        "engine_version": "",
        "limit": 0.5,
        "recipe": "edits",
        "imagegate": metadata.version("imagegate"),
        "features_version": EDIT_VERSION,
        "measures": list(EDIT_MEASURES),
        "sets": {
            name: {"sources": count, "root": "", "licence": licences.get(name, "not stated")}
            for name, count in sorted(sources.items())
        },
        "complete": True,
        "rows": len(rows),
        "errors": 0,
        "fails": int(sum(row["loss"] for row in rows)),
        "dropped": {},
    }
