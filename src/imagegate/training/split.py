"""Split a corpus into train, calibration and test so that no group is on two sides."""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imagegate.errors import SettingsError

__all__ = ["SHARES", "SPLITS", "group_folds", "split_by_group"]

SPLITS = ("train", "calibration", "test")
SHARES = (0.6, 0.2, 0.2)


def split_by_group(
    groups: ArrayLike, sets: ArrayLike, *, seed: int, shares: Sequence[float] = SHARES
) -> NDArray[np.str_]:
    """Return the split of every row: ``"train"``, ``"calibration"`` or ``"test"``.

    Every set of three groups or more is spread over all three splits, as near to the shares of
    rows as whole groups allow; smaller sets are spread together. A group of the same name in two
    sets counts as one. The same seed and rows give the same split on every machine.

    SettingsError if the shares are not three positive numbers that add up to 1.

    >>> split_by_group(["a", "a", "b", "c"], ["x"] * 4, seed=0).tolist()
    ['train', 'train', 'calibration', 'test']
    """
    if len(shares) != len(SPLITS) or min(shares) <= 0:
        raise SettingsError(f"expected three positive shares, got {list(shares)}")
    if not math.isclose(sum(shares), 1, abs_tol=1e-6):
        raise SettingsError(f"expected shares that add up to 1, got {list(shares)}")
    names = np.asarray(groups).astype(str)
    sizes = Counter(names.tolist())
    split: dict[str, str] = {}
    for members in _strata(names, np.asarray(sets).astype(str)):
        ordered = sorted(members, key=lambda name: _chance(name, seed))
        split |= _spread(ordered, sizes, shares)
    return np.array([split[name] for name in names.tolist()], dtype="<U11")


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
    for name, own in zip(names.tolist(), sets.tolist(), strict=True):
        home[name] = min(own, home.get(name, own))
    members: dict[str, list[str]] = defaultdict(list)
    for name, own in home.items():
        members[own].append(name)
    large = [members[own] for own in sorted(members) if len(members[own]) >= len(SPLITS)]
    small = [name for few in members.values() if len(few) < len(SPLITS) for name in few]
    return [*large, small] if small else large


def _spread(ordered: list[str], sizes: Counter[str], shares: Sequence[float]) -> dict[str, str]:
    """Give each split a group, then every further group to the split that lacks most."""
    split = dict(zip(ordered, SPLITS, strict=False))
    filled = Counter({split[name]: sizes[name] for name in split})
    share = dict(zip(SPLITS, shares, strict=True))
    for name in ordered[len(SPLITS) :]:
        split[name] = min(SPLITS, key=lambda s: (filled[s] + sizes[name] / 2) / share[s])
        filled[split[name]] += sizes[name]
    return split


def _chance(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\n{name}".encode()).digest()
