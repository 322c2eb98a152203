"""Reasons against an edit: codes, and which reading of the edit shows each kind of artefact."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from imagegate.edits.container import PARTS, Change
from imagegate.edits.outside import KINDS, Outside
from imagegate.features.edits import EDIT_MEASURES
from imagegate.messages import ENGLISH, load_messages
from imagegate.models.verdict import Reason
from imagegate.tables import Box, Table
from imagegate.text import number

UNCHANGED, UNKNOWN, UNEXPLAINED = "edit.unchanged", "outside.unknown", "edit.doubtful"
NAN = float("nan")


@dataclass(frozen=True)
class Artefact:
    """One kind of artefact, as people name it, and the readings that show it.

    ``high`` and ``low`` are measures of edits that are unusually so where it is.
    """

    name: str
    high: tuple[str, ...] = ()
    low: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """The code of the reason."""
        return f"edit.{self.name}"


ARTEFACTS: Table[Artefact] = Table(
    "kind of artefact",
    (
        Artefact("residue", ("edit.kept_edges", "edit.left_alone")),
        Artefact("ghost", ("edit.ghost", "edit.shape_ghost", "edit.edge_echo", "edit.bleed")),
        Artefact("smear", ("edit.anisotropy", "edit.flat_gap"), ("edit.band_4px",)),
        Artefact("seam", ("edit.seam_gradient", "edit.seam_step", "edit.seam_line")),
        Artefact("texture", ("edit.band_8px", "edit.band_4px"), ("edit.seam_continuity",)),
        Artefact("colour", ("edit.colour", "edit.lightness", "edit.seam_worst_step")),
        Artefact("halo", ("edit.halo", "edit.glow")),
        Artefact("grain", ("edit.grain", "edit.chroma_grain", "edit.band_1px")),
        Artefact("blur", (), ("edit.sharpness", "edit.band_1px", "edit.band_2px", "edit.grain")),
    ),
)
CODES: tuple[str, ...] = (
    *(f"container.{name}" for name in PARTS),
    *(kind.code for kind in KINDS.values()),
    *(one.code for one in ARTEFACTS.values()),
    *(UNCHANGED, UNKNOWN, UNEXPLAINED),
)


def container_reason(change: Change) -> Reason:
    """Return the reason against a change of the container."""
    return _reason(change.code, f"{change.name}: {change.before} before, {change.after} after.")


def outside_reasons(outside: Outside) -> list[Reason]:
    """Return the reasons against what changed outside, the plainest first."""
    if outside.changed is None:
        return [_reason(UNKNOWN, "Too little of the picture lies outside of the edit.")]
    found = []
    for name in outside.kinds:
        kind, amount, limit = KINDS[name], outside.amounts[name], outside.limits[name]
        detail = f"{number(amount)} {kind.unit}; re-saving gives up to {number(limit)}."
        found.append(_reason(kind.code, detail, name, amount, kind.unit, (0.0, limit)))
    return found


def unchanged_reason() -> Reason:
    """Return the reason against an edit that changed nothing."""
    return _reason(UNCHANGED, "No part of the picture differs by more than re-saving does.")


def artefact_reason(
    measures: Mapping[str, float], usual: Mapping[str, tuple[float, float]], where: Box | None
) -> Reason:
    """Return the kind of artefact whose readings are the most unusual.

    ``usual`` has the range of 90 % of the good edits by measure. Kinds are no more than a guess
    from readings; how often they are right stands in ``docs/edits.md``.
    """
    best, kind, measure = 0.0, None, ""
    for one in ARTEFACTS.values():
        for sign, names in ((1, one.high), (-1, one.low)):
            for name in names:
                beyond = _beyond(measures.get(name, NAN), usual.get(name, (NAN, NAN)), sign)
                if beyond > best:
                    best, kind, measure = beyond, one, name
    if kind is None:
        return _reason(UNEXPLAINED, "No single reading is unusual; all together are.", where=where)
    row, value = EDIT_MEASURES[measure], measures[measure]
    low, high = usual[measure]
    detail = f"{row.label} is {number(value)}; in good edits {number(low)} to {number(high)}."
    return _reason(kind.code, detail, measure, value, row.unit, (low, high), where)


def _beyond(value: float, usual: tuple[float, float], sign: int) -> float:
    """Return how far a reading lies beyond its usual range, in widths of that."""
    low, high = usual
    apart = value - high if sign > 0 else low - value
    return apart / (high - low) if math.isfinite(apart) and high > low else 0.0


def _reason(
    code: str,
    detail: str,
    measure: str = "",
    reading: float = NAN,
    unit: str = "",
    usual: tuple[float, float] = (NAN, NAN),
    where: Box | None = None,
) -> Reason:
    message = load_messages(ENGLISH)[code]
    return Reason(code, NAN, NAN, message, detail, measure, reading, unit, usual, where)
