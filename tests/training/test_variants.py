"""The recipes by which variants are drawn, and the seeds that they are drawn from."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from imagegate.degrade import chain_from_json, chain_to_json
from imagegate.degrade.shots import SCALES
from imagegate.training.corpus import Corpus
from imagegate.training.remake import remake
from imagegate.training.sources import find_sources
from imagegate.training.variants import RECIPES, cause_of, draw, load, row_seed, variant_bytes


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


def test_a_capture_is_its_page_taken_by_a_camera() -> None:
    sources = [
        source for name in ("pages", "captures") for source in find_sources([f"{name}:6-6"])[0]
    ]
    page, capture = (load(source, text=True) for source in sources)
    again = load(sources[1], text=True)
    assert capture.text == page.text == again.text
    assert capture.pixels.tobytes() == again.pixels.tobytes() != page.pixels.tobytes()
    low, high = SCALES
    assert low <= capture.reference_px / page.reference_px * 1.005 <= high * 1.01


@pytest.mark.parametrize("kind", ["pages", "captures", "photos", "prints"])
@pytest.mark.parametrize("variant", [0, 3])
def test_a_generated_row_is_made_again(kind: str, variant: int) -> None:
    (source,) = find_sources([f"{kind}:9-9"])[0]
    clean = load(source, text=True)
    seed = row_seed(0, source.source_id, variant)
    chain = draw("singles", seed, variant)
    data = variant_bytes(clean, chain, seed=seed, variant=variant)
    row = {
        "row_id": f"{source.source_id}#{variant:03d}",
        "source_id": source.source_id,
        "group": source.group,
        "set": source.set,
        "path": source.shown,
        "chain": chain_to_json(chain),
        "seed": seed,
        "reference_px": np.float64(clean.reference_px),
    }
    rows = {name: np.array([value]) for name, value in row.items()}
    corpus = Corpus({}, rows, np.zeros((1, 0), np.float32), ())
    assert remake(corpus, 0) == data


def test_a_seed_depends_on_nothing_but_corpus_source_and_variant() -> None:
    # The numbers are written down: another machine, version or order must give them, too.
    assert row_seed(0, "pages/0000001", 1) == 4877589483146034384
    told = itertools.product((0, 1), ("a", "b"), (0, 1))
    assert len({row_seed(*which) for which in told}) == 8
    assert chain_from_json("[]") == ()
