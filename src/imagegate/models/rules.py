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
from imagegate.models.output import no_output_check
from imagegate.models.reasons import code_of, rule_reason
from imagegate.models.rule_thresholds import PRESETS, RuleThresholds, load_thresholds
from imagegate.models.verdict import Reason, Result, Verdict, check_many

__all__ = [
    "PRESETS",
    "RuleThresholds",
    "RulesGate",
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


def validate(
    image: Any,
    thresholds: Mapping[str, float] | RuleThresholds | str | Path | None = None,
    *,
    task: str = "general",
) -> Verdict:
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
    Verdict
        Of :class:`RulesGate`: ``reasons`` are the broken rules. A score that could not be measured
        never speaks against an image.

    Raises
    ------
    UnknownNameError
        If there is no such threshold or preset.
    SettingsError
        If a threshold is not a number in its range.

    Examples
    --------
    >>> validate(np.zeros((10, 10), np.uint8), {"min_width": 20}).reasons[0].code
    'size.width'
    """
    return RulesGate(task, load_thresholds(thresholds, task=task)).check(image)


def broken_rules(
    image: Image, readings: Mapping[str, float], thresholds: RuleThresholds
) -> tuple[Reason, ...]:
    """Return every rule that an image breaks by its size or its six scores, the worst first."""
    height, width = image.gray.shape
    sizes = (("width", width, thresholds.min_width), ("height", height, thresholds.min_height))
    broken = [
        rule_reason(f"size.{name}", f"min_{name}", size, least)
        for name, size, least in sizes
        if size < least
    ]
    lowest = {name: float(getattr(thresholds, f"{name}_score")) for name in CAUSES}
    found = scores(readings).items()
    for score, name in sorted((score, name) for name, score in found if score < lowest[name]):
        code = code_of(name, image, readings).name
        broken.append(rule_reason(code, f"{name}_score", score, lowest[name]))
    return tuple(broken)


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
        readings = dict(zip(MEASURED, map(float, measure(image, MEASURED)), strict=True))
        broken = broken_rules(image, readings, self.limits)
        found = scores(readings)
        return Verdict(
            decision="reject" if broken else "pass",
            ok=not broken,
            p_fail=None,
            quality=round(min((s for s in found.values() if not math.isnan(s)), default=0.0)),
            reasons=broken,
            scores=found,
            measures=readings,
            gate=self.name,
        )

    def check_many(self, sources: Iterable[Any], *, jobs: int | None = None) -> Iterator[Result]:
        """Judge many images in input order, see :meth:`Gate.check_many`."""
        return check_many(self.check, sources, gate=self.name, jobs=jobs)
