"""A gate against other gates: differences are paired, mirror each other, are never overstated."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
import standins
from rich.console import Console
from rich.table import Table

from imagegate.errors import CorpusError, SettingsError
from imagegate.models.artifact import load_gate
from imagegate.training.evaluation.evaluate import evaluate
from imagegate.training.evaluation.evaluation import DIFFERENCE, Evaluation, figure, standing
from imagegate.training.report import render

ROWS = standins.corpus(sources=120, variants=5, seed=3)
GROUPS = np.unique(ROWS.column("group").astype(str)).tolist()


@dataclass(frozen=True)
class Noisy(standins.Gate):
    """Knows the truth but for some noise, and passes up to another probability."""

    noise: float = 0.0
    highest: float = 0.12

    def p_fail(self, X: np.ndarray) -> np.ndarray:
        """Return the true chance of failure, blurred by what depends on the row alone."""
        rng = np.random.default_rng(5)
        odds = np.log(super().p_fail(X) + 1e-9) + rng.normal(0, self.noise, len(X))
        return np.clip(np.exp(odds), 0, 1)

    def passes(self, X: np.ndarray) -> np.ndarray:
        """Pass up to its own threshold."""
        return self.p_fail(X) <= self.highest


def gate(name: str, *, groups: dict[str, tuple[str, ...]] | None = None, **facts: float) -> Noisy:
    return Noisy(standins.card(groups, name=name), **facts)


def compare(first, *others, rows=ROWS, bootstrap=40, **settings) -> Evaluation:
    return evaluate(first, rows, against=others, bootstrap=bootstrap, mistakes=0, **settings)


def verdicts(found: Evaluation, key: str = "against_1") -> list[str]:
    return [row[-1] for row in found.difference(key)[1:]]


def width(rows: list[list[str]]) -> int:
    """Return how many columns a terminal needs to show rows of text, the header first."""
    console = Console(width=200)
    table = Table(box=None, pad_edge=False)
    for title in rows[0]:
        table.add_column(title)
    for row in rows[1:]:
        table.add_row(*row)
    return console.measure(table).maximum


GOOD, BAD = gate("good"), gate("bad", noise=3.0, highest=0.5)


@pytest.fixture(scope="module")
def found() -> Evaluation:
    return compare(GOOD, BAD, bootstrap=300)


def test_a_against_b_mirrors_b_against_a(found: Evaluation) -> None:
    mirrored = compare(BAD, GOOD, bootstrap=300)
    for name in DIFFERENCE:
        lead, other = (one["against_1"].lead[name] for one in (found, mirrored))
        assert (lead.value, lead.low, lead.high) == pytest.approx(
            (-other.value, -other.high, -other.low), abs=1e-12
        )
    assert mirrored["learned"].metrics == found["against_1"].metrics
    assert verdicts(found)[:3] == ["better"] * 3
    assert verdicts(mirrored)[:3] == ["worse"] * 3


def test_the_difference_is_paired(found: Evaluation) -> None:
    a, b = found["learned"], found["against_1"]
    for name in DIFFERENCE:
        lead = b.lead[name]
        assert lead.value == pytest.approx(figure(a, name).value - figure(b, name).value, abs=1e-12)
        assert lead.low <= lead.value <= lead.high
    first, second, lead = (part["e_aurc"] for part in (a.metrics, b.metrics, b.lead))
    assert lead.high - lead.low < (first.high - first.low) + (second.high - second.low)


def test_other_gates_change_no_figure_on_the_same_rows(found: Evaluation) -> None:
    alone = evaluate(GOOD, ROWS, bootstrap=300, mistakes=0)
    assert [result for result in found.results if result.key != "against_1"] == list(alone.results)
    assert found.to_dict()["against"] == [
        {"key": "against_1", "name": "bad", "known": 0, "note": ""}
    ]
    assert "against" not in alone.to_dict()


def test_a_gate_against_itself_differs_by_nothing() -> None:
    same = compare(GOOD, GOOD, GOOD)
    assert [other.name for other in same.against] == ["good (2)", "good (3)"]
    assert set(verdicts(same)) == {"same"}


def test_a_hair_of_noise_is_not_told_apart() -> None:
    lead = compare(GOOD, gate("close", noise=0.02), bootstrap=300)["against_1"].lead["auroc"]
    assert lead.value != 0
    assert standing(lead) == "chance"


def test_rows_that_either_gate_knows_are_left_out() -> None:
    a = gate("a", groups={"train": tuple(GROUPS[:20]), "test": tuple(GROUPS[20:30])})
    b = gate("b", groups={"calibration": tuple(GROUPS[10:25])}, noise=2.0)
    both = compare(a, b)
    kept = ROWS.select(~np.isin(ROWS.column("group").astype(str), GROUPS[:25]))
    assert (both.rows, both.groups) == (len(kept), len(GROUPS) - 25)
    assert both.left_out == len(ROWS) - len(kept)
    assert not both.seen
    assert both.against[0].known == 15 * 10
    plain = compare(gate("a"), gate("b", noise=2.0), rows=kept)
    assert plain["against_1"].lead == both["against_1"].lead
    everything = compare(a, b, split="all")
    assert (everything.rows, everything.seen) == (len(ROWS), True)
    assert everything.headline().startswith("NOT PROOF")


def test_no_row_left_says_who_knows_them() -> None:
    a, b = (gate(n, groups={"train": tuple(g)}) for n, g in (("a", GROUPS[:30]), ("b", GROUPS)))
    with pytest.raises(CorpusError, match=r"600 of 600 rows.* \(a 300, b 600\)"):
        compare(a, b)


def test_rules_take_part_on_either_side() -> None:
    rules = load_gate("rules:ocr")
    against = compare(GOOD, rules, bootstrap=100)
    assert verdicts(against)[0] == "better"
    assert against["against_1"].metrics["auroc"] == against["preset"].metrics["auroc"]
    assert not against.against[0].note, "rules are for any engine"
    brier = against.difference("against_1")[1 + DIFFERENCE.index("brier")]
    assert brier[2:] == ["n/a", "n/a", ""]
    first = compare(rules, load_gate("rules:general"))
    assert [result.key for result in first.results] == [
        *("learned", "laplacian", "against_1", "perfect")
    ]
    json.dumps(first.to_dict(), allow_nan=False)
    assert "rules:general" in render(first)


def test_what_a_gate_was_not_made_for_is_said() -> None:
    other = Noisy(standins.card(name="other", engine="rapidocr", limit=0.2))
    text = compare(GOOD, other).headline()
    assert "other was made for engine rapidocr, these rows are tesseract." in text
    assert "other was made for failure threshold 0.2, these rows are 0.3." in text
    assert "good was made for" not in text


def test_few_groups_are_no_verdict() -> None:
    few = ROWS.select(np.isin(ROWS.column("group").astype(str), GROUPS[:5]))
    found = compare(GOOD, BAD, rows=few)
    assert "Too few to compare gates on" in found.headline()
    assert "A is" not in found.difference("against_1")[0]


def test_coverages_are_compared_at_the_lowest_risk_target() -> None:
    lax = replace(BAD, card=replace(BAD.card, promise=0.2))
    for pair in ((GOOD, lax), (lax, GOOD)):
        assert compare(*pair).risk_target == 0.05
    assert compare(GOOD, lax, risk=0.3).risk_target == 0.3
    with pytest.raises(SettingsError, match="40 resamples at least, got 1"):
        compare(GOOD, lax, bootstrap=1)


def test_plain_values_and_a_narrow_terminal(found: Evaluation) -> None:
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    leads = {result["key"]: result["lead"] for result in plain["results"]}
    assert leads["against_1"]["risk"]["value"] == round(found["against_1"].lead["risk"].value, 6)
    assert width(found.difference("against_1")) <= 80
    assert "good" not in found["against_1"].name
    assert "bad" in render(found)
