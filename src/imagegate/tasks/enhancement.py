"""Enhancement: colour difference between the result and the right picture."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from imagegate.engines.engine import with_long_side
from imagegate.engines.enhancement import AUTO, CLAHE
from imagegate.extras import require
from imagegate.tables import Pixels, Table
from imagegate.tasks.answers import fitted, picture_of, read_picture
from imagegate.tasks.task import Task

# Mean CIEDE2000 beyond which the colours are others. Differences of pictures were seen from a
# mean of 2.5 (Song and Luo, CIC 2001), and accepted up to nearly twice of what was seen (Xu, Tong
# and Gong, 2013). Kodak photos, garments and groceries that got 3 stops too little light differ by
# 27, once enhanced by 3, at most 5; with 9 stops too little by 20 even then.
FAILURE_THRESHOLD = 0.05
MOST_DIFFERENCE = 100.0  # black against white
COLOUR_SIDE = 384  # px, long side at which colours are compared: what the whole picture shows
LEAST_RANGE = 64  # gray levels that an enhanced clean picture must span to serve as truth


def enhancement_loss(output: Any, truth: Pixels) -> float:
    """Return the mean colour difference to the right picture, in hundredths of CIEDE2000.

    0..1: 0.01 is a mean difference of 1, hardly seen side by side; 1 is black for white. Both
    pictures are taken as sRGB and reduced to a long side of 384 px first, so it is about colour and
    light and grain, and hardly about sharpness: never take it for a measure of blur. Some 100 ms.

    References
    ----------
    Sharma, Wu, Dalal, Color Research and Application 30, 2005, doi:10.1002/col.20070, as in
    scikit-image.
    """
    right = picture_of(truth)
    shown = fitted(picture_of(output), right.shape)
    color = require("skimage", "pictures").color
    # OpenCV's own CIELAB is off by up to 0.15
    one, two = (color.rgb2lab(with_long_side(each, COLOUR_SIDE)) for each in (shown, right))
    return min(1.0, float(color.deltaE_ciede2000(one, two).mean()) / MOST_DIFFERENCE)


def verified(output: Any) -> bool:
    """Tell whether an enhanced clean picture shows enough to stand in for the truth."""
    gray = cv2.cvtColor(picture_of(output), cv2.COLOR_RGB2GRAY)
    low, high = np.percentile(gray, (1, 99))
    return bool(high - low >= LEAST_RANGE)


TASK = Task(
    "enhancement",
    loss=enhancement_loss,
    failure_threshold=FAILURE_THRESHOLD,
    engines=Table("enhancement engine", (AUTO, CLAHE)),
    verified=verified,
    read_truth=read_picture,
    strength=0.5,
    onnx="image",
    # The least that Google Merchant Center has taken of a garment ("Image link [image_link]").
    # Light and colours outlast much of what makes a picture soft.
    rules={"blur_score": 20, "resolution_score": 20, "min_width": 250, "min_height": 250},
    about="better the light and colours of a picture",
)
