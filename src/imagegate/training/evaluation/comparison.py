"""Put the contenders side by side: on all rows, on parts of them, and along severity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagegate.features import CAUSES
from imagegate.stats import metrics
from imagegate.stats.bootstrap import (
    Estimate,
    calibration_estimate,
    estimate,
    resample,
    share_interval,
)
from imagegate.stats.metrics import Floats
from imagegate.training.evaluation.baselines import Contender
from imagegate.training.evaluation.results import Bin, Operating, Response, Result, Slice

Mask = NDArray[np.bool_]

RANKING: Mapping[str, Callable[[metrics.Passing], Floats]] = {
    "auroc": metrics.auroc,
    "average_precision": metrics.average_precision,
    "e_aurc": metrics.e_aurc,
}
CLEAN, MIXTURE = "clean", "mixture"
BINS = 10


@dataclass(frozen=True)
class Rows:
    """What the comparison needs to know of the rows, one entry each."""

    fails: Mask
    group: NDArray[np.str_]
    set: NDArray[np.str_]
    cause: NDArray[np.str_]
    severity: NDArray[np.int64]

    def parts(self) -> Iterator[tuple[str, str, Mask]]:
        """Yield kind, name and mask of every part worth a look of its own."""
        natural = self.cause == CLEAN
        yield "natural", "all", natural
        for name in np.unique(self.set):
            yield "set", str(name), self.set == name
            yield "natural", str(name), (self.set == name) & natural
        for cause in (*CAUSES, MIXTURE):
            yield "cause", cause, self.cause == cause
        for severity in range(1, 6):
            yield "severity", str(severity), (self.severity == severity) & ~natural


@dataclass(frozen=True)
class Chance:
    """How often groups are drawn again, and the seed of it."""

    count: int
    seed: int


def compare(
    rivals: tuple[Contender, ...],
    rows: Rows,
    *,
    promise: float,
    chance: Chance,
    calibrated: float,
) -> tuple[Result, ...]:
    """Return every contender's figures with intervals, and the learned gate's lead over it.

    ``calibrated`` is the calibration error that chance alone would show.
    """

    def everything(weights: Floats) -> dict[str, Floats]:
        learned = metrics.passing(rivals[0].risk, rows.fails, weights)
        values: dict[str, Floats] = {}
        for rival in rivals:
            for name, value in _figures(rival, rows.fails, weights, promise, learned).items():
                values[f"{rival.key} {name}"] = value
        return values

    drawn = resample(everything, rows.group, count=chance.count, seed=chance.seed)
    return tuple(_result(rival, drawn, rows, calibrated) for rival in rivals)


def _figures(
    rival: Contender, fails: Mask, weights: Floats, promise: float, learned: metrics.Passing
) -> dict[str, Floats]:
    curve = metrics.passing(rival.risk, fails, weights)
    values = ranking(curve, promise)
    best = metrics.perfect_coverage(curve, promise)
    if rival.key == "perfect":
        values["coverage_at_risk"] = best
    values["share_of_perfect"] = values["coverage_at_risk"] / np.where(best > 0, best, np.nan)
    if rival.probability:
        values["brier"] = metrics.brier(rival.risk, fails, weights)
        values["calibration"] = metrics.smooth_calibration_error(rival.risk, fails, weights)
    return values | _at_threshold(rival.passes, fails, weights, learned)


def ranking(curve: metrics.Passing, risk: float) -> dict[str, Floats]:
    """Return the figures that depend on the order of the rows alone."""
    values = {name: metric(curve) for name, metric in RANKING.items()}
    return {**values, "coverage_at_risk": metrics.coverage_at_risk(curve, risk)}


def _at_threshold(
    passes: Mask, fails: Mask, weights: Floats, learned: metrics.Passing
) -> dict[str, Floats]:
    """Return what fails of the passed, and of as many passed by the learned gate."""
    coverage = metrics.weighted_share(passes, np.ones_like(passes), weights)
    return {
        "own_risk": metrics.weighted_share(fails, passes, weights),
        "learned_risk": metrics.risk_at_coverage(learned, coverage),
    }


def _result(rival: Contender, drawn: Mapping[str, Floats], rows: Rows, calibrated: float) -> Result:
    mine = {name: v for key, v in drawn.items() for who, name in [key.split()] if who == rival.key}
    shown = [*RANKING, "coverage_at_risk", "share_of_perfect"]
    figures = {name: estimate(mine[name]) for name in shown}
    if rival.probability:
        figures["brier"] = estimate(mine["brier"])
        figures["calibration"] = calibration_estimate(mine["calibration"], calibrated)
    lead = {name: estimate(drawn[f"learned {name}"] - mine[name]) for name in shown}
    lead["risk_at_equal_coverage"] = estimate(mine["learned_risk"] - mine["own_risk"])
    return Result(rival.key, rival.name, figures, lead, _operating(rival, mine, rows))


def _operating(rival: Contender, mine: Mapping[str, Floats], rows: Rows) -> Operating:
    passes, fails = rival.passes, rows.fails
    every = np.ones_like(passes)
    asked = {
        "coverage": (passes, every),
        "risk": (fails, passes),
        "caught": (~passes, fails),
        "false_rejects": (~passes, ~fails),
    }
    shares = {
        name: share_interval(which[among], rows.group[among])
        for name, (which, among) in asked.items()
    }
    if rival.key == "perfect":  # the others are so by definition, not by luck
        exact = {name: part.value for name, part in shares.items() if name != "coverage"}
        shares |= {name: Estimate(value, value, value) for name, value in exact.items()}
    return Operating(
        passed=int(passes.sum()),
        failed=int((passes & fails).sum()),
        learned_risk=estimate(mine["learned_risk"]),
        **shares,
    )


def slices(rivals: tuple[Contender, ...], rows: Rows, *, chance: Chance) -> Iterator[Slice]:
    """Yield the parts that have rows: ranking of all but the perfect gate, and what is passed."""
    for kind, name, mask in rows.parts():
        if mask.any():
            yield _slice(kind, name, tuple(r.at(mask) for r in rivals), rows, mask, chance)


def _slice(
    kind: str,
    name: str,
    rivals: tuple[Contender, ...],
    rows: Rows,
    mask: Mask,
    chance: Chance,
) -> Slice:
    fails, groups, passes = rows.fails[mask], rows.group[mask], rivals[0].passes

    def ranking(weights: Floats) -> dict[str, Floats]:
        curves = {r.key: metrics.passing(r.risk, fails, weights) for r in rivals[:-1]}
        return {key: metrics.auroc(curve) for key, curve in curves.items()}

    drawn = resample(ranking, groups, count=chance.count, seed=chance.seed)
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


def responses(learned: Contender, rows: Rows) -> Iterator[Response]:
    """Yield expected and true failures by severity of each cause, from severity 0 (clean) on."""
    for cause in (*CAUSES, MIXTURE):
        for severity in range(6):
            kind = (rows.cause == CLEAN) if severity == 0 else (rows.cause == cause)
            mask = kind & (rows.severity == severity)
            if mask.any():
                failed = share_interval(rows.fails[mask], rows.group[mask])
                expected = float(np.mean(learned.risk[mask]))
                yield Response(cause, severity, int(mask.sum()), expected, failed)


def reliability(learned: Contender, rows: Rows) -> Iterator[Bin]:
    """Yield what happened in each tenth of the predicted probability."""
    edges = np.linspace(0, 1, BINS + 1)
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
            failed=share_interval(bad, rows.group[here]),
        )
