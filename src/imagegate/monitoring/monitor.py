"""Watch a gate at work: from logs, and what became of the images, to a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from imagegate.errors import SettingsError, UnknownNameError
from imagegate.models.gate import Gate
from imagegate.models.rules import RulesGate
from imagegate.monitoring.advice import ALPHA, Facts, advise, weightiest
from imagegate.monitoring.asked import gate_of
from imagegate.monitoring.drift import drift
from imagegate.monitoring.feedback import Matches, observed
from imagegate.monitoring.lines import DAY, By
from imagegate.monitoring.moved import Moved
from imagegate.monitoring.passing import Passing, beside, beside_card
from imagegate.monitoring.periods import Period, Watched, read_logs
from imagegate.monitoring.reference import Cells, Floats, Reference, reference_of
from imagegate.monitoring.report import Report, Section
from imagegate.pipeline.summary import HOLDS_FOR, WORDS, calibration_lines, expected_failures
from imagegate.stats.binomial import wilson
from imagegate.text import agree, count
from imagegate.training.data.outcomes import read_list

__all__ = ["watch"]


@dataclass(frozen=True, eq=False)
class Common:
    """What all sections of a report share; ``alpha`` is smaller the more of them there are."""

    gate: Gate | RulesGate
    reference: Reference | None
    against: str | None
    matches: Matches | None
    lines: Floats | None
    alpha: float


def watch(
    logs: Sequence[str | Path],
    *,
    gate: str | None = None,
    by: By | None = None,
    against: str | None = None,
    feedback: str | Path | None = None,
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
    feedback : path, optional
        What became of images: a CSV file with the columns path, failed (0 or 1)[, page][, sha256],
        and those that training takes; paths as in the log, absolute, or relative to the file.
    seed : int
        Of the draws behind the intervals.

    Returns
    -------
    Report

    Raises
    ------
    SettingsError
        If a log cannot be read, is empty, or was made by a gate that is not at hand; if no line of
        the feedback is about an image of the logs.
    UnknownNameError
        If there is no day or batch ``against``.
    CorpusError
        If a line of the feedback cannot be understood, or two say different things of one image.
    """
    files = [Path(log) for log in logs]
    matches = Matches(read_list(Path(feedback))) if feedback else None
    asked = gate_of(files, gate)
    reference = reference_of(asked) if isinstance(asked, Gate) else None
    if against and not by:
        by = "day" if DAY.fullmatch(against) else "batch"
    found = read_logs(files, asked, reference, by=by, matches=matches)
    if not found.periods:
        made = ", ".join(sorted(f"{name} {hash[:12]}".strip() for name, hash in found.others))
        raise SettingsError(
            f"no decision of {asked.name} {asked.card.hash[:12]} is in the logs"
            + (f", only of {made}: name the gate with --gate" if made else "")
        )
    if matches and feedback:
        matches.check(feedback)
    compared = reference if against is None else _other(found, against, reference)
    lines = calibration_lines(asked, seed=seed) if isinstance(asked, Gate) else None
    questions = len(found.periods) + (len(found.periods) > 1)
    common = Common(asked, compared, against, matches, lines, ALPHA / questions)
    return _report(found, common)


def _other(found: Watched, against: str, training: Reference | None) -> Reference:
    """Return a day or batch of the logs in the place of training."""
    if against not in found.periods:
        raise UnknownNameError(found.by, against, found.periods)
    cells = found.periods[against].cells
    if training is None or cells is None:
        raise SettingsError("--against goes with a learned gate: rules have no measures to follow")
    if not found.periods[against].judged:
        raise SettingsError(f"--against {against}: no image of it could be judged")
    return training.counted(cells.counts, cells.ends, name=against)


def _report(found: Watched, common: Common) -> Report:
    periods = tuple(
        _section(
            period,
            common,
            None if name == common.against else period.cells,
            _passing(found, name, common),
        )
        for name, period in found.periods.items()
    )
    alone = _passing(found, periods[0].name, common) if len(periods) == 1 else None
    total = _section(found.total, common, _all_cells(found, common.against), alone, whole=True)
    every = (total, *periods) if len(periods) > 1 else (total,)
    return Report(
        gate=common.gate,
        by=found.by,
        against=common.against or "training",
        total=total,
        periods=periods,
        advice=weightiest([section.advice for section in every]),
        notes=tuple(_notes(found, common)),
    )


