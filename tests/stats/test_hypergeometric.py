"""Exact bounds on the bad ones of a finite batch: closed forms, an oracle, simulated batches."""

import math

import numpy as np
import pytest
from scipy.stats import binom, hypergeom

from imagegate.errors import SettingsError
from imagegate.stats.hypergeometric import (
    Sampled,
    bad_below,
    bad_below_each,
    binomial_tail,
    hypergeometric_p,
    looks_needed,
    p_value,
    proves,
)


@pytest.mark.parametrize(("size", "bad", "drawn"), [(500, 28, 50), (40, 11, 13), (9, 9, 4)])
def test_tails_are_those_of_scipy(size, bad, drawn):
    for found in range(min(bad, drawn) + 1):
        exact = hypergeom.cdf(found, size, bad, drawn)
        assert hypergeometric_p(found, bad, drawn, size) == pytest.approx(exact, abs=1e-9)
        share = drawn / size
        assert binomial_tail(found, bad, share) == pytest.approx(binom.cdf(found, bad, share))


def test_closed_forms():
    # No bad one among n of N with one bad: (N - n) / N.
    assert hypergeometric_p(0, 1, 30, 120) == pytest.approx(0.75)
    assert hypergeometric_p(0, 2, 2, 4) == pytest.approx(1 / math.comb(4, 2))
    assert bad_below([Sampled(500, 50, 0)], 0.95) == 28  # fewer than 5.6 %
    assert bad_below([Sampled(80, 80, 3)], 0.95) == 4  # all were seen: no more than those
    assert bad_below([Sampled(80, 0, 0)], 0.95) == 81  # nothing was seen
    assert looks_needed([500], 5, 0.95) == 241


def test_the_number_of_looks_is_the_least_that_proves():
    for sizes, limit, found in (([500], 5, 0), ([500], 5, 2), ([60, 300, 90], 9, 0)):
        looks = looks_needed(sizes, limit, 0.95, found=found)
        share = looks / sum(sizes)
        strata = [Sampled(n, math.ceil(round(share * n, 9)), 0) for n in sizes]
        strata[0] = Sampled(strata[0].size, strata[0].drawn, found)
        assert proves(strata, limit, 0.95)
        fewer = [Sampled(one.size, one.drawn - 3, one.found) for one in strata]
        assert not proves(fewer, limit, 0.95)


@pytest.mark.parametrize("spread", [(1, 1, 1), (5, 0, 1), (0, 0, 1)])
def test_several_strata_never_claim_more_than_is_true(spread):
    rng, sizes, drawn, bad = np.random.default_rng(1), (40, 200, 60), (8, 50, 12), 24
    shares = np.array(spread) / sum(spread)
    planted = [min(round(bad * share), size) for share, size in zip(shares, sizes, strict=True)]
    pooled = each = 0
    for _ in range(1000):
        found = [
            int(rng.hypergeometric(k, n - k, d))
            for k, n, d in zip(planted, sizes, drawn, strict=True)
        ]
        strata = [Sampled(*one) for one in zip(sizes, drawn, found, strict=True)]
        pooled += sum(planted) < bad_below(strata, 0.95)
        bounds = bad_below_each(strata, 0.95)
        each += all(k < bound for k, bound in zip(planted, bounds, strict=True))
    assert pooled >= 950
    assert each >= 950


@pytest.mark.parametrize("bad", [5, 12, 45])
@pytest.mark.parametrize("sizes", [(500,), (60, 300, 140)])
def test_stopping_at_the_first_proof_keeps_the_confidence(sizes, bad):
    """1,000 batches, asked after every round of looks; wrong if 5 or more are left."""
    rng, wrong, runs = np.random.default_rng(bad), 0, 1000
    steps = {}
    for _ in range(runs):
        place = rng.permutation(sum(sizes))[:bad]  # anywhere
        strata = np.split(np.isin(np.arange(sum(sizes)), place), np.cumsum(sizes)[:-1])
        seen = [np.cumsum(rng.permutation(one)) for one in strata]
        for share in np.linspace(0.2, 1, 81):
            drawn = [math.ceil(round(share * size, 9)) for size in sizes]
            found = [int(s[d - 1]) for s, d in zip(seen, drawn, strict=True)]
            key = (share, *found)
            if key not in steps:
                both = zip(sizes, drawn, found, strict=True)
                steps[key] = proves([Sampled(*one) for one in both], 5, 0.95)
            if steps[key]:
                wrong += bad - sum(found) >= 5
                break
    assert wrong <= 0.05 * runs + 1.64 * math.sqrt(0.05 * 0.95 * runs)


def test_more_bad_ones_never_look_likelier():
    strata = [Sampled(60, 20, 1), Sampled(200, 50, 0)]
    values = [p_value(strata, bad) for bad in range(1, 150)]
    assert values == sorted(values, reverse=True)


def test_a_confidence_lies_between_0_and_1():
    with pytest.raises(SettingsError, match="confidence lies between"):
        bad_below([Sampled(5, 1, 0)], 95)
