"""Figures of a gate and its baselines: on all rows, on slices of them, and along severity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagegate.features import CAUSES
from imagegate.stats import metrics
from imagegate.stats.bootstrap import Estimate, calibration_estimate, estimate, share_interval
from imagegate.stats.metrics import Floats
from imagegate.training.corpus import Corpus
from imagegate.training.evaluation.baselines import ORACLE, Baseline

Mask = NDArray[np.bool_]
Draw = Callable[[Callable[[Floats], dict[str, Floats]], NDArray[np.str_]], dict[str, Floats]]

RANKING: Mapping[str, Callable[[metrics.Passing], Floats]] = {
    "auroc": metrics.auroc,
    "average_precision": metrics.average_precision,
    "e_aurc": metrics.e_aurc,
}
COMPARED = (*RANKING, "coverage_at_risk", "share_of_perfect")
CLEAN, MIXTURE = "clean", "mixture"
BINS = 10


@dataclass(frozen=True)
class Operating:
    """What a gate or a baseline does at its own threshold.

    ``risk`` is the share of failures among the passed, ``caught`` the share of all failures
    that is held back, ``false_rejects`` the share of all successes that is held back.
    ``learned_risk`` is what fails if the gate itself passes as many.
    """

    passed: int
    failed: int
    coverage: Estimate
    risk: Estimate
    caught: Estimate
    false_rejects: Estimate
    learned_risk: Estimate


@dataclass(frozen=True)
class Result:
    """The figures of the gate or a baseline; ``lead`` is the gate's value minus this one, paired.

    Against another gate, ``lead`` also has the Brier score, and coverage and risk at the own
    thresholds.
    """

    key: str
    name: str
    metrics: Mapping[str, Estimate]
    lead: Mapping[str, Estimate]
    operating: Operating


@dataclass(frozen=True)
class Slice:
    """A part of the rows looked at by itself."""

    kind: str
    name: str
    rows: int
    groups: int
    failed: int
    auroc: Mapping[str, Estimate]
    coverage: Estimate
    risk: Estimate


@dataclass(frozen=True)
class Response:
    """How often the task fails at one severity of one cause, and what the gate expected."""

    cause: str
    severity: int
    rows: int
    expected: float
    failed: Estimate


@dataclass(frozen=True)
class Bin:
    """What happened to the rows whose predicted probability lies in a range."""

    low: float
    high: float
    works: int
    fails: int
    expected: float
    failed: Estimate


def compare(
    baselines: tuple[Baseline, ...],
    rows: Corpus,
    *,
    risk_target: float,
    draw: Draw,
    calibrated: float,
) -> tuple[Result, ...]:
    """Return the figures of all with intervals, and the lead of the first, the gate itself.

    ``draw`` evaluates figures on draws of groups, ``calibrated`` is the calibration error that
    chance alone would show.
    """

    def figures(weights: Floats) -> dict[str, Floats]:
        learned = metrics.passing(baselines[0].risk, rows.fails, weights)
        return {
            f"{one.key} {name}": value
            for one in baselines
            for name, value in _figures(one, rows.fails, weights, risk_target, learned).items()
        }

    drawn = draw(figures, rows.groups)
    learned = _of(baselines[0], drawn)
    return tuple(
        Result(
            one.key,
            one.name,
            _estimates(one, mine, calibrated),
            _lead(one, learned, mine),
            _operating(one, mine, rows),
        )
        for one in baselines
        for mine in [_of(one, drawn)]
    )


def _of(one: Baseline, drawn: Mapping[str, Floats]) -> dict[str, Floats]:
    own = f"{one.key} "
    return {key.removeprefix(own): v for key, v in drawn.items() if key.startswith(own)}


def _figures(
    one: Baseline, fails: Mask, weights: Floats, risk_target: float, learned: metrics.Passing
) -> dict[str, Floats]:
    curve = metrics.passing(one.risk, fails, weights)
    values = {name: metric(curve) for name, metric in RANKING.items()}
    best = metrics.oracle_coverage(curve, risk_target)
    reached = best if one.key == ORACLE else metrics.coverage_at_risk(curve, risk_target)
    values["coverage_at_risk"] = reached
    values["share_of_perfect"] = reached / np.where(best > 0, best, np.nan)
    if one.probability:
        values["brier"] = metrics.brier(one.risk, fails, weights)
        values["calibration"] = metrics.smooth_calibration_error(one.risk, fails, weights)
    coverage = metrics.weighted_share(one.passes, np.ones_like(one.passes), weights)
    values["coverage"] = coverage
    values["risk"] = metrics.weighted_share(fails, one.passes, weights)
    values["learned_risk"] = metrics.risk_at_coverage(learned, coverage)
    return values


def _estimates(one: Baseline, mine: Mapping[str, Floats], calibrated: float) -> dict[str, Estimate]:
    found = {name: estimate(mine[name]) for name in COMPARED}
    if one.probability:
        found["brier"] = estimate(mine["brier"])
        found["calibration"] = calibration_estimate(mine["calibration"], calibrated)
    return found


def _lead(
    one: Baseline, learned: Mapping[str, Floats], mine: Mapping[str, Floats]
) -> dict[str, Estimate]:
    lead = {name: estimate(learned[name] - mine[name]) for name in COMPARED}
    lead["risk_at_equal_coverage"] = estimate(mine["learned_risk"] - mine["risk"])
    if one.key.startswith("against"):
        unknown = np.full_like(mine["risk"], np.nan)
        for name in ("brier", "coverage", "risk"):
            lead[name] = estimate(learned.get(name, unknown) - mine.get(name, unknown))
    return lead


def _operating(one: Baseline, mine: Mapping[str, Floats], rows: Corpus) -> Operating:
    passes, fails = one.passes, rows.fails
    among = {
        "coverage": (passes, np.ones_like(passes)),
        "risk": (fails, passes),
        "caught": (~passes, fails),
        "false_rejects": (~passes, ~fails),
    }
    groups = rows.groups
    shares = {
        name: share_interval(which[mask], groups[mask]) for name, (which, mask) in among.items()
    }
    if one.key == ORACLE:  # the others are so by definition, not by luck
        exact = {name: part.value for name, part in shares.items() if name != "coverage"}
        shares |= {name: Estimate(value, value, value) for name, value in exact.items()}
    return Operating(
        passed=int(passes.sum()),
        failed=int((passes & fails).sum()),
        learned_risk=estimate(mine["learned_risk"]),
        **shares,
    )


def slices(baselines: tuple[Baseline, ...], rows: Corpus, *, draw: Draw) -> Iterator[Slice]:
    """Yield the parts that have rows: ranking of all but the oracle, and what the gate passes."""
    fails, groups = rows.fails, rows.groups
    for kind, name, mask in _parts(rows):
        if mask.any():
            some = tuple(one.at(mask) for one in baselines if one.key != ORACLE)
            yield _slice(kind, name, some, fails[mask], groups[mask], draw)


def _parts(rows: Corpus) -> Iterator[tuple[str, str, Mask]]:
    """Yield kind, name and mask of every part worth a look of its own."""
    cause, sets, natural = rows.column("cause"), rows.column("set"), rows.column("cause") == CLEAN
    yield "natural", "all", natural
    for name in rows.sets:
        yield "set", name, sets == name
        yield "natural", name, (sets == name) & natural
    for name in (*CAUSES, MIXTURE):
        yield "cause", name, cause == name
    for severity in range(1, 6):
        yield "severity", str(severity), (rows.column("severity") == severity) & ~natural


def _slice(
    kind: str,
    name: str,
    baselines: tuple[Baseline, ...],
    fails: Mask,
    groups: NDArray[np.str_],
    draw: Draw,
) -> Slice:
    def ranking(weights: Floats) -> dict[str, Floats]:
        return {
            one.key: metrics.auroc(metrics.passing(one.risk, fails, weights)) for one in baselines
        }

    drawn = draw(ranking, groups)
    passes = baselines[0].passes
    return Slice(
        kind=kind,
        name=name,
        rows=len(fails),
        groups=len(np.unique(groups)),
        failed=int(fails.sum()),
        auroc={key: estimate(values) for key, values in drawn.items()},
        coverage=share_interval(passes, groups),
        risk=share_interval(fails[passes], groups[passes]),
    )


def responses(learned: Baseline, rows: Corpus) -> Iterator[Response]:
    """Yield expected and true failures by severity of each cause, from severity 0 (clean) on."""
    causes, severities, groups = rows.column("cause"), rows.column("severity"), rows.groups
    for cause in (*CAUSES, MIXTURE):
        for severity in range(6):
            mask = (causes == (cause if severity else CLEAN)) & (severities == severity)
            if mask.any():
                failed = share_interval(rows.fails[mask], groups[mask])
                expected = float(np.mean(learned.risk[mask])) if learned.probability else np.nan
                yield Response(cause, severity, int(mask.sum()), expected, failed)


def reliability(learned: Baseline, rows: Corpus) -> Iterator[Bin]:
    """Yield what happened in each tenth of the predicted probability; nothing for rules."""
    if not learned.probability:
        return
    edges, groups = np.linspace(0, 1, BINS + 1), rows.groups
    member = np.clip(np.digitize(learned.risk, edges[1:-1]), 0, BINS - 1)
    for index in range(BINS):
        here = member == index
        bad = rows.fails[here]
        yield Bin(
            low=float(edges[index]),
            high=float(edges[index + 1]),
            works=int((~bad).sum()),
            fails=int(bad.sum()),
            expected=float(learned.risk[here].mean()) if bad.size else np.nan,
            failed=share_interval(bad, groups[here]),
        )
