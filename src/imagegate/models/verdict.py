"""The answer: a decision, the probability behind it and the reasons, ready for people and JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from imagegate.messages import load_messages
from imagegate.models.document_ai import document_ai

Decision = Literal["pass", "review", "reject"]


@dataclass(frozen=True)
class Reason:
    """One thing that speaks against an image.

    Parameters
    ----------
    code : str
        What it is, fine enough to act on and stable: ``"blur.motion"``, ``"exposure.dark"``,
        ``"resolution.small_text"`` … ``docs/reasons.md`` lists them all.
    probability : float
        That the cause is present at a strength that hurts this task, calibrated; NaN where it is
        not known: rules, and what is no cause.
    gain : float
        By how much the probability of failure would fall without the cause, 0 to 1, as learned
        from the engine; NaN likewise.
    message : str
        One sentence for the person who took the picture: what is wrong and what to do.
    detail : str
        The reading, its usual range and what is learned from it, for engineers.
    measure : str
        The number that shows it best: a measure, or a rule's setting such as ``"blur_score"``.
    reading : float
        Its value on this image; NaN if undefined.
    unit : str
        The unit of reading and range.
    usual : tuple of 2 float
        Where 90 % of the training images that pass lie, or what a rule asks for; NaN if unknown.
    """

    code: str
    probability: float
    gain: float
    message: str
    detail: str
    measure: str
    reading: float
    unit: str
    usual: tuple[float, float]

    @property
    def cause(self) -> str:
        """The first part of the code.

        One of the six causes; ``"content"`` for what the picture shows; ``"output"`` for what the
        engine made of it; ``"size"`` for the minimum size of a rule; ``"unfamiliar"`` if the image
        is unlike what the gate has learned from; ``"unexplained"`` if it may fail and no cause is
        found.
        """
        return self.code.partition(".")[0]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, the cause first; NaN is None."""
        return {"cause": self.cause, **json_safe(asdict(self))}


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
        Calibrated probability that the task fails. **It may be None**: rules know no probability,
        and a gate gives none for an image unlike anything it has learned from, unless a cause is
        plain and the risk is high. Ask ``verdict.ok`` or ``verdict.decision`` first.
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
            "reasons": [reason.to_dict() for reason in self.reasons],
            "scores": json_safe(self.scores),
            "measures": json_safe(self.measures),
            "gate": self.gate,
        }

    def to_document_ai(self) -> dict[str, Any]:
        """Return the verdict in the words of Google Document AI's quality scores.

        Returns
        -------
        dict
            ``qualityScore`` from 0 to 1, 1 is best, and ``detectedDefects``, each with its ``type``
            and ``confidence``. What Document AI has no word for is left out.
        """
        return document_ai(self)

    def translated(self, messages: str | Path | Mapping[str, str]) -> Verdict:
        """Return the verdict with the messages of another language, or your own.

        Parameters
        ----------
        messages : str, path or mapping
            As :func:`imagegate.load_messages` takes it: ``"de"``, a TOML file, or a mapping of
            codes to sentences.
        """
        told = load_messages(messages)
        reasons = tuple(replace(reason, message=told[reason.code]) for reason in self.reasons)
        return replace(self, reasons=reasons)

    def __str__(self) -> str:
        """Return the verdict as plain sentences."""
        words = {
            "pass": "Pass",
            "review": "Someone should look at this image",
            "reject": "Reject",
        }[self.decision]
        risk = "" if self.p_fail is None else f", chance of failure {chance(self.p_fail)}"
        why = " ".join(reason.message for reason in self.reasons[:3])
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
