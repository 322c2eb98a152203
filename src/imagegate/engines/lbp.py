"""Face detection with the cascade of local binary patterns that scikit-image ships."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from imagegate.engines.engine import Box, Engine, Floats, installed, overlaps, with_long_side
from imagegate.extras import require
from imagegate.tables import Pixels

# The long side of what is looked at. Of people seen whole, 400 px gave more false boxes and no more
# faces, 256 px fewer faces.
SIDE = 320
WINDOW = 24  # pixels: what the cascade was trained on, and so the smallest face
SCALE, STEP = 1.1, 1.0
ONE_FACE = 0.4  # IoU from which two windows are of one face
# What scikit-image asks for before it calls it a face; here it is the confidence 0.5.
USUAL_WINDOWS = 4
LEAST_SURE = 0.6  # six windows: of fewer, most were no faces


def open_lbp() -> Callable[[Pixels], list[Box]]:
    """Load the cascade from the scikit-image wheel; nothing is downloaded.

    It finds faces that look at the camera, from 1/13 of the long side of the picture up. The
    cascade only says yes or no to a window. How many windows about one place agree tells faces from
    chance: n windows give a confidence of n / (n + 4), no probability. Liao et al., ICB 2007,
    doi:10.1007/978-3-540-74549-5_87, in the form of ``lbpcascade_frontalface`` of OpenCV.
    """
    skimage = require("skimage", "pictures")
    cascade: Any = skimage.feature.Cascade(skimage.data.lbp_frontal_face_cascade_filename())

    def find(pixels: Pixels) -> list[Box]:
        small = with_long_side(pixels, SIDE, enlarge=True)
        height, width = small.shape[:2]
        if min(height, width) < WINDOW:
            return []
        least, most = (WINDOW, WINDOW), (SIDE, SIDE)
        # Overlaps beyond 1 do not exist: it shall leave all windows as they are.
        windows = cascade.detect_multi_scale(small, SCALE, STEP, least, most, 1, 2.0)
        places = [(box["c"], box["r"], box["width"], box["height"]) for box in windows]
        shares = np.array(places, np.float64).reshape(-1, 4) / (width, height, width, height)
        return agreed(shares)

    return find


def agreed(windows: Floats) -> list[Box]:
    """Return one box for each face: the mean of the windows (left, top, width, height) there.

    The window that most others agree with takes them along, then the next of what is left.
    """
    near = overlaps(windows, windows) >= ONE_FACE
    left = np.ones(len(windows), bool)
    boxes: list[Box] = []
    while left.any():
        counts = (near & left).sum(axis=1) * left
        first = int(counts.argmax())
        together = near[first] & left
        sure = float(counts[first] / (counts[first] + USUAL_WINDOWS))
        if sure < LEAST_SURE:
            break
        place = windows[together].mean(axis=0).tolist()
        boxes.append((place[0], place[1], place[2], place[3], sure))
        left &= ~together
    return boxes


LBP = Engine("lbp", open_lbp, lambda: installed("scikit-image", "pictures"), "BSD-3-Clause")
