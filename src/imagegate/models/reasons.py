"""Say which causes are present on an image, and tell people in reasons that they can act on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import GateFileError
from imagegate.features import CAUSES, MEASURES, find
from imagegate.image import Image
from imagegate.image.image import COMPOSITED
from imagegate.messages import ENGLISH, load_messages
from imagegate.models.beyond import HANDWRITING, LITTLE_TEXT, OTHER_SCRIPT, Bound, code_of_bound
from imagegate.models.calibration import sigmoid
from imagegate.models.card import Card
from imagegate.models.forest import Forest
from imagegate.models.ood import OutOfDistributionDetector
from imagegate.models.verdict import Reason
from imagegate.tables import Box, Code
from imagegate.text import number

Floats = NDArray[np.float64]
LOW_SCORE = 40.0  # as in the rules: where a cause begins to matter
PRESENT = 0.5  # a cause that is at least so probable is told
LEAST_GAIN = 0.3  # so that what is probable counts where no removal alone gains much
LIKELIEST = 0.08  # of an image that does not pass and has none, the likeliest cause is told
# Letters that run together or are torn tell neither how they lie nor in which script they are.
SPOILS_LETTERS = ("blur", "noise", "pixelation")
WORTH = 0.02  # of an image that passes, what would gain less is not
OFTEN = 0.5
AGAINST_SCORE = 0.2  # likewise, if its score is good
GOOD_SCORE = 70.0  # a reason against such a score has to say so
NO_TEXT = "content.no_text"
WHITE_ON_TRANSPARENT = "content.white_on_transparent"
WHITE = 240  # gray levels: transparency is composited over white
DOUBTFUL = "output.doubtful"
UNEXPLAINED, UNSURE = "unexplained.risk", "unexplained.doubt"  # it fails rather than not, or may
# What is odd about an image, by the family of the measure that is farthest out.
UNFAMILIAR: Mapping[str, str] = {
    "text": "unfamiliar.letters",
    "letters": "unfamiliar.letters",
    "geometry": "unfamiliar.letters",
    "occlusion": "unfamiliar.letters",
    "exposure": "unfamiliar.light",
    "blur": "unfamiliar.detail",
    "noise": "unfamiliar.detail",
    "resolution": "unfamiliar.detail",
    "pixelation": "unfamiliar.detail",
    "compression": "unfamiliar.file",
    "content": "unfamiliar.scene",
    "mask": "unfamiliar.output",
    "reading": "unfamiliar.output",
}
SIZES = ("size.width", "size.height")
LIMITS = ("limits.too_tall", "limits.too_wide", "limits.too_large")
CODES: tuple[str, ...] = (
    *(code.name for cause in CAUSES.values() for code in cause.codes),
    *(NO_TEXT, LITTLE_TEXT, WHITE_ON_TRANSPARENT, DOUBTFUL, *SIZES, *LIMITS),
    *(*dict.fromkeys(UNFAMILIAR.values()), OTHER_SCRIPT, HANDWRITING, UNEXPLAINED, UNSURE),
)
REASON_CAUSES: tuple[str, ...] = tuple(dict.fromkeys(code.partition(".")[0] for code in CODES))


@dataclass(frozen=True)
class Finding:
    """What is known of one cause on one image."""

    cause: str
    probability: float  # that it is present at a strength that hurts; NaN if only scores are known
    gain: float  # by how much the probability of failure would fall without it; NaN if unknown


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """Two small forests a cause: whether it is present, and what its removal would gain."""

    causes: tuple[str, ...]  # those that were learned
    measures: tuple[str, ...]  # the columns of X: those of the gate, and some more
    # The trees of all outputs, one output after the other: presence of every cause (log-odds),
    # then the gain of every cause; how many trees each has, and what it is before any tree.
    forest: Forest
    trees: NDArray[np.int32]
    base: Floats
    calibration: Floats  # (causes, 2): slope and intercept of the log-odds of presence

    def of(self, X: NDArray[np.floating]) -> tuple[Floats, Floats]:
        """Return probability and gain (rows, causes), both 0 to 1, for rows of measures."""
        starts = np.cumsum([0, *self.trees[:-1]])
        raw = self.base + self.forest.outputs(X, starts)
        present, gain = raw[:, : len(self.causes)], raw[:, len(self.causes) :]
        log_odds = present * self.calibration[:, 0] + self.calibration[:, 1]
        return sigmoid(log_odds), np.clip(gain, 0, 1)

    def findings(self, readings: Mapping[str, float]) -> list[Finding]:
        """Return what is known of every cause on one measured image, the weightiest first."""
        x = np.array([[readings[name] for name in self.measures]])
        probability, gain = (values[0] for values in self.of(x))
        order = np.argsort(-weights(probability, gain), kind="stable")
        return [Finding(self.causes[i], float(probability[i]), float(gain[i])) for i in order]

    def check(self) -> Diagnosis:
        """Return the diagnosis, or raise GateFileError if its parts do not fit together."""
        known = set(self.causes) <= set(CAUSES) and set(self.measures) <= set(MEASURES)
        named = (*self.causes, *self.measures)
        if not known or not self.causes or len(set(named)) < len(named):
            raise GateFileError(
                "diagnosis: no causes, or unknown or repeated ones, or unknown measures"
            )
        outputs = 2 * len(self.causes)
        if self.trees.shape != (outputs,) or (self.trees < 1).any():
            raise GateFileError("diagnosis: expected trees for every cause, twice")
        if self.trees.sum() != len(self.forest.roots):
            raise GateFileError("diagnosis: the numbers of trees do not add up")
        numbers = (self.base, self.calibration)
        shapes = tuple(array.shape for array in numbers)
        finite = all(np.isfinite(array).all() for array in numbers)
        if shapes != ((outputs,), (len(self.causes), 2)) or not finite:
            raise GateFileError("diagnosis: expected a base, slope and intercept for every cause")
        if not (self.calibration[:, 0] > 0).all():
            raise GateFileError("diagnosis: a calibration would turn the order round")
        return self


def explains(findings: Sequence[Finding]) -> bool:
    """Tell whether a cause is so probable that an odd image is explained by it."""
    return any(one.probability >= PRESENT for one in findings)


def weights(probability: Floats, gain: Floats) -> Floats:
    """Return what causes are ordered by: how probable they are times what is gained."""
    return np.asarray(probability * (gain + LEAST_GAIN), np.float64)


def findings_by_score(scores: Mapping[str, float]) -> list[Finding]:
    """Return the causes with a low score, the lowest first: all that is known unlearned."""
    low = sorted((score, name) for name, score in scores.items() if score < LOW_SCORE)
    return [Finding(name, float("nan"), float("nan")) for _, name in low]


@dataclass(frozen=True, eq=False)
class Evidence:
    """An image as reasons are told of it."""

    image: Image
    readings: Mapping[str, float]  # what was measured, by name
    scores: Mapping[str, float]  # the six
    usual: Callable[[str], tuple[float, float]]  # range of a measure; NaN where none is known

    @property
    def blank(self) -> bool:
        """Whether a gate of text found no letters."""
        text = "text.components" in self.readings
        return text and not self.readings["text.x_height_px"] > 0

    @property
    def white_on_transparent(self) -> bool:
        """Whether a gate of text found none because it is as white as what lies behind it."""
        composited = self.blank and COMPOSITED in self.image.notes
        return composited and int(self.image.gray.min()) >= WHITE


def beyond_reason(bound: Bound, evidence: Evidence, card: Card) -> Reason:
    """Return the reason of an image that the gate does not judge."""
    code = code_of_bound(bound, evidence.image, card)
    detail = f"{_reading(bound.measure, evidence)} {bound.detail}"
    return _reason(code, detail, bound.measure, evidence)


def worth_telling(
    findings: Sequence[Finding], scores: Mapping[str, float], p_fail: float, *, passes: bool
) -> list[Finding]:
    """Return the findings that are told, the weightiest first.

    Of an image that passes, only what is probable and would gain something; of another one without
    a probable cause the likeliest, unless its score is good.
    """
    sure = [one for one in findings if not one.probability < PRESENT]  # NaN: by its score
    if passes:
        return [one for one in sure if min(one.gain, p_fail) >= WORTH]
    if sure or not findings:
        return sure
    likeliest = max(findings, key=lambda one: one.probability)
    good = scores.get(likeliest.cause, math.nan) > GOOD_SCORE
    return [likeliest] if likeliest.probability >= (AGAINST_SCORE if good else LIKELIEST) else []


def cause_reason(finding: Finding, evidence: Evidence, p_fail: float) -> Reason:
    """Return the reason of a finding, with the code of the way in which it shows."""
    code = code_of(finding.cause, evidence.image, evidence.readings)
    gain = min(finding.gain, p_fail) if finding.gain == finding.gain else math.nan
    told = [_reading(code.measure, evidence), *_score(finding, evidence), *_learned(finding, gain)]
    where = code.where(evidence.image) if code.where else None
    known = (finding.probability, gain, where)
    return _reason(code.name, " ".join(told), code.measure, evidence, *known)


def output_reason(evidence: Evidence, p_fail: float, without: float) -> Reason:
    """Return the reason against an output; ``without`` it the risk would be another one."""
    detail = (
        f"With its output at hand the chance of failure is {number(100 * p_fail)} %, "
        f"from the image alone {number(100 * without)} %."
    )
    return _reason(DOUBTFUL, detail, "", evidence)


def other_reason(evidence: Evidence, p_fail: float) -> Reason:
    """Return the reason of an image that does not pass and shows no cause."""
    if evidence.white_on_transparent:
        detail = "Transparency is composited over white, and nothing stands out from it."
        return _reason(WHITE_ON_TRANSPARENT, detail, "", evidence)
    if evidence.blank:
        return _reason(NO_TEXT, "No letters were found.", "text.components", evidence)
    code = UNEXPLAINED if p_fail >= OFTEN else UNSURE
    detail = f"No cause is probable; the chance of failure is {number(100 * p_fail)} %."
    return _reason(code, detail, "", evidence)


def unfamiliar_reason(
    ood: OutOfDistributionDetector,
    x: NDArray[np.float64],
    measures: Sequence[str],
    evidence: Evidence,
) -> Reason:
    """Return the reason of an alarm: what kind of thing is odd, and the farthest readings."""
    columns = ood.farthest(x)
    odd = " and ".join(_outside(ood, j, float(x[j]), measures[j]) for j in columns)
    name = measures[columns[0]]
    detail = f"Unlike anything this gate has learned from: {odd}."
    return _reason(UNFAMILIAR[find(name).family], detail, name, evidence)


def rule_reason(code: str, setting: str, reading: float, least: float) -> Reason:
    """Return the reason of a broken rule; ``setting`` is its name, such as ``"blur_score"``."""
    sized = code in SIZES
    name = setting.removeprefix("min_").replace("_", " ")
    unit, most = ("px", math.inf) if sized else ("of 100", 100.0)
    detail = f"The {name} is {round(reading)} {unit}; the rule asks for {least:g} or more."
    told = (load_messages(ENGLISH)[code], detail, setting, float(reading), unit)
    return Reason(code, math.nan, math.nan, *told, (float(least), most))


def code_of(cause: str, image: Image, readings: Mapping[str, float]) -> Code:
    """Return the way in which a cause shows on an image."""
    return next(code for code in CAUSES[cause].codes if code.when(image, readings))


def _reason(
    code: str,
    detail: str,
    measure: str,
    evidence: Evidence,
    probability: float = math.nan,
    gain: float = math.nan,
    where: Box | None = None,
) -> Reason:
    reading = evidence.readings.get(measure, math.nan)
    unit = find(measure).unit if measure else ""
    told = (load_messages(ENGLISH)[code], detail, measure, reading, unit)
    return Reason(code, probability, gain, *told, evidence.usual(measure), where)


def reading_in_words(name: str, reading: float) -> str:
    """Return a name with its reading.

    >>> reading_in_words("exposure.dark_share", 0.5)
    'dark share is 50 %'
    """
    if math.isnan(reading):
        return f"{find(name).label} could not be measured"
    value, unit = value_in_words(name, reading), find(name).shown_unit
    return f"{find(name).label} is {value} {unit}".rstrip()


def value_in_words(name: str, reading: float) -> str:
    """Return a reading alone; shares in percent."""
    return f"{number(100 * reading)} %" if find(name).unit == "share" else number(reading)


def range_in_words(name: str, low: float, high: float) -> str:
    """Return a range of readings.

    >>> range_in_words("exposure.dark_share", 0.0, 0.056)
    '0–5.6 %'
    """
    return f"{value_in_words(name, low).removesuffix(' %')}–{value_in_words(name, high)}"


def _reading(measure: str, evidence: Evidence) -> str:
    """Say what the measure reads, and what is usual."""
    shown = reading_in_words(measure, evidence.readings.get(measure, math.nan))
    low, high = evidence.usual(measure)
    usual = f"{range_in_words(measure, low, high)} {find(measure).shown_unit}".rstrip()
    more = "" if math.isnan(low) else f"; usual is {usual}"
    return f"{shown[:1].upper()}{shown[1:]}{more}."


def _score(finding: Finding, evidence: Evidence) -> list[str]:
    """Tell the score, and that the readings together outweigh a good one."""
    score = evidence.scores.get(finding.cause, math.nan)
    if math.isnan(score):
        return []
    name = f"{finding.cause} score"
    if score > GOOD_SCORE:
        together = "all readings together do" if finding.probability >= PRESENT else "it is a guess"
        return [f"The {name}, {score:.0f} of 100, does not show it; {together}."]
    return [f"The {name} is {score:.0f} of 100."]


def _learned(finding: Finding, gain: float) -> list[str]:
    """Tell how probable the cause is, and what its removal would gain."""
    if math.isnan(finding.probability):
        return []
    sure = f"Probability {number(100 * finding.probability)} %"
    gained = f"; without it, the chance of failure would fall by {100 * gain:.0f} points"
    return [f"{sure}{'' if math.isnan(gain) else gained}."]


def _outside(ood: OutOfDistributionDetector, column: int, reading: float, name: str) -> str:
    low, high = float(ood.knots[column, 0]), float(ood.knots[column, -1])
    span, shown = range_in_words(name, low, high), reading_in_words(name, reading)
    if math.isnan(low) or math.isnan(reading):
        return shown
    if low <= reading <= high or value_in_words(name, reading) in span:
        return f"{shown}, odd beside its other readings"
    return f"{shown} (learned from {span})"
