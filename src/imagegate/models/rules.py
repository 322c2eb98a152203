"""Hand-set rules: a threshold on each of the six scores, and a minimum size."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagegate.features import CAUSES, VERSION, measure, scores
from imagegate.image import Image, read
from imagegate.models.card import Card
from imagegate.models.many import check_many
from imagegate.models.output import no_output_check
from imagegate.models.reasons import code_of, rule_reason
from imagegate.models.rule_thresholds import PRESETS, RuleThresholds, load_thresholds
from imagegate.models.verdict import Checked, Reason, Verdict

__all__ = [
    "PRESETS",
    "RuleThresholds",
    "RulesGate",
    "Validation",
    "judge",
    "load_thresholds",
    "validate",
]

# What the six scores are made of, and what tells the codes of a cause apart.
MEASURED = tuple(
    dict.fromkeys(
        name
        for cause in CAUSES.values()
        for name in (*cause.measures, *(code.measure for code in cause.codes))
    )
)
FINE = "Nothing speaks against this image."


@dataclass(frozen=True)
class Validation:
    """What the rules say about an image.

    Parameters
    ----------
    ok : bool
        Whether no rule is broken.
    reason : str
        One plain sentence: the message of the worst issue, or that there is none.
    issues : tuple of Reason
        Every broken rule, the worst first, with the codes and messages of every other verdict.
    score : float
        The lowest of the six scores, 0–100; NaN if none could be measured.
    scores : mapping of str to float
        The six scores by name; NaN where nothing could be measured.
    """

    ok: bool
    reason: str
    issues: tuple[Reason, ...]
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
    >>> validate(np.zeros((10, 10), np.uint8), {"min_width": 20}).issues[0].code
    'size.width'
    """
    wanted = load_thresholds(thresholds, task=task)
    seen = read(image)
    return judge(seen, _readings(seen), wanted)


def judge(image: Image, readings: Mapping[str, float], wanted: RuleThresholds) -> Validation:
    """Compare an image's size and six scores with thresholds."""
    height, width = image.gray.shape
    sizes = (("width", width, wanted.min_width), ("height", height, wanted.min_height))
    found = scores(readings)
    issues = [
        rule_reason(f"size.{name}", f"min_{name}", size, least)
        for name, size, least in sizes
        if size < least
    ]
    low = sorted((score, name) for name, score in found.items() if score < _cut(wanted, name))
    for score, name in low:
        code = code_of(name, image, readings).name
        issues.append(rule_reason(code, f"{name}_score", score, _cut(wanted, name)))
    known = [value for value in found.values() if not math.isnan(value)]
    return Validation(
        ok=not issues,
        reason=issues[0].message if issues else FINE,
        issues=tuple(issues),
        score=min(known, default=math.nan),
        scores=found,
    )


def _cut(wanted: RuleThresholds, cause: str) -> float:
    return float(getattr(wanted, f"{cause}_score"))


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
        found = judge(image, readings, self.limits)
        return Verdict(
            decision="pass" if found.ok else "reject",
            ok=found.ok,
            p_fail=None,
            quality=0 if math.isnan(found.score) else round(found.score),
            reasons=found.issues,
            scores=found.scores,
            measures=readings,
            gate=self.name,
        )

    def check_many(self, sources: Iterable[Any], *, jobs: int | None = None) -> Iterator[Checked]:
        """Judge many images in input order, see :meth:`Gate.check_many`."""
        return check_many(self.check, sources, jobs=jobs)
