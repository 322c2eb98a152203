"""The gates that ship, on the corpora that they were trained on: the cards tell the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from imagegate import load_gate
from imagegate.features import EDITS
from imagegate.models.artifact import ZOO
from imagegate.training.corpus import join_corpora, read_corpus

CORPORA = Path(__file__).parents[2] / "corpora"
NAMES = sorted(path.stem for path in ZOO.glob("*.gate"))


@pytest.fixture(params=NAMES)
def shipped(request):
    gate = load_gate(request.param)
    folders = sorted(path.parent for path in (CORPORA / gate.name).glob("*/corpus.json"))
    corpus = join_corpora([read_corpus(folder) for folder in folders])
    held_out = np.isin(corpus.column("group").astype(str), gate.card.groups["test"])
    return gate, corpus.select(held_out)


def test_all_four_ship():
    assert NAMES == ["background-removal", "edits", "ocr-rapidocr", "ocr-tesseract"]


def test_no_group_is_on_two_sides(shipped):
    gate, _ = shipped
    parts = [set(groups) for groups in gate.card.groups.values()]
    assert not set.intersection(*parts)
    assert sum(map(len, parts)) == len(set.union(*parts))


def test_the_card_says_what_the_held_out_rows_say(shipped):
    gate, rows = shipped
    for judge, key in ((gate, "learned"), (gate.output, "output")):
        if judge is None:
            continue
        told = gate.card.results[key]
        X = rows.matrix(judge.card.measures)
        assert told["auroc"]["value"] == pytest.approx(
            roc_auc_score(rows.fails, judge.p_fail(X)), abs=1e-5
        )
        passed = judge.passes(X)
        assert told["coverage"]["value"] == pytest.approx(passed.mean(), abs=1e-5)


def test_a_gate_beats_the_rules_and_its_output_check_beats_the_gate(shipped):
    gate, _ = shipped
    found = {key: value["auroc"] for key, value in gate.card.results.items() if key != "part"}
    for better, worse in (("learned", "tuned"), ("output", "learned")):
        if better in found and worse in found:  # edits have neither rules nor an output
            assert found[better]["value"] > found[worse]["value"]
    assert gate.card.task == EDITS or {"learned", "output", "tuned"} <= set(found)


def test_two_megabytes_at_most():
    assert all(path.stat().st_size <= 2_000_000 for path in ZOO.glob("*.gate"))
