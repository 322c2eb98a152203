"""The task of cutting the subject out: how wrong a mask is, and the engines that cut."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from imagegate.engines import rembg
from imagegate.errors import EngineError
from imagegate.features.outputs.cutout import SOFT, SOLID, Mask, mask_of
from imagegate.tables import Pixels, Table
from imagegate.tasks.task import Engine, Task

# A mask that may stand in for the truth: neither empty nor everything, crisp, inside the frame.
COVER = (0.02, 0.95)
MAX_SOFT_SHARE = 0.05
MAX_BORDER_SHARE = 0.5

GRABCUT_SIDE = 320
GRABCUT_ROUNDS = 4
FAR_FROM_BORDER = 20.0  # CIELAB distance at which a pixel probably is not background


def iou(first: Mask, second: Mask) -> float:
    """Return intersection over union of two masks, each cut at alpha 0.5.

    Parameters
    ----------
    first, second : ndarray of float32
        Masks of one shape, 0..1.

    Returns
    -------
    float
        0..1; 1 if both are empty. The same whichever comes first.

    Examples
    --------
    >>> left = np.array([[1, 1, 0, 0]], dtype=np.float32)
    >>> iou(left, np.roll(left, 1))
    0.3333333333333333
    """
    one, two = first >= SOLID, second >= SOLID
    union = np.count_nonzero(one | two)
    return float(np.count_nonzero(one & two) / union) if union else 1.0


def mask_loss(output: Mask, truth: Mask) -> float:
    """Return 1 − IoU with the true mask.

    Parameters
    ----------
    output, truth : ndarray of float32
        Masks in 0..1. The output is resized to the truth first, for an image that was
        made smaller; a different aspect ratio is refused.

    Returns
    -------
    float
        0..1; 0 if both masks are empty.
    """
    cut, right = mask_of(output), mask_of(truth)
    if cut.shape != right.shape:
        stretch = (cut.shape[0] / right.shape[0]) / (cut.shape[1] / right.shape[1])
        # Rounding to whole pixels moves the ratio of a picture 50 px wide by 2 %.
        if abs(np.log(stretch)) > 0.05:
            raise EngineError(f"expected a mask shaped like {right.shape}, got {cut.shape}")
        cut = stretched(cut, right.shape)
    return 1 - iou(cut, right)


def stretched(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """Resize a mask to (height, width)."""
    size = (shape[1], shape[0])
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR), np.float32)


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


def open_grabcut() -> Callable[[Pixels], Mask]:
    """Return GrabCut started from the border colour: fine on plain grounds, lost on clutter."""
    return grabcut


def grabcut(pixels: Pixels) -> Mask:
    """Cut out what differs from the colours along the border, at a long side of 320 px.

    Parameters
    ----------
    pixels : ndarray of uint8
        RGB (height, width, 3).

    Returns
    -------
    ndarray of float32
        Mask (height, width) in 0..1; all 0 if nothing stands out from the border.

    References
    ----------
    Rother, Kolmogorov, Blake, SIGGRAPH 2004, doi:10.1145/1015706.1015720, as in OpenCV.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, GRABCUT_SIDE / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    labels = start_labels(small)
    if (labels == cv2.GC_PR_FGD).mean() < COVER[0] / 2:
        return np.zeros((height, width), np.float32)
    cv2.setRNGSeed(0)  # its k-means draws from OpenCV's global generator
    ground, subject = np.zeros((1, 65)), np.zeros((1, 65))
    bgr = np.ascontiguousarray(small[..., ::-1])
    whole = (0, 0, *size)  # not looked at: the labels say where to start
    cv2.grabCut(bgr, labels, whole, ground, subject, GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    cut = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.float32)
    return np.clip(stretched(cut, (height, width)), 0, 1)


def start_labels(small: Pixels) -> Pixels:
    """Label the border background, and probably subject what is far from every border colour."""
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    band = max(1, min(small.shape[:2]) // 40)
    inner = np.zeros(small.shape[:2], bool)
    inner[band:-band, band:-band] = True
    # One median a side: the ground may be darker below than above.
    sides = (lab[:band], lab[-band:], lab[:, :band], lab[:, -band:])
    medians = [np.median(side.reshape(-1, 3), axis=0) for side in sides]
    distance = np.min([np.linalg.norm(lab - median, axis=2) for median in medians], axis=0)
    labels = np.where(distance > FAR_FROM_BORDER, cv2.GC_PR_FGD, cv2.GC_PR_BGD)
    return np.where(inner, labels, cv2.GC_BGD).astype(np.uint8)


def grabcut_version() -> str:
    """Return the version of OpenCV."""
    return f"opencv {cv2.__version__}"


TASKS = (
    Task(
        "background-removal",
        mask_loss,
        0.1,
        Table(
            "background removal engine",
            (
                Engine("grabcut", open_grabcut, grabcut_version, "Apache-2.0"),
                Engine("rembg", rembg.open_rembg, rembg.version, "MIT; weights by their own"),
            ),
        ),
        verified,
        read_mask,
        confidence=mask_confidence,
        truth="mask",
        onnx="mask",
        about="cut the subject of a picture out",
    ),
)
