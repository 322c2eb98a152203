"""Faces: detection by the overlap with the true boxes, recognition by the angle of embeddings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from imagegate.engines.engine import Boxes, Embedding, Floats, overlaps
from imagegate.engines.lbp import LBP
from imagegate.engines.yunet import YUNET
from imagegate.errors import OutputError
from imagegate.tables import Table
from imagegate.tasks.answers import parse_json, parsed_file
from imagegate.tasks.task import Task

BOXES = "a list of boxes [left, top, width, height] in shares of the picture, 0 to 1"
# A clean box that is less sure may be none at all, so nobody misses it: 14 windows of ``lbp``.
SURE = 0.77
# Detectors put boxes a little across the border of the picture; pixels are far beyond it.
BEYOND = 1.0
EMBEDDING = "an embedding, a list of at least two numbers"


def check_boxes(boxes: Boxes) -> Floats:
    """Return boxes as an array (n, 5), or raise OutputError if they are no boxes.

    Boxes are clipped to the picture; the confidence is NaN if the detector gives none.
    """
    try:
        table = np.asarray(boxes, np.float64)
    except (TypeError, ValueError):
        raise OutputError(f"expected {BOXES}, got {boxes!r:.80}") from None
    if table.size == 0 and isinstance(boxes, Sequence | np.ndarray):
        return np.empty((0, 5))
    if table.ndim != 2 or table.shape[1] not in (4, 5):
        raise OutputError(f"expected {BOXES}, got {boxes!r:.80} of shape {table.shape}")
    places, sure = table[:, :4], table[:, 4:]
    for wrong, why in (
        (~np.isfinite(places).all(axis=1), "a box of no finite numbers"),
        ((np.abs(places) > 1 + BEYOND).any(axis=1), "a box that looks like pixels"),
        ((places[:, 2:] < 0).any(axis=1), "a box of negative size"),
        (((sure < 0) | (sure > 1)).any(axis=1), "a confidence outside 0 to 1"),
    ):
        if wrong.any():
            raise OutputError(f"expected {BOXES}, got {why}: {table[wrong][0].tolist()}")
    if table.shape[1] == 4:
        table = np.column_stack([table, np.full(len(table), math.nan)])
    start = np.clip(table[:, :2], 0, 1)
    end = np.clip(table[:, :2] + table[:, 2:4], 0, 1)
    return np.column_stack([start, end - start, table[:, 4]])


def box_loss(output: Boxes, truth: Boxes) -> float:
    """Return 1 − IoU with the true boxes, on average: how much of the true boxes was missed.

    0..1, NaN without a true box. Each true box is matched to the box that overlaps it most, and
    each box matches only one. A missing box costs 1, an additional one nothing; a true box with a
    confidence below 0.77 does not count. Never use it to count faces or to judge false alarms.

    >>> box_loss([(0.25, 0.125, 0.25, 0.25)], [(0.25, 0.125, 0.5, 0.25)])
    0.5
    >>> box_loss([], [(0.25, 0.125, 0.5, 0.25)])
    1.0
    """
    found, asked = check_boxes(output), confident_boxes(truth)
    if not len(asked):
        return math.nan
    table, total = overlaps(asked, found), 0.0
    while table.size and table.max() > 0:
        row, column = np.unravel_index(int(table.argmax()), table.shape)
        total += float(table[row, column])
        table[row, :], table[:, column] = 0, 0
    return float(min(1.0, max(0.0, 1 - total / len(asked))))


def confident_boxes(boxes: Boxes) -> Floats:
    """Return the boxes without a confidence, or with a high one."""
    table = check_boxes(boxes)
    asked: Floats = table[~(table[:, 4] < SURE)]
    return asked


def box_confidence(output: Boxes) -> float:
    """Return the confidence of the best box, 0 without a box, NaN if the detector gives none."""
    table = check_boxes(output)
    told = table[~np.isnan(table[:, 4]), 4]
    return 0.0 if not len(table) else float(told.max()) if told.size else math.nan


def parse_boxes(text: str) -> Boxes:
    """Return the boxes that a program printed in JSON, ``[[0.4, 0.1, 0.2, 0.15], …]``."""
    return check_boxes(parse_json(text))


def unit_vector(embedding: Embedding) -> Floats:
    """Return an embedding at length 1, or raise OutputError if it is none: zero, NaN, text."""
    try:
        vector = np.asarray(embedding, np.float64)
    except (TypeError, ValueError):
        raise OutputError(f"expected {EMBEDDING}, got {embedding!r:.80}") from None
    if vector.ndim != 1 or vector.size < 2:
        raise OutputError(f"expected {EMBEDDING}, got {embedding!r:.80} of shape {vector.shape}")
    if not np.isfinite(vector).all():
        wrong = int(np.count_nonzero(~np.isfinite(vector)))
        raise OutputError(f"expected {EMBEDDING}, got {wrong} of {vector.size} not finite")
    largest = np.abs(vector).max()
    if not largest:
        raise OutputError(f"expected {EMBEDDING}, got {vector.size} zeros, which name nobody")
    # By the largest first: the squares of very small or large numbers leave the range of floats.
    vector = vector / largest
    return np.asarray(vector / np.linalg.norm(vector))


def cosine_loss(output: Embedding, truth: Embedding) -> float:
    """Return 1 − cosine of the angle to the true embedding, at most 1.

    0 in the same direction, 1 at a right angle or beyond; how long the vectors are does not matter.

    >>> cosine_loss([2.0, 0.0], [1.0, 0.0]), cosine_loss([-1.0, 0.0], [1.0, 0.0])
    (0.0, 1.0)
    """
    one, two = unit_vector(output), unit_vector(truth)
    if one.shape != two.shape:
        raise OutputError(f"expected an embedding of {two.size} numbers, got {one.size}")
    return float(np.clip(1 - one @ two, 0, 1))


def parse_embedding(text: str) -> Embedding:
    """Return the embedding that a program printed as a JSON list of numbers."""
    return unit_vector(parse_json(text))


DETECTION = Task(
    "face-detection",
    loss=box_loss,
    # Everingham et al., IJCV 2010, doi:10.1007/s11263-009-0275-4: a box is found from IoU 0.5 on.
    failure_threshold=0.5,
    engines=Table("face detection engine", (LBP, YUNET)),
    # One of the boxes is sure. In 260 street photographs of people seen whole, 145 of 148 boxes of
    # which ``lbp`` was so sure were faces.
    verified=lambda output: len(confident_boxes(output)) > 0,
    read_truth=partial(parsed_file, parse_boxes),
    confidence=box_confidence,
    truth="json",
    parse=parse_boxes,
    onnx="",
    # Amazon Rekognition looks for faces in no smaller picture ("Guidelines and quotas").
    rules={"min_width": 80, "min_height": 80},
    about="find where faces are",
)
RECOGNITION = Task(
    "face-recognition",
    loss=cosine_loss,
    # SFace takes two photos of LFW for one person from cosine 0.363 on (OpenCV's tutorial on
    # faces). Two photos of one person at cosine 0.6 have that left if one of them turns away by as
    # much from its own clean picture: 0.6 * 0.6 = 0.36.
    failure_threshold=0.4,
    engines=Table("face recognition engine", ()),
    # Any embedding will do: nothing in it says how good it is. What is none raises.
    verified=lambda output: unit_vector(output).size > 0,
    read_truth=partial(parsed_file, parse_embedding),
    parse=parse_embedding,
    onnx="embedding",
    rules={"min_width": 160, "min_height": 160},
    about="tell whose face it is",
)
