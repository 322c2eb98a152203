"""Boosted trees as plain arrays, walked all at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import GateFileError

LARGEST = np.finfo(np.float64).max
MOST_NODES, MOST_DEPTH = 200_000, 64  # a gate file may hold no more
CHUNK_CELLS = 1_000_000  # nodes visited at once: about 30 MB of intermediates


@dataclass(frozen=True, eq=False)
class Forest:
    """Regression trees that add up to log-odds, equal to the scikit-learn model they came from.

    The two children of a node stand side by side, so one index names both, and a node lies
    before its children, so every walk ends.
    """

    roots: NDArray[np.int32]  # (trees,): where each tree starts
    left: NDArray[np.int32]  # (nodes,): the left child, the right one follows it; 0 for a leaf
    feature: NDArray[np.int16]  # (nodes,): the column that the node looks at
    threshold: NDArray[np.float64]  # (nodes,): left if x <= threshold
    missing_left: NDArray[np.bool_]  # (nodes,): whether NaN goes left
    value: NDArray[np.float64]  # (nodes,): what a leaf adds; 0 inside
    base: float  # log-odds before any tree
    features: int  # number of columns of X

    def decision(self, X: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the log-odds of every row of X; NaN is a value of its own."""
        chunks = [values.sum(axis=1) for values in self._walked(X)]
        return np.asarray(self.base + np.concatenate(chunks), np.float64)

    def outputs(self, X: NDArray[np.floating], starts: NDArray[np.integer]) -> NDArray[np.float64]:
        """Return what runs of neighbouring trees add up to (rows, outputs), without the base.

        ``starts`` is the first tree of every run, ascending from 0.
        """
        chunks = [np.add.reduceat(values, starts, axis=1) for values in self._walked(X)]
        return np.concatenate(chunks)

    def _walked(self, X: NDArray[np.floating]) -> Iterator[NDArray[np.float64]]:
        """Yield the value of every tree on every row, some thousand rows at a time."""
        if X.ndim != 2 or X.shape[1] != self.features:
            raise ValueError(f"expected X of shape (rows, {self.features}), got {X.shape}")
        step = max(1, CHUNK_CELLS // max(1, len(self.roots)))
        for i in range(0, max(1, len(X)), step):
            yield self._walk(X[i : i + step])

    def _walk(self, X: NDArray[np.floating]) -> NDArray[np.float64]:
        column, threshold, child, depth = self._prepared
        cells = np.ascontiguousarray(_two_sided(X)).ravel()
        start = np.arange(0, cells.size, 2 * self.features)[:, None]
        node = np.broadcast_to(self.roots.astype(np.intp), (len(X), len(self.roots)))
        for _ in range(depth):
            goes_right = cells.take(column.take(node) + start) > threshold.take(node)
            node = child.take(node) + goes_right
        return np.asarray(self.value.take(node), np.float64)

    @cached_property
    def _prepared(
        self,
    ) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.intp], int]:
        """Columns of the two-sided X, thresholds and children such that a leaf stays put."""
        leaf = self.left == 0
        column = 2 * self.feature.astype(np.intp) + ~self.missing_left
        # Finite, so that a NaN sent right (as +inf) is beyond it: sklearn writes +inf there.
        threshold = np.clip(self.threshold, -LARGEST, LARGEST)
        threshold[leaf] = np.inf
        child = np.where(leaf, np.arange(len(leaf)), self.left).astype(np.intp)
        return np.where(leaf, 0, column), threshold, child, self.depth

    @cached_property
    def depth(self) -> int:
        """The most steps from a root to a leaf."""
        level, depth = self.roots[self.left[self.roots] > 0], 0
        while level.size:
            depth += 1
            below = np.concatenate([self.left[level], self.left[level] + 1])
            level = below[self.left[below] > 0]
        return depth

    @classmethod
    def joined(cls, forests: Sequence[Forest]) -> Forest:
        """Return one forest with the trees of all, in their order; without their bases."""
        starts = np.cumsum([0, *(len(forest.left) for forest in forests)]).astype(np.int32)
        shifted = list(zip(forests, starts, strict=False))
        left = [np.where(f.left > 0, f.left + start, 0) for f, start in shifted]
        return cls(
            roots=np.concatenate([f.roots + start for f, start in shifted]).astype(np.int32),
            left=np.concatenate(left).astype(np.int32),
            **{
                name: np.concatenate([getattr(f, name) for f in forests])
                for name in ("feature", "threshold", "missing_left", "value")
            },
            base=0.0,
            features=forests[0].features,
        )

    @classmethod
    def constant(cls, value: float, features: int) -> Forest:
        """Return a forest that says the same of every row."""
        zero = np.zeros(1, np.int32)
        leaf = (zero, zero.astype(np.int16), np.zeros(1), np.zeros(1, bool), np.zeros(1))
        return cls(zero, *leaf, base=value, features=features)

    def check(self) -> Forest:
        """Return the forest, or raise GateFileError if walking it could go astray."""
        for name in ("feature", "threshold", "missing_left", "value"):
            shape = getattr(self, name).shape
            if shape != self.left.shape:
                raise GateFileError(f"forest: {name} has shape {shape}, not {self.left.shape}")
        if problem := self._problem():
            raise GateFileError(f"forest: {problem}")
        return self

    def _problem(self) -> str:
        """Name the first thing that is wrong, or return an empty text."""
        nodes, inner = len(self.left), np.flatnonzero(self.left)
        if self.left.ndim != 1 or self.roots.ndim != 1 or not 0 < nodes <= MOST_NODES:
            return f"{nodes} nodes"
        if not self.roots.size or self.roots.min() < 0 or self.roots.max() >= nodes:
            return "a root lies outside"
        if (self.left[inner] <= inner).any() or (self.left[inner] >= nodes - 1).any():
            return "a child lies before its parent or outside"
        if (self.feature < 0).any() or (self.feature >= self.features).any():
            return "a node looks at a measure that does not exist"
        if np.isnan(self.threshold).any() or not np.isfinite(self.value).all():
            return "a threshold or value is not a number"
        children = self.left[inner]
        claimed = np.sort(np.concatenate([self.roots, children, children + 1]))
        if not np.isfinite(self.base) or not np.array_equal(claimed, np.arange(nodes)):
            return "nodes are shared or left over"
        return "" if self.depth <= MOST_DEPTH else f"deeper than {MOST_DEPTH}"


def _two_sided(X: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return every column twice, NaN once as -inf (goes left) and once as +inf (goes right)."""
    known = np.clip(X.astype(np.float64), -LARGEST, LARGEST)
    missing = np.isnan(known)
    return np.stack([np.where(missing, -np.inf, known), np.where(missing, np.inf, known)], axis=2)
