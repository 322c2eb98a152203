from __future__ import annotations

import json
import math
from dataclasses import replace
from inspect import signature

import numpy as np
import pytest
import standins

from imagegate.errors import CorpusError, SettingsError
from imagegate.models.card import Guarantee
from imagegate.models.gate import Gate
from imagegate.stats.bootstrap import Estimate
from imagegate.training.evaluation.evaluate import evaluate
from imagegate.training.evaluation.evaluation import against, on_target, standing

TRAINED = tuple(f"g{i}" for i in range(10))
TUNED = tuple(f"g{i}" for i in range(10, 14))


@pytest.fixture(scope="module")
def corpus():
    return standins.corpus()


@pytest.fixture(scope="module")
def gate():
    return standins.Gate(standins.card({"train": TRAINED, "calibration": TUNED, "test": ("g14",)}))


@pytest.fixture(scope="module")
def evaluation(gate, corpus):
    return evaluate(gate, corpus, bootstrap=100, mistakes=2)


def test_only_rows_that_did_not_make_the_gate(evaluation, corpus):
    made = np.isin(corpus.column("group").astype(str), [*TRAINED, *TUNED])
    assert evaluation.left_out == made.sum() > 0
    assert evaluation.rows == (~made).sum()
    assert f"{made.sum()} of {len(corpus)} rows" in evaluation.split_note
    assert not evaluation.seen


@pytest.mark.parametrize("split", ["train", "calibration", "all"])
def test_other_splits_are_no_proof(gate, corpus, split):
    asked = evaluate(gate, corpus, split=split, bootstrap=10, mistakes=0)
    assert asked.seen
    assert asked.headline().startswith("NOT PROOF")
    assert "prove it" not in asked.headline()


def test_a_foreign_corpus_counts_whole(corpus):
    foreign = evaluate(standins.Gate(standins.card()), corpus, bootstrap=10, mistakes=0)
    assert foreign.rows == len(corpus)
    assert foreign.left_out == 0


def test_another_engine_is_said(corpus):
    gate = standins.Gate(standins.card(engine="rapidocr"))
    other = evaluate(gate, corpus, bootstrap=10, mistakes=0)
    assert "made for engine rapidocr, these rows are tesseract" in other.split_note


def test_refusals(gate, corpus):
    with pytest.raises(SettingsError, match=r"split of test, .* got 'tset'"):
        evaluate(gate, corpus, split="tset")
    with pytest.raises(SettingsError, match="risk between 0 and 1"):
        evaluate(gate, corpus, risk=5)
    known = corpus.select(np.isin(corpus.column("group").astype(str), TRAINED))
    with pytest.raises(CorpusError, match="no rows to evaluate on"):
        evaluate(gate, known)


def test_the_stand_in_answers_as_a_gate_does():
    for name in ("p_fail", "passes", "unfamiliar", "check"):
        theirs, ours = (signature(getattr(kind, name)) for kind in (Gate, standins.Gate))
        assert len(theirs.parameters) == len(ours.parameters)


def test_all_on_the_same_rows(evaluation):
    keys = [result.key for result in evaluation.results]
    assert keys == ["learned", "tuned", "preset", "laplacian", "perfect"]
    assert evaluation["perfect"].metrics["auroc"].value == 1
    assert evaluation["perfect"].metrics["e_aurc"].value == pytest.approx(0)
    assert evaluation["perfect"].operating.risk == Estimate(0, 0, 0)
    assert math.isnan(evaluation["tuned"].operating.risk.value) or "brier" not in (
        evaluation["tuned"].metrics
    )
    for result in evaluation.results:
        part = result.metrics["auroc"]
        assert part.low <= part.value <= part.high


def test_lead_is_the_paired_difference(evaluation):
    lead = evaluation["tuned"].lead["auroc"]
    mine, theirs = (evaluation[key].metrics["auroc"] for key in ("learned", "tuned"))
    assert lead.value == pytest.approx(mine.value - theirs.value)
    assert lead.high - lead.low < (mine.high - mine.low) + (theirs.high - theirs.low)
    assert evaluation["learned"].lead["auroc"] == Estimate(0, 0, 0)


def test_parts_add_up(evaluation):
    for kinds in (("set",), ("cause",), ("severity",)):
        rows = sum(part.rows for part in evaluation.slices if part.kind in kinds)
        natural = sum(p.rows for p in evaluation.slices if (p.kind, p.name) == ("natural", "all"))
        assert rows == evaluation.rows - (0 if kinds == ("set",) else natural)
    severities = [r.severity for r in evaluation.responses if r.cause == "blur"]
    assert severities == sorted(severities)
    assert severities[0] == 0


def test_a_blind_gate_is_told_so(corpus):
    blind = standins.Gate(standins.card(), blind=True)
    evaluation = evaluate(blind, corpus, bootstrap=100, mistakes=0)
    assert evaluation["learned"].metrics["auroc"].value == 0.5
    assert "WORSE than the tuned rules" in evaluation.headline()
    assert "passes none of them" in evaluation.headline()


