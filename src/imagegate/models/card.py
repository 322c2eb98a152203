"""The facts about a gate: what it is for, what it was made from, what it guarantees."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib import import_module
from typing import Any

from imagegate.engines.engine import EngineLimits
from imagegate.errors import GateFileError
from imagegate.models.verdict import json_safe
from imagegate.text import brief_percent

Reader = Callable[[Any], Any]  # returns the value that JSON holds, or raises what is wrong

# Entries that gate files had not from the beginning.
LATER = {"lesson", "adjusted", "diagnosis", "limits"}
DECLARED = ("tesseract", "rapidocr")  # engines that tell their limits


@dataclass(frozen=True)
class Guarantee:
    """What calibration says about a threshold.

    ``failed`` of ``passed`` calibration sources (one image each) failed; with ``confidence`` at
    most ``bound`` of the images passed fail. ``promise`` is the risk target, ``kept`` tells
    whether it is guaranteed; if not, it would take about ``more_sources`` more calibration
    sources, None if no number would do.
    """

    promise: float
    confidence: float
    kept: bool
    sources: int
    passed: int
    failed: int
    bound: float
    more_sources: int | None = None

    @property
    def goal(self) -> str:
        """What is asked for, in words."""
        return (
            f"at most {brief_percent(self.promise)} of the images passed fail "
            f"(confidence {brief_percent(self.confidence)})"
        )


@dataclass(frozen=True)
class Card:
    """The facts about a gate, written into its file and shown by ``imagegate show``."""

    name: str
    task: str
    engine: str | None  # None for rules, which know no engine
    engine_version: str = ""
    limit: float = math.nan  # the loss beyond which the task counts as failed
    measures: tuple[str, ...] = ()  # what the gate looks at, in the order of its columns
    features_version: int = 0  # of the numbers that the measures give
    # Where the sources come from: name, sources, groups, rows, fails, licence.
    sets: tuple[Mapping[str, Any], ...] = ()
    # By split (train, calibration, test): rows, sources, groups, fails; and the groups in it, so
    # that nobody evaluates on what was learned from.
    parts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    seed: int = 0  # of split and training
    # What was asked for: a risk target with its confidence, or the costs of a false pass and of a
    # false reject.
    promise: float | None = None
    confidence: float | None = None
    costs: tuple[float, float] | None = None
    guarantee: Guarantee | None = None  # what calibration says; None for rules and costs
    # On p_fail: "pass" (None: nothing passes by itself) and "reject".
    thresholds: Mapping[str, float | None] = field(default_factory=dict)
    # The out-of-distribution detector: its false-alarm rate, its limit, the rows behind both; and
    # the share of the training images read that are beyond a bound, by its measure.
    guard: Mapping[str, float] = field(default_factory=dict)
    # Of the learner, as chosen by cross-validation, with its cross-validated loss.
    settings: Mapping[str, Any] = field(default_factory=dict)
    # Thresholds on the six scores: the task's preset, and those tuned on the training rows.
    rules_preset: Mapping[str, float] = field(default_factory=dict)
    rules_tuned: Mapping[str, float] = field(default_factory=dict)
    results: Mapping[str, Any] = field(default_factory=dict)  # held out; empty until evaluated
    libraries: Mapping[str, str] = field(default_factory=dict)  # versions that it was made with
    date: str = ""  # when it was trained, as the caller says
    lesson: Mapping[str, Any] = field(default_factory=dict)  # see training.learning.insights
    diagnosis: Mapping[str, Any] = field(default_factory=dict)  # see training.learning.diagnosis
    adjusted: tuple[Mapping[str, Any], ...] = ()  # after training: see training.maintenance
    limits: EngineLimits | None = None  # of the engine; None if not recorded
    hash: str = ""  # SHA-256 of the rest of the card and of all arrays; empty until written

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; NaN is None."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        plain["guarantee"] = vars(self.guarantee) if self.guarantee else None
        plain["limits"] = asdict(self.limits) if self.limits else None
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
    def guaranteed_risk(self) -> float | None:
        """The share of the images passed that fails at most; None if nothing is guaranteed."""
        return self.guarantee.promise if self.guarantee and self.guarantee.kept else None

    def guarantee_text(self) -> str:
        """Say in one line what a pass means."""
        if self.engine is None:
            return "nothing: fixed thresholds on six scores"
        if self.costs:
            passed, rejected = self.costs
            return f"least cost: a false pass costs {passed:g}, a false reject {rejected:g}"
        if not self.guarantee:
            return "nothing: the threshold was set by hand"
        missed = (
            "" if self.guarantee.kept else "nothing passes automatically: cannot guarantee that "
        )
        return f"{missed}{self.guarantee.goal}"


def limits_of(card: Card) -> EngineLimits:
    """Return the limits of a gate's engine: as recorded, else as the engine declares them.

    Of what the gate was learned for, whatever the engine is set to today.
    """
    if card.limits is not None:
        return card.limits
    if card.engine not in DECLARED:
        return EngineLimits()
    declared: EngineLimits = import_module(f"imagegate.engines.{card.engine}").limits(
        card.engine_version
    )
    return declared


def recorded_limits(value: Any) -> EngineLimits | None:
    """Return the limits of an engine that JSON holds, None for None."""
    return _maybe(lambda limits: EngineLimits(**_LIMITS(limits)))(value)  # type: ignore[no-any-return]


def _typed(name: str, value: Any) -> Any:
    """Return one entry as the card holds it; JSON knows neither NaN nor tuples."""
    reader: Reader = _READERS.get(name, _text)
    try:
        return reader(value)
    except (TypeError, ValueError) as error:
        raise GateFileError(f"card: {name} is {value!r:.80}: {error}") from None


def _kind(kind: type, name: str) -> Reader:
    """Return a reader of one type; true is no number."""

    def read(value: Any) -> Any:
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise TypeError(f"expected {name}")
        return value

    return read


_text = _kind(str, "text")
_whole = _kind(int, "a whole number")
_truth = _kind(bool, "true or false")


def _count(value: Any) -> int:
    if _whole(value) < 0:
        raise ValueError("expected 0 or more")
    return int(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("expected a number")
    if not math.isfinite(value):
        raise ValueError("expected a finite number")
    return value


def _part(value: Any) -> float:
    if not 0 <= _number(value) <= 1:
        raise ValueError("expected a number from 0 to 1")
    return _number(value)


def _share(value: Any) -> float:
    if _number(value) in (0, 1):
        raise ValueError("expected a share between 0 and 1")
    return _part(value)


def _anything(value: Any) -> Any:
    return value


def _maybe(reader: Reader) -> Reader:
    """Return a reader of a value that may be missing."""
    return lambda value: None if value is None else reader(value)


def _each(reader: Reader, *, size: int | None = None) -> Reader:
    """Return a reader of a list."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple) or size not in (None, len(value)):
            raise TypeError("expected a list" + (f" of {size}" if size else ""))
        return tuple(_inside(i + 1, reader, item) for i, item in enumerate(value))

    return read


