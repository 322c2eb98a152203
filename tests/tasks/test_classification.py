"""The task of classification: what counts as a class."""

from __future__ import annotations

import math
import sys
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imagegate.engines.engine import Prediction
from imagegate.errors import OutputError
from imagegate.tasks import TASKS, find_engine
from imagegate.tasks.classification import as_prediction

TASK = TASKS["classification"]


@pytest.mark.parametrize(
    ("output", "name", "confidence"),
    [
        (Prediction("cat", 0.7), "cat", 0.7),
        ("cat", "cat", math.nan),
        (" cat\n", "cat", math.nan),
        (np.str_("cat"), "cat", math.nan),
        (3, "3", math.nan),
        (np.int64(3), "3", math.nan),
        ({"dog": 0.1, "cat": 0.9}, "cat", 0.9),
        (np.array([0.1, 0.7, 0.2]), "1", 0.7),
        ([0.1, 0.7, 0.2], "1", 0.7),
        ((0.5, 0.5), "0", 0.5),
    ],
)
def test_all_that_a_classifier_may_say(output: Any, name: str, confidence: float) -> None:
    assert as_prediction(output).class_name == name
    assert TASK.confidence(output) == pytest.approx(confidence, nan_ok=True)
    assert TASK.loss(output, name) == TASK.loss(output, output) == 0
    assert TASK.loss(output, "4" if name.isdigit() else "bird") == 1


def test_names_are_compared_as_they_are_but_for_their_storage() -> None:
    assert TASK.loss("Cat", "cat") == 1
    assert TASK.loss("t shirt", "t-shirt") == 1
    apart = unicodedata.normalize("NFD", "café")
    assert apart != "café"
    assert TASK.loss(apart, "café ") == 0


def test_a_class_number_is_never_the_name_of_a_folder() -> None:
    for output, truth in ((3, "cat"), (Prediction("3", 0.9), "cat"), ("cat", "3")):
        with pytest.raises(OutputError, match="name the classes"):
            TASK.loss(output, truth)


@pytest.mark.parametrize(
    ("output", "why"),
    [
        (np.array([2.5, -1.0]), "softmax them first"),
        ({"cat": math.nan}, "probabilities from 0 to 1, got nan"),
        (np.eye(2), r"shape \(2, 2\)"),
        (np.array(["cat"]), "got .*'cat'"),
        ([], r"shape \(0,\)"),
        ({}, r"shape \(0,\)"),
        (0.5, "got 0.5"),
        (None, "got None"),
        ("  ", "an empty name"),
        (Prediction("cat", 1.5), "confidence from 0 to 1, got 1.5"),
    ],
)
def test_what_is_no_class_is_told(output: Any, why: str) -> None:
    with pytest.raises(OutputError, match=why):
        TASK.loss(output, "cat")


def test_an_own_truth_is_a_sure_one() -> None:
    assert TASK.verified(Prediction("cat", 0.95))
    assert TASK.verified("cat")  # a classifier that tells no confidence
    assert not TASK.verified(Prediction("cat", 0.6))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"class": "cat", "confidence": 0.9}', Prediction("cat", 0.9)),
        ('{"class": 3, "confidence": null}', Prediction("3")),
        ('{"cat": 0.75, "dog": 0.25}', Prediction("cat", 0.75)),
        ('{"class": 0.75, "order": 0.25}', Prediction("class", 0.75)),
        ('"cat"', Prediction("cat")),
        ("[0.25, 0.75]", Prediction("1", 0.75)),
        ("7\n", Prediction("7")),
        ("golden retriever\n", Prediction("golden retriever")),
        ("true", Prediction("true")),
    ],
)
def test_what_a_program_may_print(text: str, expected: Prediction) -> None:
    assert TASK.parse
    found = TASK.parse(text)
    assert found.class_name == expected.class_name
    assert found.confidence == pytest.approx(expected.confidence, nan_ok=True)


def test_what_a_program_may_not_print(tmp_path: Path) -> None:
    assert TASK.parse
    for text, why in (
        ("\n", "got nothing"),
        ("loading model\ncat", "on one line, got 'loading model"),
        ('{"class": "cat", "confidence": "high"}', "got 'high'"),
        ('[["cat", 0.9]]', "got .*'cat'"),
    ):
        with pytest.raises(OutputError, match=why):
            TASK.parse(text)
    (tmp_path / "out.txt").write_text(" \n")
    with pytest.raises(OutputError, match=r"out\.txt: .*got nothing"):
        TASK.read_truth(str(tmp_path / "out.txt"))


def test_a_program_classifies() -> None:
    engine = find_engine(TASK, f'"{sys.executable}" -c "print(\'cat\')" {{image}}')
    assert TASK.loss(engine.open()(np.zeros((8, 8, 3), np.uint8)), "cat") == 0
