"""The answer: a decision, the probability behind it and the reasons, ready for people and JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Decision = Literal["pass", "review", "reject"]


@dataclass(frozen=True)
class Reason:
    """One thing that speaks against an image.

    Parameters
    ----------
    signal : str
        One of the six causes; ``"content"`` for what the picture shows; ``"output"`` for
        what the engine made of it; ``"size"`` for the minimum size of a rule; ``"unfamiliar"``
        if the guard raised it.
    contribution : float
        Log-odds that it adds to ``p_fail`` (exact Shapley value); NaN where there is no
        probability: rules and guard.
    measure : str
        The most telling number: a measure, or a rule's setting such as ``"blur_score"``.
    reading : float
        Its value on this image; NaN if undefined.
    unit : str
        The unit of reading and range.
    usual : tuple of 2 float
        Where 90 % of the training images that pass lie, or what a rule asks for.
    sentence : str
        Reading and range in plain words.
    advice : str
        One sentence on what to do.
    """

    signal: str
    contribution: float
    measure: str
    reading: float
    unit: str
    usual: tuple[float, float]
    sentence: str
    advice: str


@dataclass(frozen=True)
class Verdict:
    """What a gate says about one image.

    Parameters
    ----------
    decision : {"pass", "review", "reject"}
        Use it, let someone look, or do not use it.
    ok : bool
        Whether the decision is ``"pass"``.
    p_fail : float or None
        Calibrated probability that the task fails. None where there is none: rules know no
        probability, and a gate gives none for an image unlike anything it has learned from.
    quality : int
        ``round(100 * (1 - p_fail))``; without a probability the lowest of the six scores.
    reasons : tuple of Reason
        The weightiest first; empty if nothing speaks against the image.
    scores : mapping of str to float
        The six 0–100 scores, 100 is best; NaN where nothing could be measured.
    measures : mapping of str to float
        What was measured, by name; NaN where undefined.
    gate : str
        The name of the gate.
    """

    decision: Decision
    ok: bool
    p_fail: float | None
    quality: int
    reasons: tuple[Reason, ...]
    scores: Mapping[str, float]
    measures: Mapping[str, float]
    gate: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values as ``schema/verdict.schema.json`` describes them; NaN is None."""
        return {
            "decision": self.decision,
            "ok": self.ok,
            "p_fail": self.p_fail,
            "quality": self.quality,
            "reasons": [json_safe(asdict(reason)) for reason in self.reasons],
            "scores": json_safe(self.scores),
            "measures": json_safe(self.measures),
            "gate": self.gate,
        }

    def __str__(self) -> str:
        """Return the verdict as plain sentences."""
        words = {
            "pass": "Pass",
            "review": "Someone should look at this image",
            "reject": "Reject",
        }[self.decision]
        risk = "" if self.p_fail is None else f", chance of failure {chance(self.p_fail)}"
        why = " ".join(reason.sentence for reason in self.reasons[:3])
        return f"{words}: quality {self.quality} of 100{risk}. {why}".rstrip()


def chance(probability: float) -> str:
    """Return a probability in percent that never claims 0 or 100.

    >>> chance(0.031), chance(0.0002), chance(0.47), chance(0.9999)
    ('3.1 %', 'under 0.1 %', '47 %', 'over 99.9 %')
    """
    percent = 100 * probability
    if percent < 0.1:
        return "under 0.1 %"
    if percent > 99.9:
        return "over 99.9 %"
    return f"{percent:.1f} %" if percent < 10 or percent > 99 else f"{percent:.0f} %"


def json_safe(value: Any) -> Any:
    """Return a value as JSON can hold it: lists for tuples, None for what is not finite."""
    if isinstance(value, Mapping):
        return {str(key): json_safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_safe(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


@dataclass(frozen=True)
class Checked:
    """One image of many: either a verdict, or the error that took its place."""

    source: str
    verdict: Verdict | None
    error: str = ""
