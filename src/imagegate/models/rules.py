"""Hand-set rules: a threshold on each of the six scores, and a minimum size."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from imagegate.errors import ImagegateError, SettingsError, UnknownNameError
from imagegate.features import SCORES, VERSION, measure, scores
from imagegate.image import Image, read
from imagegate.models.card import Card
from imagegate.models.gate import no_output_check
from imagegate.models.reasons import code_of, rule_reason
from imagegate.models.verdict import Reason, Result, Verdict, check_many
from imagegate.tasks import TASKS

# What the six scores are made of, and what tells the codes of a cause apart.
MEASURED = tuple(
    dict.fromkeys(
        name
        for cause in SCORES.values()
        for name in (*cause.measures, *(code.measure for code in cause.codes))
    )
)


@dataclass(frozen=True)
class RuleThresholds:
    """The least of each 0–100 score, and the least width and height in pixels.

    One cut for all six: the scores are made so that 40 is where a cause begins to matter.
    """

    blur_score: float = 40.0
    resolution_score: float = 40.0
    noise_score: float = 40.0
    exposure_score: float = 40.0
    compression_score: float = 40.0
    pixelation_score: float = 40.0
    min_width: int = 16
    min_height: int = 16


KEYS = tuple(field.name for field in fields(RuleThresholds))
PRESETS: Mapping[str, RuleThresholds] = {
    "general": RuleThresholds(),
    **{name: RuleThresholds(**task.rules) for name, task in TASKS.items()},  # type: ignore[arg-type]
}


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
    >>> import numpy as np
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
    lowest = {name: float(getattr(thresholds, f"{name}_score")) for name in SCORES}
    found = scores(readings).items()
    for score, name in sorted((score, name) for name, score in found if score < lowest[name]):
        code = code_of(name, image, readings).name
        broken.append(rule_reason(code, f"{name}_score", score, lowest[name]))
    return tuple(broken)


def load_thresholds(
    thresholds: Mapping[str, float] | RuleThresholds | str | Path | None = None,
    *,
    task: str = "general",
) -> RuleThresholds:
    """Return thresholds from a mapping or a TOML or JSON file, on top of a task's preset."""
    if isinstance(thresholds, RuleThresholds):
        return thresholds
    if task not in PRESETS:
        raise UnknownNameError("preset", task, PRESETS)
    if isinstance(thresholds, str | Path):
        given = _read_file(Path(thresholds))
        try:
            return load_thresholds(given, task=task)
        except ImagegateError as error:
            raise SettingsError(f"{thresholds}: {error}") from error
    checked: Any = {key: _checked(key, value) for key, value in (thresholds or {}).items()}
    return replace(PRESETS[task], **checked)


def _read_file(path: Path) -> Mapping[str, Any]:
    reader = {".toml": tomllib.loads, ".json": json.loads}.get(path.suffix.lower())
    if reader is None:
        raise SettingsError(f"{path}: expected thresholds in a .toml or .json file")
    try:
        found = reader(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # both decoders raise a ValueError
        raise SettingsError(f"{path}: cannot read thresholds: {error}") from error
    if not isinstance(found, dict):
        raise SettingsError(f"{path}: expected names and numbers, got {type(found).__name__}")
    return found


def _checked(key: str, value: Any) -> float:
    """Return one threshold, or raise what is wrong with it."""
    if key not in KEYS:
        raise UnknownNameError("threshold", key, KEYS)
    whole = key.startswith("min_")
    kinds = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds):
        expected = "a whole number of pixels" if whole else "a number from 0 to 100"
    elif not 0 <= value <= (math.inf if whole else 100):
        expected = "0 or more" if whole else "0 to 100"
    else:
        return value if whole else float(value)
    raise SettingsError(f"{key}: expected {expected}, got {value!r}")


@dataclass(frozen=True)
class RulesGate:
    """A gate of fixed thresholds: it passes or rejects, and knows no probability."""

    task: str
    thresholds: RuleThresholds

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
            rules_preset=asdict(self.thresholds),
        )

    def check(self, source: Any, *, output: Any = None, second: Any = None) -> Verdict:
        """Judge one image: everything that :func:`imagegate.read` takes; rules know no outputs."""
        if output is not None or second is not None:
            raise no_output_check(self.name)
        image = read(source)
        readings = dict(zip(MEASURED, map(float, measure(image, MEASURED)), strict=True))
        broken = broken_rules(image, readings, self.thresholds)
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
