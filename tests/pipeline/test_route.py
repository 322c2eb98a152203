"""Routes: what a policy may say, and that each image goes where policy and promise send it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imagegate.errors import SettingsError, UnknownNameError
from imagegate.models.artifact import load_gate
from imagegate.pipeline.repair import REPAIRS
from imagegate.pipeline.route import Policy, Router, load_policy
from imagegate.synthetic.pages import render_page


def noisy(pixels, sigma):
    grain = np.random.default_rng(0).normal(0, sigma, pixels.shape)
    return np.clip(pixels + grain, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def page():
    return render_page(7, layout="letter").pixels


@pytest.fixture(scope="module")
def gate():
    return load_gate("ocr")


def test_by_default_the_gates_own_thresholds_decide(page, gate):
    router = Router(gate, Policy(repair={}))
    for sigma in (0, 20, 40, 80):
        route = router.route(noisy(page, sigma))
        verdict = gate.check(noisy(page, sigma))
        expected = {"pass": "use", "review": "review", "reject": "reject"}[verdict.decision]
        assert route.action == expected
        assert route.verdict.to_dict() == verdict.to_dict()
        assert route.before == verdict.p_fail
    assert router.keeps_guarantee


def test_thresholds_of_a_policy_take_their_place(page, gate):
    p_fail = gate.check(page).p_fail
    assert p_fail is not None
    assert Router(gate, {"use_below": p_fail, "repair": {}}).route(page).action == "use"
    strict = Router(gate, {"use_below": p_fail * 0.9, "reject_from": 0.99, "repair": {}})
    assert strict.route(page).action == "review"
    reject = Router(gate, {"use_below": p_fail * 0.5, "reject_from": p_fail * 0.9, "repair": {}})
    assert reject.route(page).action == "reject"
    assert strict.keeps_guarantee
    assert not Router(gate, {"use_below": 0.9, "reject_from": 0.95}).keeps_guarantee


def test_people_look_at_what_the_policy_names(page, gate):
    ruined = noisy(page, 120)
    plain = Router(gate, Policy(repair={})).route(ruined)
    assert plain.action == "reject"
    cause = plain.verdict.reasons[0].cause
    assert Router(gate, Policy(repair={}, review=(cause,))).route(ruined).action == "review"


def test_a_repair_is_offered_only_at_or_under_its_limit(page, gate):
    harmed = noisy(page, 45)
    router = Router(gate, {"repair": {"noise": 0.2}})
    route = router.route(harmed)
    assert route.action == "repair"
    assert route.repair == "noise"
    assert route.after <= 0.2 < route.before
    assert gate.check(route.pixels).p_fail == route.after
    stricter = Router(gate, {"repair": {"noise": route.after * 0.99}}).route(harmed)
    assert stricter.action != "repair"
    assert stricter.pixels is None
    assert router.route(harmed, repair=False).action != "repair"


def test_proven_repairs_are_no_laxer_than_what_is_used(gate):
    assert set(Router(gate).repairs) == {"geometry", "noise", "exposure"}
    assert all(limit <= gate.thresholds.passing for limit in Router(gate).repairs.values())
    assert set(Router(gate, {"use_below": 0.01}).repairs.values()) == {0.01}
    assert Router(load_gate("background-removal")).repairs == {}
    with pytest.raises(SettingsError, match="repairs are for text"):
        Router("background-removal", {"repair": {"noise": 0.1}})


def test_a_policy_is_read_from_toml(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text('use_below = 0.02\nreview = ["exposure"]\n[repair]\nnoise = 0.01\n')
    assert load_policy(path) == Policy(0.02, None, {"noise": 0.01}, ("exposure",))
    assert load_policy(None) == Policy()


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"use_bellow": 0.1}, UnknownNameError, "Did you mean 'use_below'"),
        ({"use_below": 2}, SettingsError, "use_below: expected a number from 0 to 1, got 2"),
        ({"use_below": True}, SettingsError, "got True"),
        ({"repair": {"blurr": 0.1}}, UnknownNameError, "no repair named 'blurr'"),
        ({"repair": ["noise"]}, SettingsError, "expected 'proven' or a table"),
        ({"repair": {next(iter(REPAIRS)): "a"}}, SettingsError, "from 0 to 1, got 'a'"),
        ({"review": "noise"}, SettingsError, "expected a list of reasons"),
        ({"review": ["noisy"]}, UnknownNameError, "Did you mean 'noise'"),
    ],
    ids=str,
)
def test_what_a_policy_must_not_say(given, error, words):
    with pytest.raises(error, match=words):
        load_policy(given)


@pytest.mark.parametrize(
    "given", [{"use_below": 0.5, "reject_from": 0.4}, {"reject_from": 0.01}, {"use_below": 0.99}]
)
def test_thresholds_that_cross_are_refused_also_with_the_gates_own(gate, given):
    with pytest.raises(SettingsError, match="must not lie above reject_from"):
        Router(gate, given)


def test_a_policy_file_that_cannot_be_read_is_named(tmp_path):
    bad: Path = tmp_path / "bad.toml"
    bad.write_text("use_below = ")
    for path in (bad, tmp_path / "none.toml"):
        with pytest.raises(SettingsError, match=path.name):
            load_policy(path)


def test_a_mistake_in_a_file_is_told_with_the_file(tmp_path):
    path = tmp_path / "policy.toml"
    for line, words in (
        ("use_bellow = 0.1", "Did you mean 'use_below'"),
        ("use_below = 2", "got 2"),
    ):
        path.write_text(line)
        with pytest.raises(SettingsError, match=f"policy.toml: .*{words}"):
            load_policy(path)


def test_rules_route_without_probabilities(page):
    router = Router("rules:ocr", Policy(review=("noise", "exposure")))
    assert router.route(page).action == "use"
    assert router.route(np.zeros((400, 400), np.uint8)).action == "review"
    assert router.route(np.full((60, 60), 255, np.uint8)).action == "reject"
    with pytest.raises(SettingsError, match="rules:ocr knows no probability"):
        Router("rules:ocr", {"use_below": 0.1})


def test_a_gate_with_one_threshold_has_no_band_for_review(gate):
    one = {"pass": 0.2, "reject": 0.2}
    router = Router(replace(gate, card=replace(gate.card, thresholds=one)))
    assert router.thresholds == (0.2, 0.2)
