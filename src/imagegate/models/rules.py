"""Hand-set rules: a threshold on each of the six scores, and a minimum size."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagegate.features import SIGNALS, VERSION, measure, scores
from imagegate.image import Image, read
from imagegate.models.beside import no_output_check
from imagegate.models.card import Card
from imagegate.models.many import check_many
from imagegate.models.thresholds import PRESETS, RuleThresholds, load_thresholds
from imagegate.models.verdict import Checked, Reason, Verdict

__all__ = [
    "PRESETS",
    "Issue",
    "RuleThresholds",
    "RulesGate",
    "Validation",
    "judge",
    "load_thresholds",
    "validate",
]

MEASURED = tuple(dict.fromkeys(name for signal in SIGNALS.values() for name in signal.measures))
ENLARGE_ADVICE = "Send a larger original; enlarging adds nothing."


@dataclass(frozen=True)
class Issue:
    """A rule that an image breaks: ``name`` is a signal, ``"width"`` or ``"height"``."""

    name: str
    reading: float
    threshold: float

    @property
    def sentence(self) -> str:
        """The issue in plain words."""
        if self.name in SIGNALS:
            return (
                f"The {self.name} score is {self.reading:.0f}, at least {self.threshold:g} "
                "of 100 is wanted."
            )
        return (
            f"The {self.name} is {self.reading:.0f} pixels, at least {self.threshold:g} is wanted."
        )


@dataclass(frozen=True)
class Validation:
    """What the rules say about an image.

    Parameters
    ----------
    ok : bool
        Whether no rule is broken.
    reason : str
        One plain sentence: the worst issue, or that there is none.
    issues : tuple of Issue
        Every broken rule, the worst first.
    score : float
        The lowest of the six scores, 0–100; NaN if none could be measured.
    scores : mapping of str to float
        The six scores by name; NaN where nothing could be measured.
    """

    ok: bool
    reason: str
    issues: tuple[Issue, ...]
    score: float
    scores: Mapping[str, float]


def validate(
    image: Any,
    thresholds: Mapping[str, float] | RuleThresholds | str | Path | None = None,
    *,
    task: str = "general",
) -> Validation:
    """Check an image against fixed thresholds: the form that users of other checkers know.

    Parameters
    ----------
    image : path, bytes, array, PIL image, file object or Image
        What :func:`imagegate.read` takes.
    thresholds : mapping, RuleThresholds or path, optional
        What differs from the preset, such as ``{"blur_score": 60.0}``; or a TOML or JSON file.
    task : str
        The preset: ``"general"``, ``"ocr"``, ``"face-recognition"``, ``"background-removal"``.

    Returns
    -------
    Validation
        A score that could not be measured never speaks against an image.

    Raises
    ------
    UnknownNameError
        If there is no such threshold or preset.
    SettingsError
        If a threshold is not a number in its range.

    Examples
    --------
    >>> validate(np.zeros((10, 10), np.uint8), {"min_width": 20}).issues[0].name
    'width'
    """
    wanted = load_thresholds(thresholds, task=task)
    seen = read(image)
    return judge(seen, scores(_readings(seen)), wanted)


def judge(image: Image, found: Mapping[str, float], wanted: RuleThresholds) -> Validation:
    """Compare an image's size and six scores with thresholds."""
    height, width = image.gray.shape
    sizes = (("width", width, wanted.min_width), ("height", height, wanted.min_height))
    issues = [Issue(name, size, least) for name, size, least in sizes if size < least]
    low = [Issue(name, value, _cut(wanted, name)) for name, value in found.items()]
    issues += sorted((i for i in low if i.reading < i.threshold), key=lambda i: i.reading)
    known = [value for value in found.values() if not math.isnan(value)]
    return Validation(
        ok=not issues,
        reason=issues[0].sentence if issues else "Nothing speaks against this image.",
        issues=tuple(issues),
        score=min(known, default=math.nan),
        scores=dict(found),
    )


def _cut(wanted: RuleThresholds, signal: str) -> float:
    return float(getattr(wanted, f"{signal}_score"))


def _readings(image: Image) -> dict[str, float]:
    return dict(zip(MEASURED, map(float, measure(image, MEASURED)), strict=True))


@dataclass(frozen=True)
class RulesGate:
    """A gate of fixed thresholds: it passes or rejects, and knows no probability."""

    task: str
    limits: RuleThresholds

    @classmethod
    def preset(cls, task: str) -> RulesGate:
        """Return the gate of a task's preset."""
        return cls(task, load_thresholds(task=task))

    @property
    def name(self) -> str:
        """``rules:TASK``."""
        return f"rules:{self.task}"

    @property
    def card(self) -> Card:
        """The facts, as far as rules have any."""
        return Card(
            name=self.name,
            task=self.task,
            engine=None,
            measures=MEASURED,
            features_version=VERSION,
            rules_preset=self.limits.to_dict(),
        )

    def check(self, source: Any, *, output: Any = None, second: Any = None) -> Verdict:
        """Judge one image: everything that :func:`imagegate.read` takes; rules know no outputs."""
        if output is not None or second is not None:
            raise no_output_check(self.name)
        image = read(source)
        readings = _readings(image)
        found = judge(image, scores(readings), self.limits)
        return Verdict(
            decision="pass" if found.ok else "reject",
            ok=found.ok,
            p_fail=None,
            quality=0 if math.isnan(found.score) else round(found.score),
            reasons=tuple(_reason(issue) for issue in found.issues),
            scores=found.scores,
            measures=readings,
            gate=self.name,
        )

    def check_many(self, sources: Iterable[Any], *, jobs: int | None = None) -> Iterator[Checked]:
        """Judge many images in input order, see :meth:`Gate.check_many`."""
        return check_many(self.check, sources, jobs=jobs)


def _reason(issue: Issue) -> Reason:
    is_signal = issue.name in SIGNALS
    return Reason(
        signal=issue.name if is_signal else "size",
        contribution=math.nan,
        measure=f"{issue.name}_score" if is_signal else f"min_{issue.name}",
        reading=float(issue.reading),
        unit="of 100" if is_signal else "px",
        usual=(float(issue.threshold), 100.0 if is_signal else math.inf),
        sentence=issue.sentence,
        advice=SIGNALS[issue.name].advice if is_signal else ENLARGE_ADVICE,
    )
