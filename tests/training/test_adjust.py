"""A threshold set again meets its target, says what was changed, and leaves the trees alone."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
from standins import corpus

from imagegate.errors import CorpusError, SettingsError
from imagegate.models.artifact import from_bytes, gate_names, load_gate, to_bytes
from imagegate.models.calibration import Calibration, History, sigmoid
from imagegate.models.card import Card
from imagegate.models.card_text import card_lines
from imagegate.models.gate import Gate
from imagegate.training.corpus import Corpus
from imagegate.training.learning.fit import train
from imagegate.training.learning.learner import LearnerSettings
from imagegate.training.maintenance.adjust import adjust, changes, passed_of

SHIPPED = [name for name in gate_names() if not name.startswith("rules:")]


@pytest.fixture(scope="module")
def gate() -> Gate:
    rows = corpus(sources=150, variants=4, seed=3)
    one = LearnerSettings(grid=LearnerSettings().grid[:1], trees=60, members=1)
    return train(rows, name="tiny", risk_target=0.2, confidence=0.8, seed=4, settings=one).gate


def outcomes(*, seed: int, sources: int = 60, failing: bool | None = None) -> Corpus:
    """Make outcomes of the gate's own world, or such that all of them go one way."""
    two = corpus(sources=sources, variants=2, seed=seed)
    rows = two.select(np.arange(2 * sources) % 4 % 3 == 0)  # clean ones and worse ones in turn
    text = {
        name: np.array([f"{seed}-{value}" for value in rows.column(name)], dtype=object)
        for name in ("source_id", "group")
    }
    loss = rows.column("loss") if failing is None else np.full(sources, float(failing), np.float32)
    columns = rows.rows | text | {"loss": loss, "set": np.full(sources, "feedback", dtype=object)}
    meta = rows.meta | {"engine": "outcomes", "engine_version": "f.csv", "limit": 0.3}
    return with_contents(replace(rows, rows=columns, meta=meta), seed)


def with_contents(rows: Corpus, seed: int) -> Corpus:
    """Give every row a file of its own."""
    files = {row: sha256(f"{seed} {row}".encode()).hexdigest() for row in rows.column("row_id")}
    return replace(rows, meta=rows.meta | {"contents": files})


def called(rows: Corpus, **columns: list[str]) -> Corpus:
    """Return the same images by other names, or in other groups."""
    new = {name: np.array(values, dtype=object) for name, values in columns.items()}
    return replace(rows, rows=rows.rows | new)


def simulated(gate: Gate, rng: np.random.Generator, sources: int) -> Gate:
    """Return a gate whose history is of a known world: rows of one source fare alike."""
    source = np.repeat(np.arange(sources), 5).astype(np.int32)
    raw = rng.normal(-1.0, 2.5, sources)[source] + rng.normal(0, 0.01, source.size)
    fails = rng.random(sources)[source] < sigmoid(1.3 * raw)
    history = History(raw, fails, source, np.ones(source.size, bool))
    return replace(gate, history=history, calibration=Calibration(0.8, -0.3))


def true_risks() -> tuple[np.ndarray, np.ndarray]:
    raw = np.sort(np.random.default_rng(9).normal(-1.0, 2.5, 400_000))
    return raw, np.cumsum(sigmoid(1.3 * raw)) / np.arange(1, raw.size + 1)


@pytest.mark.parametrize(("risk_target", "confidence"), [(0.05, 0.9), (0.15, 0.8)])
def test_risk_target_is_met_as_often_as_stated(
    gate: Gate, risk_target: float, confidence: float
) -> None:
    raw, risk = true_risks()
    rng = np.random.default_rng(1)
    missed, passing = [], []
    for _ in range(250):
        found = adjust(simulated(gate, rng, 250), risk_target=risk_target, confidence=confidence)
        top = found.thresholds.passing
        line = found.calibration
        edge = -np.inf if top is None else (np.log(top / (1 - top)) - line.intercept) / line.slope
        below = int(np.searchsorted(raw, edge))
        missed.append(below > 0 and risk[below - 1] > risk_target)
        passing.append(below / raw.size)
    # three standard errors of 250 draws at the confidence asked for
    slack = 3 * np.sqrt(confidence * (1 - confidence) / 250)
    assert np.mean(missed) <= 1 - confidence + slack
    assert np.mean(passing) > 0.15


