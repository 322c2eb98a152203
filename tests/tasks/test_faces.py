"""The tasks about faces: their losses, what they refuse."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imagegate.engines.engine import overlaps
from imagegate.errors import OutputError
from imagegate.tasks import TASKS
from imagegate.tasks.faces import box_loss, check_boxes

FIND, KNOW = TASKS["face-detection"], TASKS["face-recognition"]
FACE, OTHER = (0.25, 0.25, 0.25, 0.25), (0.75, 0.0, 0.25, 0.25)


def test_missing_faces_cost_and_additional_ones_do_not() -> None:
    assert FIND.loss([FACE], [FACE]) == 0
    assert FIND.loss([OTHER, FACE, (0, 0, 1, 1)], [FACE]) == 0
    assert FIND.loss([], [FACE]) == FIND.loss([OTHER], [FACE]) == 1
    assert FIND.loss([FACE], [FACE, OTHER]) == 0.5
    assert FIND.loss([(0.25, 0.25, 0.25, 0.5)], [FACE]) == 0.5
    # One box in place of two faces answers one of them.
    assert FIND.loss([FACE], [FACE, FACE]) == 0.5
    assert math.isnan(FIND.loss([FACE], []))


def test_a_doubtful_true_box_is_not_asked_for() -> None:
    doubtful = (*OTHER, 0.6)
    assert FIND.loss([FACE], [(*FACE, 0.9), doubtful]) == 0
    assert FIND.verified([(*FACE, 0.9), doubtful])
    assert not FIND.verified([doubtful])
    assert not FIND.verified([])
    assert FIND.verified([FACE])  # a detector that tells no confidence
    assert FIND.confidence([doubtful, (*FACE, 0.9)]) == 0.9
    assert FIND.confidence([]) == 0
    assert math.isnan(FIND.confidence([FACE]))


def test_overlap_is_symmetric_and_knows_no_size() -> None:
    rng = np.random.default_rng(0)
    first, second = (rng.uniform(0, 0.5, (20, 4)) for _ in range(2))
    table = overlaps(first, second)
    np.testing.assert_allclose(table, overlaps(second, first).T)
    np.testing.assert_allclose(table, overlaps(first / 3, second / 3))
    assert (table >= 0).all()
    assert (table < 1).all()
    np.testing.assert_allclose(np.diag(overlaps(first, first)), 1)
    assert all(0 <= box_loss(first[:k], second) <= 1 for k in range(20))


def test_what_stands_across_the_border_is_cut_off() -> None:
    np.testing.assert_allclose(check_boxes([(-0.1, 0.9, 0.3, 0.2)])[0, :4], [0, 0.9, 0.2, 0.1])


@pytest.mark.parametrize(
    ("boxes", "why"),
    [
        ([(120, 40, 80, 80)], "looks like pixels: .120.0, 40.0"),
        ([(math.nan, 0, 0.1, 0.1)], "no finite numbers"),
        ([(0.5, 0.5, -0.1, 0.1)], "negative size"),
        ([(*FACE, 99)], "confidence outside 0 to 1"),
        ([FACE, (0.1, 0.2)], r"got \["),
        (FACE, r"of shape \(4,\)"),
        ([[FACE]], r"of shape \(1, 1, 4\)"),
        (["left", "top"], "got .'left'"),
        ({"boxes": []}, "got {'boxes'"),
        (0.5, "got 0.5"),
        (None, "got None"),
    ],
)
def test_what_are_no_boxes_is_told(boxes: Any, why: str) -> None:
    with pytest.raises(OutputError, match=rf"expected a list of boxes \[left, top.*{why}"):
        FIND.loss(boxes, [FACE])


def test_boxes_and_embeddings_are_read_from_json(tmp_path: Path) -> None:
    assert FIND.parse
    assert KNOW.parse
    path = tmp_path / "a.json"
    path.write_text(json.dumps([FACE, OTHER]))
    assert FIND.loss(FIND.read_truth(str(path)), [FACE, OTHER]) == 0
    assert FIND.loss(FIND.parse("[[0.25, 0.25, 0.25, 0.25, 0.9]]\n"), [FACE]) == 0
    assert len(FIND.parse("[]")) == 0
    path.write_text("[1, 2, 2]")
    assert KNOW.loss(KNOW.read_truth(str(path)), KNOW.parse("[2, 4, 4]")) == pytest.approx(0)
    path.write_text("no boxes")
    for task in (FIND, KNOW):
        with pytest.raises(OutputError, match=r"a\.json: expected JSON, got 'no boxes'"):
            task.read_truth(str(path))


@pytest.mark.parametrize(("degrees", "loss"), [(0, 0.0), (60, 0.5), (90, 1.0), (180, 1.0)])
def test_embeddings_are_compared_by_their_angle(degrees: float, loss: float) -> None:
    turned = [math.cos(math.radians(degrees)), math.sin(math.radians(degrees))]
    for length in (1e-200, 1.0, 1e200):
        scaled = np.array(turned) * length
        assert KNOW.loss(scaled, [5.0, 0.0]) == pytest.approx(loss, abs=1e-12)
        assert KNOW.loss([5.0, 0.0], scaled) == pytest.approx(loss, abs=1e-12)


@pytest.mark.parametrize(
    ("embedding", "why"),
    [
        ([0.0, 0.0, 0.0], "3 zeros"),
        ([1.0, math.nan, 2.0], "1 of 3 not finite"),
        ([1.0, 2.0], "expected an embedding of 3 numbers, got 2"),
        ([[1.0, 2.0, 3.0]], r"of shape \(1, 3\)"),
        ("Ada", "got 'Ada'"),
        ({"Ada": 1.0}, "got {'Ada'"),
        ([], r"of shape \(0,\)"),
    ],
)
def test_what_is_no_embedding_is_told(embedding: Any, why: str) -> None:
    with pytest.raises(OutputError, match=why):
        KNOW.loss(embedding, [1.0, 2.0, 2.0])