def _named(reader: Reader = _anything) -> Reader:
    """Return a reader of an object with any names."""

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise TypeError("expected an object")
        return {name: _inside(name, reader, item) for name, item in value.items()}

    return read


def _entries(needed: Mapping[str, Reader], **others: Reader) -> Reader:
    """Return a reader of an object with the entries needed; others may be missing, or more."""
    readers = {**needed, **others}

    def read(value: Any) -> dict[str, Any]:
        given = _named()(value)
        missing = sorted(set(needed) - set(given))
        if missing:
            raise ValueError(f"lacks {', '.join(missing)}")
        return {name: _inside(name, readers.get(name, _anything), v) for name, v in given.items()}

    return read


def _inside(name: str | int, reader: Reader, value: Any) -> Any:
    try:
        return reader(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: {error}") from None


def _unless_empty(reader: Reader) -> Reader:
    return lambda value: reader(value) if value != {} else {}


def _share_of(value: Any) -> tuple[int, int]:
    """Read how many images, and how many of them."""
    images, those = _each(_count, size=2)(value)
    if those > images:
        raise ValueError("expected no more than all of the images")
    return images, those


def _severity(value: Any) -> dict[str, Any]:
    causes = dict.fromkeys(set(_named()(value)) - {"clean"}, _each(_share_of, size=5))
    return dict(_entries({"clean": _share_of}, **causes)(value))


def _diagnosis(value: Any) -> dict[str, Any]:
    read: dict[str, Any] = _DIAGNOSIS(value)
    if len(read["hurts_from"]) != len(read["causes"]):
        raise ValueError("hurts_from: expected one number a cause")
    return read


def _results(value: Any) -> dict[str, Any]:
    baselines = dict.fromkeys(set(_named()(value)) - {"part"}, _named(_ESTIMATE))
    return dict(_entries({}, part=_PART, **baselines)(value))


_ROWS = dict.fromkeys(("sources", "rows", "fails"), _count)
_SETS = _each(_entries({"name": _text, **_ROWS}, licence=_text))
_COSTS = _maybe(_each(_number, size=2))
_GUARANTEE = _entries(
    {
        **dict.fromkeys(("promise", "confidence"), _share),
        **dict.fromkeys(("sources", "passed", "failed"), _count),
        "kept": _truth,
        "bound": _number,
    },
    more_sources=_maybe(_count),
)
_ESTIMATE = _entries({"value": _maybe(_number)}, low=_maybe(_number), high=_maybe(_number))
_PART = _entries({}, name=_text, rows=_count, groups=_count, failed=_count)
_LESSON = _entries(
    {"rows": _count, "severity": _unless_empty(_severity)}, importance=_named(_number)
)
_GAIN = _entries({"rows": _count}, stated=_maybe(_number), measured=_maybe(_number))
_HELD_OUT = dict.fromkeys(("several", "helps", "clean"), _share_of)
_DIAGNOSIS = _entries(
    {
        **dict.fromkeys(("causes", "measures"), _each(_text)),
        "hurts_from": _each(_number),
        **dict.fromkeys(("rows", "sources"), _count),
        "sets": _SETS,
        "held_out": _entries({"one": _named(_share_of), **_HELD_OUT, "gain": _GAIN}),
    }
)
_LIMITS = _entries(
    {
        **dict.fromkeys(("longest_side", "shrinks_to"), _count),
        "least_x_height": _number,
        "language": _text,
        "scripts": _each(_text),
    },
    most_skew=_number,
    orientations=_each(_text),
)
_OBJECTIVE = _entries(
    {"pass": _maybe(_part)}, promise=_maybe(_share), confidence=_maybe(_share), costs=_COSTS
)
_OUTCOMES = _entries(
    {**dict.fromkeys(("rows", "groups", "fails"), _count), "file": _text}, images=_each(_text)
)
_READERS: dict[str, Reader] = {
    "engine": _maybe(_text),
    "limit": lambda value: math.nan if value is None else _number(value),
    "measures": _each(_text),
    "features_version": _whole,
    "sets": _SETS,
    "parts": _named(_entries(_ROWS)),
    "groups": _named(_each(_text)),
    "seed": _whole,
    "promise": _maybe(_share),
    "confidence": _maybe(_share),
    "costs": _COSTS,
    "guarantee": _maybe(lambda value: Guarantee(**_GUARANTEE(value))),
    "thresholds": _named(_maybe(_part)),
    "guard": _named(_number),
    "settings": _named(),
    "rules_preset": _named(_number),
    "rules_tuned": _named(_number),
    "results": _results,
    "libraries": _named(_text),
    "lesson": _unless_empty(_LESSON),
    "diagnosis": _unless_empty(_diagnosis),
    "limits": recorded_limits,
    "adjusted": _each(
        _entries(
            {"before": _OBJECTIVE, "after": _OBJECTIVE}, date=_text, outcomes=_maybe(_OUTCOMES)
        )
    ),
}
