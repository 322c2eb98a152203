"""Check one edit: its container, what lies outside of it, and how well it fits."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.edits.container import Facts, changes_between, facts_of
from imagegate.edits.outside import check_outside
from imagegate.edits.policy import EditPolicy, load_edit_policy
from imagegate.edits.reasons import (
    artefact_reason,
    container_reason,
    outside_reasons,
    unchanged_reason,
)
from imagegate.edits.saving import Resave, resaves_of
from imagegate.edits.verdict import EditVerdict, Region
from imagegate.errors import ImageError, SettingsError
from imagegate.features.edits import EditPair, make_pair, measure_edit
from imagegate.features.edits.region import Bits
from imagegate.image import Image, ImageFile, open_file, read
from imagegate.models.artifact import SUFFIX, ZOO, load_gate
from imagegate.models.gate import Gate
from imagegate.models.verdict import Decision
from imagegate.tables import Box

EDITS = "edits"  # the task of gates of edits


LIKELY = 0.5  # a gate that promises nothing sends to review what it takes for bad rather than not


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
    gate: Gate | str | Path | None = None,
    policy: EditPolicy | Mapping[str, Any] | str | Path | None = None,
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
    gate : Gate, name or path, optional
        Of edits, for the probability of an artefact; by default the one that ships, if one does.
        Without one it is None, and an edit passes if nothing else speaks against it. A gate that
        promises nothing sends to review what it takes for bad rather than not: then a pass says
        that nothing known speaks against the edit, no more.
    policy : EditPolicy, mapping or path of a TOML file, optional
        What may change, and which probabilities pass.
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
        If the mask is none or has another aspect, the policy is none, or the gate is not of edits.

    Examples
    --------
    >>> before = np.full((400, 500, 3), 128, np.uint8)
    >>> after = before.copy()
    >>> after[150:200, 200:300] = 30
    >>> verdict = check_edit(before, after)
    >>> verdict.region.found, verdict.outside.changed
    (True, False)
    """
    rules = load_edit_policy(policy)
    gate = edit_gate(gate)
    before, after = picture_of(original), picture_of(edited)
    pair = make_pair(before.image, after.image, mask_of(mask))
    changes = changes_between(before.facts, after.facts, allowed=rules.allow)
    outside = check_outside(pair, after.resaves, ignore=rules.ignore)
    measures = measure_edit(pair)
    region = Region(box_of(pair.region), float(pair.region.mean()), pair.found)
    p_artifact, by_gate = _chance(gate, measures, rules)
    reasons = [container_reason(change) for change in changes if not change.allowed]
    reasons += outside_reasons(outside)
    if region.box is None and not outside.changed:
        reasons.append(unchanged_reason())
    elif gate and by_gate != "pass":
        reasons.append(artefact_reason(measures, usual_of(gate), region.box))
    redo = by_gate == "reject" or outside.changed or not all(one.allowed for one in changes)
    decision: Decision = "reject" if redo else "review" if reasons else "pass"
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


def edit_gate(gate: Gate | str | Path | None = None) -> Gate | None:
    """Return a gate of edits by name or file; the one that ships by default, None if none does."""
    if gate is None:
        shipped = ZOO / f"{EDITS}{SUFFIX}"
        return _shipped(shipped) if shipped.is_file() else None
    found = gate if isinstance(gate, Gate) else load_gate(gate)
    if not isinstance(found, Gate) or found.card.task != EDITS:
        raise SettingsError(f"{found.name} is no gate of edits: its task is {found.card.task}")
    return found


@cache
def _shipped(path: Path) -> Gate:
    found = load_gate(path)
    if not isinstance(found, Gate):
        raise SettingsError(f"{path}: is no gate of edits")
    return found


def pair_of(original: Any, edited: Any, mask: Any = None) -> EditPair:
    """Read two pictures and a mask, as :func:`check_edit` takes them, as a pair."""
    return make_pair(picture_of(original).image, picture_of(edited).image, mask_of(mask))


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
        with Pillow.open(io.BytesIO(mask) if isinstance(mask, bytes) else Path(mask)) as picture:
            plain = picture.mode in ("1", "L", "I;16", "RGB", "RGBA")
            return np.asarray(picture if plain else picture.convert("RGBA"))
    except (OSError, ValueError, SyntaxError) as error:
        source = "<bytes>" if isinstance(mask, bytes) else str(mask)
        raise ImageError(source, f"the mask cannot be read: {error}") from None


def box_of(region: Bits) -> Box | None:
    """Return the box around a region, None for an empty one."""
    rows, columns = (np.flatnonzero(region.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def usual_of(gate: Gate) -> dict[str, tuple[float, float]]:
    """Return the range of 90 % of the good edits by measure."""
    rows = zip(gate.card.measures, gate.usual.tolist(), strict=True)
    return {name: (low, high) for name, (low, high) in rows}


def _chance(
    gate: Gate | None, measures: Mapping[str, float], policy: EditPolicy
) -> tuple[float | None, Decision]:
    """Return the probability of an artefact, and the decision by it alone."""
    if gate is None or all(math.isnan(value) for value in measures.values()):
        return None, "pass"
    row = np.array([[measures[name] for name in gate.card.measures]])
    if gate.unfamiliar(row)[0]:
        return None, "review"
    p_artifact = float(gate.p_fail(row)[0])
    if policy.reject_from is not None and p_artifact >= policy.reject_from:
        return p_artifact, "reject"
    promised = LIKELY if gate.thresholds.passing is None else gate.thresholds.passing
    highest = promised if policy.pass_below is None else policy.pass_below
    return p_artifact, "pass" if p_artifact <= highest else "review"


def _numbers(pair: EditPair) -> dict[str, dict[str, float]]:
    from imagegate.edits.numbers import numbers_of

    return numbers_of(pair)
