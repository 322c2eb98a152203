"""The recipes by which variants are drawn, and the seeds that they are drawn from."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from imagegate.degrade import Chain, Step, amount_at, chain_from_json, chain_to_json
from imagegate.degrade.chain import DEGRADATIONS, EVERY, HOPELESS, OF_PAGES
from imagegate.training.data.clean import cause_of
from imagegate.training.labelling.recipes import (
    FOR_DIAGNOSIS,
    RECIPES,
    ROUND,
    THREE,
    TWO,
    draw,
    row_seed,
)

SOURCES = [f"set/{number}" for number in range(400)]
# Written down as the code before there were other recipes drew them: corpora must stay as they are.
KNOWN = (
    (
        *("mixed", 4),
        '[{"amount":0.2601,"name":"blur.defocus","seed":1006787417,"severity":1},'
        '{"amount":16.3745,"name":"compression.jpeg","seed":198721340,"severity":3},'
        '{"amount":0.2469,"name":"pixelation.block","seed":833840569,"severity":2}]',
    ),
    (
        *("mixed", 2),
        '[{"amount":10.9,"name":"exposure.under","seed":1591152739,"severity":4}]',
    ),
    (
        *("singles", 3),
        '[{"amount":0.056,"name":"exposure.low_contrast","seed":2110572469,"severity":1}]',
    ),
)


def rounds(source: str, count: int = 2, seed: int = 0) -> list[list[Chain]]:
    """Return the chains of whole rounds of counterfactuals."""
    chains = [draw("counterfactuals", seed, source, v) for v in range(1, count * ROUND + 1)]
    return [chains[i : i + ROUND] for i in range(0, len(chains), ROUND)]


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipes(recipe: str) -> None:
    chains = [draw(recipe, 0, source, 1) for source in SOURCES]
    assert chains == [draw(recipe, 0, source, 1) for source in SOURCES]
    assert not any(draw(recipe, 0, source, 0) for source in SOURCES)
    assert all(chain_from_json(chain_to_json(chain)) == chain for chain in chains)
    lengths = {len(chain) for chain in chains}
    causes = {cause_of(chain) for chain in chains}
    if recipe == "natural":
        assert lengths == {0}
    elif recipe == "singles":
        assert lengths == {1}
        assert causes == {row.cause for row in DEGRADATIONS.values()}
        assert {chain[0].severity for chain in chains} == {1, 2, 3, 4, 5}
    elif recipe == "counterfactuals":
        assert lengths == {2}
        assert causes == {"mixture"}
    else:
        assert {0, 1, 2, 3} <= lengths
        assert {"clean", "mixture", "blur"} <= causes


@pytest.mark.parametrize(("recipe", "variant", "chain"), KNOWN)
def test_what_was_drawn_before_is_drawn_still(recipe: str, variant: int, chain: str) -> None:
    assert chain_to_json(draw(recipe, 0, "pages/0000001", variant)) == chain


def test_a_round_is_two_mixtures_and_each_without_each_step() -> None:
    for two, *rest in (chains for source in SOURCES[:40] for chains in rounds(source)):
        three = rest[TWO - 1]
        assert (len(two), len(three)) == (2, 3)
        without_two, without_three = rest[: TWO - 1], rest[TWO:]
        assert [*without_two] == [two[1:], two[:1]]
        assert [*without_three] == [three[1:], three[:1] + three[2:], three[:2]]


def test_rounds_and_seeds_differ() -> None:
    starts = [chains[0] for seed in (0, 1) for chains in rounds("set/1", 3, seed)]
    starts += [chains[TWO] for chains in rounds("set/1", 3)]
    assert len(set(starts)) == len(starts) == 9
    assert ROUND == TWO + THREE == 7


def test_removing_a_cause_is_in_the_round_unless_it_acts_twice() -> None:
    """What undoing gains is looked up by source and chain: the chain must be there as text."""
    found = Counter[bool]()
    for source in SOURCES[:60]:
        (chains,) = rounds(source, 1)
        drawn = {chain_to_json(chain) for chain in chains}
        for chain in (chains[0], chains[TWO]):
            times = Counter(step.cause for step in chain)
            for cause in times:
                other = chain_to_json([step for step in chain if step.cause != cause])
                assert (other in drawn) or times[cause] > 1
                found[other in drawn] += 1
    assert found[True] > 20 * found[False]


def test_a_weaker_round_lacks_the_same_steps() -> None:
    """A step that is left out must not change the others, at any strength."""
    chains = [draw("counterfactuals", 0, "set/2", v, strength=0.5) for v in range(1, TWO + 1)]
    assert chains[1:] == [chains[0][1:], chains[0][:1]]
    assert chains[0] != draw("counterfactuals", 0, "set/2", 1)


def test_causes_have_any_strength_and_every_kind() -> None:
    chains = [draw("causes", 0, source, v) for source in SOURCES for v in (1, 2, 3, 4)]
    pages = [draw("causes", 0, s, v, text=True) for s in SOURCES for v in (1, 2, 3, 4)]
    assert {step.name for chain in pages for step in chain} == set(EVERY)
    steps = [step for chain in chains for step in chain]
    assert {step.name for step in steps} == set(EVERY) - set(OF_PAGES)
    saved = [step for step in steps if step.name == "compression.jpeg" and step.severity == 1]
    others = [step for step in steps if step not in saved]
    levels = np.array([step.level for step in others])
    assert levels.min() < 0.3
    assert levels.max() > 7
    assert all(0 <= level <= HOPELESS for level in levels)
    assert all(abs(step.level - step.severity) <= 0.51 for step in others if 1 <= step.level <= 5)
    clean = sum(all(step in saved for step in chain) for chain in chains) / len(chains)
    assert 0.1 < clean < 0.25
    mixed = [chain for chain in chains if len({step.cause for step in chain if step.level > 1}) > 1]
    assert 0.1 < len(mixed) / len(chains) < 0.4
    assert max(step.level for chain in mixed for step in chain) <= 5.1, "several are never hopeless"


def test_only_the_recipes_of_a_diagnosis_are_left_out_of_training() -> None:
    assert set(FOR_DIAGNOSIS) == set(RECIPES) - {"reading", "mixed", "singles", "natural"}
    drawn = {step.name for source in SOURCES for step in draw("mixed", 0, source, 1)}
    assert drawn == set(DEGRADATIONS)


def test_what_befalls_pages_is_drawn_for_tasks_that_read_alone() -> None:
    drawn = [draw("reading", 0, source, 1) for source in SOURCES]
    assert {step.name for chain in drawn for step in chain} >= set(OF_PAGES)
    for chain in drawn:  # what befalls the page comes before light, lens and file
        assert not any(step.name in OF_PAGES for step in chain[1:])
    some = {step.name for s in SOURCES for v in (1, 2) for step in draw("causes", 0, s, v)}
    assert not some & set(OF_PAGES)


GRADED = [name for name, row in EVERY.items() if row.graded]


def test_what_has_no_strengths_is_as_strong_as_can_be() -> None:
    for name in set(EVERY) - set(GRADED):
        assert {Step(name, severity, 0).level for severity in (1, 5)} == {HOPELESS}


@pytest.mark.parametrize("name", GRADED)
def test_the_level_of_an_amount_is_the_level_that_it_was_drawn_at(name: str) -> None:
    for level in np.linspace(0, HOPELESS, 33):
        step = Step(name, 1, 0, amount_at(name, float(level)))
        assert step.level == pytest.approx(level, abs=1e-9)
    for severity in (1, 2, 3, 4, 5):
        assert Step(name, severity, 0).level == severity
    first, last = EVERY[name].strengths[0], EVERY[name].strengths[-1]
    rises = last > first
    ends = [first / 2, last * 2, last * 4] if rises else [first * 2, last / 2, last / 4]
    assert [amount_at(name, level) for level in (0, 6, 8)] == pytest.approx(ends)
    mild, awful = (first / 9, last * 9) if rises else (first * 9, last / 9)
    assert [Step(name, 1, 0, amount).level for amount in (mild, awful)] == [0, HOPELESS]


def test_a_seed_depends_on_nothing_but_corpus_source_and_variant() -> None:
    # The numbers are written down: another machine, version or order must give them, too.
    assert row_seed(0, "pages/0000001", 1) == 4877589483146034384
    told = itertools.product((0, 1), ("a", "b"), (0, 1))
    assert len({row_seed(*which) for which in told}) == 8
    assert chain_from_json("[]") == ()
