"""The tasks about faces: finding them, and telling whose they are."""

from __future__ import annotations

from imagegate.engines import lbp, yunet
from imagegate.tables import Table
from imagegate.tasks.answers import parse_json, read_json
from imagegate.tasks.boxes import Boxes, box_confidence, box_loss, checked, sure_boxes
from imagegate.tasks.embedding import Embedding, cosine_loss, direction
from imagegate.tasks.task import Engine, Task

# Everingham et al., IJCV 2010, doi:10.1007/s11263-009-0275-4: a box is found from IoU 0.5 on.
PASCAL_LIMIT = 0.5
# SFace takes two photos of LFW for one person from cosine 0.363 on (OpenCV's tutorial on faces).
# Two photos of one person at cosine 0.6 have that left if one of them turns away by as much from
# its own clean picture: 0.6 * 0.6 = 0.36.
FACE_LIMIT = 0.4


def verified(output: Boxes) -> bool:
    """Tell whether boxes on a clean image may stand in for its truth: one of them is sure.

    In 260 street photographs of people seen whole, 145 of 148 boxes of which ``lbp`` was so sure
    were faces; the loss asks for no box that is less sure.
    """
    return len(sure_boxes(output)) > 0


def parse_boxes(text: str) -> Boxes:
    """Return the boxes that a program printed, ``[[0.4, 0.1, 0.2, 0.15], …]``.

    Parameters
    ----------
    text : str
        A JSON list of [left, top, width, height], shares of the picture's width and height, 0 to
        1; a fifth number is the confidence, 0 to 1. An empty list if there is no face.

    Returns
    -------
    ndarray of float64
        Shape (n, 5); NaN where no confidence is told.
    """
    return checked(parse_json(text))


def read_boxes(path: str) -> Boxes:
    """Read a JSON file of boxes, as :func:`parse_boxes` takes them."""
    return checked(read_json(path))


def told_embedding(output: Embedding) -> bool:
    """Tell that an embedding may stand in for the truth: nothing in it says how good it is.

    Give clean pictures of one face each. What is no embedding raises.
    """
    return direction(output).size > 0


def parse_embedding(text: str) -> Embedding:
    """Return the embedding that a program printed as a JSON list of numbers."""
    return direction(parse_json(text))


def read_embedding(path: str) -> Embedding:
    """Read a JSON file with a list of numbers."""
    return direction(read_json(path))


TASKS = (
    Task(
        "face-detection",
        box_loss,
        PASCAL_LIMIT,
        Table(
            "face detection engine",
            (
                Engine("lbp", lbp.open_lbp, lbp.version, "BSD-3-Clause"),
                Engine("yunet", yunet.open_yunet, yunet.version, "Apache-2.0; weights MIT"),
            ),
        ),
        verified,
        read_boxes,
        confidence=box_confidence,
        truth="json",
        parse=parse_boxes,
        onnx="",
        about="find where faces are",
    ),
    Task(
        "face-recognition",
        cosine_loss,
        FACE_LIMIT,
        Table("face recognition engine", ()),
        told_embedding,
        read_embedding,
        parse=parse_embedding,
        onnx="embedding",
        about="tell whose face it is",
    ),
)
