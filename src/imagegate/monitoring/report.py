"""Watch a gate at work: from logs, and what became of the images, to a report."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagegate.errors import SettingsError, UnknownNameError
from imagegate.models.gate import Gate
from imagegate.models.rules import RulesGate
from imagegate.monitoring.advice import (
    ALPHA,
    LEVELS,
    Advice,
    PassRate,
    PeriodFacts,
    advise,
    against_card,
    against_periods,
    most_urgent,
)
from imagegate.monitoring.drift import Shift, by_cause, drift
from imagegate.monitoring.feedback import Matches, Observed, observe
from imagegate.monitoring.histograms import Floats, Histograms, Reference, training_reference
from imagegate.monitoring.log import DAY, By, gate_of
from imagegate.monitoring.periods import LogCounts, Period, read_logs
from imagegate.pipeline.summary import (
    HOLDS_FOR,
    WORDS,
    Expected,
    calibration_lines,
    expected_failures,
)
from imagegate.stats.binomial import wilson
from imagegate.text import agree, count
from imagegate.training.data.outcomes import read_list


@dataclass(frozen=True)
class Section:
    """What a report says about one day or batch, or about all images."""

    name: str  # of the day or batch, or "all"
    images: int  # pages; a broken file counts as one
    routes: dict[str, int]  # to use, repaired, for review, rejected, and broken
    passed_low: float  # Wilson's 95 % interval of the share to use
    passed_high: float
    reasons: dict[str, int]  # the first reason of those held back, the most common first
    unfamiliar: int  # images out of distribution, of those judged
    judged: int  # images with a verdict
    expected: Expected | None  # failures among those to use
    shifts: tuple[Shift, ...]  # every measure; empty for the reference itself
    observed: Observed | None  # what became of those labelled
    advice: Advice

    @property
    def unfamiliar_share(self) -> float:
        """The share out of distribution; NaN without a verdict."""
        return self.unfamiliar / self.judged if self.judged else math.nan

    @property
    def causes(self) -> dict[str, Shift]:
        """For every cause the measure that shifted most."""
        return by_cause(self.shifts)

    def share(self, route: str) -> float:
        """Return the share of a route; NaN without images."""
        return self.routes[route] / self.images if self.images else math.nan

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "name": self.name,
            "images": self.images,
            "routes": self.routes,
            "pass_rate": {
                "value": self.share("use") if self.images else None,
                "low": round(self.passed_low, 6),
                "high": round(self.passed_high, 6),
            },
            "reasons": self.reasons,
            "unfamiliar": {"images": self.unfamiliar, "of": self.judged},
            "expected_failures": self.expected and self.expected.to_dict(),
            "drift": {
                "signals": {name: one.measure for name, one in self.causes.items()},
                "measures": [one.to_dict() for one in self.shifts],
            },
            "observed": self.observed and self.observed.to_dict(),
            "advice": self.advice.to_dict(),
        }


@dataclass(frozen=True)
class Report:
    """What logs say about a gate at work."""

    gate: Gate | RulesGate
    by: By
    against: str  # what drift is measured against: "training", a day or a batch
    total: Section  # all images; its drift leaves out those that it is measured against
    periods: tuple[Section, ...]  # days in their order, batches as they came
    advice: Advice  # the most urgent of all
    notes: tuple[str, ...]  # what could not be read or matched, and what to bear in mind

    @property
    def sections(self) -> tuple[Section, ...]:
        """The periods, and all images if there are several."""
        return (*self.periods, self.total) if len(self.periods) > 1 else self.periods

    @property
    def other_advice(self) -> list[Advice]:
        """All other advice that asks for more than to keep the gate, the most urgent first."""
        if len(self.periods) == 1:
            return []
        every = [section.advice for section in (self.total, *self.periods)]
        found = [one for one in every if one.level != "keep" and one is not self.advice]
        return sorted(found, key=lambda one: -LEVELS.index(one.level))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "gate": self.gate.name,
            "gate_hash": self.gate.card.hash or None,
            "promise": self.gate.card.guaranteed_risk,
            "by": self.by,
            "against": self.against,
            "advice": self.advice.to_dict(),
            "total": self.total.to_dict(),
            "periods": [period.to_dict() for period in self.periods],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, eq=False)
class Context:
    """What all sections of a report share; ``alpha`` is smaller the more of them there are."""

    gate: Gate | RulesGate
    reference: Reference | None
    against: str | None
    matches: Matches | None
    lines: Floats | None
    alpha: float

    @property
    def where(self) -> str:
        """What sentences call the reference."""
        return f"in {self.against or 'training'}"


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

    ``gate`` is by default the one that made the first decision. Drift is measured against training,
    or ``against`` a day or batch of the logs. ``feedback`` is a file of outcomes; ``seed`` is of
    the draws behind the intervals.
    """
    files = [Path(log) for log in logs]
    matches = Matches(read_list(Path(feedback))) if feedback else None
    watched = gate_of(files, gate)
    training = training_reference(watched) if isinstance(watched, Gate) else None
    if against and not by:
        by = "day" if DAY.fullmatch(against) else "batch"
    found = read_logs(files, watched, training, by=by, matches=matches)
    if not found.periods:
        made = ", ".join(sorted(f"{name} {hash[:12]}".strip() for name, hash in found.others))
        raise SettingsError(
            f"the logs have no decision of {watched.name} {watched.card.hash[:12]}"
            + (f", only of {made}: name the gate with --gate" if made else "")
        )
    if matches and feedback:
        matches.check(feedback)
    reference = training if against is None else _reference_period(found, against)
    lines = calibration_lines(watched, seed=seed) if isinstance(watched, Gate) else None
    questions = len(found.periods) + (len(found.periods) > 1)
    return _report(found, Context(watched, reference, against, matches, lines, ALPHA / questions))


