"""A gate must tell what is true of rows whose truth is known, and be silent about the rest."""

import json
from dataclasses import replace

import numpy as np
import pytest
from standins import EDGE, card, corpus

from imagegate.cli.commands.train import tell
from imagegate.models.artifact import from_bytes, to_bytes
from imagegate.models.card import Card
from imagegate.models.card_text import (
    card_lines,
    diagnosis_lines,
    insight_lines,
    whole,
)
from imagegate.training.evaluation.evaluate import evaluate
from imagegate.training.learning.fit import train
from imagegate.training.learning.insights import importance, severity_of
from imagegate.training.report import render

NOISE = "noise.flat_rms"


def rows(*, sources=100, variants=4, seed=0, **readings):
    """Return a corpus with these readings of measures, and chance in two others."""
    rng = np.random.default_rng(seed)
    made = corpus(sources=sources, variants=variants, seed=seed)
    X = np.full_like(made.X, np.nan)
    chance = {EDGE: rng.uniform(2, 8, len(made)), NOISE: rng.uniform(0, 20, len(made))}
    for name, values in (chance | readings).items():
        X[:, made.names.index(name)] = values
    return replace(made, X=X)


def failing(made, fails):
    """Return the corpus with other outcomes."""
    loss = np.where(fails, 0.9, 0.1).astype(np.float32)
    return replace(made, rows={**made.rows, "loss": loss})


def as_found(made):
    """Return the corpus as if nobody had degraded it: the causes are not known."""
    clean = {"cause": np.full(len(made), "clean", object), "severity": np.zeros(len(made), np.int8)}
    return replace(made, rows={**made.rows, **clean})


@pytest.fixture(scope="module")
def blurred():
    """Return a corpus that fails exactly where edges are wider than 5 px, and its training."""
    made = as_found(rows())
    made = failing(made, made.column(EDGE) > 5)
    return made, train(made, name="tiny", risk_target=0.2, confidence=0.8, seed=0)


def test_importance_is_of_what_the_ranking_rests_on(blurred):
    insights = blurred[1].gate.card.lesson
    (first, fall), (second, nothing) = insights["importance"].items()
    assert (first, second) == ("blur", "noise")
    assert fall > 0.3
    assert nothing == pytest.approx(0, abs=0.01)


def test_families_are_shuffled_whole():
    """Two readings of a family that say the same stand in for each other; the family cannot."""
    edge = np.random.default_rng(1).uniform(2, 8, 400)
    made = as_found(rows(**{EDGE: edge, "blur.laplacian_variance": 900 / edge}))
    gate = train(failing(made, edge > 5), name="tiny", risk_target=0.2, confidence=0.8, seed=0).gate
    assert gate.card.lesson["importance"]["blur"] > 0.3
    assert set(gate.card.lesson["importance"]) == {"blur", "noise"}


@pytest.mark.parametrize("fails", [True, False])
def test_where_all_rows_end_alike_nothing_is_important(blurred, fails):
    made, result = blurred
    assert importance(result.gate, failing(made, np.full(len(made), fails)), seed=0) == {}


def test_measures_of_one_kind_are_named_in_words():
    insights = {"importance": {"text": 0.12, "blur": 0.01, "noise": 0.0001}}
    (line,) = insight_lines(insights)
    assert all(words in line for words in ("letters (0.120)", "blur (0.010)"))
    assert "noise" not in line
    assert insight_lines({"importance": {}}) == []


def test_severity_counts_images_and_failures():
    made = corpus(sources=60)
    found = severity_of(made)
    cause, severity, fails = (made.column("cause"), made.column("severity"), made.fails)
    assert found["clean"] == [60, int(fails[cause == "clean"].sum())]
    for name, levels in found.items():
        if name != "clean":
            assert [n for n, _ in levels] == [
                ((cause == name) & (severity == level)).sum() for level in range(1, 6)
            ]
            assert sum(bad for _, bad in levels) == fails[cause == name].sum()
    assert severity_of(as_found(made)) == {}


