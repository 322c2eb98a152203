"""Tasks whose output is a picture: upscaling by HaarPSI, enhancement by colour difference."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from imagegate.engines.engine import same_aspect, with_long_side
from imagegate.engines.pictures import AUTO, CLAHE, CUBIC, FACTOR, LANCZOS
from imagegate.errors import OutputError
from imagegate.extras import require
from imagegate.image import read
from imagegate.tables import Pixels, Table
from imagegate.tasks.haarpsi import haarpsi
from imagegate.tasks.task import Task

MOST_DIFFERENCE = 100.0  # CIEDE2000 of black against white
COLOUR_SIDE = 384  # px, long side at which colours are compared: what the whole picture shows
LEAST_RANGE = 64  # gray levels that an enhanced clean picture must span to serve as truth


def read_picture(path: str) -> Pixels:
    """Read an image file as a picture that is right: what a program wrote, or given truth."""
    return read(path).rgb


def picture_of(output: Any) -> Pixels:
    """Return an output as an RGB uint8 picture, or raise OutputError if it is anything else."""
    found = type(output).__name__
    if isinstance(output, np.ndarray):
        if output.dtype == np.uint8 and output.ndim == 3 and output.shape[2] == 3 and output.size:
            return output
        found = f"{output.dtype} of shape {output.shape}"
    raise OutputError(f"expected a uint8 RGB picture of shape (height, width, 3), got {found}")


def paired(output: Any, truth: Any) -> tuple[Pixels, Pixels]:
    """Return output and truth as pictures of the truth's size; another aspect is refused."""
    right = picture_of(truth)
    picture = picture_of(output)
    (height, width), (tall, wide) = picture.shape[:2], right.shape[:2]
    if picture.shape == right.shape:
        return picture, right
    if not same_aspect(picture.shape, right.shape):
        raise OutputError(
            f"expected a picture shaped like {wide} x {tall} px, got {width} x {height} px"
        )
    way = cv2.INTER_AREA if width > wide else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (wide, tall), interpolation=way), np.uint8), right


def upscaling_loss(output: Any, truth: Pixels) -> float:
    """Return 1 - HaarPSI with the original picture: 0..1, 0 for an identical one.

    It rewards the same picture, not a beautiful one: details that an engine invents count as
    damage.
    """
    return 1 - haarpsi(*paired(output, truth))


def enhancement_loss(output: Any, truth: Pixels) -> float:
    """Return the mean colour difference to the right picture, in hundredths of CIEDE2000.

    0..1: 0.01 is a mean difference of 1, hardly seen side by side; 1 is black for white. Both
    pictures are taken as sRGB and reduced to a long side of 384 px first: never take it for a
    measure of blur. After Sharma, Wu, Dalal, Color Research and Application 30, 2005,
    doi:10.1002/col.20070, as in scikit-image.
    """
    pair = paired(output, truth)
    color = require("skimage", "pictures").color
    # OpenCV's own CIELAB is off by up to 0.15
    one, two = (color.rgb2lab(with_long_side(each, COLOUR_SIDE)) for each in pair)
    return min(1.0, float(color.deltaE_ciede2000(one, two).mean()) / MOST_DIFFERENCE)


def shows_enough(output: Any) -> bool:
    """Tell whether an enhanced clean picture shows enough to stand in for the truth."""
    gray = cv2.cvtColor(picture_of(output), cv2.COLOR_RGB2GRAY)
    low, high = np.percentile(gray, (1, 99))
    return bool(high - low >= LEAST_RANGE)


UPSCALING = Task(
    "upscaling",
    loss=upscaling_loss,
    # From where people would not take the picture. Clean Kodak photos, people and groceries lose
    # 0.005 to 0.1 by resampling; at 0.15 damage shows when one looks for it, from 0.2 without
    # looking, and from 0.25 all of them are blurred, blocky or grainy through and through.
    failure_threshold=0.25,
    engines=Table("upscaling engine", (LANCZOS, CUBIC)),
    verified=lambda output: picture_of(output).size > 0,  # its truth is always given
    read_truth=read_picture,
    truth="picture",
    shrink=FACTOR,
    strength=0.25,
    onnx="image",
    # What networks that enlarge are shown in training: Real-ESRGAN patches of 64 px (of 256 px
    # when four times as large), Wang et al. 2021, arXiv:2107.10833. What is to be enlarged is
    # small, so the score for resolution may be low.
    rules={"resolution_score": 20, "min_width": 64, "min_height": 64},
    about="make a picture larger",
)
ENHANCEMENT = Task(
    "enhancement",
    loss=enhancement_loss,
    # Mean CIEDE2000 beyond which the colours are others. Differences of pictures were seen from a
    # mean of 2.5 (Song and Luo, CIC 2001), and accepted up to nearly twice of what was seen (Xu,
    # Tong and Gong, 2013). Kodak photos, garments and groceries that got 3 stops too little light
    # differ by 27, once enhanced by 3, at most 5; with 9 stops too little by 20 even then.
    failure_threshold=0.05,
    engines=Table("enhancement engine", (AUTO, CLAHE)),
    verified=shows_enough,
    read_truth=read_picture,
    strength=0.5,
    onnx="image",
    # The least that Google Merchant Center has taken of a garment ("Image link [image_link]").
    # Light and colours outlast much of what makes a picture soft.
    rules={"blur_score": 20, "resolution_score": 20, "min_width": 250, "min_height": 250},
    about="improve the light and colours of a picture",
)
