"""The settings of the rules: thresholds per task, from a mapping or a file."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from imagegate.errors import ImagegateError, SettingsError, UnknownNameError


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

    def to_dict(self) -> dict[str, float]:
        """Return the thresholds by name."""
        return asdict(self)


KEYS = tuple(field.name for field in fields(RuleThresholds))

PRESETS: Mapping[str, RuleThresholds] = {
    "general": RuleThresholds(),
    "ocr": RuleThresholds(min_width=300, min_height=300),
    # The letters are the same, whatever is made of them.
    "ocr-in-order": RuleThresholds(min_width=300, min_height=300),
    "fields": RuleThresholds(min_width=300, min_height=300),
    # Amazon Rekognition looks for faces in no smaller picture ("Guidelines and quotas").
    "face-detection": RuleThresholds(min_width=80, min_height=80),
    "face-recognition": RuleThresholds(min_width=160, min_height=160),
    # The largest of the small sizes at which ImageNet was published again, to train on for less:
    # 16, 32 and 64 px, Chrabaszcz et al. 2017, arXiv:1707.08819.
    "classification": RuleThresholds(min_width=64, min_height=64),
    "background-removal": RuleThresholds(min_width=512, min_height=512),
    # What networks that enlarge are shown in training: Real-ESRGAN patches of 64 px (of 256 px
    # when four times as large), Wang et al. 2021, arXiv:2107.10833. What is to be enlarged is
    # small, so the score for resolution may be low.
    "upscaling": RuleThresholds(resolution_score=20, min_width=64, min_height=64),
    # The least that Google Merchant Center has taken of a garment ("Image link [image_link]").
    # Light and colours outlast much of what makes a picture soft.
    "enhancement": RuleThresholds(
        blur_score=20, resolution_score=20, min_width=250, min_height=250
    ),
}


def load_thresholds(
    thresholds: Mapping[str, float] | RuleThresholds | str | Path | None = None,
    *,
    task: str = "general",
) -> RuleThresholds:
    """Return thresholds from a mapping or a TOML or JSON file, on top of a task's preset.

    Parameters
    ----------
    thresholds : mapping, RuleThresholds or path, optional
        What differs from the preset.
    task : str
        The preset.

    Returns
    -------
    RuleThresholds
    """
    if isinstance(thresholds, RuleThresholds):
        return thresholds
    if task not in PRESETS:
        raise UnknownNameError("preset", task, PRESETS)
    if isinstance(thresholds, str | Path):
        given = _read_file(Path(thresholds))
        try:
            return replace(PRESETS[task], **_all_checked(given))
        except ImagegateError as error:
            raise SettingsError(f"{thresholds}: {error}") from error
    return replace(PRESETS[task], **_all_checked(thresholds or {}))


def _all_checked(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _checked(key, value) for key, value in given.items()}


def _read_file(path: Path) -> Mapping[str, Any]:
    readers = {".toml": tomllib.loads, ".json": json.loads}
    if path.suffix.lower() not in readers:
        raise SettingsError(f"{path}: expected thresholds in a .toml or .json file")
    try:
        found = readers[path.suffix.lower()](path.read_text(encoding="utf-8"))
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
        wanted = "a whole number of pixels" if whole else "a number from 0 to 100"
        raise SettingsError(f"{key}: expected {wanted}, got {value!r}")
    if not 0 <= value <= (math.inf if whole else 100):
        wanted = "0 or more" if whole else "0 to 100"
        raise SettingsError(f"{key}: expected {wanted}, got {value!r}")
    return value if whole else float(value)
