"""Edits: what can be said in numbers about a picture before and after it was edited."""

from __future__ import annotations

from imagegate.features.edits import seam, texture, traces
from imagegate.features.edits.pair import EditPair, make_pair
from imagegate.features.edits.scene import prepare
from imagegate.tables import Measure, Table

__all__ = ["EDIT_MEASURES", "EDIT_VERSION", "EditPair", "make_pair", "measure_edit"]

# Raised whenever a measure of edits gives other numbers, not when one is added.
EDIT_VERSION = 1

EDIT_MEASURES: Table[Measure] = Table(
    "measure of edits", (*texture.MEASURES, *seam.MEASURES, *traces.MEASURES)
)


def measure_edit(pair: EditPair) -> dict[str, float]:
    """Return every measure of an edit by name, in table order, NaN where undefined.

    Most compare the edit with its surroundings in the edited picture: 0 is an edit that fits. All
    are NaN if nothing was edited, or if the edit leaves no surroundings.
    """
    scene = prepare(pair)
    return {name: row.function(scene) for name, row in EDIT_MEASURES.items()}
