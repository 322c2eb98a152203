"""The recipes by which variants are drawn, and the seeds that they are drawn from."""

from __future__ import annotations

import itertools

import pytest

from imagegate.degrade import chain_from_json
from imagegate.training.variants import RECIPES, cause_of, draw, row_seed


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipes(recipe: str) -> None:
    seeds = [row_seed(0, f"set/{number}", 1) for number in range(400)]
    chains = [draw(recipe, seed, 1) for seed in seeds]
    assert chains == [draw(recipe, seed, 1) for seed in seeds]
    assert not any(draw(recipe, seed, 0) for seed in seeds)
    lengths = [len(chain) for chain in chains]
    causes = {cause_of(chain) for chain in chains}
    if recipe == "natural":
        assert max(lengths) == 0
    elif recipe == "singles":
        assert set(lengths) == {1}
        assert len(causes) == 6
        assert {chain[0].severity for chain in chains} == {1, 2, 3, 4, 5}
    else:
        assert {0, 1, 2, 3} <= set(lengths)
        assert {"clean", "mixture", "blur"} <= causes


def test_a_seed_depends_on_nothing_but_corpus_source_and_variant() -> None:
    # The numbers are written down: another machine, version or order must give them, too.
    assert row_seed(0, "pages/0000001", 1) == 4877589483146034384
    told = itertools.product((0, 1), ("a", "b"), (0, 1))
    assert len({row_seed(*which) for which in told}) == 8
    assert chain_from_json("[]") == ()
