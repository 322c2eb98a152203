"""Share a verdict out among the six signals: exact Shapley values in log-odds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import NDArray

Decision = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class Explanation:
    """Where the log-odds of a verdict come from.

    ``typical + content + sum(contributions)`` is ``log_odds``: ``typical`` is what the gate says
    of a typical passing image, ``content`` what the context of this image changes in that (what
    it shows, and what could not be measured on it), and each signal has its contribution.
    """

    typical: float
    content: float
    contributions: tuple[float, ...]
    log_odds: float

    @property
    def base(self) -> float:
        """The log-odds if all six signals read as on a typical passing image."""
        return self.typical + self.content


def shapley(
    decision: Decision,
    x: NDArray[np.floating],
    reference: NDArray[np.floating],
    groups: Sequence[Sequence[int]],
) -> Explanation:
    """Return the exact Shapley value of every group of columns.

    A player is a group; a coalition is an image whose absent groups read as the reference does.
    Columns outside every group are context and keep the image's own values. **What could not be
    measured on the image stays unmeasured in every coalition**, so that no signal is blamed for
    it; it counts as content.

    Parameters
    ----------
    decision : Callable
        From rows to log-odds; called once with ``2 ** len(groups) + 1`` rows.
    x, reference : ndarray of shape (columns,)
        The image and the typical passing image.
    groups : sequence of sequences of int
        Disjoint sets of columns.

    Returns
    -------
    Explanation

    References
    ----------
    Shapley 1953; Lundberg and Lee, NeurIPS 2017, with a single reference (interventional) and
    groups as players, so that no sampling is needed.

    Examples
    --------
    >>> total = lambda rows: rows.sum(axis=1)
    >>> found = shapley(total, np.array([3.0, 5.0, 1.0]), np.zeros(3), [[0], [1]])
    >>> found.contributions, found.content
    ((3.0, 5.0), 1.0)
    """
    image = np.asarray(x, np.float64)
    typical = np.asarray(reference, np.float64)
    rows = coalitions(image, np.where(np.isnan(image), np.nan, typical), groups)
    worth = decision(np.vstack([rows, typical]))
    found = weights(len(groups)) @ worth[:-1]
    return Explanation(
        typical=float(worth[-1]),
        content=float(worth[0] - worth[-1]),
        contributions=tuple(float(value) for value in found),
        log_odds=float(worth[-2]),
    )


def coalitions(
    image: NDArray[np.float64], absent: NDArray[np.float64], groups: Sequence[Sequence[int]]
) -> NDArray[np.float64]:
    """Return one row a coalition; bit g of its number tells whether group g is the image's own."""
    members = _members(len(groups))
    rows = np.tile(image, (len(members), 1))
    for g, columns in enumerate(groups):
        chosen = np.asarray(columns, np.intp)
        rows[np.ix_(~members[:, g], chosen)] = absent[chosen]
    return rows


def weights(players: int) -> NDArray[np.float64]:
    """Return the matrix that turns the worth of all coalitions into Shapley values."""
    members = _members(players)
    size = members.sum(axis=1)
    share = [factorial(k) * factorial(players - 1 - k) for k in range(players)]
    joining = np.array([*share, 0])[size]  # of the coalition that a player joins
    leaving = np.array([0, *share])[size]  # of the coalition that a player has joined
    signed = np.where(members, leaving[:, None], -joining[:, None])
    return np.asarray(signed.T / factorial(players), np.float64)


def _members(players: int) -> NDArray[np.bool_]:
    return (np.arange(2**players)[:, None] >> np.arange(players) & 1).astype(bool)
