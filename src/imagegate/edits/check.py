"""Check one edit: its container, what lies outside of it, and how well it fits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.edits.container import ALLOWED, PARTS, Change, Facts, changes_between, facts_of
from imagegate.edits.outside import check_outside
from imagegate.edits.reasons import (
    artefact_reason,
    container_reason,
    outside_reasons,
    unchanged_reason,
)
from imagegate.edits.saving import Resave, resaves_of
from imagegate.edits.verdict import EditVerdict, Region
from imagegate.errors import ImageError, SettingsError, UnknownNameError
from imagegate.features.edits import EDIT_MEASURES, EditPair, make_pair, measure_edit
from imagegate.features.edits.region import Bits
from imagegate.image import Image, ImageFile, open_file, read
from imagegate.models.artifact import gate_names, load_gate
from imagegate.models.gate import Gate
from imagegate.models.verdict import Reason
from imagegate.tables import Box

SHIPPED = "edits"


@dataclass(frozen=True)
class Picture:
    """A picture to compare: its pixels, what its file says, and how it may have been saved."""

    image: Image
    facts: Facts
    resaves: tuple[Resave, ...] = ()


def check_edit(
    original: Any,
    edited: Any,
    mask: Any = None,
    *,
    gate: Gate | None = None,
    allowed: tuple[str, ...] = ALLOWED,
    numbers: bool = False,
) -> EditVerdict:
    """Check an edited picture against its original before it is published.

    Parameters
    ----------
    original, edited : path, bytes, array, PIL image, file object or Image
        As for :func:`imagegate.read`. Give paths or bytes where you can: only they tell what
        happened to the container, and how the edited picture was saved.
    mask : path, bytes or ndarray, optional
        Where the edit is, either side light, or in the alpha channel; found by comparing if not
        given.
    gate : Gate, optional
        Of edits, for the probability of an artefact; without one it is None, and an edit passes
        if nothing else speaks against it.
    allowed : tuple of str
        The parts of the container that may change: ``"size"``, ``"format"``, ``"mode"``,
        ``"depth"``, ``"alpha"``, ``"profile"``, ``"exif"``, ``"orientation"``.
    numbers : bool
        Also compute SSIM, MDSI, HaarPSI and CIEDE2000 (extra ``edits``).

    Returns
    -------
    EditVerdict
        Rejected if the container or anything outside changed that should not have; for review if
        the edit may show, or if it cannot be told. What the edit shows is not judged: whether the
        right thing was taken away only people see.

    Raises
    ------
    ImageError
        If a picture cannot be read.
    SettingsError
        If the mask is none, or has another aspect.
    UnknownNameError
        If a part of ``allowed`` does not exist.

    Examples
    --------
    >>> before = np.random.default_rng(0).integers(90, 110, (400, 500, 3), np.uint8)
    >>> after = before.copy()
    >>> after[150:200, 200:300] = before[50:100, 200:300]
    >>> check_edit(before, after).region.box
    (198, 148, 302, 202)
    """
    for name in allowed:
        if name not in PARTS:
            raise UnknownNameError(PARTS.kind, name, PARTS)
    before, after = picture_of(original), picture_of(edited)
    pair = make_pair(before.image, after.image, mask_of(mask))
    changes = changes_between(before.facts, after.facts, allowed=allowed)
    outside = check_outside(pair, after.resaves)
    measures = measure_edit(pair)
    region = Region(box_of(pair.region), float(pair.region.mean()), pair.found)
    p_artifact, doubtful = _chance(gate, measures)
    reasons = [container_reason(change) for change in changes if not change.allowed]
    reasons += outside_reasons(outside)
    if region.box is None and not outside.changed:
        reasons.append(unchanged_reason())
    elif gate is not None and doubtful:
        reasons.append(
            artefact_reason(
                measures,
                dict(zip(gate.card.measures, map(tuple, gate.usual.tolist()), strict=True)),
                region.box,
            )
        )
    decision = decide(changes, outside.changed, reasons)
    return EditVerdict(
        decision=decision,
        ok=decision == "pass",
        p_artifact=p_artifact,
        width=pair.region.shape[1],
        height=pair.region.shape[0],
        region=region,
        changes=changes,
        outside=outside,
        reasons=tuple(reasons),
        numbers=_numbers(pair) if numbers else None,
        measures=measures,
        gate=gate.name if gate else "",
    )


def decide(changes: tuple[Change, ...], outside: bool | None, reasons: list[Reason]) -> str:
    """Return the decision: reject what has to be done again, review what else has a reason."""
    if outside or not all(change.allowed for change in changes):
        return "reject"
    return "review" if reasons else "pass"


def gate_of_edits(name: str | None = None) -> Gate | None:
    """Return a gate of edits by name or file: by default the one that ships, None without one.

    Raises
    ------
    SettingsError
        If it is a gate of something else.
    """
    if name is None and SHIPPED not in gate_names():
        return None
    gate = load_gate(name or SHIPPED)
    if not isinstance(gate, Gate) or not set(gate.card.measures) <= set(EDIT_MEASURES):
        raise SettingsError(f"{name}: no gate of edits, see imagegate gates")
    return gate


def picture_of(source: Any) -> Picture:
    """Read a picture, and what its file says of it if it is a file."""
    if isinstance(source, Image | np.ndarray) or hasattr(source, "getpixel"):
        image = read(source)
        height, width = image.rgb.shape[:2]
        header = image.header
        return Picture(
            image, Facts(header.format, width, height, header.mode, header.bits, header.alpha)
        )
    file: ImageFile = open_file(source)
    return Picture(file.page(1), facts_of(file), tuple(resaves_of(file)))


def mask_of(mask: Any) -> NDArray[Any] | None:
    """Return a mask as an array; the alpha channel of a file is kept."""
    if mask is None or isinstance(mask, np.ndarray):
        return mask
    from PIL import Image as Pillow

    try:
        with Pillow.open(Path(mask)) as picture:
            plain = picture.mode in ("1", "L", "I;16", "RGB", "RGBA")
            return np.asarray(picture if plain else picture.convert("RGBA"))
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageError(str(mask), f"the mask cannot be read: {error}") from None


def box_of(region: Bits) -> Box | None:
    """Return the box around a region, None for an empty one."""
    rows, columns = (np.flatnonzero(region.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _chance(gate: Gate | None, measures: dict[str, float]) -> tuple[float | None, bool]:
    """Return the probability of an artefact, and whether the edit does not pass by it."""
    if gate is None:
        return None, False
    row = np.array([[measures[name] for name in gate.card.measures]])
    if gate.unfamiliar(row)[0]:
        return None, True
    p_artifact = float(gate.p_fail(row)[0])
    return p_artifact, gate.thresholds.decide(p_artifact) != "pass"


def _numbers(pair: EditPair) -> dict[str, dict[str, float]]:
    from imagegate.edits.numbers import numbers_of

    return numbers_of(pair)