@pytest.mark.parametrize("name", SHIPPED)
def test_its_own_risk_target_gives_a_gate_that_ships_no_laxer_threshold(name: str) -> None:
    shipped = load_gate(name)
    again = adjust(shipped, risk_target=shipped.card.promise)
    for new, old in ((again, shipped), (again.output, shipped.output)):
        # The walk starts stricter than in training: it may end sooner, never later.
        assert new.thresholds.passing <= old.thresholds.passing
        assert new.card.guarantee.kept
        if new.thresholds == old.thresholds:
            assert new.card.guarantee == old.card.guarantee
    assert again.thresholds == shipped.thresholds


@pytest.mark.parametrize("costs", [(9.0, 1.0), (1.0, 3.0)])
def test_costs_set_the_threshold(gate: Gate, costs: tuple[float, float]) -> None:
    found = adjust(gate, costs=costs)
    highest = costs[1] / sum(costs)
    assert found.thresholds.passing == pytest.approx(highest)
    assert found.thresholds.rejecting == max(0.5, found.thresholds.passing)
    assert (found.card.guarantee, found.card.promise, found.card.costs) == (None, None, costs)
    assert found.forest is gate.forest
    assert found.calibration == gate.calibration
    back = adjust(found, risk_target=0.2, confidence=0.8)
    assert back.card.costs is None
    assert back.thresholds == adjust(gate, risk_target=0.2).thresholds
    assert [entry["before"]["costs"] for entry in back.card.adjusted] == [None, list(costs)]


def test_a_stricter_risk_target_passes_less_of_what_a_laxer_one_passes(gate: Gate) -> None:
    shares = []
    for risk_target in (0.08, 0.15, 0.25, 0.4):
        found = adjust(gate, risk_target=risk_target, confidence=0.8)
        passed = passed_of(found, found.history)[0]
        shares.append(passed)
        assert found.card.guarantee.kept is (passed > 0)
    assert shares == sorted(shares)
    assert shares[-1] > shares[0]


def test_a_risk_target_beyond_the_rows_passes_nothing_and_says_what_it_takes(gate: Gate) -> None:
    found = adjust(gate, risk_target=0.01, confidence=0.99)
    assert found.thresholds.passing is None
    assert found.card.guarantee.more_sources > 300
    text = " ".join(changes(gate, found))
    assert "cannot be met, so nothing passes automatically" in text
    assert "more calibration sources" in text
    assert "now nothing passed" in text


def test_an_adjusted_gate_survives_its_file(gate: Gate) -> None:
    once = adjust(gate, risk_target=0.3, name="lax", date="2026-11-25")
    twice = adjust(once, costs=(4.0, 1.0), outcomes=outcomes(seed=8), date="2026-11-26")
    read = from_bytes(to_bytes(twice))
    plain = read.card.to_dict()
    assert plain.pop("hash")
    assert plain == {k: v for k, v in twice.card.to_dict().items() if k != "hash"}
    first, second = (line for line in card_lines(read.card) if line.startswith("adjusted"))
    assert "2026-11-25: before 20 % with confidence 80 %" in first
    assert "now costs 4 to 1 (pass up to 0.200)" in second
    assert "60 more images of 30 groups from f.csv" in second
    assert (twice.name, read.card.adjusted[0]["from"]["name"]) == ("lax", "tiny")


