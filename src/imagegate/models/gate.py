"""The learned gate: from measures to a probability, a decision and its reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import SettingsError
from imagegate.features import MEASURES, SCORES, measure, measure_output, output_measures, scores
from imagegate.image import Image, read
from imagegate.models.beyond import LITTLE_TEXT, Bound, bound_of, bounds_of, rows_beyond
from imagegate.models.calibration import Calibration, History, Thresholds, sigmoid
from imagegate.models.card import Card
from imagegate.models.forest import Forest
from imagegate.models.limits import within_limits
from imagegate.models.ood import OutOfDistributionDetector
from imagegate.models.reasons import (
    PRESENT,
    SPOILS_LETTERS,
    WORTH,
    Diagnosis,
    Evidence,
    Finding,
    beyond_reason,
    cause_reason,
    explains,
    findings_by_score,
    other_reason,
    output_reason,
    unfamiliar_reason,
    worth_telling,
)
from imagegate.models.verdict import Reason, Result, Verdict, check_many

OUTPUT_SUFFIX = "+output"  # of the name of a gate that judges image and output
LEAST_SIDE = 32  # pixels: whatever else is wrong with so small a picture, it is too small


@dataclass(frozen=True, eq=False, repr=False)
class Gate:
    """A learned gate for one task and one engine; made by training or read from its file."""

    card: Card  # the facts, with measures and thresholds
    forest: Forest  # its log-odds are raw
    calibration: Calibration
    ood: OutOfDistributionDetector
    usual: NDArray[np.float64]  # (measures, 2): where 90 % of passing training images lie
    history: History  # the calibration rows
    # Says which causes are present; where training had too few rows of each, the scores tell.
    diagnosis: Diagnosis | None = None
    # Judges image and output together, for when the engine has run; None where outputs were not
    # measured or tell nothing new.
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
        return any(name not in MEASURES for name in self.card.measures)

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
                raise SettingsError(
                    f"{self.name} judges image and output together: check(image, output=…)"
                )
            return self._answer(image, {})
        if not (self.judges_output or self.output):
            raise no_output_check(self.name)
        values = measure_output(self.card.task, image, output, second=second)
        names = output_measures(self.card.task)
        of_output = dict(zip(names, map(float, values), strict=True))
        if self.output is None:
            return self._answer(image, of_output)
        return self.output._answer(image, of_output, image_gate=self)

    def _answer(
        self, image: Image, of_output: dict[str, float], image_gate: Gate | None = None
    ) -> Verdict:
        """Judge an image and the readings of its output; ``image_gate`` would judge it without.

        What is out of distribution never passes. It is rejected if a cause is plain and the risk
        is high; else nobody knows, and someone has to look, as at what is beyond its bounds.
        """
        needed = [*self._needed, *(image_gate._needed if image_gate else ())]
        readings = _measured(image, list(dict.fromkeys(needed))) | of_output
        x = self._row(readings)
        p_fail, odd = float(self.p_fail(x[None, :])[0]), bool(self.ood.alarm(x[None, :])[0])
        decision = self.thresholds.decide(p_fail)
        bound = bound_of(readings, self.card, passes=decision == "pass" and not odd)
        findings: list[Finding] = []
        if odd or bound or decision != "pass" or p_fail >= WORTH:  # else nothing is worth telling
            findings, more = self._findings(image, readings)
            readings |= more
        evidence = Evidence(image, readings, scores(readings), self._usual)
        explained = explains(findings) or evidence.white_on_transparent
        sure = not bound and (not odd or (explained and decision == "reject"))
        decision = decision if sure else "review"
        passes = decision == "pass"
        reasons = _reasons(findings, evidence, p_fail, bound, self.card, passes=passes)
        if of_output and not passes:
            reasons = _with_output(reasons, evidence, p_fail, image_gate)
        if odd and not (explained or bound):
            reasons.append(unfamiliar_reason(self.ood, x, self.card.measures, evidence))
        if not (passes or reasons):
            reasons.append(other_reason(evidence, p_fail))
        lowest = round(min((s for s in evidence.scores.values() if s == s), default=0.0))
        verdict = Verdict(
            decision=decision,
            ok=passes,
            p_fail=p_fail if sure else None,
            quality=round(100 * (1 - p_fail)) if sure else lowest,
            reasons=tuple(reasons),
            scores=evidence.scores,
            measures=readings,
            gate=self.card.name,
        )
        return within_limits(verdict, image, self.card)

    def _findings(
        self, image: Image, readings: dict[str, float]
    ) -> tuple[list[Finding], dict[str, float]]:
        """Return what is known of causes, and what was measured for that alone.

        Causes that the diagnosis has not learned are known by their scores.
        """
        if min(image.gray.shape) < LEAST_SIDE:
            return [Finding("resolution", 1.0, float("nan"))], {}
        found = findings_by_score(scores(readings))
        if not self.diagnosis:
            return found, {}
        learned, needed = self.diagnosis.causes, self.diagnosis.measures
        more = _measured(image, [name for name in needed if name not in readings])
        others = [one for one in found if one.cause not in learned]
        return [*self.diagnosis.findings(readings | more), *others], more

    def _row(self, readings: Mapping[str, float]) -> NDArray[np.float64]:
        return np.array([readings[name] for name in self.card.measures])

    def _usual(self, name: str) -> tuple[float, float]:
        """Return the usual range of a measure, NaN if it was not learned from."""
        if name not in self.card.measures:
            return (float("nan"),) * 2
        low, high = self.usual[self.card.measures.index(name)]
        return float(low), float(high)

    def check_many(self, sources: Iterable[Any], *, jobs: int | None = None) -> Iterator[Result]:
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
        Result
            With a verdict or an error, in input order. An image that kills its worker is an error.

        Notes
        -----
        Workers are fresh interpreters, and need no ``__main__`` guard: plugins that a program has
        added to Pillow are not there. They stay warm for a minute. Closing the generator early
        ends their work.
        """
        return check_many(self.check, sources, gate=self.name, jobs=jobs)

    def p_fail(self, X: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the calibrated probability of failure of measured images, shape (rows,).

        Columns of X are those of ``imagegate.measure`` and of a corpus (for a gate of image and
        output followed by the output's), or only the gate's own, ``card.measures``.
        """
        return sigmoid(self.log_odds(self.columns(X)))

    def unfamiliar(self, X: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Tell for every row of X whether it is unlike training; such an image never passes."""
        return self.ood.alarm(self.columns(X))

    def knows(self, verdict: Verdict) -> bool:
        """Tell whether a verdict's image is like training and in bounds; no other ever passes."""
        x = self._row(verdict.measures)[None, :]
        return not (self.ood.alarm(x) | rows_beyond(x, self.card))[0]

    def decisions(self, X: NDArray[np.floating]) -> NDArray[np.str_]:
        """Return the decision for every row of X; columns as for ``p_fail``."""
        risk, alarm = self.p_fail(X), self.unfamiliar(X)
        familiar = self.thresholds.decisions(risk, np.zeros(len(X), bool))
        unsure = alarm & (familiar != "reject")
        if self.diagnosis and alarm.any():
            found = self.diagnosis.of(self._diagnosed(X[alarm]))[0]
            unsure[alarm] |= ~(found >= PRESENT).any(axis=1)
        else:
            unsure = alarm
        return self.thresholds.decisions(risk, unsure | rows_beyond(self.columns(X), self.card))

    def _diagnosed(self, X: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the columns of the diagnosis; what is not among those of X is undefined."""
        names = list(self.card.measures if X.shape[1] == len(self.card.measures) else MEASURES)
        wanted = self.diagnosis.measures if self.diagnosis else ()
        columns = [X[:, names.index(n)] if n in names else np.full(len(X), np.nan) for n in wanted]
        return np.column_stack(columns).astype(np.float64)

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

    @cached_property
    def _needed(self) -> list[str]:
        """What is measured on the image: the gate's own, its bounds', and what scores are of."""
        own = (name for name in self.card.measures if name in MEASURES)
        bounds = (bound.measure for bound in bounds_of(self.card))
        shown = (name for cause in SCORES.values() for name in cause.measures)
        return list(dict.fromkeys((*own, *bounds, *shown)))


def _measured(image: Image, names: Sequence[str]) -> dict[str, float]:
    return dict(zip(names, map(float, measure(image, names)), strict=True))


def _reasons(
    findings: Sequence[Finding],
    evidence: Evidence,
    p_fail: float,
    bound: Bound | None,
    card: Card,
    *,
    passes: bool,
) -> list[Reason]:
    """Return the causes that are told, and why the gate does not judge the image if so."""
    if evidence.white_on_transparent and not passes:
        return [other_reason(evidence, p_fail)]
    told = worth_telling(findings, evidence.scores, p_fail, passes=passes)
    if bound:  # that is why; no cause has to be guessed, and none of letters it has not learned
        plain = [one for one in told if not one.probability < PRESENT]
        spoilt = plain and plain[0].cause in SPOILS_LETTERS
        told = plain if bound.code == LITTLE_TEXT or spoilt else []
    reasons = [cause_reason(finding, evidence, p_fail) for finding in told]
    return [*reasons, beyond_reason(bound, evidence, card)] if bound else reasons


def _with_output(
    reasons: list[Reason], evidence: Evidence, p_fail: float, image_gate: Gate | None
) -> list[Reason]:
    """Add the output to the reasons: first if the image alone would pass, else last."""
    if image_gate is None:
        return [*reasons, output_reason(evidence, p_fail, p_fail)]
    risk = float(image_gate.p_fail(image_gate._row(evidence.readings)[None, :])[0])
    own = output_reason(evidence, p_fail, risk)
    passes = image_gate.thresholds.decide(risk) == "pass"
    return [own, *reasons] if passes else [*reasons, own]


def no_output_check(gate: str) -> SettingsError:
    """Return the error for an output given to a gate that judges images alone."""
    return SettingsError(
        f"{gate} judges images alone. To judge outputs too, use a trained gate of a task whose "
        "outputs are measured (background-removal, ocr); or check without the output"
    )
