"""Count measures in cells, and know how training is distributed over the same cells."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from imagegate.models.gate import Gate
from imagegate.training.learning.ood import TAIL

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
PIECES = 4  # cells from one training quantile to the next
BEYOND = (0.5, 1.0, 2.0, 4.0, 8.0)  # edges outside the training range, in the detector's reach


@dataclass(frozen=True, eq=False)
class Distribution:
    """How the values of one measure are distributed."""

    edges: Floats  # between the cells, ascending; a value equal to an edge lies below it
    undefined: float  # the share of images without a value
    below: Floats  # of the values, the share up to each edge, as well as it is known
    least: Floats  # bounds of that share: of training only some quantiles are known
    most: Floats
    size: int  # the number of independent images
    steps: NDArray[np.bool_]  # edges that many images have as their value, such as 0
    ends: tuple[float, float]  # the lowest and the highest value; NaN if there is none

    @property
    def shares(self) -> Floats:
        """The share of all images in each cell; that of the undefined comes first."""
        inner = np.diff(np.concatenate([[0.0], self.below, [1.0]]))
        return np.concatenate([[self.undefined], (1 - self.undefined) * inner])

    def quantile(self, level: float) -> float:
        """Return a quantile of the values, linear between edges; NaN if there are none."""
        if not self.edges.size or self.undefined >= 1:
            return float("nan")
        edge = int(np.searchsorted(self.below, level, side="left"))
        if edge in (0, self.below.size) or self.steps[edge]:
            found = self.edges[min(edge, self.below.size - 1)]
        else:
            cell = slice(edge - 1, edge + 1)
            found = np.interp(level, self.below[cell], self.edges[cell])
        return float(np.clip(found, *self.ends))  # no further than any value went


@dataclass(frozen=True, eq=False)
class Reference:
    """What images are compared with: a distribution for every measure of a gate.

    ``where`` is what sentences call it, such as ``"in training"``.
    """

    measures: tuple[str, ...]
    distributions: tuple[Distribution, ...]
    where: str = "in training"


def training_reference(gate: Gate) -> Reference:
    """Return how training is distributed, by the quantiles and rows of the detector.

    The size is the number of training *sources*: the variants of one are not independent. The
    share of undefined values is known from the detector's rows alone, which are fewer.
    """
    rows = len(gate.ood.rows)
    sources = int(gate.card.parts.get("train", {}).get("sources", 0)) or rows
    found = []
    for column, knots in enumerate(gate.ood.knots):
        undefined = float(np.isnan(gate.ood.rows[:, column]).mean())
        size = min(sources, rows) if undefined else sources
        found.append(_from_quantiles(knots, float(gate.ood.reach[column]), undefined, size))
    return Reference(gate.card.measures, tuple(found))


def _from_quantiles(knots: Floats, reach: float, undefined: float, size: int) -> Distribution:
    """Return the distribution that quantiles describe, with cells between and beyond them."""
    if np.isnan(knots).any():
        none = np.empty(0)
        return Distribution(none, 1.0, none, none, none, size, none.astype(bool), (np.nan, np.nan))
    levels = np.concatenate([[0.0], np.linspace(TAIL, 1 - TAIL, knots.size - 2), [1.0]])
    at, first, count = np.unique(knots, return_index=True, return_counts=True)
    last, tied = first + count - 1, count > 1
    # Where several quantiles are one value, so many images have it that their share is only
    # known to begin and to end somewhere between two quantiles.
    most = np.where(tied, levels[np.minimum(last + 1, knots.size - 1)], levels[last])
    least_before = np.where(tied, levels[np.maximum(first - 1, 0)], levels[first])
    best, before = (levels[last] + most) / 2, (least_before + levels[first]) / 2
    cells = [np.stack([at, best, levels[last], most, tied])]
    for piece in np.arange(1, PIECES) / PIECES:
        edges = at[:-1] + piece * np.diff(at)
        straight = best[:-1] + piece * np.maximum(before[1:] - best[:-1], 0)
        cells.append(np.stack([edges, straight, levels[last[:-1]], levels[first[1:]], 0 * edges]))
    far = reach * np.array(BEYOND)
    for edges, share in ((at[0] - far, 0.0), (at[-1] + far, 1.0)):
        cells.append(np.stack([edges, *np.full((3, far.size), share), 0 * far]))
    every = np.concatenate(cells, axis=1)
    edges, below, least, most, steps = every[:, np.argsort(every[0], kind="stable")]
    ends = float(at[0]), float(at[-1])
    return Distribution(edges, undefined, below, least, most, size, steps > 0, ends)


@dataclass(eq=False)
class Histograms:
    """How many images fall into each cell of each measure; the size does not grow."""

    reference: Reference  # its edges bound the cells
    counts: list[Counts] = field(init=False)  # by measure: the undefined, then the cells
    ends: Floats = field(init=False)  # the lowest and the highest value, (measures, 2)

    def __post_init__(self) -> None:
        found = self.reference.distributions
        self.counts = [np.zeros(one.edges.size + 2, np.int64) for one in found]
        self.ends = np.tile([np.inf, -np.inf], (len(found), 1))

    def add(self, X: Floats) -> None:
        """Count rows of values, in the order of the reference's measures; NaN is undefined."""
        self._widen(np.fmin.reduce(X, initial=np.inf), np.fmax.reduce(X, initial=-np.inf))
        for column, counts, usual in zip(
            X.T, self.counts, self.reference.distributions, strict=True
        ):
            cell = np.where(np.isnan(column), 0, 1 + np.searchsorted(usual.edges, column))
            counts += np.bincount(cell, minlength=counts.size)

    def merge(self, other: Histograms) -> None:
        """Add what another has counted."""
        self._widen(other.ends[:, 0], other.ends[:, 1])
        for own, more in zip(self.counts, other.counts, strict=True):
            own += more

    def _widen(self, low: Floats, high: Floats) -> None:
        lows, highs = np.minimum(self.ends[:, 0], low), np.maximum(self.ends[:, 1], high)
        self.ends = np.stack([lows, highs], axis=1)

    def distributions(self) -> tuple[Distribution, ...]:
        """Return how the counted images are distributed over the cells."""
        each = zip(self.reference.distributions, self.counts, self.ends, strict=True)
        return tuple(_from_counts(*one) for one in each)

    def as_reference(self, name: str) -> Reference:
        """Return the counted images as what others are compared with, instead of training."""
        return Reference(self.reference.measures, self.distributions(), f"in {name}")


def _from_counts(usual: Distribution, counts: Counts, ends: Floats) -> Distribution:
    images, defined = int(counts.sum()), int(counts[1:].sum())
    below = np.cumsum(counts[1:-1]) / max(1, defined)
    undefined = float(counts[0] / images) if images else 1.0
    known = (float(ends[0]), float(ends[1])) if defined else (np.nan, np.nan)
    return Distribution(usual.edges, undefined, below, below, below, images, usual.steps, known)
