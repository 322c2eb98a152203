"""Answers: what a gate says about an image, and what becomes of the image in a pipeline."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from imagegate.messages import load_messages
from imagegate.parallel.pool import run_many
from imagegate.tables import Box, Pixels
from imagegate.text import percent, shown

Decision = Literal["pass", "review", "reject"]
Action = Literal["use", "repair", "review", "reject"]
ACTIONS: tuple[Action, ...] = ("use", "repair", "review", "reject")
ACTION_OF: Mapping[Decision, Action] = {"pass": "use", "review": "review", "reject": "reject"}
Row: TypeAlias = dict[str, Any]  # a Result as JSON holds it
BROKEN = "broken"  # counted beside the four actions: nothing could be decided, or done

# https://cloud.google.com/document-ai/docs/reference/rest/v1/Document#DetectedDefect; it has no
# word for the others.
DEFECTS: Mapping[str, str] = {
    "blur.motion": "quality/defect_blurry",
    "blur.focus": "quality/defect_blurry",
    "blur.partly": "quality/defect_blurry",
    "resolution.enlarged": "quality/defect_blurry",
    "resolution.small_text": "quality/defect_text_too_small",
    "noise.grain": "quality/defect_noisy",
    "noise.specks": "quality/defect_noisy",
    "exposure.dark": "quality/defect_dark",
    "exposure.uneven": "quality/defect_dark",
    "exposure.faint": "quality/defect_faint",
    "exposure.shadow": "quality/defect_dark",
    "exposure.bright": "quality/defect_glare",
    "exposure.glare": "quality/defect_glare",
    "geometry.cut_off": "quality/defect_document_cutoff",
}


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
    where : tuple of 4 int, optional
        The part of the picture that it is about: left, top, right and bottom in pixels of the
        upright picture; None for all of it, or where that is not known.
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
    where: Box | None = None

    @property
    def cause(self) -> str:
        """The first part of the code.

        One of the eight causes; ``"content"`` for what the picture shows; ``"output"`` for what the
        engine made of it; ``"size"`` for the minimum size of a rule; ``"limits"`` for those of
        the engine; ``"unfamiliar"`` if the image
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
        plain and the risk is high, nor for one with too little text to judge. Ask ``verdict.ok``
        or ``verdict.decision`` first.
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
        plain = json_safe(vars(self) | {"reasons": ()})
        return {**plain, "reasons": [reason.to_dict() for reason in self.reasons]}

    def to_document_ai(self) -> dict[str, Any]:
        """Return the verdict in the words of Google Document AI's quality scores.

        Returns
        -------
        dict
            ``qualityScore`` from 0 to 1, 1 is best, and ``detectedDefects``, each with its ``type``
            and ``confidence``, the likeliest first. A reason without a probability, as of rules,
            has confidence 1. What Document AI has no word for is left out, such as compression,
            pixelation, a page that is upside down.
        """
        found: dict[str, float] = {}
        for reason in self.reasons:
            if reason.code in DEFECTS:
                confidence = 1.0 if math.isnan(reason.probability) else reason.probability
                defect = DEFECTS[reason.code]
                found[defect] = max(confidence, found.get(defect, 0.0))
        score = self.quality / 100 if self.p_fail is None else 1 - self.p_fail
        ranked = sorted(found.items(), key=lambda pair: -pair[1])
        return {
            "qualityScore": score,
            "detectedDefects": [{"type": name, "confidence": value} for name, value in ranked],
        }

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
        words = {"pass": "Pass", "review": "Someone should look at this image", "reject": "Reject"}
        risk = "" if self.p_fail is None else f", chance of failure {percent(self.p_fail)}"
        why = " ".join(reason.message for reason in self.reasons[:3])
        return f"{words[self.decision]}: quality {self.quality} of 100{risk}. {why}".rstrip()


@dataclass(frozen=True, eq=False)
class Result:
    """What became of one image: a verdict and what happens next, or the error in their place.

    Parameters
    ----------
    source : str
        The path or URL as given; ``"<ndarray>"`` and the like for what has none.
    gate : str
        The name of the gate that was asked.
    verdict : Verdict or None
        On the image as it came; None if it could not be judged.
    error : str
        Why it could not be judged, or not be put in its place; empty if all went well.
    action : {"use", "repair", "review", "reject"} or None
        Give the image to the engine; give it ``pixels`` instead; let someone look; do not use it.
        None where only a verdict was asked for.
    repair : str or None
        The cause that was repaired, None unless the action is ``"repair"``; several in the order
        in which they were, joined by ``+``: ``"geometry+noise"``.
    after : float or None
        ``p_fail`` of the repaired image.
    pixels : ndarray of uint8 or None
        The repaired image, RGB (height, width, 3) or gray (height, width).
    page, pages : int
        Which picture of the file it is, counted from 1, and how many the file has.
    sha256, format, width, height, written
        About the file, as ``schema/row.schema.json`` describes it; None if unknown.
    """

    source: str
    gate: str = ""
    verdict: Verdict | None = None
    error: str = ""
    action: Action | None = None
    repair: str | None = None
    after: float | None = None
    pixels: Pixels | None = field(default=None, repr=False)
    page: int = 1
    pages: int = 1
    sha256: str | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    written: str | None = None

    @property
    def before(self) -> float | None:
        """``p_fail`` of the image as it came."""
        return self.verdict.p_fail if self.verdict else None

    @property
    def ok(self) -> bool:
        """Whether the image can be used as it is."""
        return self.route == "use"

    @property
    def route(self) -> str:
        """Where it counts: one of the four actions, or ``"broken"``."""
        decision = self.verdict.decision if self.verdict else None
        return route_of({"error": self.error, "route": self.action, "decision": decision})

    def to_dict(self) -> Row:
        """Return plain values as ``schema/row.schema.json`` describes them; NaN is None."""
        nothing: Row = {"decision": None, "ok": False, "p_fail": None, "quality": None}
        nothing |= {"reasons": [], "scores": {}, "measures": {}, "gate": self.gate}
        return {
            "path": shown(self.source),
            "page": self.page,
            "pages": self.pages,
            "sha256": self.sha256,
            "format": self.format,
            "width": self.width,
            "height": self.height,
            "route": self.action,
            "repair": self.repair,
            "p_repaired": self.after,
            "written": self.written,
            **(self.verdict.to_dict() if self.verdict else nothing),
            "ok": self.ok,
            "error": shown(self.error) or None,
        }


def route_of(row: Mapping[str, Any]) -> str:
    """Return where a row counts: its action or ``"broken"``; without either, its decision's."""
    return BROKEN if row["error"] else row["route"] or ACTION_OF.get(row["decision"], BROKEN)


def check_many(
    check: Callable[[Any], Verdict],
    sources: Iterable[Any],
    *,
    gate: str = "",
    jobs: int | None = None,
) -> Iterator[Result]:
    """Yield one result a source, in input order, as :func:`imagegate.parallel.pool.run_many`."""
    with closing(run_many(check, sources, jobs=jobs)) as answers:
        for done in answers:
            yield Result(done.source, gate, done.value, done.error)


def json_safe(value: Any) -> Any:
    """Return a value as JSON can hold it: lists for tuples, None for what is not finite."""
    if isinstance(value, Mapping):
        return {str(key): json_safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_safe(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value
