"""The verdict on an edit: a decision, and everything that speaks against publishing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from imagegate.edits.container import Change
from imagegate.edits.outside import Outside
from imagegate.messages import load_messages
from imagegate.models.verdict import Decision, Reason, json_safe
from imagegate.tables import Box
from imagegate.text import percent


@dataclass(frozen=True)
class Region:
    """Where a picture was edited.

    Parameters
    ----------
    box : tuple of 4 int or None
        Left, top, right and bottom in pixels of the edited picture; None if nothing was.
    share : float
        Of the picture that was edited, 0 to 1.
    found : bool
        True if it was found by comparing the pictures, False if a mask was given.
    """

    box: Box | None
    share: float
    found: bool


@dataclass(frozen=True)
class EditVerdict:
    """What is said of one edit.

    Parameters
    ----------
    decision : {"pass", "review", "reject"}
        Publish it, let someone look at it, or do it again.
    ok : bool
        Whether the decision is ``"pass"``.
    p_artifact : float or None
        Calibrated probability that people see an artefact, 0 to 1; None without a gate of edits,
        or for an edit unlike all that the gate has learned from.
    width, height : int
        Of the edited picture, in pixels.
    region : Region
        Where the picture was edited.
    changes : tuple of Change
        What happened to the container, each allowed or not.
    outside : Outside
        Whether anything changed where nothing should.
    reasons : tuple of Reason
        What speaks against it, the most important first; allowed changes are none.
    numbers : dict of str to dict or None
        SSIM, MDSI, HaarPSI and CIEDE2000 inside, on the seam, outside and over all; None if not
        asked for. They do not tell good edits from bad ones: the change is intended.
    measures : dict of str to float
        ``EDIT_MEASURES`` by name; NaN where undefined.
    gate : str
        The gate that gave the probability; empty for none.
    """

    decision: Decision
    ok: bool
    p_artifact: float | None
    width: int
    height: int
    region: Region
    changes: tuple[Change, ...]
    outside: Outside
    reasons: tuple[Reason, ...]
    numbers: dict[str, dict[str, float]] | None
    measures: dict[str, float]
    gate: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values as of ``edit.schema.json``; what is undefined is None."""
        found: dict[str, Any] = {**asdict(self), "reasons": [one.to_dict() for one in self.reasons]}
        safe: dict[str, Any] = json_safe(found)
        return safe

    def __str__(self) -> str:
        """Return the verdict as plain sentences."""
        words = {"pass": "Pass", "review": "Someone should look at this edit", "reject": "Reject"}
        risk = "" if self.p_artifact is None else f", artefact {percent(self.p_artifact)}"
        why = " ".join(reason.message for reason in self.reasons[:3])
        return f"{words[self.decision]}{risk}. {why}".rstrip()

    def translated(self, messages: str | Mapping[str, str]) -> EditVerdict:
        """Return the verdict with messages as of :func:`imagegate.load_messages`."""
        table = load_messages(messages)
        told = tuple(replace(one, message=table[one.code]) for one in self.reasons)
        return replace(self, reasons=told)
