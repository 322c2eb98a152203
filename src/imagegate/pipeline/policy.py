"""What is to happen to an image after its verdict, as data that people can read and change."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from imagegate.errors import ImagegateError, SettingsError, UnknownNameError
from imagegate.models.reasons import REASON_CAUSES

PROVEN = "proven"


@dataclass(frozen=True)
class Policy:
    """Thresholds, what may be repaired, and what goes to people.

    Parameters
    ----------
    use_below : float, optional
        The highest ``p_fail`` of an image that is used. By default the gate's own threshold, the
        only one that its guarantee holds for.
    reject_from : float, optional
        The lowest ``p_fail`` of an image that is rejected; by default the gate's own. What lies
        between the two is for review.
    repair : "proven" or mapping of str to float
        The causes that may be repaired, each with the highest ``p_fail`` of the repaired image.
        ``"proven"`` takes those that have been measured to help this task and engine
        (``docs/repair.md``), nothing where none has; an empty mapping forbids repairs.
    review : tuple of str
        Rejected images go to people after all if this is the weightiest reason: the cause of a
        reason, such as ``"exposure"`` or ``"content"``.

    Examples
    --------
    >>> Policy(use_below=0.02, review=("exposure",)).use_below
    0.02
    """

    use_below: float | None = None
    reject_from: float | None = None
    repair: str | Mapping[str, float] = PROVEN
    review: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is not a threshold, a cause or a reason."""
        for name in ("use_below", "reject_from"):
            _share(name, getattr(self, name), optional=True)
        _check_repairs(self.repair)
        for cause in self.review:
            if cause not in REASON_CAUSES:
                raise UnknownNameError("reason to review", str(cause), REASON_CAUSES)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        repair = self.repair if isinstance(self.repair, str) else dict(self.repair)
        return {**vars(self), "repair": repair, "review": list(self.review)}


def load_policy(policy: Policy | Mapping[str, Any] | str | Path | None = None) -> Policy:
    """Return a policy from a mapping or a TOML file; what it leaves out is the default.

    Parameters
    ----------
    policy : Policy, mapping or path, optional
        In a file::

            use_below = 0.02
            reject_from = 0.8
            review = ["exposure", "content"]

            [repair]
            noise = 0.02

    Raises
    ------
    SettingsError
        If a value is out of range, or anything is wrong with a file, which it names.
    UnknownNameError
        If a key, cause or reason of a mapping does not exist.
    """
    if policy is None or isinstance(policy, Policy):
        return policy or Policy()
    if isinstance(policy, Mapping):
        return _made(policy)
    try:
        return _made(_read_file(Path(policy)))
    except ImagegateError as error:
        words = str(error)
        raise SettingsError(words if str(policy) in words else f"{policy}: {words}") from error


def _made(given: Mapping[str, Any]) -> Policy:
    keys = [field.name for field in fields(Policy)]
    for key in given:
        if key not in keys:
            raise UnknownNameError("policy setting", str(key), keys)
    review = given.get("review", ())
    if not isinstance(review, list | tuple):
        raise SettingsError(f"policy: review: expected a list of reasons, got {review!r}")
    return Policy(**{**given, "review": tuple(review)})


def _read_file(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: cannot read a policy from it: {error}") from error


def _check_repairs(repair: object) -> None:
    if repair == PROVEN:
        return
    if not isinstance(repair, Mapping):
        raise SettingsError(
            f"policy: repair: expected {PROVEN!r} or a table of cause = highest p_fail of the "
            f"repaired image, got {repair!r}"
        )
    for cause, limit in repair.items():
        from imagegate.pipeline.repair import REPAIRS

        if cause not in REPAIRS:
            raise UnknownNameError("repair", str(cause), REPAIRS)
        _share(f"repair.{cause}", limit)


def _share(name: str, value: object, *, optional: bool = False) -> None:
    if value is None and optional:
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value <= 1:  # type: ignore[operator]
        raise SettingsError(f"policy: {name}: expected a number from 0 to 1, got {value!r}")
