"""Face recognition: the angle between an embedding and the true one."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from imagegate.engines.outputs import Embedding
from imagegate.errors import OutputError
from imagegate.tables import Table
from imagegate.tasks.answers import parse_json, parsed_file
from imagegate.tasks.task import Task

# SFace takes two photos of LFW for one person from cosine 0.363 on (OpenCV's tutorial on faces).
# Two photos of one person at cosine 0.6 have that left if one of them turns away by as much from
# its own clean picture: 0.6 * 0.6 = 0.36.
FAILURE_THRESHOLD = 0.4
WANTED = "an embedding, a list of at least two numbers"


def unit_vector(embedding: Embedding) -> NDArray[np.float64]:
    """Return an embedding at length 1, or raise OutputError if it is none: zero, NaN, text."""
    try:
        vector = np.asarray(embedding, np.float64)
    except (TypeError, ValueError):
        raise OutputError(f"expected {WANTED}, got {embedding!r:.80}") from None
    if vector.ndim != 1 or vector.size < 2:
        raise OutputError(f"expected {WANTED}, got {embedding!r:.80} of shape {vector.shape}")
    if not np.isfinite(vector).all():
        wrong = int(np.count_nonzero(~np.isfinite(vector)))
        raise OutputError(f"expected {WANTED}, got {wrong} of {vector.size} not finite")
    largest = np.abs(vector).max()
    if not largest:
        raise OutputError(f"expected {WANTED}, got {vector.size} zeros, which name nobody")
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


def verified(output: Embedding) -> bool:
    """Accept any embedding as truth: nothing in it says how good it is.

    Give clean pictures of one face each. What is no embedding raises.
    """
    return unit_vector(output).size > 0


def parse_embedding(text: str) -> Embedding:
    """Return the embedding that a program printed as a JSON list of numbers."""
    return unit_vector(parse_json(text))


TASK = Task(
    "face-recognition",
    loss=cosine_loss,
    failure_threshold=FAILURE_THRESHOLD,
    engines=Table("face recognition engine", ()),
    verified=verified,
    read_truth=partial(parsed_file, parse_embedding),
    parse=parse_embedding,
    onnx="embedding",
    rules={"min_width": 160, "min_height": 160},
    about="tell whose face it is",
)
