"""Tell how far images have shifted from those that a gate was trained on, and in which way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.features import find
from imagegate.models.reasons import value_in_words
from imagegate.monitoring.histograms import Distribution, Histograms, Reference
from imagegate.stats.tests import chi_square_95, holm, ks_p
from imagegate.text import percent

# Below 0.1 no real change, from 0.25 a large one: the habit of credit scoring, as in Lewis, An
# Introduction to Credit Scoring, 1994, and Siddiqi, Credit Risk Scorecards, 2006; no theorem.
SOME, LARGE = 0.1, 0.25
BINS = 10
RARE = 0.02  # what lies beyond this share of training on either side is rare there
RARE_SHARE = 0.2  # of the images, from which the reference had too few of their kind
UNDEFINED_CHANGE = 0.2  # of the share without a value, from which the sentence is about it
CLEAR = 0.1  # of the range between the reference's tenths, from which a quantile has shifted


@dataclass(frozen=True)
class Shift:
    """How one measure differs from the reference."""

    measure: str
    cause: str  # the family of the measure: a cause, "text" or "content"
    psi: float  # population stability index, over tenths of the reference and the undefined
    psi_by_chance: float  # what it stays below in 95 % of cases if nothing has shifted
    distance: float  # Kolmogorov and Smirnov's: the largest difference of the cumulative shares
    p: float  # of the two-sample test, corrected for the number of measures (Holm)
    # Share of the images whose value is beyond all but 2 % of the reference on that side, or
    # undefined where that is as rare: less than 0.05 if nothing has shifted; and of the high ones.
    rare: float
    rare_high: float
    median: float
    reference_median: float
    undefined: float  # share of images without a value
    reference_undefined: float
    low: float  # the 10th percentile
    high: float  # the 90th percentile
    reference_low: float
    reference_high: float
    where: str = "in training"  # what sentences call the reference

    def level(self, alpha: float = 0.01) -> str:
        """Return ``"large"``, ``"some"`` or ``"none"``; what may be chance is none."""
        if self.p >= alpha or self.psi < SOME:
            return "none"
        return "large" if self.psi >= LARGE else "some"

    def outside(self, alpha: float = 0.01) -> bool:
        """Tell whether many images are where hardly any of the reference were."""
        return self.level(alpha) == "large" and self.rare >= RARE_SHARE

    def sentence(self) -> str:
        """Say in which way it has shifted."""
        name = find(self.measure).label
        if abs(self.undefined - self.reference_undefined) >= UNDEFINED_CHANGE:
            return (
                f"{name} could be measured in {percent(1 - self.undefined)} of the images, "
                f"{self.where} in {percent(1 - self.reference_undefined)}"
            )
        quantiles = (
            ("median", self.median, self.reference_median),
            ("10th percentile", self.low, self.reference_low),
            ("90th percentile", self.high, self.reference_high),
        )
        # the side where most of the rare ones lie is what counts, whatever the median does
        rising = {self.rare_high > self.rare / 2} if self.outside() else {True, False}
        scale = max(self.reference_high - self.reference_low, 1e-12)
        for quantile, own, usual in quantiles:
            clear = abs(own - usual) > CLEAR * scale
            if clear and (own > usual) in rising and self._shown(own) != self._shown(usual):
                numbers = f"{quantile} {self._shown(own)} against {self._shown(usual)}"
                return f"{self._looks(higher=own > usual)}, {numbers}"
        return f"{name} is distributed differently than {self.where}, with about the same median"

    def _looks(self, *, higher: bool) -> str:
        """Return what images look like if the measure is higher, or lower."""
        row = find(self.measure)
        if row.looks is None:
            return f"{row.label} is {'higher' if higher else 'lower'} than {self.where}"
        return f"{row.looks[not higher]} than {self.where}: {row.label}"

    def _shown(self, value: float) -> str:
        unit = find(self.measure).shown_unit
        return f"{value_in_words(self.measure, value)} {unit}".rstrip()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; None for NaN."""
        plain = {
            {"cause": "signal"}.get(name, name): (None if math.isnan(value) else round(value, 6))
            if isinstance(value, float)
            else value
            for name, value in vars(self).items()
        }
        return plain | {
            "p": self.p,
            "level": self.level(),
            "away": self.outside(),
            "sentence": self.sentence() if self.level() != "none" else None,
        }


