"""Upscaling: HaarPSI between the result and the original picture."""

from __future__ import annotations

from typing import Any

from imagegate.engines.resampling import CUBIC, FACTOR, LANCZOS
from imagegate.tables import Pixels, Table
from imagegate.tasks.answers import fitted, picture_of, read_picture
from imagegate.tasks.haarpsi import haarpsi
from imagegate.tasks.task import Task

# 1 - HaarPSI from which people would not take the picture. Clean Kodak photos, people and groceries
# lose 0.005 to 0.1 by resampling; at 0.15 damage shows when one looks for it, from 0.2 without
# looking, and from 0.25 all of them are blurred, blocky or grainy through and through.
FAILURE_THRESHOLD = 0.25


def upscaling_loss(output: Any, truth: Pixels) -> float:
    """Return 1 - HaarPSI with the original picture.

    0..1, 0 for an identical picture; :func:`imagegate.tasks.haarpsi.haarpsi` explains its meaning
    and cost. The output is resized to the truth; another aspect is refused. It rewards the same
    picture, not a beautiful one: details that an engine invents count as damage.
    """
    right = picture_of(truth)
    return 1 - haarpsi(fitted(picture_of(output), right.shape), right)


def verified(output: Any) -> bool:
    """Tell whether an upscaled picture is a picture; its truth is always given."""
    return picture_of(output).size > 0


TASK = Task(
    "upscaling",
    loss=upscaling_loss,
    failure_threshold=FAILURE_THRESHOLD,
    engines=Table("upscaling engine", (LANCZOS, CUBIC)),
    verified=verified,
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
