"""Draw what happens to every variant of a source."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

import numpy as np

from imagegate.degrade import (
    DEGRADATIONS,
    Chain,
    Step,
    amount_at,
    at_strength,
    draw_chain,
    draw_mixture,
    draw_page_step,
    single_chain,
)
from imagegate.degrade.chain import EVERY, HOPELESS, OF_PAGES, STAGES

COUNTERFACTUALS, CAUSES_ONLY = "counterfactuals", "causes"
# What these recipes make teaches the diagnosis, and never the probability of failure.
FOR_DIAGNOSIS = (COUNTERFACTUALS, CAUSES_ONLY)
# In the mixed recipe so many variants have one cause at a drawn full level, so that each cause
# and severity is seen; the others are chains as real images suffer them.
SINGLES_SHARE = 0.3
SINGLE = tuple(dict.fromkeys(row.cause for row in DEGRADATIONS.values()))
# In the recipe for reading so many variants have a degradation of pages, and of these so many
# nothing else; what befalls the page comes before light, lens and file.
OF_PAGE_SHARE, ALONE_SHARE = 0.6, 0.5
# Of the variants that only show causes: so many are clean, so many have one cause.
CLEAN_SHARE, ONE_CAUSE_SHARE = 0.15, 0.55
# Small pictures are commoner than those that were enlarged again.
SMALL, SMALL_SHARE = ["resolution.left_small", "resolution.linear"], 0.5
SAVED_SHARE, SAVED_QUALITY = 0.6, (55, 97)  # how files of the web and of phones are saved
# A mixture of two and one of three, each with the chains that lack one of its steps.
TWO, THREE = 3, 4
ROUND = TWO + THREE


def row_seed(seed: int, source_id: str, variant: int) -> int:
    """Return the seed of one row, whatever other rows there are: 63 bits of a hash."""
    digest = hashlib.sha256(f"{seed}\n{source_id}\n{variant}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def draw(
    recipe: str,
    seed: int,
    source_id: str,
    variant: int,
    *,
    strength: float = 1.0,
    text: bool = False,
) -> Chain:
    """Draw what a recipe of ``RECIPES`` does to a variant of a source, at a part of its strength.

    Nothing happens to variant 0. With ``text``, for tasks that read, causes include those of pages.
    """
    if variant == 0:
        return ()
    chosen = page_causes if text and recipe == CAUSES_ONLY else RECIPES[recipe]
    return at_strength(chosen(lambda v: row_seed(seed, source_id, v), variant), strength)


def usual(*, text: bool) -> str:
    """Return the recipe that a task is labelled by unless another one is asked for."""
    return "reading" if text else "mixed"


SeedOf = Callable[[int], int]


def natural(seed_of: SeedOf, variant: int) -> Chain:
    """Leave the image as it is."""
    return ()


def singles(seed_of: SeedOf, variant: int) -> Chain:
    """Draw one cause at one of its five strengths."""
    return _single(np.random.default_rng(seed_of(variant)))


def mixed(seed_of: SeedOf, variant: int) -> Chain:
    """Draw one cause at one of its five strengths, or a chain as real images suffer it."""
    rng = np.random.default_rng(seed_of(variant))
    return _single(rng) if rng.random() < SINGLES_SHARE else draw_chain(rng)


def reading(seed_of: SeedOf, variant: int) -> Chain:
    """Draw what befalls pages, alone or before a chain; or as ``mixed``.

    A page is turned, mirrored, skewed, seen from a side or cut off; something covers its text; or a
    part of it is out of focus, in glare or in shadow.
    """
    rng = np.random.default_rng([seed_of(variant), 1])
    if rng.random() >= OF_PAGE_SHARE:
        return mixed(seed_of, variant)
    step = draw_page_step(rng)
    return (step,) if rng.random() < ALONE_SHARE else (step, *draw_mixture(rng, 1))


def counterfactuals(seed_of: SeedOf, variant: int) -> Chain:
    """Draw mixtures, and after each the same chain without each of its steps.

    A round of seven variants is a mixture of two, its two single steps, a mixture of three, and
    that without its first, second and third step.
    """
    first, place = divmod(variant - 1, ROUND)
    start, count, left_out = (0, 2, place) if place < TWO else (TWO, 3, place - TWO)
    chain = draw_mixture(np.random.default_rng(seed_of(first * ROUND + start + 1)), count)
    return tuple(step for index, step in enumerate(chain, start=1) if index != left_out)


def causes(seed_of: SeedOf, variant: int) -> Chain:
    """Draw one cause or several at any strength, hopeless ones too, as files are saved in practice.

    For rows that no engine sees: what is hopeless to it need not be tried.
    """
    return _causes(np.random.default_rng(seed_of(variant)))


def page_causes(seed_of: SeedOf, variant: int) -> Chain:
    """Draw as ``causes``; half of the variants also have a degradation of pages, or that alone."""
    rng = np.random.default_rng([seed_of(variant), 1])
    if rng.random() >= OF_PAGE_SHARE:
        return _causes(rng)
    step = draw_page_step(rng, most=HOPELESS)
    return (step, *_saved(rng)) if rng.random() < ALONE_SHARE else (step, *_causes(rng))


def _causes(rng: np.random.Generator) -> Chain:
    dice, most = rng.random(), float(HOPELESS)
    count = 0 if dice < CLEAN_SHARE else 1
    if dice >= CLEAN_SHARE + ONE_CAUSE_SHARE:
        count, most = int(rng.integers(2, 4)), 5.0
    drawn = np.sort(rng.choice(len(STAGES), size=count, replace=False))
    steps = [_anywhere(STAGES[stage], rng.uniform(0.0, most), rng) for stage in drawn]
    return (*steps, *_saved(rng))


def _saved(rng: np.random.Generator) -> Chain:
    """Draw how the file is saved: most as JPEG."""
    if rng.random() >= SAVED_SHARE:
        return ()
    quality, seed = int(rng.integers(*SAVED_QUALITY)), int(rng.integers(2**31))
    return (Step("compression.jpeg", 1, seed, float(quality)),)


def _single(rng: np.random.Generator) -> Chain:
    cause = SINGLE[rng.integers(len(SINGLE))]
    names = [name for name, row in DEGRADATIONS.items() if row.cause == cause]
    name = names[rng.integers(len(names))]
    return single_chain(name, int(rng.integers(1, 6)), int(rng.integers(2**31)))


def _anywhere(cause: str, level: float, rng: np.random.Generator) -> Step:
    """Draw a step of a cause at a level between and beyond the five strengths."""
    names = [n for n, row in EVERY.items() if row.cause == cause and n not in OF_PAGES]
    if cause == "resolution" and rng.random() < SMALL_SHARE:
        names = SMALL
    name = names[rng.integers(len(names))]
    severity = int(np.clip(round(level), 1, 5))
    return Step(name, severity, int(rng.integers(2**31)), round(amount_at(name, level), 4))


RECIPES: Mapping[str, Callable[[SeedOf, int], Chain]] = {
    "mixed": mixed,
    "reading": reading,
    "singles": singles,
    "natural": natural,
    COUNTERFACTUALS: counterfactuals,
    CAUSES_ONLY: causes,
}
