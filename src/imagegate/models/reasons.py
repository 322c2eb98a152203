"""Turn contributions and distances into reasons that people can act on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from imagegate.features import KNOWN, OUTPUT, SIGNALS
from imagegate.models.calibration import sigmoid
from imagegate.models.explain import Explanation, Pair, first_and_last_weights
from imagegate.models.guard import Guard
from imagegate.models.verdict import Reason
from imagegate.models.words import range_in_words, reading_in_words, value_in_words

LEAST_LOG_ODDS = 0.2  # weaker contributions are noise of the forest
LEAST_CHANGE = 0.02  # of the probability, for an image that passes
LEAST_SHARE = 0.1  # of the strongest contribution, for one that does not
UNFAMILIAR = "unlike anything this gate has learned from"
OUTPUT_ADVICE = "Look at the result; if it is wrong, take another picture or do it by hand."
CONTENT_ADVICE = "Check that this is the kind of picture that the gate is made for."
UNFAMILIAR_ADVICE = "Look at it yourself; if such images are common, label some and train again."
LOW_SCORE = 40.0  # as in the rules


@dataclass(frozen=True, eq=False)
class Background:
    """What a reason is told against.

    Parameters
    ----------
    measures : tuple of str
        The gate's columns.
    reference : ndarray of shape (measures,)
        A typical passing image: the median reading of the passing training rows.
    usual : ndarray of shape (measures, 2)
        The range of 90 % of them.
    """

    measures: tuple[str, ...]
    reference: NDArray[np.float64]
    usual: NDArray[np.float64]

    @cached_property
    def players(self) -> tuple[str, ...]:
        """What a verdict is shared out among: the six signals, and the output if it is judged."""
        return (*SIGNALS, OUTPUT) if self.columns(OUTPUT) else tuple(SIGNALS)

    @cached_property
    def groups(self) -> list[list[int]]:
        """The columns of each of the players, in their order."""
        return [self.columns(player) for player in self.players]

    def columns(self, signal: str | None) -> list[int]:
        """Return the columns of a signal; None is the context."""
        return [j for j, name in enumerate(self.measures) if KNOWN[name].signal == signal]


def signal_reasons(
    explanation: Explanation,
    pair: Pair,
    background: Background,
    scores: Mapping[str, float],
    *,
    passes: bool,
) -> tuple[Reason, ...]:
    """Return the signals, and the output, that raise ``p_fail`` noticeably, the weightiest first.

    For an image that does not pass there is always one: the strongest, or the content of the
    image if no signal raises the probability. Where the content speaks against an image, the
    lowest of the six scores, if it is low, tells what to do: on a ruined page nothing may be left
    to measure but that no text is found.
    """
    if passes and explanation.p_fail < LEAST_CHANGE:
        return ()  # no part of it is large enough
    found = dict(zip(background.players, explanation.contributions, strict=True))
    found["content"] = explanation.content
    ranked = sorted(found.items(), key=lambda item: -item[1])
    least = LEAST_SHARE * ranked[0][1]
    kept = [
        (signal, value)
        for signal, value in ranked
        if value >= LEAST_LOG_ODDS
        and (_change(explanation.log_odds, value) >= LEAST_CHANGE if passes else value >= least)
    ]
    if not kept and not passes:
        kept = ranked[:1]
    return tuple(
        _reason(signal, value, pair, background, _advice(signal, scores)) for signal, value in kept
    )


def _advice(signal: str, scores: Mapping[str, float]) -> str:
    if signal in SIGNALS:
        return SIGNALS[signal].advice
    if signal == OUTPUT:
        return OUTPUT_ADVICE
    known = {name: score for name, score in scores.items() if score < LOW_SCORE}
    if not known:
        return CONTENT_ADVICE
    lowest = min(known, key=lambda name: known[name])
    return f"Of the six scores {lowest} is the lowest. {SIGNALS[lowest].advice}"


def _change(log_odds: float, contribution: float) -> float:
    with_it, without = sigmoid(np.array([log_odds, log_odds - contribution]))
    return float(with_it - without)


def _reason(
    signal: str,
    contribution: float,
    pair: Pair,
    background: Background,
    advice: str,
) -> Reason:
    columns = background.columns(None if signal == "content" else signal)
    telling = _most_telling(columns, pair, background)
    if telling is None:
        sentence = f"{signal.capitalize()}: what could not be measured speaks against it."
        return Reason(signal, contribution, "", math.nan, "", (math.nan,) * 2, sentence, advice)
    name, reading = background.measures[telling], float(pair.image[telling])
    low, high = map(float, background.usual[telling])
    compared = f"images that pass usually have {range_in_words(name, low, high)}"
    if low <= reading <= high:
        typical = value_in_words(name, float(background.reference[telling]))
        compared = f"{typical} is typical of images that pass"
    sentence = f"{signal.capitalize()}: {reading_in_words(name, reading)}; {compared}."
    return Reason(
        signal, contribution, name, reading, KNOWN[name].unit, (low, high), sentence, advice
    )


def _most_telling(columns: Sequence[int], pair: Pair, background: Background) -> int | None:
    """Return the measure that raises the log-odds most, those oddest on the bad side first.

    The effect of a measure is the mean of putting the typical reading in its place on this
    image, and putting its reading into the otherwise typical group.
    """
    x, reference = pair.image.tolist(), background.reference.tolist()
    known = [j for j in columns if not (math.isnan(x[j]) or math.isnan(reference[j]))]
    if not known:
        return None
    leaves = pair.leaves([[j] for j in known])
    effect = leaves.shares(first_and_last_weights(len(known))).tolist()
    ranks = [
        (_oddity(background, j, x[j]) if effect[i] > 0 else 0, effect[i])
        for i, j in enumerate(known)
    ]
    return known[max(range(len(known)), key=ranks.__getitem__)]


def _oddity(background: Background, column: int, reading: float) -> int:
    """Return 2 for a reading outside the usual range on a bad side, 1 for one on a bad side."""
    low, high = background.usual[column]
    typical, worse = background.reference[column], KNOWN[background.measures[column]].worse
    bad_above, bad_below = worse != "low", worse != "high"
    if (bad_above and reading > high) or (bad_below and reading < low):
        return 2
    return int((bad_above and reading > typical) or (bad_below and reading < typical))


def guard_reason(guard: Guard, x: NDArray[np.float64], measures: Sequence[str]) -> Reason:
    """Return the reason of an alarm, naming the measures that are farthest outside."""
    columns = guard.farthest(x)
    told = " and ".join(_outside(guard, j, float(x[j]), measures[j]) for j in columns)
    first = columns[0]
    return Reason(
        signal="unfamiliar",
        contribution=math.nan,
        measure=measures[first],
        reading=float(x[first]),
        unit=KNOWN[measures[first]].unit,
        usual=guard.span(first),
        sentence=f"This image is {UNFAMILIAR}: {told}.",
        advice=UNFAMILIAR_ADVICE,
    )


def _outside(guard: Guard, column: int, reading: float, name: str) -> str:
    low, high = guard.span(column)
    span, shown = range_in_words(name, low, high), reading_in_words(name, reading)
    if math.isnan(low) or math.isnan(reading):
        return shown
    if low <= reading <= high or value_in_words(name, reading) in span:
        return f"{shown}, odd beside its other readings"
    return f"{shown} (learned from {span})"
