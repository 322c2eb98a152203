"""The facts about a gate: what it is for, what it was made from, what it promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from imagegate.errors import GateFileError
from imagegate.models.card.parse import (
    Reader,
    count,
    each,
    entries,
    maybe,
    named,
    number,
    part,
    share,
    text,
    truth,
    whole,
)
from imagegate.models.verdict import json_safe

__all__ = ["Card", "Guarantee", "percent"]

LATER = {"lesson", "adjusted", "diagnosis"}  # entries that gate files had not from the beginning


@dataclass(frozen=True)
class Guarantee:
    """What calibration says about a threshold.

    ``failed`` of ``passed`` calibration sources (one image each) failed; with ``confidence`` at
    most ``bound`` of the images passed fail. ``kept`` tells whether the promise could be given;
    if not, ``more_sources`` is about how many more calibration sources it would take, None if
    no number would do.
    """

    promise: float
    confidence: float
    kept: bool
    sources: int
    passed: int
    failed: int
    bound: float
    more_sources: int | None = None


@dataclass(frozen=True)
class Card:
    """The facts about a gate, written into its file and shown by ``imagegate show``.

    Parameters
    ----------
    name, task, engine, engine_version : str
        ``engine`` is None for rules, which know no engine.
    limit : float
        The loss beyond which the task counts as failed; NaN if unknown.
    measures : tuple of str
        What the gate looks at, in the order of its columns.
    features_version : int
        Version of the numbers that the measures give.
    sets : tuple of mapping
        Where the sources come from: name, sources, groups, rows, fails, licence.
    parts : mapping
        By part (train, calibration, test): rows, sources, groups, fails.
    groups : mapping
        By part: the groups in it, so that nobody evaluates on what was learned from.
    seed : int
        Of split and training.
    promise, confidence, costs
        What was asked for: a promise with its confidence, or the costs of a false pass and of a
        false reject.
    guarantee : Guarantee or None
        What calibration says; None for rules and costs.
    thresholds : mapping
        ``pass`` (None: nothing passes by itself) and ``reject``, on ``p_fail``.
    guard : mapping
        The out-of-distribution detector: its false-alarm rate, its limit, the rows behind both.
    settings : mapping
        Of the learner, as chosen by cross-validation, with its cross-validated loss.
    rules_preset, rules_tuned : mapping
        Thresholds on the six scores: the task's preset, and those tuned on the training rows.
    results : mapping
        Held-out results beside those of the rules; empty until evaluated.
    libraries : mapping
        Versions that the gate was made with.
    date : str
        When it was trained, as the caller says; empty if not told.
    lesson : mapping
        What it has learned, for people: see :mod:`imagegate.training.learning.insights`.
    diagnosis : mapping
        What its reasons know of causes: see :mod:`imagegate.training.learning.diagnosis`.
    adjusted : tuple of mapping
        What was changed after training: see :mod:`imagegate.training.maintenance.adjust`.
    hash : str
        SHA-256 of the rest of the card and of all arrays; empty until written or read.
    """

    name: str
    task: str
    engine: str | None
    engine_version: str = ""
    limit: float = float("nan")
    measures: tuple[str, ...] = ()
    features_version: int = 0
    sets: tuple[Mapping[str, Any], ...] = ()
    parts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    seed: int = 0
    promise: float | None = None
    confidence: float | None = None
    costs: tuple[float, float] | None = None
    guarantee: Guarantee | None = None
    thresholds: Mapping[str, float | None] = field(default_factory=dict)
    guard: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    rules_preset: Mapping[str, float] = field(default_factory=dict)
    rules_tuned: Mapping[str, float] = field(default_factory=dict)
    results: Mapping[str, Any] = field(default_factory=dict)
    libraries: Mapping[str, str] = field(default_factory=dict)
    date: str = ""
    lesson: Mapping[str, Any] = field(default_factory=dict)
    diagnosis: Mapping[str, Any] = field(default_factory=dict)
    adjusted: tuple[Mapping[str, Any], ...] = ()
    hash: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; NaN is None."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        plain["guarantee"] = vars(self.guarantee) if self.guarantee else None
        return {name: json_safe(value) for name, value in plain.items()}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Card:
        """Return the card of plain values, or raise GateFileError if they are not a card."""
        known = {f.name for f in fields(cls)}
        odd = sorted((set(plain) ^ known) - LATER | set(plain) - known)
        if odd:
            raise GateFileError(f"card: unknown or missing entries: {', '.join(odd)}")
        return cls(**{name: _typed(name, value) for name, value in plain.items()})

    @property
    def kept_promise(self) -> float | None:
        """The share of the images passed that fails at most; None if nothing is promised."""
        return self.guarantee.promise if self.guarantee and self.guarantee.kept else None

    def promise_text(self) -> str:
        """Say in one line what a pass means."""
        if self.engine is None:
            return "nothing: fixed thresholds on six scores"
        if self.costs:
            passed, rejected = self.costs
            return f"least cost: a false pass costs {passed:g}, a false reject {rejected:g}"
        if not self.guarantee:
            return "nothing: the threshold was set by hand"
        wanted = (
            f"at most {percent(self.guarantee.promise)} of the images passed fail "
            f"(confidence {percent(self.guarantee.confidence)})"
        )
        if not self.guarantee.kept:
            return f"nothing passes by itself: could not promise that {wanted}"
        return wanted

    def lines(self) -> list[str]:
        """Return the card as lines of plain words."""
        from imagegate.models.card.render import card_lines

        return card_lines(self)


def percent(share: float) -> str:
    """Return a share in percent with two telling digits.

    >>> percent(0.05), percent(0.0123), percent(0.995)
    ('5 %', '1.2 %', '99.5 %')
    """
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.3g} %"


def _typed(name: str, value: Any) -> Any:
    """Return one entry as the card holds it; JSON knows neither NaN nor tuples."""
    reader: Reader = _READERS.get(name, text)
    try:
        return reader(value)
    except (TypeError, ValueError) as error:
        raise GateFileError(f"card: {name} is {value!r:.80}: {error}") from None


_ROWS = dict.fromkeys(("sources", "rows", "fails"), count)
_GUARANTEE = entries(
    {
        **dict.fromkeys(("promise", "confidence"), share),
        **dict.fromkeys(("sources", "passed", "failed"), count),
        "kept": truth,
        "bound": number,
    },
    more_sources=maybe(count),
)
_ESTIMATE = entries({"value": maybe(number)}, low=maybe(number), high=maybe(number))
_LESSON = entries(
    {"rows": count, "severity": lambda value: _severity(value) if value != {} else {}},
    importance=named(number),
)
_DIAGNOSIS = entries(
    {
        **dict.fromkeys(("causes", "measures"), each(text)),
        "hurts_from": each(number),
        **dict.fromkeys(("rows", "sources"), count),
        "sets": each(entries({"name": text, **_ROWS}, licence=text)),
        "held_out": entries(
            {
                "one": named(lambda value: _part_of(value)),
                **dict.fromkeys(("several", "helps", "clean"), lambda value: _part_of(value)),
                "gain": entries({"rows": count}, stated=maybe(number), measured=maybe(number)),
            }
        ),
    }
)
_PART = entries({}, name=text, rows=count, groups=count, failed=count)
_ASKED = entries(
    {"pass": maybe(part)},
    promise=maybe(share),
    confidence=maybe(share),
    costs=maybe(each(number, size=2)),
)
_MERGED = entries(
    {**dict.fromkeys(("rows", "groups", "fails"), count), "file": text}, images=each(text)
)
_ADJUSTED = entries({"before": _ASKED, "after": _ASKED}, date=text, outcomes=maybe(_MERGED))


def _severity(value: Any) -> dict[str, Any]:
    causes = dict.fromkeys(set(named()(value)) - {"clean"}, each(_part_of, size=5))
    return dict(entries({"clean": _part_of}, **causes)(value))


def _part_of(value: Any) -> tuple[int, int]:
    images, part = each(count, size=2)(value)
    if part > images:
        raise ValueError("expected no more than all of the images")
    return images, part


def _diagnosis(value: Any) -> dict[str, Any]:
    read: dict[str, Any] = _DIAGNOSIS(value)
    if len(read["hurts_from"]) != len(read["causes"]):
        raise ValueError("hurts_from: expected one number a cause")
    return read


def _results(value: Any) -> dict[str, Any]:
    contenders = dict.fromkeys(set(named()(value)) - {"part"}, named(_ESTIMATE))
    return dict(entries({}, part=_PART, **contenders)(value))


_READERS: dict[str, Reader] = {
    "engine": maybe(text),
    "limit": lambda value: float("nan") if value is None else number(value),
    "measures": each(text),
    "features_version": whole,
    "sets": each(entries({"name": text, **_ROWS}, licence=text)),
    "parts": named(entries(_ROWS)),
    "groups": named(each(text)),
    "seed": whole,
    "promise": maybe(share),
    "confidence": maybe(share),
    "costs": maybe(each(number, size=2)),
    "guarantee": maybe(lambda value: Guarantee(**_GUARANTEE(value))),
    "thresholds": named(maybe(part)),
    "guard": named(number),
    "settings": named(),
    "rules_preset": named(number),
    "rules_tuned": named(number),
    "results": _results,
    "libraries": named(text),
    "lesson": lambda value: _LESSON(value) if value != {} else {},
    "diagnosis": lambda value: _diagnosis(value) if value != {} else {},
    "adjusted": each(_ADJUSTED),
}
