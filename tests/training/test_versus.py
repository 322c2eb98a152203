"""Two gates on the same rows: the difference is paired, mirrors itself, and is never overstated."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
import standins
from rich.console import Console
from rich.table import Table

from imagegate.errors import CorpusError, SettingsError
from imagegate.models.zoo import load_gate
from imagegate.training.evaluation.evaluate import evaluate
from imagegate.training.evaluation.versus import Versus, compare_gates

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


GOOD, BAD = gate("good"), gate("bad", noise=3.0, highest=0.5)


@pytest.fixture(scope="module")
def found() -> Versus:
    return compare_gates(GOOD, BAD, ROWS, bootstrap=300)


def test_a_against_b_mirrors_b_against_a(found: Versus) -> None:
    mirrored = compare_gates(BAD, GOOD, ROWS, bootstrap=300)
    for name, lead in found.lead.items():
        other = mirrored.lead[name]
        assert (lead.value, lead.low, lead.high) == pytest.approx(
            (-other.value, -other.high, -other.low), abs=1e-12
        )
    assert mirrored.a.figures == found.b.figures
    ranking = "good ranks failures better than bad: AUROC"
    assert all(ranking in one.headline() for one in (found, mirrored))
    assert [row[-1] for row in found.table()][1:4] == ["better"] * 3
    assert [row[-1] for row in mirrored.table()][1:4] == ["worse"] * 3


def test_the_difference_is_paired(found: Versus) -> None:
    for name, lead in found.lead.items():
        a, b = (one.figures[name] for one in (found.a, found.b))
        assert lead.value == pytest.approx(a.value - b.value, abs=1e-12)
        assert lead.low <= lead.value <= lead.high
    a, b, lead = (part["e_aurc"] for part in (found.a.figures, found.b.figures, found.lead))
    assert lead.high - lead.low < (a.high - a.low) + (b.high - b.low)


def test_figures_are_those_of_evaluate(found: Versus) -> None:
    alone = evaluate(GOOD, ROWS, bootstrap=20, mistakes=0)["learned"]
    for name in ("auroc", "e_aurc", "coverage_at_risk", "brier"):
        assert found.a.figures[name].value == pytest.approx(alone.metrics[name].value)
    for name in ("coverage", "risk"):
        assert found.a.figures[name].value == pytest.approx(getattr(alone.operating, name).value)


def test_a_gate_against_itself_differs_by_nothing() -> None:
    same = compare_gates(GOOD, GOOD, ROWS, bootstrap=50)
    assert {(e.value, e.low, e.high) for e in same.lead.values()} == {(0, 0, 0)}
    assert "good (A) and good (B) rank these images alike: AUROC" in same.headline()
    assert {row[-1] for row in same.table()[1:]} == {"same"}


def test_a_hair_of_noise_is_not_told_apart() -> None:
    close = compare_gates(GOOD, gate("close", noise=0.02), ROWS, bootstrap=300)
    assert close.lead["auroc"].value != 0
    assert "good and close cannot be told apart" in close.headline()


def test_rows_that_either_gate_knows_are_left_out() -> None:
    a = gate("a", groups={"train": tuple(GROUPS[:20]), "test": tuple(GROUPS[20:30])})
    b = gate("b", groups={"calibration": tuple(GROUPS[10:25])}, noise=2.0)
    both = compare_gates(a, b, ROWS, bootstrap=50)
    kept = ROWS.select(~np.isin(ROWS.column("group").astype(str), GROUPS[:25]))
    assert (both.rows, both.groups) == (len(kept), len(GROUPS) - 25)
    assert both.left_out == len(ROWS) - len(kept)
    assert not both.seen
    plain = compare_gates(gate("a"), gate("b", noise=2.0), kept, bootstrap=50)
    assert plain.lead == both.lead
    everything = compare_gates(a, b, ROWS, part="all", bootstrap=40)
    assert (everything.rows, everything.seen) == (len(ROWS), True)
    assert everything.headline().startswith("NOT PROOF")


def test_no_row_left_says_who_knows_them() -> None:
    a, b = (gate(n, groups={"train": tuple(g)}) for n, g in (("a", GROUPS[:30]), ("b", GROUPS)))
    with pytest.raises(CorpusError, match=r"of 600 rows a knows .* 300 and b .* 600\. Label"):
        compare_gates(a, b, ROWS)


def test_rules_take_part() -> None:
    rules = load_gate("rules:ocr")
    against = compare_gates(GOOD, rules, ROWS, bootstrap=100)
    assert "good ranks failures better than rules:ocr" in against.headline()
    alone = evaluate(GOOD, ROWS, bootstrap=20, mistakes=0)["preset"]
    assert against.b.figures["auroc"].value == pytest.approx(alone.metrics["auroc"].value)
    assert not against.b.note, "rules are for any engine"
    brier = next(row for row in against.table() if row[0] == "Brier")
    assert brier[2:] == ["n/a", "n/a", ""]
    assert against.to_dict()["lead"]["brier"]["value"] is None


def test_what_a_gate_was_not_made_for_is_said() -> None:
    other = Noisy(standins.card(name="other", engine="rapidocr", limit=0.2))
    text = compare_gates(GOOD, other, ROWS, bootstrap=40).headline()
    assert "other was made for engine rapidocr, these rows are tesseract." in text
    assert "other was made for limit 0.2, these rows are 0.3." in text
    assert "good was made for" not in text


def test_few_groups_are_no_verdict() -> None:
    few = ROWS.select(np.isin(ROWS.column("group").astype(str), GROUPS[:5]))
    found = compare_gates(GOOD, BAD, few, bootstrap=50)
    assert "Too few to compare gates on" in found.headline()
    assert {row[-1] for row in found.table()[1:]} == {""}


def test_coverages_are_compared_at_the_stricter_promise() -> None:
    lax = replace(BAD, card=replace(BAD.card, promise=0.2))
    for pair in ((GOOD, lax), (lax, GOOD)):
        assert compare_gates(*pair, ROWS, bootstrap=40).risk == 0.05
    assert compare_gates(GOOD, lax, ROWS, bootstrap=40, risk=0.3).risk == 0.3
    with pytest.raises(SettingsError, match="risk between 0 and 1"):
        compare_gates(GOOD, lax, ROWS, risk=5)
    with pytest.raises(SettingsError, match="expected 40 resamples at least, got 1"):
        compare_gates(GOOD, lax, ROWS, bootstrap=1)
    with pytest.raises(SettingsError, match="expected a part of test, all"):
        compare_gates(GOOD, lax, ROWS, part="train")


def test_plain_values_and_a_narrow_terminal(found: Versus) -> None:
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["headline"] == found.headline()
    assert plain["a"]["figures"]["auroc"]["value"] == round(found.a.figures["auroc"].value, 6)
    console = Console(width=200, record=True)
    table = Table(box=None, pad_edge=False)
    for title in found.table()[0]:
        table.add_column(title)
    for row in found.table()[1:]:
        table.add_row(*row)
    assert console.measure(table).maximum <= 80
