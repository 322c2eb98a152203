"""Background removal with GrabCut, started from the colours along the border."""

from __future__ import annotations

import cv2
import numpy as np

from imagegate.engines.engine import Engine, opencv
from imagegate.features.outputs.cutout import Mask
from imagegate.tables import Pixels

SIDE = 320
ROUNDS = 4
FAR_FROM_BORDER = 20.0  # CIELAB distance at which a pixel probably is not background
LEAST_COVER = 0.01  # of the picture, below which nothing stands out


def grabcut(pixels: Pixels) -> Mask:
    """Cut out what differs from the colours along the border, at a long side of 320 px.

    Fine on plain grounds, lost on clutter; all 0 if nothing stands out from the border. Rother,
    Kolmogorov, Blake, SIGGRAPH 2004, doi:10.1145/1015706.1015720, as in OpenCV.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    labels = start_labels(small)
    if (labels == cv2.GC_PR_FGD).mean() < LEAST_COVER:
        return np.zeros((height, width), np.float32)
    cv2.setRNGSeed(0)  # its k-means draws from OpenCV's global generator
    ground, subject = np.zeros((1, 65)), np.zeros((1, 65))
    bgr = np.ascontiguousarray(small[..., ::-1])
    whole = (0, 0, *size)  # not looked at: the labels say where to start
    cv2.grabCut(bgr, labels, whole, ground, subject, ROUNDS, cv2.GC_INIT_WITH_MASK)
    cut = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.float32)
    back = cv2.resize(cut, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(back, 0, 1), np.float32)


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


GRABCUT = Engine("grabcut", lambda: grabcut, opencv, "Apache-2.0")
