"""What has moved, how far, and in plain words which way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from imagegate.features import find
from imagegate.models.reasons import value_in_words

# Below 0.1 no real change, from 0.25 a large one: the habit of credit scoring, as in Lewis, An
# Introduction to Credit Scoring, 1994, and Siddiqi, Credit Risk Scorecards, 2006; no theorem.
SOME, LARGE = 0.1, 0.25
RARE_SHARE = 0.2  # of the images, from which the reference had too few of their kind
UNDEFINED_CHANGE = 0.2  # of the share without a reading, from which it is what is told
TELLING = 0.1  # of the range of training between its tenths, from which a median has moved


@dataclass(frozen=True)
class Moved:
    """How one measure differs from the reference.

    Parameters
    ----------
    measure, signal : str
        Which; the signal is the family of the measure: a cause, ``"text"`` or ``"content"``.
    psi : float
        Population stability index over tenths of the reference and the undefined.
    psi_by_chance : float
        What it stays below in 95 % of cases if nothing has moved.
    distance : float
        Kolmogorov and Smirnov's: the largest difference of the two cumulative shares.
    p : float
        Of the two-sample test, corrected for the number of measures (Holm).
    rare : float
        Share of the images whose reading is beyond all but 2 % of training on that side, or
        undefined where that is as rare; less than 0.05 if nothing has moved.
    rare_high : float
        The part of these whose reading is high.
    median, reference_median : float
        Of the readings; NaN without one.
    undefined, reference_undefined : float
        Shares of images without a reading.
    low, high, reference_low, reference_high : float
        The lowest and the highest tenth begin there.
    where : str
        What sentences call the reference.
    """

    measure: str
    signal: str
    psi: float
    psi_by_chance: float
    distance: float
    p: float
    rare: float
    rare_high: float
    median: float
    reference_median: float
    undefined: float
    reference_undefined: float
    low: float
    high: float
    reference_low: float
    reference_high: float
    where: str = "in training"

    def level(self, alpha: float = 0.01) -> str:
        """Return ``"large"``, ``"some"`` or ``"none"``; what may be chance is none."""
        if self.p >= alpha or self.psi < SOME:
            return "none"
        return "large" if self.psi >= LARGE else "some"

    def away(self, alpha: float = 0.01) -> bool:
        """Tell whether many images are where hardly any of the reference were."""
        return self.level(alpha) == "large" and self.rare >= RARE_SHARE

    def sentence(self) -> str:
        """Say in plain words which way it has moved."""
        where, name = self.where, find(self.measure).label
        if abs(self.undefined - self.reference_undefined) >= UNDEFINED_CHANGE:
            return (
                f"{name} could be measured in {_defined(self.undefined)} of the images, "
                f"{where} in {_defined(self.reference_undefined)}"
            )
        ends = (
            ("median", self.median, self.reference_median),
            ("a tenth is below", self.low, self.reference_low),
            ("a tenth is above", self.high, self.reference_high),
        )
        # where most of the rare ones lie is what counts, whatever the median does
        rising = {self.rare_high > self.rare / 2} if self.away() else {True, False}
        scale = max(self.reference_high - self.reference_low, 1e-12)
        for what, own, usual in ends:
            clear = abs(own - usual) > TELLING * scale
            if clear and (own > usual) in rising and _shown(self, own) != _shown(self, usual):
                looks = _looks(self.measure, where, higher=own > usual)
                return f"{looks}, {what} {_shown(self, own)} against {_shown(self, usual)}"
        return f"{name} is spread otherwise than {where}, about the same median"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; None for NaN."""
        plain = {
            name: (None if math.isnan(value) else round(value, 6))
            if isinstance(value, float)
            else value
            for name, value in vars(self).items()
        }
        told = self.sentence() if self.level() != "none" else None
        return plain | {
            "p": self.p,
            "level": self.level(),
            "away": self.away(),
            "sentence": told,
        }


def _looks(measure: str, where: str, *, higher: bool) -> str:
    """Return what it looks like if the readings of a measure are higher, or lower."""
    name = find(measure).label
    looks = find(measure).looks
    if looks is None:
        return f"{name} is {'higher' if higher else 'lower'} than {where}"
    return f"{looks[not higher]} than {where}: {name}"


def _defined(undefined: float) -> str:
    return f"{100 * (1 - undefined):.0f} %"


def _shown(moved: Moved, reading: float) -> str:
    unit = find(moved.measure).shown_unit
    return f"{value_in_words(moved.measure, reading)} {unit}".rstrip()
