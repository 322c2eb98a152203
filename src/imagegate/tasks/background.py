"""Background removal: overlap with the true mask."""

from __future__ import annotations

import cv2
import numpy as np

from imagegate.engines.grabcut import GRABCUT
from imagegate.engines.rembg import REMBG
from imagegate.errors import EngineError
from imagegate.features.outputs.cutout import SOFT, SOLID, Mask, mask_of
from imagegate.tables import Table
from imagegate.tasks.task import Task

# A mask that may stand in for the truth: neither empty nor everything, crisp, inside the frame.
COVER = (0.02, 0.95)
MAX_SOFT_SHARE = 0.05
MAX_BORDER_SHARE = 0.5


def iou(first: Mask, second: Mask) -> float:
    """Return intersection over union of two masks cut at alpha 0.5; 1 if both are empty.

    >>> left = np.array([[1, 1, 0, 0]], dtype=np.float32)
    >>> iou(left, np.roll(left, 1))
    0.3333333333333333
    """
    one, two = first >= SOLID, second >= SOLID
    union = np.count_nonzero(one | two)
    return float(np.count_nonzero(one & two) / union) if union else 1.0


def mask_loss(output: Mask, truth: Mask) -> float:
    """Return 1 − IoU with the true mask.

    0..1; 0 if both masks are empty. The output is resized to the truth first, for an image that was
    made smaller; a different aspect ratio is refused.
    """
    cut, right = mask_of(output), mask_of(truth)
    if cut.shape != right.shape:
        stretch = (cut.shape[0] / right.shape[0]) / (cut.shape[1] / right.shape[1])
        # Rounding to whole pixels moves the ratio of a picture 50 px wide by 2 %.
        if abs(np.log(stretch)) > 0.05:
            raise EngineError(f"expected a mask shaped like {right.shape}, got {cut.shape}")
        size = (right.shape[1], right.shape[0])
        cut = np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_LINEAR), np.float32)
    return 1 - iou(cut, right)


def mask_confidence(output: Mask) -> float:
    """Return the mean alpha inside the mask, 0 for an empty one: the best single mask cue."""
    mask = mask_of(output)
    inside = mask[mask >= SOLID]
    return float(inside.mean()) if inside.size else 0.0


def verified(output: Mask) -> bool:
    """Tell whether a mask of a clean image is good enough to stand in for its truth."""
    mask = mask_of(output)
    solid = mask >= SOLID
    edges = np.concatenate([solid[0], solid[-1], solid[:, 0], solid[:, -1]])
    return bool(
        COVER[0] <= solid.mean() <= COVER[1]
        and ((mask > SOFT[0]) & (mask < SOFT[1])).mean() <= MAX_SOFT_SHARE
        and edges.mean() <= MAX_BORDER_SHARE
    )


def read_mask(path: str) -> Mask:
    """Read a mask file, 0 background to 255 subject, as truth; its alpha plane if it has one."""
    stored = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if stored is None:
        raise EngineError(f"{path}: not a mask image")
    if stored.ndim == 3:
        stored = stored[..., 3] if stored.shape[2] == 4 else stored[..., :3].max(axis=2)
    return (stored / np.float32(np.iinfo(stored.dtype).max)).astype(np.float32)


TASK = Task(
    "background-removal",
    loss=mask_loss,
    failure_threshold=0.1,
    engines=Table("background removal engine", (GRABCUT, REMBG)),
    verified=verified,
    read_truth=read_mask,
    confidence=mask_confidence,
    truth="mask",
    onnx="mask",
    rules={"min_width": 512, "min_height": 512},
    about="cut out the subject of a picture",
)
