"""From a verdict to what happens next: use, repair, review or reject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from imagegate.errors import SettingsError
from imagegate.image import read
from imagegate.models.verdict import Verdict
from imagegate.models.zoo import Gate, RulesGate, load_gate
from imagegate.pipeline.policy import PROVEN, Policy, load_policy
from imagegate.pipeline.repair import mend, proven
from imagegate.tables import Pixels
from imagegate.tasks import TASKS

Action = Literal["use", "repair", "review", "reject"]
ACTIONS: tuple[Action, ...] = ("use", "repair", "review", "reject")
ACTION_OF: Mapping[str, Action] = {"pass": "use", "review": "review", "reject": "reject"}


@dataclass(frozen=True, eq=False)
class Route:
    """What happens next to one image, and why.

    Parameters
    ----------
    action : {"use", "repair", "review", "reject"}
        Give the image to the engine; give it ``pixels`` instead; let someone look; do not use it.
    verdict : Verdict
        On the image as it came.
    repair : str or None
        The cause that was mended, None unless the action is ``"repair"``.
    before, after : float or None
        ``p_fail`` of the image as it came and once mended.
    pixels : ndarray of uint8 or None
        The mended image, RGB (height, width, 3) or gray (height, width).
    """

    action: Action
    verdict: Verdict
    repair: str | None = None
    before: float | None = None
    after: float | None = None
    pixels: Pixels | None = field(default=None, repr=False)


class Router:
    """Routes images by the verdict of a gate and a policy.

    Parameters
    ----------
    gate : Gate, RulesGate, str or Path
        What :func:`imagegate.load_gate` takes.
    policy : Policy, mapping or path, optional
        What :func:`load_policy` takes; by default the gate's own thresholds and the proven
        repairs.

    Raises
    ------
    SettingsError
        If the policy does not go with the gate.

    Examples
    --------
    >>> import numpy as np
    >>> Router("rules:ocr").route(np.full((400, 600), 255, np.uint8)).action
    'use'
    """

    def __init__(
        self,
        gate: Gate | RulesGate | str | Path,
        policy: Policy | Mapping[str, Any] | str | Path | None = None,
    ) -> None:
        self.gate = gate if isinstance(gate, Gate | RulesGate) else load_gate(gate)
        self.policy = load_policy(policy)
        self._check()

    def __repr__(self) -> str:
        """Name the gate and the policy."""
        return f"Router({self.gate.name!r}, {self.policy})"

    def route(self, source: Any, *, repair: bool = True) -> Route:
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
        image = read(source)
        verdict = self.gate.check(image)
        action = self._action(verdict)
        before = verdict.p_fail
        tried = self.repairs if repair and action != "use" else {}
        mended = mend(image, verdict, self.gate, tried) if isinstance(self.gate, Gate) else None
        if mended is None:
            return Route(action, verdict, before=before)
        after = mended.verdict.p_fail
        return Route("repair", verdict, mended.cause, before, after, mended.pixels)

    @cached_property
    def repairs(self) -> Mapping[str, float]:
        """The causes that may be mended, each with the highest ``p_fail`` afterwards."""
        if isinstance(self.policy.repair, Mapping):
            return self.policy.repair
        use = self.thresholds[0]
        if use is None or not isinstance(self.gate, Gate):
            return {}
        return {cause: min(limit, use) for cause, limit in proven(self.gate).items()}

    @property
    def keeps_promise(self) -> bool:
        """Whether what is used is what the gate's promise is about, or less."""
        own, used = self._own()[0], self.thresholds[0]
        return used is None or (own is not None and used <= own)

    @cached_property
    def thresholds(self) -> tuple[float | None, float]:
        """Use up to the first ``p_fail``, None if nothing is used; reject from the second on."""
        own_use, own_reject = self._own()
        use, reject = self.policy.use_below, self.policy.reject_from
        return own_use if use is None else use, own_reject if reject is None else reject

    def _action(self, verdict: Verdict) -> Action:
        action = ACTION_OF[verdict.decision]
        if verdict.p_fail is not None:
            use, reject = self.thresholds
            if use is not None and verdict.p_fail <= use and self._knows(verdict):
                return "use"
            action = "reject" if verdict.p_fail >= reject else "review"
        if (
            action == "reject"
            and verdict.reasons
            and verdict.reasons[0].cause in self.policy.review
        ):
            return "review"
        return action

    def _knows(self, verdict: Verdict) -> bool:
        return isinstance(self.gate, RulesGate) or self.gate.knows(verdict)

    def _own(self) -> tuple[float | None, float]:
        if isinstance(self.gate, Gate):
            return self.gate.thresholds.passing, self.gate.thresholds.rejecting
        return None, 1.0

    def _check(self) -> None:
        if isinstance(self.gate, Gate):
            if self.gate.judges_output:
                raise SettingsError(
                    f"{self.gate.name} judges outputs; a router needs a gate of images"
                )
            task = TASKS.get(self.gate.card.task)
            if self.policy.repair not in (PROVEN, {}) and task is not None and not task.text:
                raise SettingsError(f"policy: repairs are for text, {task.name} is about pictures")
            use, reject = self.thresholds
            if use is not None and use > reject:
                raise SettingsError(
                    f"policy: use_below {use:g} must not lie above reject_from {reject:g}; what "
                    f"the policy leaves out is that of {self.gate.name}"
                )
            return
        policy = self.policy
        thresholds = (policy.use_below, policy.reject_from)
        if thresholds != (None, None) or policy.repair not in (PROVEN, {}):
            raise SettingsError(
                f"{self.gate.name} knows no probability: its policy can only say what to review"
            )
