"""Share a verdict out among the six signals: exact Shapley values in log-odds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from math import comb

import numpy as np
from numpy.typing import NDArray

from imagegate.models.calibration import FURTHEST, Calibration, sigmoid
from imagegate.models.forest import Forest

MOST_PLAYERS = 62  # the bits of an int64 but its sign and the one of the context


@dataclass(frozen=True)
class Explanation:
    """Where the log-odds of a verdict come from.

    ``typical + content + sum(contributions)`` is ``log_odds``: ``typical`` is what the gate says
    of a typical passing image, ``content`` what the context of this image changes in that (what
    it shows, and what could not be measured on it), and each signal has its contribution.
    The log-odds are those of the calibration before it cuts them off at both ends.
    """

    typical: float
    content: float
    contributions: tuple[float, ...]
    log_odds: float

    @property
    def base(self) -> float:
        """The log-odds if all six signals read as on a typical passing image."""
        return self.typical + self.content

    @property
    def p_fail(self) -> float:
        """The probability of failure, as the calibration gives it."""
        return float(sigmoid(np.clip(np.array(self.log_odds), -FURTHEST, FURTHEST)))


@dataclass(frozen=True, eq=False)
class Leaves:
    """The leaves that some coalition of players reaches, in the order of the trees.

    Parameters
    ----------
    needs : ndarray of int64, shape (2, leaves)
        Bit g of the first row tells that only coalitions with player g reach the leaf, of the
        second that only those without do.
    value : ndarray of float64, shape (leaves,)
        What the leaf adds.
    players : int
        Their number.
    """

    needs: NDArray[np.int64]
    value: NDArray[np.float64]
    players: int

    @property
    def nobody(self) -> float:
        """What the leaves add if every player is absent."""
        return float(self.value[self.needs[0] == 0].sum())

    @property
    def everybody(self) -> float:
        """What they add if every player is present."""
        return float(self.value[self.needs[1] == 0].sum())

    def shares(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what falls to each player of ``everybody - nobody``.

        Of a leaf that needs ``a`` players present and ``b`` absent, ``weights[a, b]`` is the part
        that each of the present gains, and ``weights[b, a]`` the one that each of the absent loses.
        """
        bits = self.needs[:, None] >> np.arange(self.players)[:, None] & 1
        a, b = bits.sum(axis=1)
        present, absent = bits.astype(np.float64)
        gained, lost = self.value * weights[a, b], self.value * weights[b, a]
        return np.asarray(present @ gained - absent @ lost, np.float64)


@dataclass(frozen=True, eq=False)
class Pair:
    """An image beside the typical one, as a forest sees them.

    **What could not be measured on the image stays unmeasured beside it**, so that no signal is
    blamed for it.

    Parameters
    ----------
    forest : Forest
        From a row to raw log-odds.
    image, reference : ndarray of shape (columns,)
        The image and the typical passing image.
    """

    forest: Forest
    image: NDArray[np.floating]
    reference: NDArray[np.floating]

    def leaves(self, groups: Sequence[Sequence[int]]) -> Leaves:
        """Return the leaves that coalitions of groups of columns reach.

        A player is a group; a coalition is an image whose absent groups read as the reference
        does. Columns outside every group are context and keep the image's own values.

        Parameters
        ----------
        groups : sequence of sequences of int
            Disjoint sets of columns, ``MOST_PLAYERS`` at most.
        """
        players = len(groups)
        if players > MOST_PLAYERS:
            raise ValueError(f"expected at most {MOST_PLAYERS} groups, got {players}")
        context = 1 << players  # a player that is never absent
        bits = [0] + [context] * self.forest.features
        for g, columns in enumerate(groups):
            for j in columns:
                bits[j + 1] = 1 << g
        ways, value = self._ways
        needs = np.bitwise_or.reduce(np.array(bits, np.int64).take(ways), axis=1)
        reached = np.flatnonzero((needs[0] | context) & needs[1] == 0)
        needs = needs.take(reached, axis=1) & (context - 1)
        return Leaves(needs, value.take(reached), players)

    @cached_property
    def _ways(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The leaves in reach of readings of the one or the other, and what they add.

        The way to a leaf is told by columns, counted from 1, in an array of shape
        (2, depth, leaves): first those that must read as on the image, then those that must read
        as on the other; 0 where both turn alike.
        """
        image = np.asarray(self.image, np.float64)
        other = np.where(np.isnan(image), np.nan, self.reference)
        paths = self.forest.paths
        right, other_right = self.forest.turns_right(np.stack([image, other]))
        barred = np.concatenate([right & other_right, ~(right | other_right), [False]])
        leaves = np.flatnonzero(~barred.take(paths.edges).any(axis=0))
        edges = paths.edges.take(leaves, axis=1)
        to_left = (right < other_right) * (paths.feature + 1)
        to_right = (right > other_right) * (paths.feature + 1)
        own = np.concatenate([to_left, to_right, [0]])
        others = np.concatenate([to_right, to_left, [0]])
        return np.stack([own.take(edges), others.take(edges)]), paths.value.take(leaves)


def shapley(
    pair: Pair,
    groups: Sequence[Sequence[int]],
    calibration: Calibration,
    *,
    typical: float,
) -> Explanation:
    """Return the exact Shapley value of every group of columns, without asking any coalition.

    The values of the game of one leaf alone are known in closed form, and games add up.

    Parameters
    ----------
    pair : Pair
        The image and the typical one.
    groups : sequence of sequences of int
        The players, as for ``Pair.leaves``.
    calibration : Calibration
        From raw to calibrated log-odds, in which the values are told.
    typical : float
        The raw log-odds of the typical image itself.

    Returns
    -------
    Explanation

    References
    ----------
    Shapley 1953; Lundberg et al., Nature Machine Intelligence 2020,
    doi:10.1038/s42256-019-0138-9 (interventional TreeSHAP), here with a single reference and
    groups of columns as players.
    """
    leaves, base, slope = pair.leaves(groups), pair.forest.base, calibration.slope
    found = slope * leaves.shares(shapley_weights(len(groups)))
    return Explanation(
        typical=slope * typical + calibration.intercept,
        content=slope * (base + leaves.nobody - typical),
        contributions=tuple(found.tolist()),
        log_odds=slope * (base + leaves.everybody) + calibration.intercept,
    )


@cache
def shapley_weights(players: int) -> NDArray[np.float64]:
    """Return the weights of Shapley values: (a - 1)! b! / (a + b)!, as over all orders of joining.

    >>> shapley_weights(2)[1].tolist()
    [1.0, 0.5, 0.3333333333333333]
    """
    numbers = range(players + 1)
    return np.array([[1 / (a * comb(a + b, a)) if a else 0.0 for b in numbers] for a in numbers])


@cache
def first_and_last_weights(players: int) -> NDArray[np.float64]:
    """Return the weights of the mean of joining before all others and of joining after them.

    >>> first_and_last_weights(2)[1].tolist()
    [1.0, 0.5, 0.5]
    """
    numbers = range(players + 1)
    return np.array([[((b == 0) + (a == 1)) / 2 if a else 0.0 for b in numbers] for a in numbers])
