"""Training a second gate on image and output, and putting it beside the first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import standins

from imagegate.features import OUTPUT_VERSION, output_measures
from imagegate.models.artifact import from_bytes, to_bytes
from imagegate.models.card_text import card_lines
from imagegate.training.corpus import Corpus
from imagegate.training.evaluation.evaluate import evaluate
from imagegate.training.learning.fit import train
from imagegate.training.report import render

NAMES = output_measures("ocr")
SETTINGS = {"name": "tiny", "risk_target": 0.2, "confidence": 0.8, "seed": 4}


def corpus(*, telling: float, seed: int = 3) -> Corpus:
    """Return rows whose mean confidence tells the outcome, more or less; the rest is chance."""
    rows = standins.corpus(sources=120, variants=5, seed=seed)
    rng = np.random.default_rng(seed)
    outputs = {name: rng.random(len(rows)).astype(np.float32) for name in NAMES}
    sure = 0.8 - telling * rows.fails + rng.normal(0, 0.1, len(rows))
    outputs["reading.confidence_mean"] = sure.astype(np.float32)
    outputs["reading.confidence_p10"] = np.full(len(rows), np.nan, np.float32)
    meta = rows.meta | {"output_measures": list(NAMES), "output_version": OUTPUT_VERSION}
    return replace(rows, meta=meta, outputs=outputs)


ROWS = corpus(telling=0.25)


@pytest.fixture(scope="module")
def result():
    return train(ROWS, **SETTINGS)


@pytest.fixture(scope="module")
def evaluation(result):
    return evaluate(result.gate, ROWS, bootstrap=50, mistakes=0)


def test_a_telling_output_is_kept(result):
    gate, output = result.gate, result.gate.output
    assert output.name == "tiny+output"
    assert not gate.judges_output
    assert output.judges_output
    assert "reading.confidence_mean" in output.card.measures
    assert "reading.confidence_p10" not in output.card.measures  # never defined
    assert set(gate.card.measures) < set(output.card.measures)
    assert output.card.settings["log_loss"] < gate.card.settings["log_loss"]
    assert output.card.groups == gate.card.groups
    assert any(
        message.startswith("Output check: image and output") for message in result.summary.guarantee
    )
    assert any(
        message.startswith("Output check: Guarantee") for message in result.summary.guarantee
    )


def test_the_first_gate_is_the_same_with_and_without(result):
    bare = replace(ROWS, outputs={}, meta=standins.corpus(sources=2).meta)
    alone = train(bare, **SETTINGS)
    assert to_bytes(alone.gate) == to_bytes(replace(result.gate, output=None))
    assert any(
        "no measures of outputs. Label again" in message for message in alone.summary.guarantee
    )


def test_same_seed_same_bytes(result):
    data = to_bytes(result.gate)
    assert to_bytes(train(ROWS, **SETTINGS).gate) == data
    assert to_bytes(from_bytes(data)) == data


def test_an_output_that_tells_nothing_is_left_out():
    plain = train(corpus(telling=0.0), **SETTINGS)
    assert plain.gate.output is None
    assert any("No output check: the output" in message for message in plain.summary.guarantee)


def test_another_version_of_the_measures_is_not_learned_from():
    old = replace(ROWS, meta=ROWS.meta | {"output_version": 0})
    older = train(old, **SETTINGS)
    assert older.gate.output is None
    assert any("from another version" in message for message in older.summary.guarantee)


def test_the_whole_table_or_the_own_columns(result):
    output = result.gate.output
    whole = np.hstack([ROWS.X, ROWS.matrix(NAMES)])
    np.testing.assert_array_equal(
        output.p_fail(whole), output.p_fail(ROWS.matrix(output.card.measures))
    )


def test_both_stand_side_by_side(result, evaluation):
    keys = [found.key for found in evaluation.results]
    assert keys[:2] == ["learned", "output"]
    assert (
        evaluation["output"].metrics["auroc"].value > evaluation["learned"].metrics["auroc"].value
    )
    assert "With the output, its second gate ranks failures better" in evaluation.headline()
    assert "gate with output" in [row[0] for row in evaluation.summary()]
    page = render(evaluation)
    assert "gate with output" in page
    assert "With the output, its second gate" in page


def test_results_are_stored_on_both_cards(result, evaluation):
    gate = result.gate.with_results(evaluation.for_card())
    assert any(line.startswith("  with its output: AUROC") for line in card_lines(gate.card))
    assert gate.output.card.results["learned"] == evaluation.for_card()["output"]
    assert to_bytes(from_bytes(to_bytes(gate))) == to_bytes(gate)


def test_a_corpus_without_outputs_is_evaluated_on_images_alone(result):
    bare = replace(ROWS, outputs={}, meta=standins.corpus(sources=2).meta)
    assert "output" not in evaluate(result.gate, bare, bootstrap=10, mistakes=0)