def test_held_out_results_stay_as_far_as_they_hold(gate: Gate) -> None:
    names = ("auroc", "coverage_at_risk", "brier", "calibration", "coverage", "risk")
    of_gate = {name: {"value": 0.5, "low": 0.4, "high": 0.6} for name in names}
    rules = {name: of_gate[name] for name in ("auroc", "coverage_at_risk", "coverage", "risk")}
    kept = gate.with_results({"part": {"rows": 9}, "learned": of_gate, "tuned": rules})
    other = adjust(kept, risk_target=0.4).card
    assert set(other.results["learned"]) == {"auroc", "brier", "calibration"}
    assert set(other.results["tuned"]) == {"auroc", "coverage", "risk"}
    assert other.results["part"] == {"rows": 9}
    fed = adjust(kept, outcomes=outcomes(seed=8)).card
    assert set(fed.results["learned"]) == {"auroc", "coverage_at_risk"}
    assert fed.results["tuned"] == rules
    line = next(line for line in card_lines(other) if "this gate: " in line)
    assert line == "  this gate: AUROC 0.500 (0.400–0.600), Brier 0.500 (0.400–0.600)"


@pytest.mark.parametrize("failing", [True, False])
def test_outcomes_move_the_probability_towards_what_happened(gate: Gate, failing: bool) -> None:
    known = outcomes(seed=8, failing=failing)
    found = adjust(gate, outcomes=known)
    before, after = (one.p_fail(known.X).mean() for one in (gate, found))
    assert after > before + 0.05 if failing else after < before - 0.05
    assert found.forest is gate.forest
    assert found.card.promise == 0.2


def test_outcomes_in_two_portions_calibrate_as_in_one(gate: Gate) -> None:
    known = outcomes(seed=8)
    half = np.arange(len(known)) < 30  # two sources a group: no group is cut
    first, second = known.select(half), known.select(~half)
    whole = adjust(gate, outcomes=known)
    for order in ((first, second), (second, first)):
        found = gate
        for portion in order:
            found = adjust(found, outcomes=portion)
        assert found.calibration.slope == pytest.approx(whole.calibration.slope, abs=1e-9)
        assert found.calibration.intercept == pytest.approx(whole.calibration.intercept, abs=1e-9)
        assert found.card.parts == whole.card.parts
        assert found.card.groups == whole.card.groups
        assert found.card.sets == whole.card.sets


def test_outcomes_count_once(gate: Gate) -> None:
    known = outcomes(seed=8)
    once = adjust(gate, outcomes=known)
    rows = gate.card.parts["calibration"]["rows"]
    assert once.card.parts["calibration"]["rows"] == rows + 60 == len(once.history.raw)
    assert {one["name"]: one["rows"] for one in once.card.sets}["feedback"] == 60
    assert len(np.unique(once.history.source)) == once.card.parts["calibration"]["sources"]
    assert len(np.unique(gate.history.source)) + 30 == len(np.unique(once.history.source))
    for other in (known, called(known, group=[f"new {i}" for i in range(60)])):
        with pytest.raises(CorpusError, match="60 were merged before, by this name or another"):
            adjust(once, outcomes=other)


def test_an_image_is_known_by_its_content_not_by_its_name(gate: Gate) -> None:
    """Two months may both hold a 0001.png; and one image may be called in two ways."""
    names = [f"{i:04}.png" for i in range(60)]
    unnamed = {"path": names, "group": names, "source_id": names}
    march, april = (called(outcomes(seed=seed), **unnamed) for seed in (8, 9))
    once = adjust(gate, outcomes=march)
    both = adjust(once, outcomes=april)
    sources = [one.card.parts["calibration"]["sources"] for one in (gate, once, both)]
    assert np.diff(sources).tolist() == [60, 60]
    assert len(np.unique(both.history.source)) == sources[-1]
    moved = [f"/archive/{name}" for name in names]
    with pytest.raises(CorpusError, match="none of 60 outcomes is new to tiny: 60 were merged"):
        adjust(both, outcomes=called(march, path=moved, group=moved, source_id=moved))
    half = called(march, row_id=[f"{i}#000" for i in range(60)])
    fresh = {f"{i}#000": f"{i:064}" for i in range(30, 60)}
    old = {f"{i}#000": march.meta["contents"][march.column("row_id")[i]] for i in range(30)}
    found = adjust(both, outcomes=replace(half, meta=half.meta | {"contents": fresh | old}))
    assert found.card.adjusted[-1]["outcomes"]["merged_before"] == 30
    assert any("Left out: 30 merged before, by" in line for line in changes(both, found))