def _reference_period(found: LogCounts, against: str) -> Reference:
    """Return a day or batch of the logs as what the others are compared with."""
    if against not in found.periods:
        raise UnknownNameError(found.by, against, found.periods)
    period = found.periods[against]
    if period.histograms is None:
        raise SettingsError("--against needs a learned gate: rules have no measures to follow")
    if not period.judged:
        raise SettingsError(f"--against {against}: none of its images could be judged")
    return period.histograms.as_reference(against)


def _report(found: LogCounts, context: Context) -> Report:
    periods = tuple(
        _section(
            period,
            context,
            None if name == context.against else period.histograms,
            _pass_rate(found, name, context),
        )
        for name, period in found.periods.items()
    )
    alone = _pass_rate(found, periods[0].name, context) if len(periods) == 1 else None
    compared = _without(found, context.against)
    total = _section(found.total, context, compared, alone, whole=True)
    sections = (total, *periods) if len(periods) > 1 else (total,)
    return Report(
        gate=context.gate,
        by=found.by,
        against=context.against or "training",
        total=total,
        periods=periods,
        advice=most_urgent([section.advice for section in sections]),
        notes=tuple(_notes(found, context)),
    )


def _without(found: LogCounts, against: str | None) -> Histograms | None:
    """Return the measures of all images but those they are compared with."""
    if against is None or found.total.histograms is None:
        return found.total.histograms
    rest = Histograms(found.total.histograms.reference)
    for name, period in found.periods.items():
        if name != against and period.histograms:
            rest.merge(period.histograms)
    return rest


def _pass_rate(found: LogCounts, name: str, context: Context) -> PassRate | None:
    """Compare how many images of a period pass: with other periods; one alone, with the card."""
    own, against = found.periods[name], context.against
    if len(found.periods) == 1:
        return against_card(own, context.gate.card)
    if name == against:
        return None
    if against:
        others, where = [found.periods[against]], context.where
    else:
        others, where = [one for one in found.periods.values() if one is not own], "others"
    return against_periods(own, others, where=where, alpha=context.alpha)


def _section(
    period: Period,
    context: Context,
    compared: Histograms | None,
    pass_rate: PassRate | None,
    *,
    whole: bool = False,
) -> Section:
    """Sum up a period, or the whole; drift is measured on ``compared``."""
    gate, routes = context.gate, {route: period.tally.routes[route] for route in WORDS}
    low, high = wilson(routes["use"], period.tally.images)
    expected = covered = expected_failures(gate, period.tally.used, lines=context.lines)
    if period.beyond:
        covered = expected_failures(gate, period.covered, lines=context.lines)
    shifts = drift(compared, context.reference) if compared and context.reference else ()
    labelled = context.matches.of(None if whole else period.name) if context.matches else []
    observed = observe(labelled, gate, lines=context.lines, alpha=context.alpha)
    facts = PeriodFacts(period, covered, shifts, observed, context.where, pass_rate)
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
        shifts=shifts,
        observed=observed,
        advice=advise(facts, gate, alpha=context.alpha),
    )


def _notes(found: LogCounts, context: Context) -> Iterator[str]:
    """Yield what was left out, and what to bear in mind."""
    yield from found.notes()
    if beyond := found.total.beyond:
        yield (
            f"{count(beyond, 'image')} {agree(beyond, 'was', 'were')} used beyond the gate's own "
            "threshold, as a policy allows: the gate guarantees nothing about "
            f"{agree(beyond, 'it', 'them')}."
        )
    if not isinstance(context.gate, Gate):
        yield "Rules have neither probabilities nor training data: no expected failures, no drift."
    elif found.total.tally.used.images:
        yield f"The number of expected failures {HOLDS_FOR}."
    if context.reference is not None and context.against is None:
        yield (
            "Training includes images degraded on purpose, so real ones always differ from it: "
            "large drift alone is no alarm. To follow changes, compare with a day or batch of "
            f"your own (--against {found.by.upper()})."
        )
    if context.matches:
        yield from context.matches.notes()
