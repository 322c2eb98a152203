"""Background removal: the loss, what counts as a good mask."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from imagegate.errors import EngineError
from imagegate.tasks import TASKS
from imagegate.tasks.background import Mask, iou

TASK = TASKS["background-removal"]


def disc(height: int = 60, width: int = 80, radius: int = 20) -> Mask:
    rows, columns = np.mgrid[:height, :width]
    inside = (rows - height / 2) ** 2 + (columns - width / 2) ** 2 < radius**2
    return inside.astype(np.float32)


def test_iou_closed_forms() -> None:
    left = np.zeros((10, 12), np.float32)
    left[:, :6] = 1
    assert iou(left, left) == 1
    assert iou(left, 1 - left) == 0
    assert iou(left, np.roll(left, 3, axis=1)) == pytest.approx(3 / 9)
    assert iou(np.zeros_like(left), np.zeros_like(left)) == 1
    assert iou(np.zeros_like(left), left) == 0


def test_loss_is_symmetric_bounded_and_cut_at_half() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        one, two = rng.random((2, 9, 7)).astype(np.float32)
        assert TASK.loss(one, two) == TASK.loss(two, one)
        assert 0 <= TASK.loss(one, two) <= 1
        assert TASK.loss(one, one) == 0
    assert TASK.loss(disc() * 0.6, disc()) == 0
    assert TASK.loss(disc() * 0.4, disc()) == 1


def test_a_smaller_output_is_stretched_but_not_bent() -> None:
    truth = disc(120, 160, 40)
    assert TASK.loss(disc(60, 80, 20), truth) < 0.04
    with pytest.raises(EngineError, match="expected a mask shaped like"):
        TASK.loss(disc(80, 60, 20), truth)


@pytest.mark.parametrize(
    "output",
    [
        np.full((4, 4), np.nan, np.float32),
        np.full((4, 4), 255.0, np.float32),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4), np.int32),
        "mask",
        None,
    ],
    ids=["nan", "0..255", "colour", "integers", "text", "none"],
)
def test_what_is_no_mask_is_refused(output: object) -> None:
    with pytest.raises(EngineError, match="expected a"):
        TASK.loss(output, disc(4, 4, 1))


def test_verified() -> None:
    soft = disc().copy()
    soft[:10] = 0.5
    assert TASK.verified(disc())
    assert not TASK.verified(np.zeros((60, 80), np.float32))
    assert not TASK.verified(np.ones((60, 80), np.float32))
    assert not TASK.verified(1 - disc(radius=15))  # hugs every border
    assert not TASK.verified(soft)


def test_masks_are_read_from_gray_and_alpha(tmp_path: Path) -> None:
    gray = (disc() * 255).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "gray.png"), gray)
    cv2.imwrite(str(tmp_path / "cut.png"), np.dstack([gray * 0 + 200] * 3 + [gray]))
    for name in ("gray.png", "cut.png"):
        np.testing.assert_array_equal(TASK.read_truth(str(tmp_path / name)), disc())
    (tmp_path / "no.png").write_text("no picture")
    with pytest.raises(EngineError, match="not a mask image"):
        TASK.read_truth(str(tmp_path / "no.png"))
