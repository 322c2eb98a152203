"""Face detection with YuNet in OpenCV and weights that are already on this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from imagegate.engines.engine import (
    Box,
    Engine,
    name_and_content,
    opencv,
    weights_in,
    with_long_side,
)
from imagegate.errors import SettingsError
from imagegate.tables import Pixels

MODEL_VARIABLE = "IMAGEGATE_YUNET_MODEL"
KNOWN = "face_detection_yunet_2023mar.onnx"
# The published networks are exported for this square, and some runtimes take no other.
SIDE = 640
# As OpenCV's model zoo runs it.
LEAST_SURE, SAME_FACE, MOST_BOXES = 0.6, 0.3, 5000
CONFIDENCE = 14  # column of OpenCV's table, after the box and five landmarks


def weights() -> Path:
    """Return the ONNX file to use, or say how to name one; nothing is ever downloaded."""
    given = weights_in(MODEL_VARIABLE)
    if given is None:
        raise SettingsError(
            f"YuNet has no weights here: get {KNOWN} (github.com/opencv/opencv_zoo, "
            f"models/face_detection_yunet) and set {MODEL_VARIABLE} to the file"
        )
    return given


def open_yunet() -> Callable[[Pixels], list[Box]]:
    """Load the local weights into OpenCV, and try them on a black picture.

    A picture is brought to a long side of 640 px, also a smaller one, where YuNet finds faces of 10
    to 300 px. Wu, Peng, Yu, Machine Intelligence Research 2023, doi:10.1007/s11633-023-1423-y.
    """
    path = weights()
    try:
        detector: Any = cv2.FaceDetectorYN.create(
            str(path), "", (SIDE, SIDE), LEAST_SURE, SAME_FACE, MOST_BOXES
        )
        detector.detect(np.zeros((SIDE, SIDE, 3), np.uint8))
    except cv2.error as error:
        raise SettingsError(
            f"{MODEL_VARIABLE} names {path}, which OpenCV {cv2.__version__} cannot use as YuNet: "
            f"{' '.join(error.err.split()) or error}"
        ) from error

    def find(pixels: Pixels) -> list[Box]:
        small = with_long_side(pixels, SIDE, enlarge=True)
        height, width = small.shape[:2]
        square = np.zeros((SIDE, SIDE, 3), np.uint8)
        square[:height, :width] = small[..., ::-1]
        _, faces = detector.detect(square)
        if faces is None:
            return []
        shares = np.asarray(faces[:, :4], np.float64) / (width, height, width, height)
        sure = np.clip(faces[:, CONFIDENCE], 0, 1)
        rows = np.column_stack([shares, sure]).tolist()
        return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]

    return find


def version() -> str:
    """Return the version of OpenCV and which weights are used, by name and content."""
    return f"{opencv()}, {name_and_content(weights())}"


YUNET = Engine("yunet", open_yunet, version, "Apache-2.0; weights MIT")
