"""Set the threshold of a gate from its calibration rows, and say what they promise of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagegate.models.calibration import Calibration, History
from imagegate.models.card import Guarantee
from imagegate.stats.metrics import even_weights
from imagegate.training.learning.facts import Asked
from imagegate.training.learning.threshold import (
    cost_threshold,
    first_step,
    ltt_threshold,
    more_sources,
    one_row_per_source,
)

Floats = NDArray[np.float64]
LEAST_REJECTED = 0.5  # rejected is only what is believed to fail rather than not


@dataclass(frozen=True, eq=False)
class Scored:
    """Rows that the model has not learned from.

    Parameters
    ----------
    scores : ndarray of float64
        Log-odds before calibration; infinite for what never passes.
    fails : ndarray of bool
        Whether the task failed.
    weights : ndarray of float64
        The rows of a source add up to 1.
    """

    scores: Floats
    fails: NDArray[np.bool_]
    weights: Floats

    def and_more(self, other: Scored) -> Scored:
        """Return these rows and those of another."""
        pairs = ((getattr(self, name), getattr(other, name)) for name in vars(self))
        return Scored(*map(np.concatenate, pairs))


def history_rows(history: History) -> Scored:
    """Return the rows kept in a gate file; what its guard holds back never passes."""
    scores = np.where(history.familiar, history.raw, np.inf)
    return Scored(scores, history.fails, even_weights(history.source))


def set_thresholds(
    asked: Asked, history: History, line: Calibration, *, training: Scored | None = None
) -> tuple[dict[str, float | None], Guarantee | None]:
    """Return the thresholds on the probability of failure, and what is promised of the first.

    Parameters
    ----------
    asked : Asked
        A promise or costs, and the seed by which one row of each source is drawn.
    history : History
        The calibration rows.
    line : Calibration
        From raw to calibrated log-odds.
    training : Scored, optional
        Training rows, each scored by a model that has not seen it; see :func:`keep_promise`.

    Returns
    -------
    dict, Guarantee or None
        ``pass`` (None: nothing passes by itself) and ``reject``. Costs promise nothing.
    """
    guarantee = None
    if asked.costs:
        passing: float | None = cost_threshold(*asked.costs)
    else:
        found, guarantee = keep_promise(
            history_rows(history),
            history.source,
            promise=asked.promise,
            confidence=asked.confidence,
            seed=asked.seed,
            training=training,
        )
        passing = None if found is None else float(line.probability(np.array([found]))[0])
    return {"pass": passing, "reject": max(passing or 0.0, LEAST_REJECTED)}, guarantee


def keep_promise(
    calibration: Scored,
    sources: NDArray[np.integer],
    *,
    promise: float,
    confidence: float,
    seed: int,
    training: Scored | None = None,
) -> tuple[float | None, Guarantee]:
    """Return the highest raw log-odds that may pass, and what is promised of it.

    Parameters
    ----------
    calibration : Scored
        Rows that neither the model nor its settings have seen.
    sources : ndarray of int
        The source of each; one row of each is drawn.
    promise, confidence : float
        What is to be kept.
    seed : int
        Of the draw.
    training : Scored, optional
        Where the walk of :func:`imagegate.training.learning.threshold.ltt_threshold` starts is judged on
        these, and how many more sources it would take on these, too. Without them it starts
        with the fewest sources that can keep the promise.

    Returns
    -------
    float or None, Guarantee
    """
    wanted = {"promise": promise, "confidence": confidence}
    drawn = one_row_per_source(sources, seed=seed)
    rows = drawn[np.isfinite(calibration.scores[drawn])]
    start = first_step(**vars(training), sources=len(drawn), **wanted) if training else None
    found = ltt_threshold(calibration.scores[rows], calibration.fails[rows], start=start, **wanted)
    kept = found.threshold is not None
    known = calibration.and_more(training) if training else calibration
    return found.threshold, Guarantee(
        **wanted,
        kept=kept,
        sources=len(drawn),
        passed=found.passed,
        failed=found.failed,
        bound=found.bound,
        more_sources=None if kept else more_sources(**vars(known), sources=len(drawn), **wanted),
    )
