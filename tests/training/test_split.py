"""No group on two sides, every set on all three, the same split everywhere."""

import numpy as np
import pytest

from imagegate.errors import SettingsError
from imagegate.training.split import SPLITS, group_folds, split_by_group


def rows(seed=0):
    """Sets of very different make: many single pages, some companies, seven thick books, a pair."""
    rng = np.random.default_rng(seed)
    kinds = {
        "pages": (200, 5),
        "receipts": (40, 12),
        "books": (7, 60),
        "pair": (2, 30),
        "one": (1, 9),
    }
    groups, sets = [], []
    for name, (count, most) in kinds.items():
        for i in range(count):
            size = int(rng.integers(1, most + 1))
            groups += [f"{name}/{i}"] * size
            sets += [name] * size
    order = rng.permutation(len(groups))
    return np.array(groups)[order], np.array(sets)[order]


@pytest.mark.parametrize("seed", range(5))
def test_no_group_is_on_two_sides(seed):
    groups, sets = rows()
    part = split_by_group(groups, sets, seed=seed)
    for name in set(groups):
        assert len(set(part[groups == name])) == 1


@pytest.mark.parametrize("seed", range(5))
def test_every_set_is_on_all_sides_in_about_the_shares(seed):
    groups, sets = rows()
    part = split_by_group(groups, sets, seed=seed)
    for name in ("pages", "receipts", "books"):
        assert set(part[sets == name]) == set(SPLITS)
    share = [np.mean(part[sets == "pages"] == name) for name in SPLITS]
    assert share == pytest.approx([0.6, 0.2, 0.2], abs=0.03)


def test_split_depends_on_seed_and_names_alone():
    groups, sets = rows()
    part = split_by_group(groups, sets, seed=1)
    again = split_by_group(groups[::-1], sets[::-1], seed=1)[::-1]
    assert (part == again).all()
    assert (part != split_by_group(groups, sets, seed=2)).any()
    known = split_by_group([f"g{i}" for i in range(8)], ["s"] * 8, seed=0)
    assert known.tolist() == KNOWN


KNOWN = ["calibration", "train", "train", "train", "train", "test", "calibration", "train"]


def test_a_group_in_two_sets_stays_whole():
    groups = np.array(["a", "b", "c", "d", "a", "e", "f", "g"])
    part = split_by_group(groups, ["x"] * 4 + ["y"] * 4, seed=0)
    assert part[0] == part[4]


@pytest.mark.parametrize(
    ("shares", "wrong"),
    [((1, 0, 0), "three positive"), ((0.6, 0.4), "three positive"), ((6, 2, 2), "add up to 1")],
)
def test_shares_must_be_three_and_positive_and_add_up_to_1(shares, wrong):
    with pytest.raises(SettingsError, match=wrong):
        split_by_group(["a"], ["x"], seed=0, shares=shares)


def test_folds_keep_groups_whole_and_even():
    groups, _ = rows()
    fold = group_folds(groups, 4, seed=0)
    assert all(len(set(fold[groups == name])) == 1 for name in set(groups))
    sizes = np.bincount(fold)
    assert sizes.max() - sizes.min() < 5
