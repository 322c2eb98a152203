"""Turn contributions and distances into reasons that people can act on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagegate.features import MEASURES, SIGNALS
from imagegate.models.calibration import sigmoid
from imagegate.models.explain import Decision, Explanation
from imagegate.models.guard import Guard
from imagegate.models.verdict import Reason

LEAST_LOG_ODDS = 0.2  # weaker contributions are noise of the forest
LEAST_CHANGE = 0.02  # of the probability, for an image that passes
LEAST_SHARE = 0.1  # of the strongest contribution, for one that does not
UNFAMILIAR = "unlike anything this gate has learned from"
CONTENT_ADVICE = "Check that this is the kind of picture that the gate is made for."
UNFAMILIAR_ADVICE = "Look at it yourself; if such images are common, label some and train again."
TAILS = {" p90": " in the worst tenth", " p10": " in the weakest tenth"}


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
    decision : Callable
        From rows to calibrated log-odds.
    """

    measures: tuple[str, ...]
    reference: NDArray[np.float64]
    usual: NDArray[np.float64]
    decision: Decision

    @property
    def groups(self) -> list[list[int]]:
        """The columns of each of the six signals, in their order."""
        return [self.columns(signal) for signal in SIGNALS]

    def columns(self, signal: str | None) -> list[int]:
        """Return the columns of a signal; None is the context."""
        return [j for j, name in enumerate(self.measures) if MEASURES[name].signal == signal]


def signal_reasons(
    explanation: Explanation, x: NDArray[np.float64], background: Background, *, passes: bool
) -> tuple[Reason, ...]:
    """Return the signals that raise ``p_fail`` noticeably, the weightiest first.

    For an image that does not pass there is always one: the strongest, or the content of the
    image if no signal raises the probability.
    """
    found = dict(zip(SIGNALS, explanation.contributions, strict=True))
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
    return tuple(_reason(signal, value, x, background) for signal, value in kept)


def _change(log_odds: float, contribution: float) -> float:
    with_it, without = sigmoid(np.array([log_odds, log_odds - contribution]))
    return float(with_it - without)


def _reason(
    signal: str, contribution: float, x: NDArray[np.float64], background: Background
) -> Reason:
    columns = background.columns(None if signal == "content" else signal)
    advice = SIGNALS[signal].advice if signal in SIGNALS else CONTENT_ADVICE
    telling = _most_telling(columns, x, background)
    if telling is None:
        sentence = f"{signal.capitalize()}: what could not be measured speaks against it."
        return Reason(signal, contribution, "", math.nan, "", (math.nan,) * 2, sentence, advice)
    name, reading = background.measures[telling], float(x[telling])
    low, high = map(float, background.usual[telling])
    sentence = f"{signal.capitalize()}: {describe(name, reading)}; {_compared(reading, low, high)}."
    return Reason(
        signal, contribution, name, reading, MEASURES[name].unit, (low, high), sentence, advice
    )


def _most_telling(
    columns: Sequence[int], x: NDArray[np.float64], background: Background
) -> int | None:
    """Return the measure that raises the log-odds most, those outside their usual range first.

    The effect of a measure is the mean of putting the typical reading in its place on this
    image, and putting its reading into the otherwise typical group.
    """
    known = [j for j in columns if not (np.isnan(x[j]) or np.isnan(background.reference[j]))]
    if not known:
        return None
    rows = np.tile(x, (2 * len(known) + 2, 1))
    rows[len(known) : -1, known] = background.reference[known]
    for i, j in enumerate(known):
        rows[i, j] = background.reference[j]
        rows[len(known) + i, j] = x[j]
    worth = background.decision(rows)
    effect = (worth[-1] - worth[: len(known)]) + (worth[len(known) : -2] - worth[-2])
    low, high = background.usual[known].T
    outside = (x[known] < low) | (x[known] > high)
    best = max(range(len(known)), key=lambda i: (effect[i] > 0 and outside[i], effect[i]))
    return known[best]


def _compared(reading: float, low: float, high: float) -> str:
    span = f"{number(low)}–{number(high)}"
    if reading < low or reading > high:
        return f"images that pass usually have {span}"
    side = "lower" if reading - low < high - reading else "upper"
    return f"towards the {side} end of the usual {span}"


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
        unit=MEASURES[measures[first]].unit,
        usual=guard.span(first),
        sentence=f"This image is {UNFAMILIAR}: {told}.",
        advice=UNFAMILIAR_ADVICE,
    )


def _outside(guard: Guard, column: int, reading: float, name: str) -> str:
    low, high = guard.span(column)
    if low <= reading <= high or math.isnan(low):
        return f"{describe(name, reading)}, odd beside its other readings"
    return f"{describe(name, reading)} (learned from {number(low)} to {number(high)})"


def describe(name: str, reading: float) -> str:
    """Return a reading in words.

    >>> describe("blur.edge_width_p90_px", 7.25), describe("exposure.dark_share", 0.5)
    ('edge width in the worst tenth is 7.25 px', 'dark share is 0.5')
    """
    unit = MEASURES[name].unit
    words = name.partition(".")[2].replace("_", " ").removesuffix(f" {unit}")
    for tail, meaning in TAILS.items():
        words = words.replace(tail, meaning)
    if math.isnan(reading):
        return f"{words} could not be measured"
    shown = "" if unit in ("share", "ratio", "count", "quality") else f" {unit}"
    return f"{words} is {number(reading)}{shown}"


def number(value: float) -> str:
    """Return a number with three telling digits, without an exponent.

    >>> number(0.01234), number(1234.5), number(7.0)
    ('0.0123', '1230', '7')
    """
    if not math.isfinite(value):
        return "n/a"
    rounded = float(f"{value:.3g}")
    return f"{rounded:.0f}" if abs(rounded) >= 100 else f"{rounded:.6f}".rstrip("0").rstrip(".")