def _all_cells(found: Watched, against: str | None) -> Cells | None:
    """Return the readings of all images but those they are compared with."""
    if against is None or found.total.cells is None:
        return found.total.cells
    rest = Cells(found.total.cells.reference)
    for name, period in found.periods.items():
        if name != against and period.cells:
            rest.merge(period.cells)
    return rest


def _passing(found: Watched, name: str, common: Common) -> Passing | None:
    """Return how many images of a period pass, beside its like; one alone, beside the card."""
    own, against = found.periods[name], common.against
    if len(found.periods) == 1:
        return beside_card(own, common.gate.card)
    if name == against:
        return None
    if against:
        return beside(own, [found.periods[against]], where=f"in {against}", alpha=common.alpha)
    others = [other for other in found.periods.values() if other is not own]
    return beside(own, others, where="of all others", alpha=common.alpha)


def _section(
    period: Period,
    common: Common,
    cells: Cells | None,
    passing: Passing | None,
    *,
    whole: bool = False,
) -> Section:
    """Sum up a period, or the whole; ``cells`` is what drift is measured on."""
    gate, routes = common.gate, {route: period.tally.routes[route] for route in WORDS}
    low, high = wilson(routes["use"], period.tally.images)
    expected = covered = expected_failures(gate, period.tally.used, lines=common.lines)
    if period.beyond:
        covered = expected_failures(gate, period.covered, lines=common.lines)
    moved = _moved(cells, common.reference)
    about = common.matches.of(None if whole else period.name) if common.matches else []
    seen = observed(about, gate, lines=common.lines, alpha=common.alpha)
    where = f"in {common.against}" if common.against else "in training"
    facts = Facts(
        period.name, period.judged, period.unfamiliar, covered, moved, seen, where, passing
    )
    return Section(
        name=period.name,
        images=period.tally.images,
        routes=routes,
        passed_low=low,
        passed_high=high,
        reasons=dict(period.tally.reasons.most_common()),
        unfamiliar=period.unfamiliar,
        judged=period.judged,
        expected=expected,
        moved=moved,
        observed=seen,
        advice=advise(facts, gate, alpha=common.alpha),
    )


def _moved(cells: Cells | None, reference: Reference | None) -> tuple[Moved, ...]:
    return tuple(drift(cells.counts, cells.ends, reference)) if cells and reference else ()


def _notes(found: Watched, common: Common) -> Iterator[str]:
    """Yield what was left out, and what to bear in mind."""
    gate = common.gate
    if found.unreadable:
        lines = count(found.unreadable, "line")
        left_out = agree(found.unreadable, "is", "are")
        yield f"{lines} of the logs could not be read and {left_out} left out."
    for (name, written), number in sorted(found.others.items()):
        version = f" ({written[:12]})" if written else ""
        decisions = f"{count(number, 'decision')} of another gate {agree(number, 'is', 'are')}"
        yield f"{decisions} left out: {name}{version}."
    yield from found.repeats.sentences(found.by)
    if found.total.beyond:
        yield (
            f"{count(found.total.beyond, 'image')} {agree(found.total.beyond, 'was', 'were')} "
            "used beyond the gate's own threshold, as a policy may say: it promises nothing about "
            f"{agree(found.total.beyond, 'it', 'them')}."
        )
    if not isinstance(gate, Gate):
        yield "Rules know no probability and no training: nothing to expect, no drift to measure."
    elif found.total.tally.used.images:
        yield f"The number of failures to expect {HOLDS_FOR}."
    if common.reference is not None and common.against is None:
        yield (
            "Training holds images degraded on purpose, so real ones always differ from it: large "
            "drift alone is no alarm. To follow changes, compare with a day or batch of "
            f"your own (--against {found.by.upper()})."
        )
    if common.matches:
        yield from common.matches.sentences()