def test_each_group_is_one_source(gate: Gate) -> None:
    """Fifteen pages of a book are no fifteen chances: a guarantee draws one of them."""
    books = called(outcomes(seed=8), group=[f"book {i // 15}" for i in range(60)])
    found = adjust(gate, outcomes=books)
    assert np.unique(found.history.source).size == np.unique(gate.history.source).size + 4
    new = found.history.source[-60:]
    assert all(len(set(new[i : i + 15])) == 1 for i in range(0, 60, 15))
    text = " ".join(changes(gate, found))
    assert "only 4 groups" in text
    assert "No group was named" not in text
    paths = [f"{i}.png" for i in range(60)]
    alone = adjust(gate, outcomes=called(outcomes(seed=8), group=paths, path=paths))
    assert "No group was named" in " ".join(changes(gate, alone))


@pytest.mark.parametrize("part", ["train", "calibration", "test"])
def test_groups_that_the_gate_knows_are_left_out(gate: Gate, part: str) -> None:
    known = outcomes(seed=8)
    group = known.column("group").copy()
    group[:10] = gate.card.groups[part][0]
    found = adjust(gate, outcomes=replace(known, rows=known.rows | {"group": group}))
    assert found.card.adjusted[-1]["outcomes"]["known_groups"] == 10
    assert len(found.history.raw) == len(gate.history.raw) + 50
    assert any("Left out: 10 of groups that tiny was" in line for line in changes(gate, found))
    whole = known.select(np.arange(60) < 10)
    same = called(whole, group=[gate.card.groups[part][0]] * 10)
    with pytest.raises(CorpusError, match=r"10 are of groups that it was made from\. If these"):
        adjust(gate, outcomes=same)


def test_feedback_of_passed_images_alone_is_warned_about(gate: Gate) -> None:
    known = outcomes(seed=8, sources=200)
    passed = gate.passes(known.X)
    biased, fair = (adjust(gate, outcomes=rows) for rows in (known.select(passed), known))
    assert any("passes all but 0 of these images" in line for line in changes(gate, biased))
    assert not any("Warning" in line for line in changes(gate, fair))


def test_what_cannot_be_adjusted_is_refused(gate: Gate) -> None:
    with pytest.raises(SettingsError, match="rules have no calibration rows"):
        adjust(load_gate("rules:ocr"), risk_target=0.1)
    with pytest.raises(SettingsError, match="nothing to adjust"):
        adjust(gate)
    with pytest.raises(SettingsError, match="risk target or costs, got both"):
        adjust(gate, risk_target=0.1, costs=(1, 1))
    for costs in ((), (1.0,), (1.0, 2.0, 3.0)):
        with pytest.raises(SettingsError, match="costs of a false pass and of a false reject, got"):
            adjust(gate, costs=costs)
    with pytest.raises(CorpusError, match="expected outcomes with the SHA-256 of every image"):
        adjust(
            gate, outcomes=replace(outcomes(seed=8), meta=outcomes(seed=8).meta | {"contents": {}})
        )
    with pytest.raises(SettingsError, match="between 0 and 1"):
        adjust(gate, risk_target=1.5)
    with pytest.raises(SettingsError, match="no risk target of its own"):
        adjust(adjust(gate, costs=(1, 1)), confidence=0.9)
    with pytest.raises(SettingsError, match="expected outcomes from production"):
        adjust(gate, outcomes=corpus(sources=4))


def test_a_card_without_what_came_later_is_read(gate: Gate) -> None:
    plain = {k: v for k, v in gate.card.to_dict().items() if k not in ("adjusted", "lesson")}
    assert Card.from_dict(plain).adjusted == ()
