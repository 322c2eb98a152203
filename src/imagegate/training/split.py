"""Split a corpus into train, calibration and test so that no group is on two sides."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imagegate.errors import SettingsError

__all__ = ["PARTS", "SHARES", "group_folds", "split_by_group"]

PARTS = ("train", "calibration", "test")
SHARES = (0.6, 0.2, 0.2)


def split_by_group(
    groups: ArrayLike, sets: ArrayLike, *, seed: int, shares: Sequence[float] = SHARES
) -> NDArray[np.str_]:
    """Return the part of every row: ``"train"``, ``"calibration"`` or ``"test"``.

    Every set of three groups or more is spread over all three parts, as near to the shares of
    rows as whole groups allow; smaller sets are spread together. A group of the same name in two
    sets counts as one.

    Parameters
    ----------
    groups, sets : array of str, shape (rows,)
        What must stay together, and where it comes from.
    seed : int
        Chance; the same seed and rows give the same split on every machine.
    shares : sequence of 3 float
        The shares of train, calibration and test.

    Returns
    -------
    ndarray of str, shape (rows,)

    Examples
    --------
    >>> split_by_group(["a", "a", "b", "c"], ["x"] * 4, seed=0).tolist()
    ['train', 'train', 'calibration', 'test']
    """
    if len(shares) != len(PARTS) or min(shares) <= 0:
        raise SettingsError(f"expected three positive shares, got {list(shares)}")
    names = np.asarray(groups).astype(str)
    sizes = Counter(names.tolist())
    part: dict[str, str] = {}
    for members in _strata(names, np.asarray(sets).astype(str)):
        ordered = sorted(members, key=lambda name: _chance(name, seed))
        part |= _spread(ordered, sizes, shares)
    return np.array([part[name] for name in names.tolist()], dtype="<U11")


def group_folds(groups: ArrayLike, count: int, *, seed: int) -> NDArray[np.intp]:
    """Return a fold number for every row, groups whole and folds of about the same size."""
    names = np.asarray(groups).astype(str)
    sizes = Counter(names.tolist())
    filled = [0] * count
    fold: dict[str, int] = {}
    for name in sorted(sizes, key=lambda name: (-sizes[name], _chance(name, seed))):
        fold[name] = filled.index(min(filled))
        filled[fold[name]] += sizes[name]
    return np.array([fold[name] for name in names.tolist()], np.intp)


def _strata(names: NDArray[np.str_], sets: NDArray[np.str_]) -> list[list[str]]:
    """Return the groups of each set; those of sets too small to be spread come together."""
    home: dict[str, str] = {}
    for name, place in zip(names.tolist(), sets.tolist(), strict=True):
        home[name] = min(place, home.get(name, place))
    members: dict[str, list[str]] = defaultdict(list)
    for name, place in home.items():
        members[place].append(name)
    large = [members[place] for place in sorted(members) if len(members[place]) >= len(PARTS)]
    small = [name for place in members.values() if len(place) < len(PARTS) for name in place]
    return [*large, small] if small else large


def _spread(ordered: list[str], sizes: Counter[str], shares: Sequence[float]) -> dict[str, str]:
    """Give each part a group, then every further group to the part that lacks most."""
    part = dict(zip(ordered, PARTS, strict=False))
    filled = Counter({part[name]: sizes[name] for name in part})
    share = dict(zip(PARTS, shares, strict=True))
    for name in ordered[len(PARTS) :]:
        part[name] = min(PARTS, key=lambda p: (filled[p] + sizes[name] / 2) / share[p])
        filled[part[name]] += sizes[name]
    return part


def _chance(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\n{name}".encode()).digest()
