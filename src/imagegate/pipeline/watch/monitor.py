"""Watch a gate at work: from logs, and what became of the images, to a report."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from imagegate.errors import SettingsError, UnknownNameError
from imagegate.models.gate import Gate, RulesGate
from imagegate.pipeline.expected import HOLDS_FOR, calibration_lines, expected_failures
from imagegate.pipeline.watch.advice import ALPHA, Facts, advise, weightiest
from imagegate.pipeline.watch.drift import drift
from imagegate.pipeline.watch.feedback import Feedback, observed
from imagegate.pipeline.watch.groups import By, Group, Watched, gate_of, read_logs
from imagegate.pipeline.watch.moved import Moved
from imagegate.pipeline.watch.reference import Cells, Counts, Floats, Reference, reference_of
from imagegate.pipeline.watch.report import Report, Section
from imagegate.training.binomial import wilson

__all__ = ["watch"]

DAY = re.compile(r"\d{4}-\d\d-\d\d")
ROUTES = ("use", "repair", "review", "reject", "broken")


@dataclass(frozen=True, eq=False)
class Common:
    """What all sections of a report share; ``alpha`` is smaller the more of them there are."""

    gate: Gate | RulesGate
    reference: Reference | None
    against: str | None
    feedback: Feedback | None
    lines: Floats | None
    alpha: float


def watch(
    logs: Sequence[str | Path],
    *,
    gate: str | None = None,
    by: By | None = None,
    against: str | None = None,
    feedback: Feedback | None = None,
    seed: int = 0,
) -> Report:
    """Read logs of decisions and say how the gate is doing.

    Parameters
    ----------
    logs : sequence of path
        What ``--log`` has written, or ``imagegate check --json``.
    gate : str, optional
        A gate that ships or a gate file; by default the one that made the first decision.
    by : {"day", "batch"}, optional
        By default days, if the logs are about several.
    against : str, optional
        A day or batch of the logs to measure drift against, instead of training.
    feedback : Feedback, optional
        What became of the images, from :func:`imagegate.pipeline.watch.feedback.read_feedback`.
    seed : int
        Of the draws behind the intervals.

    Returns
    -------
    Report

    Raises
    ------
    SettingsError
        If a log cannot be read, is empty, or was made by a gate that is not at hand.
    UnknownNameError
        If there is no group ``against``.
    """
    files = [Path(log) for log in logs]
    asked = gate_of(files, gate)
    reference = reference_of(asked) if isinstance(asked, Gate) else None
    if against and not by:
        by = "day" if DAY.fullmatch(against) else "batch"
    found = read_logs(files, asked, reference, by=by, feedback=feedback)
    if not found.groups:
        made = ", ".join(sorted(f"{name} {hash[:12]}".strip() for name, hash in found.others))
        raise SettingsError(
            f"no decision of {asked.name} {asked.card.hash[:12]} is in the logs"
            + (f", only of {made}: name the gate with --gate" if made else "")
        )
    if against is not None:
        reference = _other(found, against, reference)
    lines = calibration_lines(asked, seed=seed) if isinstance(asked, Gate) else None
    questions = len(found.groups) + (len(found.groups) > 1)
    common = Common(asked, reference, against, feedback, lines, ALPHA / questions)
    return _report(found, common)


def _other(found: Watched, against: str, training: Reference | None) -> Reference:
    """Return a group of the logs in the place of training."""
    if against not in found.groups:
        raise UnknownNameError(found.by, against, found.groups)
    cells = found.groups[against].cells
    if training is None or cells is None:
        raise SettingsError("--against goes with a learned gate: rules have no measures to follow")
    if not found.groups[against].judged:
        raise SettingsError(f"--against {against}: no image of it could be judged")
    return training.counted(cells.counts, cells.ends, name=against)


def _report(found: Watched, common: Common) -> Report:
    groups = tuple(_section(group, common) for group in found.groups.values())
    reference = found.groups.get(common.against or "")
    total = _section(found.total, common, whole=True, without=reference)
    every = (total, *groups) if len(groups) > 1 else (total,)
    return Report(
        gate=common.gate,
        by=found.by,
        against=common.against or "training",
        total=total,
        groups=groups,
        advice=weightiest([section.advice for section in every]),
        notes=tuple(_notes(found, common)),
    )


def _section(
    group: Group, common: Common, *, whole: bool = False, without: Group | None = None
) -> Section:
    """Sum up a group, or the whole; ``without`` is left out of its drift."""
    routes = {route: group.tally.routes[route] for route in ROUTES}
    images = group.tally.images
    low, high = wilson(routes["use"], images)
    expected = expected_failures(common.gate, group.tally.used, lines=common.lines)
    moved = () if group.name == common.against and not whole else _moved(group, without, common)
    about = common.feedback.of(None if whole else group.name) if common.feedback else []
    seen = observed(about, common.gate, lines=common.lines, alpha=common.alpha)
    where = f"in {common.against}" if common.against else "in training"
    facts = Facts(group.name, group.judged, group.unfamiliar, expected, moved, seen, where)
    return Section(
        name=group.name,
        images=images,
        routes=routes,
        passed_low=low,
        passed_high=high,
        reasons=dict(group.tally.reasons.most_common()),
        unfamiliar=group.unfamiliar,
        judged=group.judged,
        expected=expected,
        moved=moved,
        observed=seen,
        advice=advise(facts, common.gate, alpha=common.alpha),
    )


def _moved(group: Group, without: Group | None, common: Common) -> tuple[Moved, ...]:
    if common.reference is None or group.cells is None:
        return ()
    return tuple(drift(_counts(group.cells, without), group.cells.ends, common.reference))


def _counts(cells: Cells, without: Group | None) -> list[Counts]:
    if without is None or without.cells is None:
        return cells.counts
    return [own - other for own, other in zip(cells.counts, without.cells.counts, strict=True)]


def _notes(found: Watched, common: Common) -> Iterator[str]:
    """Yield what was left out, and what to bear in mind."""
    gate = common.gate
    if found.unreadable:
        yield f"{found.unreadable:,} lines of the logs could not be read and are left out."
    for (name, written), count in sorted(found.others.items()):
        version = f" ({written[:12]})" if written else ""
        yield f"{count:,} decisions of another gate are left out: {name}{version}."
    if found.total.beyond:
        yield (
            f"{found.total.beyond:,} images were used beyond the gate's own threshold, as a policy "
            "may say: its promise does not cover them."
        )
    if not isinstance(gate, Gate):
        yield "Rules know no probability and no training: nothing to expect, no drift to measure."
    elif found.total.tally.used.images:
        yield f"The number of failures to expect {HOLDS_FOR}."
    if common.reference is not None and common.against is None:
        yield (
            "Training holds images degraded on purpose, so real ones always differ from it: large "
            "drift alone is no alarm. To follow changes, compare with a group of your own "
            f"(--against {found.by.upper()})."
        )
    if common.feedback:
        yield from common.feedback.sentences()
