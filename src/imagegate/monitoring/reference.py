"""Count readings in cells, and know how training was spread over the same cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from imagegate.models.gate import Gate
from imagegate.training.learning.ood import TAIL

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
PIECES = 4  # cells from one training quantile to the next
BEYOND = (0.5, 1.0, 2.0, 4.0, 8.0)  # edges outside the training range, in the guard's reach


@dataclass(frozen=True, eq=False)
class Spread:
    """How the readings of one measure are spread.

    Parameters
    ----------
    edges : ndarray of shape (edges,)
        Between the cells, ascending; a reading equal to an edge belongs to the cell below it.
    undefined : float
        The share of images without a reading.
    below : ndarray of shape (edges,)
        Of the readings, the share up to each edge, as well as it is known.
    least, most : ndarray of shape (edges,)
        What it is at least and at most: of training only some quantiles are known.
    size : int
        How many independent images stand behind it.
    steps : ndarray of bool, shape (edges,)
        Edges that are themselves the reading of many images, such as "no dark pixels" or the
        quality that a camera always writes.
    ends : tuple of 2 float
        The lowest and the highest reading; NaN if there is none.
    """

    edges: Floats
    undefined: float
    below: Floats
    least: Floats
    most: Floats
    size: int
    steps: NDArray[np.bool_]
    ends: tuple[float, float]

    @property
    def shares(self) -> Floats:
        """The share of all images in each cell; that of the undefined comes first."""
        inner = np.diff(np.concatenate([[0.0], self.below, [1.0]]))
        return np.concatenate([[self.undefined], (1 - self.undefined) * inner])

    def quantile(self, level: float) -> float:
        """Return a quantile of the readings, straight between edges; NaN if there are none."""
        if not self.edges.size or self.undefined >= 1:
            return float("nan")
        place = int(np.searchsorted(self.below, level, side="left"))
        if place in (0, self.below.size) or self.steps[place]:
            found = self.edges[min(place, self.below.size - 1)]
        else:
            cell = slice(place - 1, place + 1)
            found = np.interp(level, self.below[cell], self.edges[cell])
        return float(np.clip(found, *self.ends))  # no further than any reading went


@dataclass(frozen=True, eq=False)
class Reference:
    """Training, measure by measure: what a gate's guard kept of it.

    Parameters
    ----------
    measures : tuple of str
        The gate's columns.
    spreads : tuple of Spread
        One a measure.
    where : str
        What sentences call it: ``"in training"``.
    """

    measures: tuple[str, ...]
    spreads: tuple[Spread, ...]
    where: str = "in training"

    def counted(self, tally: Sequence[Counts], ends: Floats, *, name: str) -> Reference:
        """Return images, counted by ``Cells``, in the place of training."""
        spreads = tuple(map(spread_of, self.spreads, tally, ends))
        return Reference(self.measures, spreads, f"in {name}")


def reference_of(gate: Gate) -> Reference:
    """Return how training was spread: the guard's quantiles, and its rows for the undefined.

    The size is the number of training *sources*: the variants of one are not independent. The
    share of undefined readings is known from the guard's rows alone, which are fewer.
    """
    guard = gate.ood
    rows = len(guard.rows)
    sources = int(gate.card.parts.get("train", {}).get("sources", 0)) or rows
    spreads = []
    for column, knots in enumerate(guard.knots):
        undefined = float(np.isnan(guard.rows[:, column]).mean())
        size = min(sources, rows) if undefined else sources
        spreads.append(_training(knots, float(guard.reach[column]), undefined, size))
    return Reference(gate.card.measures, tuple(spreads))


def _training(knots: Floats, reach: float, undefined: float, size: int) -> Spread:
    """Return the spread that quantiles describe, with finer cells between and beyond them."""
    if np.isnan(knots).any():
        none = np.empty(0)
        return Spread(none, 1.0, none, none, none, size, none.astype(bool), (np.nan, np.nan))
    levels = np.concatenate([[0.0], np.linspace(TAIL, 1 - TAIL, knots.size - 2), [1.0]])
    at, first, count = np.unique(knots, return_index=True, return_counts=True)
    last, tied = first + count - 1, count > 1
    # Where several quantiles are one reading, so many images have it that their share is only
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
    return Spread(edges, undefined, below, least, most, size, steps > 0, ends)


def spread_of(usual: Spread, counts: Counts, ends: Floats) -> Spread:
    """Return how images counted in the cells of a spread are spread themselves."""
    images, defined = int(counts.sum()), int(counts[1:].sum())
    below = np.cumsum(counts[1:-1]) / max(1, defined)
    undefined = float(counts[0] / images) if images else 1.0
    known = (float(ends[0]), float(ends[1])) if defined else (np.nan, np.nan)
    return Spread(usual.edges, undefined, below, below, below, images, usual.steps, known)


@dataclass(eq=False)
class Cells:
    """How many images fell into each cell of each measure; memory does not grow with images.

    Parameters
    ----------
    reference : Reference
        Its edges bound the cells.
    counts : list of ndarray
        One a measure: the undefined, then the cells.
    ends : ndarray of shape (measures, 2)
        The lowest and the highest reading.
    """

    reference: Reference
    counts: list[Counts] = field(init=False)
    ends: Floats = field(init=False)

    def __post_init__(self) -> None:
        spreads = self.reference.spreads
        self.counts = [np.zeros(spread.edges.size + 2, np.int64) for spread in spreads]
        self.ends = np.tile([np.inf, -np.inf], (len(spreads), 1))

    def add(self, X: Floats) -> None:
        """Count rows of readings, in the order of the reference's measures; NaN is undefined."""
        self._reach(np.fmin.reduce(X, initial=np.inf), np.fmax.reduce(X, initial=-np.inf))
        for column, counts, spread in zip(X.T, self.counts, self.reference.spreads, strict=True):
            known = ~np.isnan(column)
            cell = np.where(known, 1 + np.searchsorted(spread.edges, column, side="left"), 0)
            counts += np.bincount(cell, minlength=counts.size)

    def merge(self, other: Cells) -> None:
        """Count what another has counted, too."""
        self._reach(other.ends[:, 0], other.ends[:, 1])
        for own, more in zip(self.counts, other.counts, strict=True):
            own += more

    def _reach(self, low: Floats, high: Floats) -> None:
        lows, highs = np.minimum(self.ends[:, 0], low), np.maximum(self.ends[:, 1], high)
        self.ends = np.stack([lows, highs], axis=1)
