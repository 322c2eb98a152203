"""From a verdict to what happens next, as a policy says: use, repair, review or reject."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imagegate.errors import ImagegateError, NoRoomError, SettingsError, UnknownNameError
from imagegate.image import Image, Limits, load, open_file, read
from imagegate.messages import ENGLISH
from imagegate.models.artifact import load_gate
from imagegate.models.gate import Gate
from imagegate.models.reasons import REASON_CAUSES
from imagegate.models.verdict import ACTION_OF, Action, Result, Verdict
from imagegate.parallel.pool import Done, name_of
from imagegate.pipeline.files import opened
from imagegate.text import shown

if TYPE_CHECKING:
    from imagegate.models.rules import RulesGate

DEFAULT_LIMITS = Limits()
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
        The causes that may be repaired, each with the highest ``p_fail`` of the repaired image; of
        two that are repaired together the lower counts. ``"proven"`` takes those that have been
        measured to help this task and engine (``docs/repair.md``), nothing where none has; an empty
        mapping forbids repairs.
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
            if getattr(self, name) is not None:
                _share(name, getattr(self, name))
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
        return _made(tomllib.loads(Path(policy).read_text(encoding="utf-8")))
    except ImagegateError as error:
        words = str(error)
        raise SettingsError(words if str(policy) in words else f"{policy}: {words}") from error
    except (OSError, ValueError) as error:
        raise SettingsError(f"{policy}: cannot read a policy from it: {error}") from error


def _made(given: Mapping[str, Any]) -> Policy:
    keys = [field.name for field in fields(Policy)]
    for key in given:
        if key not in keys:
            raise UnknownNameError("policy setting", str(key), keys)
    review = given.get("review", ())
    if not isinstance(review, list | tuple):
        raise SettingsError(f"policy: review: expected a list of reasons, got {review!r}")
    return Policy(**{**given, "review": tuple(review)})


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


def _share(name: str, value: object) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value <= 1:  # type: ignore[operator]
        raise SettingsError(f"policy: {name}: expected a number from 0 to 1, got {value!r}")


class Router:
    """Routes images by the verdict of a gate and a policy.

    Parameters
    ----------
    gate : Gate, RulesGate, str or Path
        What :func:`imagegate.load_gate` takes.
    policy : Policy, mapping or path, optional
        What :func:`load_policy` takes; by default the gate's own thresholds and the proven
        repairs.
    limits : Limits
        The largest file and picture that ``pages`` accepts.
    language : str
        Of the messages: one that ships, or the path of a TOML file with your own.

    Raises
    ------
    SettingsError
        If the policy does not go with the gate.

    Examples
    --------
    >>> import numpy as np
    >>> Router("rules:ocr").route(np.full((400, 600), 255, np.uint8)).action
    'reject'
    """

    def __init__(
        self,
        gate: Gate | RulesGate | str | Path,
        policy: Policy | Mapping[str, Any] | str | Path | None = None,
        *,
        limits: Limits = DEFAULT_LIMITS,
        language: str = ENGLISH,
    ) -> None:
        self.gate = load_gate(gate) if isinstance(gate, str | Path) else gate
        self.policy = load_policy(policy)
        self.limits, self.language = limits, language
        self._check()

    def __repr__(self) -> str:
        """Name the gate and the policy."""
        return f"Router({self.gate.name!r}, {self.policy})"

    def route(self, source: Any, *, repair: bool = True) -> Result:
        """Judge one image and say what happens next.

        Parameters
        ----------
        source : path, bytes, array, PIL image, file object or Image
            What :func:`imagegate.read` takes.
        repair : bool
            Whether to try what the policy allows.

        Raises
        ------
        ImageError
            If the image cannot be read.
        """
        image, result = read(source), Result(name_of(source), self.gate.name)
        return self._decided(result, image, self.gate.check(image), repair=repair)

    def pages(
        self, path: str, content: bytes | None = None, *, keep_pixels: bool = False
    ) -> list[Result]:
        """Return one result a page of a file; whatever is wrong with it is in its ``error``.

        Parameters
        ----------
        path : str
            A path or an fsspec URL; read unless its content is given.
        content : bytes, optional
            The file's bytes, from wherever they are stored.
        keep_pixels : bool
            Whether repaired pixels are needed: they are much to send to another process.
        """
        result = Result(path, self.gate.name)
        try:
            source = opened(path, self.limits) if content is None else content
            loaded = load(source, self.limits, name=shown(path))
            result = replace(result, sha256=hashlib.sha256(loaded.data).hexdigest())
            file = open_file(loaded, limits=self.limits)
        except ImagegateError as error:
            return [replace(result, error=str(error))]
        found = []
        for number in range(1, file.pages + 1):
            page = replace(result, page=number, pages=file.pages, format=file.header.format)
            try:
                image = file.page(number)
                # A repaired page could not be put back into its document.
                repair = file.pages == 1
                page = self._decided(page, image, self.gate.check(image), repair=repair)
            except ImagegateError as error:
                page = replace(page, error=str(error))
            found.append(page if keep_pixels else replace(page, pixels=None))
        return found

    def _decided(self, result: Result, image: Image, verdict: Verdict, *, repair: bool) -> Result:
        """Add verdict and action to what is known of an image."""
        decided = replace(
            result,
            verdict=verdict,
            action=self._action(verdict),
            width=image.header.width,
            height=image.header.height,
        )
        if repair and not decided.ok and self.repairs and isinstance(self.gate, Gate):
            from imagegate.pipeline.repair import repaired

            decided = repaired(decided, image, self.gate, self.repairs)
        if self.language != ENGLISH:
            decided = replace(decided, verdict=verdict.translated(self.language))
        return decided

    @cached_property
    def repairs(self) -> Mapping[str, float]:
        """The causes that may be repaired, each with the highest ``p_fail`` afterwards."""
        if isinstance(self.policy.repair, Mapping):
            return self.policy.repair
        use = self.thresholds[0]
        if use is None or not isinstance(self.gate, Gate):
            return {}
        from imagegate.pipeline.repair import proven

        return {cause: min(limit, use) for cause, limit in proven(self.gate).items()}

    @property
    def keeps_guarantee(self) -> bool:
        """Whether what is used is what the gate's guarantee is about, or less."""
        own, used = self._own_thresholds[0], self.thresholds[0]
        return used is None or (own is not None and used <= own)

    @cached_property
    def thresholds(self) -> tuple[float | None, float]:
        """Use up to the first ``p_fail``, None if nothing is used; reject from the second on."""
        own_use, own_reject = self._own_thresholds
        use, reject = self.policy.use_below, self.policy.reject_from
        return own_use if use is None else use, own_reject if reject is None else reject

    @property
    def _own_thresholds(self) -> tuple[float | None, float]:
        if isinstance(self.gate, Gate):
            return self.gate.thresholds.passing, self.gate.thresholds.rejecting
        return None, 1.0

    def _action(self, verdict: Verdict) -> Action:
        action = ACTION_OF[verdict.decision]
        if verdict.p_fail is not None and isinstance(self.gate, Gate):
            use, reject = self.thresholds
            if use is not None and verdict.p_fail <= use and self.gate.knows(verdict):
                return "use"
            action = "reject" if verdict.p_fail >= reject else "review"
        looked_at = verdict.reasons and verdict.reasons[0].cause in self.policy.review
        return "review" if action == "reject" and looked_at else action

    def _check(self) -> None:
        """Raise SettingsError if the policy does not go with the gate."""
        gate, policy = self.gate, self.policy
        own_repairs = policy.repair not in (PROVEN, {})
        if not isinstance(gate, Gate):
            if own_repairs or (policy.use_below, policy.reject_from) != (None, None):
                raise SettingsError(
                    f"{gate.name} knows no probability: its policy can only say what to review"
                )
            return
        if gate.judges_output:
            raise SettingsError(f"{gate.name} judges outputs; a router needs a gate of images")
        if own_repairs:
            from imagegate.tasks import TASKS

            if gate.card.task in TASKS and not TASKS[gate.card.task].text:
                raise SettingsError(
                    f"policy: repairs are for text, {gate.card.task} is about pictures"
                )
        use, reject = self.thresholds
        if use is not None and use > reject:
            raise SettingsError(
                f"policy: use_below {use:g} must not lie above reject_from {reject:g}; what "
                f"the policy leaves out is that of {gate.name}"
            )


def results_of(done: Done[list[Result]], gate: str) -> list[Result]:
    """Return the results of a file; whatever went wrong, a dead worker included, is one.

    Raises NoRoomError if there is no room for the results of any file.
    """
    if done.ends:
        raise NoRoomError(done.error)
    return done.value or [Result(done.source, gate, error=done.error)]
