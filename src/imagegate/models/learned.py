"""The learned gate: from measures to a probability, a decision and its reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.features import MEASURES, SIGNALS, measure, scores
from imagegate.image import read
from imagegate.models.batch import Checked, check_many
from imagegate.models.calibration import Calibration, sigmoid
from imagegate.models.card import Card
from imagegate.models.explain import Explanation, shapley
from imagegate.models.forest import Forest
from imagegate.models.guard import Guard
from imagegate.models.reasons import Background, guard_reason, signal_reasons
from imagegate.models.verdict import Decision, Verdict


@dataclass(frozen=True)
class Thresholds:
    """Where decisions change: pass up to ``passing``, reject from ``rejecting``, else review.

    ``passing`` is None if the promise could not be kept: then nothing passes by itself.
    """

    passing: float | None
    rejecting: float

    def decide(self, p_fail: float) -> Decision:
        """Return the decision for a probability of failure."""
        if self.passing is not None and p_fail <= self.passing:
            return "pass"
        return "reject" if p_fail >= self.rejecting else "review"


@dataclass(frozen=True, eq=False)
class History:
    """The calibration rows, kept so that another threshold can be set without training again.

    Parameters
    ----------
    raw : ndarray of float64, shape (rows,)
        Log-odds before calibration.
    fails : ndarray of bool, shape (rows,)
        Whether the task failed.
    source : ndarray of int32, shape (rows,)
        Rows of the same number descend from the same source.
    familiar : ndarray of bool, shape (rows,)
        Whether the guard lets the row through; without that it never passes.
    """

    raw: NDArray[np.float64]
    fails: NDArray[np.bool_]
    source: NDArray[np.int32]
    familiar: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Gate:
    """A learned gate for one task and one engine; made by training or read from its file.

    Parameters
    ----------
    card : Card
        The facts, with measures and thresholds.
    forest : Forest
        The trees; their log-odds are raw.
    calibration : Calibration
        From raw to calibrated log-odds.
    guard : Guard
        Notices images unlike anything in training.
    reference, usual : ndarray of shape (measures,) and (measures, 2)
        The typical passing image and the usual range of its readings.
    history : History
        The calibration rows.
    """

    card: Card
    forest: Forest
    calibration: Calibration
    guard: Guard
    reference: NDArray[np.float64]
    usual: NDArray[np.float64]
    history: History

    @property
    def name(self) -> str:
        """The name of the gate."""
        return self.card.name

    @cached_property
    def thresholds(self) -> Thresholds:
        """Where decisions change."""
        return Thresholds(self.card.thresholds["pass"], float(self.card.thresholds["reject"] or 1))

    def check(self, source: Any) -> Verdict:
        """Judge one image.

        Parameters
        ----------
        source : path, bytes, array, PIL image, file object or Image
            What :func:`imagegate.read` takes.

        Returns
        -------
        Verdict

        Raises
        ------
        ImageError
            If it cannot be read.
        """
        image = read(source)
        readings = dict(zip(self._needed, map(float, measure(image, self._needed)), strict=True))
        x = np.array([readings[name] for name in self.card.measures])
        found = scores(readings)
        if self.guard.alarm(x[None, :])[0]:
            reason = guard_reason(self.guard, x, self.card.measures)
            known = [score for score in found.values() if score == score]
            lowest = round(min(known, default=0.0))
            return Verdict(
                "review", False, None, lowest, (reason,), found, readings, self.card.name
            )
        explanation = self.explain(x)
        p_fail = float(sigmoid(np.array(explanation.log_odds)))
        decision = self.thresholds.decide(p_fail)
        return Verdict(
            decision=decision,
            ok=decision == "pass",
            p_fail=p_fail,
            quality=round(100 * (1 - p_fail)),
            reasons=signal_reasons(
                explanation, x, self._background, found, passes=decision == "pass"
            ),
            scores=found,
            measures=readings,
            gate=self.card.name,
        )

    def check_many(self, sources: Iterable[Any], *, jobs: int | None = None) -> Iterator[Checked]:
        """Judge many images in input order; a broken one is an answer with an error."""
        return check_many(self.check, sources, jobs=jobs)

    def p_fail(self, X: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the calibrated probability of failure of measured images.

        Parameters
        ----------
        X : ndarray of shape (rows, measures)
            Columns as ``imagegate.measure`` and a corpus have them (the whole table), or only
            the gate's own, ``card.measures``.

        Returns
        -------
        ndarray of float64, shape (rows,)
            Without regard to the guard; see ``unfamiliar``.
        """
        return sigmoid(self.log_odds(self.columns(X)))

    def unfamiliar(self, X: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Tell for every row of X, as for ``p_fail``, whether the guard sends it to review."""
        return self.guard.alarm(self.columns(X))

    def decisions(self, X: NDArray[np.floating]) -> NDArray[np.str_]:
        """Return the decision for every row of X, as for ``p_fail``, the guard's included."""
        p, limits = self.p_fail(X), self.thresholds
        passing = -1.0 if limits.passing is None else limits.passing
        review = self.unfamiliar(X) | ((p > passing) & (p < limits.rejecting))
        return np.where(review, "review", np.where(p <= passing, "pass", "reject"))

    def passes(self, X: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Tell for every row of X, as for ``p_fail``, whether the decision is to pass."""
        return np.asarray(self.decisions(X) == "pass", np.bool_)

    def columns(self, X: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the gate's own columns of X."""
        if X.ndim == 2 and X.shape[1] == len(MEASURES):
            names = list(MEASURES)
            return X[:, [names.index(name) for name in self.card.measures]]
        return X

    def log_odds(self, X: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the calibrated log-odds of failure; columns are ``card.measures``."""
        return self.calibration.log_odds(self.forest.decision(X))

    def explain(self, x: NDArray[np.floating]) -> Explanation:
        """Share the log-odds of one row (``card.measures``) out among the six signals."""
        return shapley(self.log_odds, x, self.reference, self._groups)

    @cached_property
    def _background(self) -> Background:
        return Background(self.card.measures, self.reference, self.usual, self.log_odds)

    @cached_property
    def _groups(self) -> list[list[int]]:
        return self._background.groups

    @cached_property
    def _needed(self) -> list[str]:
        """What is measured: the gate's measures, and what the six scores are made of."""
        shown = (name for signal in SIGNALS.values() for name in signal.measures)
        return list(dict.fromkeys((*self.card.measures, *shown)))
