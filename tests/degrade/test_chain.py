"""Chains: the mix, the order, the record, and the same bytes in another process."""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from imagegate.degrade import (
    DEGRADATIONS,
    Step,
    apply_chain,
    chain_from_json,
    chain_to_json,
    draw_chain,
    save,
    single_chain,
)
from imagegate.degrade.chain import SHUFFLED_SHARE, STAGES, amount_at
from imagegate.degrade.compression import decode
from imagegate.degrade.library import SWITCH
from imagegate.errors import SettingsError, UnknownNameError
from imagegate.synthetic.pages import render_page

DRAWS = 4000


@pytest.fixture(scope="module")
def chains():
    rng = np.random.default_rng(11)
    return [draw_chain(rng) for _ in range(DRAWS)]


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(2).integers(0, 256, (60, 80, 3), dtype=np.uint8)


def test_mix_of_lengths(chains):
    shares = Counter(min(len(chain), 3) for chain in chains)
    for count, share in {0: 0.10, 1: 0.35, 2: 0.30, 3: 0.25}.items():
        assert shares[count] / DRAWS == pytest.approx(share, abs=0.03)


def test_single_steps_visit_all_variants_and_severities(chains):
    singles = [chain[0] for chain in chains if len(chain) == 1]
    assert {step.name for step in singles} == set(DEGRADATIONS)
    assert set(Counter(step.severity for step in singles)) == {1, 2, 3, 4, 5}


def test_most_chains_follow_the_true_order(chains):
    def ordered(chain):
        # a messenger round saves as JPEG a second time, after its downscaling
        places = [STAGES.index(step.name.partition(".")[0]) for step in chain]
        return places == sorted(places)

    # without messenger rounds, whose resampling rightly comes late
    pairs = [chain for chain in chains if len(chain) == 2 and "left_small" not in str(chain)]
    share = np.mean([ordered(chain) for chain in pairs])
    assert share == pytest.approx(1 - SHUFFLED_SHARE / 2, abs=0.04)


def test_severity_decides_the_amount(chains):
    for step in (step for chain in chains[:400] for step in chain):
        low = 0.0 if step.severity == 1 else step.severity - 0.5
        high = 6.0 if step.severity == 5 else step.severity + 0.5
        ends = sorted((amount_at(step.name, low), amount_at(step.name, high)))
        assert ends[0] - 1e-4 <= step.amount <= ends[1] + 1e-4


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_levels_run_through_the_strengths_from_half_to_double(name):
    strengths = DEGRADATIONS[name].strengths
    assert tuple(amount_at(name, level) for level in range(1, 6)) == strengths
    ratios = (amount_at(name, 0) / strengths[0], amount_at(name, 6) / strengths[4])
    assert ratios in ((0.5, 2.0), (2.0, 0.5))


def test_same_generator_same_chains():
    first, second = (draw_chain(np.random.default_rng(8)) for _ in range(2))
    assert first == second


def test_json_round_trip_keeps_everything(chains):
    assert all(chain_from_json(chain_to_json(chain)) == chain for chain in chains[:300])
    recorded = json.loads(chain_to_json(single_chain("blur.gaussian", 2, 7)))
    strength = DEGRADATIONS["blur.gaussian"].strengths[1]
    assert recorded == [{"name": "blur.gaussian", "severity": 2, "seed": 7, "amount": strength}]


def test_a_recorded_amount_outlives_the_rows(pixels):
    mild = (Step("exposure.under", 5, 0, amount=0.5),)
    assert apply_chain(pixels, mild, reference_px=10).mean() > 0.8 * pixels.mean()


def test_wrong_steps_are_refused():
    with pytest.raises(SettingsError, match="severity from 1 to 5, got 6"):
        Step("blur.gaussian", 6, 0)
    with pytest.raises(UnknownNameError, match=r"Did you mean 'blur\.gaussian'"):
        single_chain("blur.gausian", 1, 0)
    with pytest.raises(SettingsError, match="expected a chain written by chain_to_json"):
        chain_from_json('[{"title": "blur"}]')


def test_an_empty_chain_copies(pixels):
    copy = apply_chain(pixels, (), reference_px=10)
    np.testing.assert_array_equal(copy, pixels)
    assert copy is not pixels


def test_the_reference_shrinks_with_the_image(pixels):
    large = np.repeat(np.repeat(pixels, 4, axis=0), 4, axis=1)
    small = Step("resolution.left_small", 1, 0, amount=10.0)
    block = Step("pixelation.block", 1, 0, amount=0.4)
    worse = apply_chain(large, (small, block), reference_px=20.0)
    # 0.4 of the 10 px left, not of the 20 px at first
    assert (worse[:4, :4] == worse[0, 0]).all()
    assert not (worse[:8, :8] == worse[0, 0]).all()


def test_containers_do_not_tell_clean_from_degraded(pixels):
    for chain in ((), single_chain("blur.gaussian", 3, 1)):
        kinds = Counter(save(pixels, chain, seed=seed)[1] for seed in range(200))
        assert kinds["png"] / 200 == pytest.approx(0.5, abs=0.1)
        assert kinds["jpg"] + kinds["png"] == 200


@pytest.mark.parametrize(
    ("name", "suffix", "change"),
    [
        ("compression.jpeg", "jpg", 0.5),
        ("compression.jpeg_twice", "jpg", 0.5),
        ("compression.webp", "webp", 2.5),  # its loop filter smooths a little more each time
    ],
)
def test_a_last_compression_writes_the_file(name, suffix, change):
    chain = single_chain(name, 3, 1)
    worse = apply_chain(render_page(4, layout="card").pixels, chain, reference_px=10)
    data, container = save(worse, chain, seed=1)
    assert container == suffix
    again = decode(data).astype(float)
    assert np.abs(again - worse).mean() < change


def digest_of_everything():
    """Return a hash over a page, every variant of it and some chains, as files."""
    page = render_page(4, layout="card")
    chains = [single_chain(name, 3, 9) for name in DEGRADATIONS]
    chains += [draw_chain(np.random.default_rng(seed)) for seed in range(12)]
    digest = hashlib.sha256(page.text.encode())
    for chain in chains:
        worse = apply_chain(page.pixels, chain, reference_px=page.x_height_px)
        digest.update(save(worse, chain, seed=5)[0])
    return digest.hexdigest()


def test_another_process_makes_the_same_bytes_and_nobody_calls_home():
    # a hash seed of its own, and a closed network: an import that calls home would warn, and
    # warnings are errors
    environment = {**os.environ, "PYTHONHASHSEED": "77", "https_proxy": "http://127.0.0.1:9"}
    environment.pop(SWITCH, None)
    code = "import os, test_chain as t; print(t.digest_of_everything(), os.environ.get(t.SWITCH))"
    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=Path(__file__).parent,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == [digest_of_everything(), "None"]