def test_severity_fits_a_terminal_and_leaves_out_what_is_rare():
    clean_and_blur = {"clean": [40, 1], "blur": [[20, 4], [4, 4], [20, 10], [20, 20], [2000, 1999]]}
    title, head, row = insight_lines({"rows": 2104, "severity": clean_and_blur})
    assert "2,104 images" in title
    assert head.split() == ["clean", "1", "2", "3", "4", "5"]
    assert " ".join(row.split()) == "blur 2 % 20 % – 50 % 100 % >99 % ▁▂ ▄██"
    assert row.endswith("  ▁▂ ▄██")  # a blank where there are too few
    assert max(map(len, (title, head, row))) <= 80
    assert insight_lines({"rows": 9, "severity": {}}) == []


def test_no_share_is_rounded_to_never_or_always():
    assert [whole(share) for share in (0, 0.001, 0.0099, 0.9901, 0.9999, 1)] == [
        "0 %", "<1 %", "<1 %", ">99 %", ">99 %", "100 %"
    ]  # fmt: skip


def test_nothing_is_learned_from_the_test_split(blurred):
    made, result = blurred
    test = result.split == "test"
    spoiled = failing(made, np.where(test, ~made.fails, made.fails))
    spoiled = replace(spoiled, X=np.where(test[:, None], np.float32(3), spoiled.X))
    again = train(spoiled, name="tiny", risk_target=0.2, confidence=0.8, seed=0).gate
    assert again.card.lesson == result.gate.card.lesson


def test_insights_are_in_the_file_and_shown_and_old_files_do_without(blurred):
    gate = blurred[1].gate
    again = from_bytes(to_bytes(gate)).card
    assert json.dumps(again.lesson) == json.dumps(gate.card.lesson)
    lines = insight_lines(gate.card.lesson)
    assert lines
    assert set(lines) <= set(card_lines(again))
    plain = card().to_dict()
    del plain["lesson"]
    old = type(again).from_dict(plain)
    assert old.lesson == {}
    assert insight_lines(old.lesson) == []
    assert not set(lines) & set(card_lines(old))


def test_insights_of_earlier_versions_are_read_and_left():
    """Shares by Shapley values and breaks, as gate files of format 1 have them."""
    earlier = {"shares": {"blur": 1.0}, "explained": {"rows": 9, "sources": 3}, "breaks": []}
    plain = card().to_dict() | {"lesson": earlier | {"rows": 9, "severity": {}}}
    assert insight_lines(Card.from_dict(plain).lesson) == []


def test_messages_come_in_order(blurred, capsys):
    """What it learned from, what it learned, how it compares, its guarantee, what is missing."""
    made, result = blurred
    heldout = evaluate(result.gate, made, bootstrap=50, mistakes=0)
    tell(result.gate.with_results(heldout.for_card()), result.summary, heldout)
    text = capsys.readouterr().out
    (important,) = insight_lines(result.gate.card.lesson)
    order = ("Learned from", important, "AUROC", "preset rules", "Guarantee:",
             "Warning: only 20 sources", "--recipe causes")  # fmt: skip
    places = [text.index(words) for words in order]
    places[2] = text.index("AUROC", places[1] + len(important))
    assert places == sorted(places)
    assert len(text.splitlines()) <= 25


def test_the_report_shows_them_once(blurred):
    made, result = blurred
    page = render(evaluate(result.gate, made, bootstrap=10, mistakes=0))
    (important,) = insight_lines(result.gate.card.lesson)
    reasons, *_ = diagnosis_lines(result.gate.card.diagnosis)
    assert page.count(important.split(":")[0]) == page.count(reasons) == 1
    assert page.count("<h2>What the gate has learned</h2>") == 1
    rare = {**result.gate.card.lesson, "severity": {"clean": [2000, 1], "<b>": [[9, 5]] * 5}}
    gate = replace(result.gate, card=replace(result.gate.card, lesson=rare))
    page = render(evaluate(gate, made, bootstrap=10, mistakes=0))
    assert "<td>&lt;b&gt;</td><td>&lt;1 %</td><td>56 %</td>".replace(" ", "\u00a0") in page
    bare = replace(result.gate, card=replace(result.gate.card, lesson={}, diagnosis={}))
    assert "What the gate has" not in render(evaluate(bare, made, bootstrap=10, mistakes=0))