def test_a_wrong_probability_is_noticed(corpus):
    fair, off = (
        evaluate(standins.Gate(standins.card(), shift=shift), corpus, bootstrap=50, mistakes=0)
        for shift in (0.0, 0.2)
    )
    assert fair["learned"].metrics["calibration"].value <= fair.calibration_by_chance
    assert fair["learned"].metrics["calibration"].low == 0
    assert off["learned"].metrics["calibration"].low > 0.1


def test_plain_values(evaluation, gate, corpus):
    plain = evaluation.to_dict()
    text = json.dumps(plain, allow_nan=False)
    assert plain["results"][0]["metrics"]["auroc"]["value"] == pytest.approx(
        evaluation["learned"].metrics["auroc"].value, abs=1e-6
    )
    assert plain["card"]["name"] == "my-gate"
    again = evaluate(gate, corpus, bootstrap=100, mistakes=2)
    assert json.dumps(again.to_dict()) == text


def test_a_card_keeps_the_figures(evaluation):
    kept = evaluation.for_card()
    assert list(kept) == ["part", "learned", "tuned", "preset", "laplacian"]
    assert kept["learned"]["risk"] == evaluation["learned"].operating.risk.to_dict()
    json.dumps(kept, allow_nan=False)


def test_summary_has_values_above_intervals(evaluation):
    header, *rows = evaluation.summary()
    assert {len(row) for row in rows} == {len(header)}
    assert [row[0] for row in rows] == [result.name for result in evaluation.results]
    auroc = evaluation["learned"].metrics["auroc"]
    assert rows[0][1] == f"{auroc.value:.3f}\n{auroc.low:.3f}–{auroc.high:.3f}"


def test_worst_mistakes(evaluation, corpus):
    kinds = [mistake.kind for mistake in evaluation.mistakes]
    assert kinds == ["false pass"] * 2 + ["false reject"] * 2
    first, second = evaluation.mistakes[:2]
    assert first.p_fail <= second.p_fail
    assert first.source_id != second.source_id
    assert first.loss > corpus.failure_threshold
    assert first.thumbnail.startswith(b"\xff\xd8")
    assert first.reasons == ("Hold still.",)


def test_a_mistake_without_its_source_is_a_text_row(gate, corpus):
    paths = np.array(["gone.png"] * len(corpus), dtype=object)
    sets = np.array(["receipts"] * len(corpus), dtype=object)
    moved = replace(corpus, rows=corpus.rows | {"path": paths, "set": sets})
    evaluation = evaluate(gate, moved, bootstrap=10, mistakes=1)
    assert all(m.thumbnail == b"" for m in evaluation.mistakes)
    assert "gone.png" in evaluation.mistakes[0].note


def test_rows_that_never_fail(gate, corpus):
    fine = corpus.select(~corpus.fails)
    evaluation = evaluate(gate, fine, bootstrap=20, mistakes=1)
    assert math.isnan(evaluation["learned"].metrics["auroc"].value)
    assert "Too few to compare" in evaluation.headline()
    json.dumps(evaluation.to_dict(), allow_nan=False)


def test_a_promise_that_could_not_be_given(corpus):
    card = standins.card(guarantee=Guarantee(0.05, 0.95, False, 40, 0, 0, 1.0, 60))
    evaluation = evaluate(standins.Gate(card), corpus, bootstrap=10, mistakes=0)
    assert "at least 60 more calibration sources" in evaluation.headline()


@pytest.mark.parametrize(
    ("risk", "words"),
    [
        (Estimate(0.02, 0.01, 0.04), "these rows prove it"),
        (Estimate(0.02, 0.01, 0.09), "too few to prove it"),
        (Estimate(0.07, 0.03, 0.12), "no more than chance allows"),
        (Estimate(0.12, 0.08, 0.17), "MISSED"),
    ],
)
def test_the_risk_target_is_judged_by_its_interval(risk, words):
    assert words in on_target(risk, 0.05)


@pytest.mark.parametrize(
    ("lead", "verdict", "words"),
    [
        (Estimate(0.05, 0.01, 0.09), "better", "ranks failures better than"),
        (Estimate(0.05, -0.01, 0.09), "chance", "does NOT provably rank better"),
        (Estimate(-0.05, -0.09, -0.01), "worse", "WORSE"),
        (Estimate(0, 0, 0), "same", "exactly as"),
        (Estimate(math.nan), "n/a", "too few rows"),
    ],
)
def test_the_lead_is_judged_by_its_interval(evaluation, lead, verdict, words):
    tuned = replace(evaluation["tuned"], lead={"auroc": lead})
    assert standing(lead) == verdict
    assert words in against(evaluation["learned"], tuned)