def drift(counted: Histograms, reference: Reference) -> tuple[Shift, ...]:
    """Compare counted images with training, or with other images, measure by measure.

    Images without a value count as one bin of the index, and as lying below all others in the
    test, which takes the distance that is certain: it errs towards "no drift". Where images come
    in bundles, such as of one document, p is too small.
    """
    usual, new = reference.distributions, counted.distributions()
    if not new or not new[0].size:
        return ()
    distances = list(map(_distance, new, usual))
    p = holm([ks_p(*one) for one in zip(distances, map(_joint_size, new, usual), strict=True)])
    each = zip(reference.measures, new, usual, distances, p, strict=True)
    return tuple(_shift(*one, where=reference.where) for one in each)


def by_cause(shifts: Sequence[Shift]) -> dict[str, Shift]:
    """Return for every cause the measure that shifted most: outside first, by chance last."""
    found: dict[str, Shift] = {}
    for one in sorted(shifts, key=lambda s: (not s.outside(), s.level() == "none", -s.psi)):
        found.setdefault(one.cause, one)
    return found


def _joint_size(new: Distribution, usual: Distribution) -> float:
    """Return the size of one sample that says as much as the two."""
    return new.size * usual.size / (new.size + usual.size)


def _shift(
    name: str, new: Distribution, usual: Distribution, distance: float, p: float, *, where: str
) -> Shift:
    index, bins = stability_index(new, usual)
    low, high = _rare_cells(usual)
    return Shift(
        measure=name,
        cause=find(name).family,
        psi=index,
        psi_by_chance=chi_square_95(bins - 1) / _joint_size(new, usual) if bins > 1 else 0.0,
        distance=distance,
        p=p,
        rare=float(new.shares[low | high].sum()),
        rare_high=float(new.shares[high].sum()),
        median=new.quantile(0.5),
        reference_median=usual.quantile(0.5),
        undefined=new.undefined,
        reference_undefined=usual.undefined,
        low=new.quantile(0.1),
        high=new.quantile(0.9),
        reference_low=usual.quantile(0.1),
        reference_high=usual.quantile(0.9),
        where=where,
    )


def stability_index(new: Distribution, usual: Distribution) -> tuple[float, int]:
    """Return the population stability index and how many bins it was taken over.

    Half an image is added to every bin on both sides, so that an empty one is no infinity; bins
    empty on both sides are left out.
    """
    middle = usual.below - np.diff(usual.below, prepend=0) / 2
    tenth = np.minimum((BINS * np.append(middle, (usual.below[-1:] + 1) / 2)), BINS - 1)
    bins = np.concatenate([[0], 1 + tenth.astype(int)]) if usual.edges.size else np.array([0, 1])
    counts, expected = (np.bincount(bins, one.size * one.shares) for one in (new, usual))
    kept = (counts + expected) > 0
    p, q = ((one[kept] + 0.5) / (one[kept] + 0.5).sum() for one in (counts, expected))
    return float(((p - q) * np.log(p / q)).sum()), int(kept.sum())


def _rare_cells(usual: Distribution) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the cells that at most 2 % of the reference lie in or below, and in or above."""
    low = np.append(usual.below, 1.0) <= RARE
    high = np.concatenate([[0.0], usual.below]) >= 1 - RARE
    return np.append(usual.undefined < RARE, low), np.append(False, high)


def _distance(new: Distribution, usual: Distribution) -> float:
    """Return the largest difference of the cumulative shares that is certain."""
    own = new.undefined + (1 - new.undefined) * new.below
    least, most = (
        usual.undefined + (1 - usual.undefined) * end for end in (usual.least, usual.most)
    )
    gaps = np.maximum(least - own, own - most)
    return float(max(abs(new.undefined - usual.undefined), gaps.max(initial=0.0)))
