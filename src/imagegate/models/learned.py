"""The learned gate: from measures to a probability, a decision and its reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.features import KNOWN, MEASURES, OUTPUT, SIGNALS, measure, output_measures, scores
from imagegate.image import Image, read
from imagegate.models.beside import no_output_check, output_readings, output_wanted
from imagegate.models.calibration import Calibration, sigmoid
from imagegate.models.card import Card
from imagegate.models.explain import Explanation, Pair, shapley
from imagegate.models.forest import Forest
from imagegate.models.guard import Guard
from imagegate.models.many import check_many
from imagegate.models.reasons import Background, guard_reason, signal_reasons
from imagegate.models.verdict import Checked, Decision, Verdict


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

    @property
    def highest(self) -> float:
        """The highest probability that passes, below 0 if nothing does."""
        return -1.0 if self.passing is None else self.passing

    def decisions(
        self, p_fail: NDArray[np.float64], held_back: NDArray[np.bool_]
    ) -> NDArray[np.str_]:
        """Return the decision for every probability; ``held_back`` tells what is for review."""
        review = held_back | ((p_fail > self.highest) & (p_fail < self.rejecting))
        return np.where(review, "review", np.where(p_fail <= self.highest, "pass", "reject"))


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


@dataclass(frozen=True, eq=False, repr=False)
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
    output : Gate or None
        A gate of its own that judges image and output together, for when the engine has run;
        None where outputs were not measured or tell nothing new.
    """

    card: Card
    forest: Forest
    calibration: Calibration
    guard: Guard
    reference: NDArray[np.float64]
    usual: NDArray[np.float64]
    history: History
    output: Gate | None = None

    def __repr__(self) -> str:
        """Name the gate; its arrays say nothing to people."""
        return f"Gate({self.name!r})"

    @property
    def name(self) -> str:
        """The name of the gate."""
        return self.card.name

    @cached_property
    def judges_output(self) -> bool:
        """Whether it judges image and output together rather than the image alone."""
        return any(KNOWN[name].signal == OUTPUT for name in self.card.measures)

    @cached_property
    def thresholds(self) -> Thresholds:
        """Where decisions change."""
        return Thresholds(self.card.thresholds["pass"], float(self.card.thresholds["reject"] or 1))

    def check(self, source: Any, *, output: Any = None, second: Any = None) -> Verdict:
        """Judge one image, or what the engine has made of it.

        Parameters
        ----------
        source : path, bytes, array, PIL image, file object or Image
            What :func:`imagegate.read` takes.
        output : ndarray, OcrOutput or str, optional
            What the engine returned for this image: for background removal a mask, float in
            0..1 of shape (height, width); for OCR a reading or a bare transcript. With it the
            verdict is on image and output together, by the gate ``output``.
        second : ndarray, optional
            With a mask: what the engine returned for the image at half size.

        Returns
        -------
        Verdict
            ``gate`` is the name of the gate that was asked: ``"NAME+output"`` with an output.

        Raises
        ------
        ImageError
            If the image cannot be read.
        OutputError
            If the output is not what engines of the task return.
        SettingsError
            If an output is given and the gate has no check of outputs.
        """
        image = read(source)
        if output is None:
            if self.judges_output:
                raise output_wanted(self.name)
            return self._answer(image, {})
        asked = self if self.judges_output else self.output
        if asked is None:
            raise no_output_check(self.name)
        return asked._answer(image, output_readings(self.card.task, image, output, second))

    def _answer(self, image: Image, beside: dict[str, float]) -> Verdict:
        """Judge an image and the readings of its output, if any."""
        needed = self._needed
        readings = dict(zip(needed, map(float, measure(image, needed)), strict=True)) | beside
        x = np.array([readings[name] for name in self.card.measures])
        found = scores(readings)
        if self.guard.alarm(x[None, :])[0]:
            reason = guard_reason(self.guard, x, self.card.measures)
            known = [score for score in found.values() if score == score]
            lowest = round(min(known, default=0.0))
            return Verdict(
                "review", False, None, lowest, (reason,), found, readings, self.card.name
            )
        pair = Pair(self.forest, x, self.reference)
        explanation = self._explain(pair)
        p_fail = explanation.p_fail
        decision = self.thresholds.decide(p_fail)
        return Verdict(
            decision=decision,
            ok=decision == "pass",
            p_fail=p_fail,
            quality=round(100 * (1 - p_fail)),
            reasons=signal_reasons(
                explanation, pair, self._background, found, passes=decision == "pass"
            ),
            scores=found,
            measures=readings,
            gate=self.card.name,
        )

    def check_many(self, sources: Iterable[Any], *, jobs: int | None = None) -> Iterator[Checked]:
        """Judge many images; a broken one is an answer with an error.

        Parameters
        ----------
        sources : iterable
            Of what ``check`` takes; may be endless. More than a dozen paths or bytes are checked
            by worker processes; arrays, PIL images and file objects by threads of this process,
            which gain less.
        jobs : int, optional
            Workers; all cores by default. With 1 every image is checked here when it is asked for.

        Yields
        ------
        Checked
            In input order. An image that kills its worker is an answer with an error, too.

        Notes
        -----
        Workers are fresh interpreters, and need no ``__main__`` guard: plugins that a program has
        added to Pillow are not there. They stay warm for a minute. Closing the generator early
        ends their work.
        """
        return check_many(self.check, sources, jobs=jobs)

    def p_fail(self, X: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the calibrated probability of failure of measured images.

        Parameters
        ----------
        X : ndarray of shape (rows, measures)
            Columns as ``imagegate.measure`` and a corpus have them (the whole table; for a gate
            of image and output followed by the output's), or only the gate's own,
            ``card.measures``.

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
        return self.thresholds.decisions(self.p_fail(X), self.unfamiliar(X))

    def passes(self, X: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Tell for every row of X, as for ``p_fail``, whether the decision is to pass."""
        return np.asarray(self.decisions(X) == "pass", np.bool_)

    def columns(self, X: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the gate's own columns of X."""
        names = list(MEASURES)
        if self.judges_output:
            names += output_measures(self.card.task)
        if X.ndim == 2 and X.shape[1] == len(names):
            return X[:, [names.index(name) for name in self.card.measures]]
        return X

    def log_odds(self, X: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the calibrated log-odds of failure; columns are ``card.measures``."""
        return self.calibration.log_odds(self.forest.decision(X))

    def with_results(self, results: Mapping[str, Any]) -> Gate:
        """Return the gate with held-out results on its card and on that of its output gate."""
        output = self.output
        if output and "output" in results:
            own = {"part": results["part"], "learned": results["output"]}
            output = replace(output, card=replace(output.card, results=own))
        return replace(self, card=replace(self.card, results=results), output=output)

    def explain(self, x: NDArray[np.floating]) -> Explanation:
        """Share the log-odds of one row (``card.measures``) out among signals and output."""
        return self._explain(Pair(self.forest, x, self.reference))

    def _explain(self, pair: Pair) -> Explanation:
        groups = self._background.groups
        return shapley(pair, groups, self.calibration, typical=self._typical)

    @cached_property
    def _background(self) -> Background:
        return Background(self.card.measures, self.reference, self.usual)

    @cached_property
    def _typical(self) -> float:
        return float(self.forest.decision(self.reference[None, :])[0])

    @cached_property
    def _needed(self) -> list[str]:
        """What is measured on the image: the gate's own, and what the six scores are made of."""
        own = (name for name in self.card.measures if name in MEASURES)
        shown = (name for signal in SIGNALS.values() for name in signal.measures)
        return list(dict.fromkeys((*own, *shown)))
