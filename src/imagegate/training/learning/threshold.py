"""Set the thresholds of a gate: by a risk target that is met with confidence, or by cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imagegate.errors import SettingsError
from imagegate.models.calibration import Calibration, History
from imagegate.models.card import Guarantee
from imagegate.stats.binomial import allowed_failures, binomial_p, sources_needed, upper_bound
from imagegate.stats.metrics import even_weights

Floats = NDArray[np.float64]
LEAST_REJECTED = 0.5  # rejected is only what is believed to fail rather than not
LOSS_OF_POWER = 0.02  # that a stricter start may cost, against the best one
MOST_MORE = 100_000  # calibration sources; beyond that, nobody would


@dataclass(frozen=True)
class Objective:
    """What a gate is made for: its name, a risk target or costs, chance and date."""

    name: str
    risk_target: float
    confidence: float
    costs: tuple[float, float] | None
    seed: int
    date: str

    def __post_init__(self) -> None:
        """Raise SettingsError for what is out of range."""
        sources_needed(self.risk_target, self.confidence)
        if self.costs is not None:
            if len(self.costs) != 2:
                raise SettingsError(
                    f"expected costs of a false pass and of a false reject, got {self.costs}"
                )
            cost_threshold(*self.costs)


@dataclass(frozen=True, eq=False)
class ScoredRows:
    """Rows that the model has not learned from."""

    scores: Floats  # log-odds before calibration, infinite for what never passes
    fails: NDArray[np.bool_]
    weights: Floats  # the rows of a source add up to 1


def set_thresholds(
    objective: Objective,
    history: History,
    line: Calibration,
    *,
    training: ScoredRows | None = None,
) -> tuple[dict[str, float | None], Guarantee | None]:
    """Return the thresholds on the probability of failure, and what is guaranteed of ``pass``."""
    passing, guarantee = None, None  # None: nothing passes by itself; costs guarantee nothing
    if objective.costs:
        passing = cost_threshold(*objective.costs)
    else:
        highest, guarantee = meet_risk_target(
            history,
            risk_target=objective.risk_target,
            confidence=objective.confidence,
            seed=objective.seed,
            training=training,
        )
        if highest is not None:
            passing = float(line.probability(np.array([highest]))[0])
    return {"pass": passing, "reject": max(passing or 0.0, LEAST_REJECTED)}, guarantee


def meet_risk_target(
    history: History,
    *,
    risk_target: float,
    confidence: float,
    seed: int,
    training: ScoredRows | None = None,
) -> tuple[float | None, Guarantee]:
    """Return the highest raw log-odds that may pass, and what is guaranteed of it.

    ``training`` rows decide where the walk of :func:`ltt_threshold` starts; without them it starts
    with the fewest sources that can prove the target.
    """
    target = {"risk_target": risk_target, "confidence": confidence}
    drawn = one_row_per_source(history.source, seed=seed)
    rows = drawn[history.familiar[drawn]]
    start = first_step(training, sources=len(drawn), **target) if training else None
    threshold, passed, failed = ltt_threshold(
        history.raw[rows], history.fails[rows], start=start, **target
    )
    more = None
    if threshold is None:
        more = more_sources(_all_scored(history, training), sources=len(drawn), **target)
    return threshold, Guarantee(
        promise=risk_target,
        confidence=confidence,
        kept=threshold is not None,
        sources=len(drawn),
        passed=passed,
        failed=failed,
        bound=upper_bound(failed, passed, confidence),
        more_sources=more,
    )


def _all_scored(history: History, training: ScoredRows | None) -> ScoredRows:
    """Return calibration and training rows; what is out of distribution never passes."""
    scores = np.where(history.familiar, history.raw, np.inf)
    own = ScoredRows(scores, history.fails, even_weights(history.source))
    if training is None:
        return own
    return ScoredRows(
        *map(np.concatenate, zip(vars(own).values(), vars(training).values(), strict=True))
    )


def ltt_threshold(
    scores: ArrayLike,
    fails: ArrayLike,
    *,
    risk_target: float,
    confidence: float,
    start: int | None = None,
) -> tuple[float | None, int, int]:
    """Return the most lenient threshold that meets a risk target among the images passed.

    Of the images with ``score <= threshold``, at most a share ``risk_target`` fails; the whole
    procedure misses this with a probability of at most ``1 - confidence``.

    Learn-then-Test with fixed-sequence testing: the hypotheses "risk above the target" are
    tested from strict to lenient, one for every number of passed sources from ``start`` on, each
    with the exact binomial p-value at the full level; the walk ends at the first that cannot be
    rejected. A *tuned* threshold, the most lenient whose observed risk looks good, misses its
    target about half of the time.

    Why this is valid although the thresholds tried are calibration scores themselves: to pass
    into the region where the risk is too high, the walk must reject at the last step before it.
    Given how many sources lie below the region's edge, their failures are binomial with the risk
    there, whatever their scores; so that happens with at most ``1 - confidence``. This asks that
    the risk crosses the target once, as it does when the chance of failure never falls as the
    score rises. ``start`` must not depend on the calibration labels: see :func:`first_step`.

    Why probabilities may be calibrated on the same rows: calibration is a rising line, so the
    set of images passed depends on the order of raw scores alone.

    ``scores`` and ``fails`` hold **one row a source**: variants of one source are not independent,
    and pooling them voids the guarantee (see :func:`one_row_per_source`). By default the walk
    starts with the fewest sources that can prove the target.

    Returned are the threshold, how many sources pass, and how many of these fail. The threshold
    is None if none will do: then the numbers are those of the strictest one tried.

    References
    ----------
    Angelopoulos, Bates, Candès, Jordan, Lei, "Learn then Test", 2021, arXiv:2110.01052, §2.2;
    selective classification in §4. Holds for images like those of calibration only.
    """
    values, bad = np.asarray(scores, np.float64), np.asarray(fails, bool)
    least = sources_needed(risk_target, confidence)
    order = np.argsort(values, kind="stable")
    ranked, failed = values[order], np.cumsum(bad[order])
    # Equal scores pass together or not at all.
    ends = np.flatnonzero(np.append(np.diff(ranked) > 0, True)[: ranked.size])
    steps = ends[ends + 1 >= max(start or least, least)]
    if not steps.size:
        return None, values.size, int(bad.sum())
    rejected = binomial_p(failed[steps], steps + 1, risk_target) <= 1 - confidence
    met = len(steps) if rejected.all() else int(np.argmin(rejected))
    step = int(steps[max(0, met - 1)])
    return float(ranked[step]) if met else None, step + 1, int(failed[step])


def first_step(training: ScoredRows, *, sources: int, risk_target: float, confidence: float) -> int:
    """Return how many of the calibration sources the first test should pass."""
    # A start with more sources forgives a failure; one with fewer looks at easier images. Taken is
    # the strictest that loses almost no chance of success, with the risks that training rows show.
    # No calibration label is used, so the guarantee stays valid.
    least = sources_needed(risk_target, confidence)
    if sources <= least:
        return least
    counts = np.arange(least, sources + 1)
    share, risk = risk_curve(training)
    expected = np.interp(counts / sources, share, risk)
    power = binomial_p(allowed_failures(counts, risk_target, confidence), counts, expected)
    return int(counts[np.argmax(power >= power.max() - LOSS_OF_POWER)])


def more_sources(
    known: ScoredRows, *, sources: int, risk_target: float, confidence: float
) -> int | None:
    """Return about how many more calibration sources it would take, or None if more do not help.

    More do not help if the risk is too high even among the images that look best.
    """
    share, risk = risk_curve(known)
    usable = (share > 0) & (risk < risk_target)
    for total in np.unique(np.geomspace(sources + 1, sources + MOST_MORE, 400).astype(np.int64)):
        passed = np.floor(total * share[usable]).astype(np.int64)
        failed = np.round(passed * risk[usable])
        if (binomial_p(failed, passed, risk_target) <= 1 - confidence).any():
            return int(total) - sources
    # So few rows say nothing of the risk yet: ask for what the target takes without a failure.
    least = sources_needed(risk_target, confidence)
    return least - sources if len(known.scores) < least else None


def risk_curve(rows: ScoredRows) -> tuple[Floats, Floats]:
    """Return the share passed and the risk among the passed, strict to lenient."""
    order = np.argsort(rows.scores, kind="stable")
    weight = rows.weights[order]
    total, failed = np.cumsum(weight), np.cumsum(weight * rows.fails[order])
    # Half a failure of one row is added: a risk of exactly 0 is luck.
    return total / total[-1], (failed + 0.5 * weight.mean()) / (total + weight.mean())


def cost_threshold(false_pass: float, false_reject: float) -> float:
    """Return the probability of failure up to which passing costs less than not passing.

    Passing costs ``p * false_pass`` on average, holding back ``(1 - p) * false_reject``; this is
    the least expected cost as far as ``p_fail`` is calibrated.

    >>> cost_threshold(9, 1)
    0.1
    """
    if not (0 < false_pass < math.inf and 0 < false_reject < math.inf):
        raise SettingsError(f"costs must be positive, got {false_pass} and {false_reject}")
    return false_reject / (false_pass + false_reject)


def one_row_per_source(sources: ArrayLike, *, seed: int) -> NDArray[np.intp]:
    """Return the index of one row of each source, drawn by chance, in ascending order."""
    names = np.asarray(sources).astype(str)
    shuffled = np.random.default_rng(seed).permutation(len(names))
    _, first = np.unique(names[shuffled], return_index=True)
    return np.sort(shuffled[first])
