"""Tune the rules on training rows: a fair baseline for the learned gate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from imagegate.features import SCORES, scores
from imagegate.models.rules import RuleThresholds

Floats = NDArray[np.float64]
CUTS = np.arange(0.0, 100.1, 2.5)
ROUNDS = 10


def six_scores(X: NDArray[np.floating], names: tuple[str, ...]) -> Floats:
    """Return the 0–100 scores of measured rows, one column a cause; NaN where undefined."""
    rows = (scores(dict(zip(names, row, strict=True))) for row in X.tolist())
    found = [[row[cause] for cause in SCORES] for row in rows]
    return np.array(found, np.float64).reshape(len(X), len(SCORES))


def tune_rules(
    found: Floats, fails: NDArray[np.bool_], weights: Floats, preset: RuleThresholds
) -> RuleThresholds:
    """Return the six thresholds of highest balanced accuracy on training rows.

    The best of coordinate searches from the preset, from no rule at all, and from each rule
    alone. ``found`` is (rows, 6), one column a cause; the minimum sizes of ``preset`` stay.
    """
    low = np.where(np.isnan(found), np.inf, found)  # what is undefined holds nothing back
    weight = np.where(fails, weights / weights[fails].sum(), weights / weights[~fails].sum())
    gain = np.where(fails, weight, -weight)  # of holding a row back
    alone = np.diag([_best_cut(column, gain) for column in low.T])
    from_preset = [getattr(preset, f"{cause}_score") for cause in SCORES]
    starts = np.vstack([from_preset, np.zeros(len(SCORES)), alone])
    searched = [_search(low, gain, start) for start in starts]
    best = max(searched, key=lambda cuts: gain[(low < cuts).any(axis=1)].sum())
    cuts = {f"{cause}_score": float(cut) for cause, cut in zip(SCORES, best, strict=True)}
    return replace(preset, **cuts)  # type: ignore[arg-type]


def _search(low: Floats, gain: Floats, start: Floats) -> Floats:
    """Take the best cut of one score after the other until none helps."""
    cuts = start.copy()
    for _ in range(ROUNDS):
        before = cuts.copy()
        for column in range(len(cuts)):
            others = np.delete(np.arange(len(cuts)), column)
            free = (low[:, others] >= cuts[others]).all(axis=1)  # no other rule holds it back
            cuts[column] = _best_cut(low[free, column], gain[free])
        if (cuts == before).all():
            break
    return cuts


def _best_cut(low: Floats, gain: Floats) -> float:
    """Return the cut below which holding back gains most; the lowest of equals."""
    order = np.argsort(low, kind="stable")
    below = np.searchsorted(low[order], CUTS, side="left")
    return float(CUTS[np.argmax(np.append(0.0, np.cumsum(gain[order]))[below])])
