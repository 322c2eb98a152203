"""A picture and the mask that an engine cut for it, side by side at a bounded size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.errors import OutputError
from imagegate.features.planes import Plane, u8

Mask = NDArray[np.float32]
Bits = NDArray[np.bool_]

SIDE = 512  # px, long side at which picture and mask are compared
SOLID = 0.5  # alpha from which a pixel belongs to the subject
SOFT = (0.1, 0.9)  # alpha between which a pixel is neither subject nor ground
MOST_STRETCH = 0.05  # log ratio of the aspects; rounding makes a mask 50 px wide differ by 2 %
CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


@dataclass(frozen=True, eq=False)
class Cutout:
    """What is measured on a mask; everything that several measures need is made once."""

    rgb: Plane  # (height, width, 3), long side at most 512 px
    alpha: Mask  # (height, width) in 0..1
    second: Mask | None = None  # of another run on the same picture, likewise

    @cached_property
    def solid(self) -> Plane:
        """1 where the subject is, else 0."""
        return u8(self.alpha >= SOLID)

    @cached_property
    def inner(self) -> Bits:
        """The subject's pixels along its outline; the frame of the picture is no outline."""
        return np.asarray(self.solid != u8(cv2.erode(self.solid, CROSS)), np.bool_)

    @cached_property
    def rim(self) -> Bits:
        """The pixels on both sides of the outline."""
        return np.asarray(cv2.morphologyEx(self.solid, cv2.MORPH_GRADIENT, CROSS), np.bool_)

    @cached_property
    def outline(self) -> float:
        """The length of the outline in px."""
        down = np.count_nonzero(self.solid[1:] != self.solid[:-1])
        across = np.count_nonzero(self.solid[:, 1:] != self.solid[:, :-1])
        # steps along the axes are 4 / pi longer than the outline, on average over directions
        return (down + across) * np.pi / 4

    @cached_property
    def gradient(self) -> Mask:
        """The gradient of the picture's luminance, gray levels a pixel."""
        gray = cv2.cvtColor(self.rgb, cv2.COLOR_RGB2GRAY)
        return slope(np.asarray(gray, np.float32))

    @cached_property
    def lab(self) -> Mask:
        """The picture as CIELAB."""
        scaled = self.rgb.astype(np.float32) / 255
        return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2Lab), np.float32)


def slope(plane: Mask) -> Mask:
    """Return the length of the gradient a pixel, by Sobel's masks."""
    across, down = (cv2.Sobel(plane, cv2.CV_32F, x, 1 - x, scale=1 / 8) for x in (1, 0))
    return np.asarray(np.hypot(across, down), np.float32)


def mask_of(output: Any) -> Mask:
    """Return an output as a float32 mask, refusing what is none."""
    mask = np.asarray(output)
    if mask.dtype == np.uint8:  # as image files and most removers have it
        mask = mask / np.float32(255 if mask.max(initial=0) > 1 else 1)
    if mask.ndim != 2 or not mask.size or mask.dtype.kind not in "bf":
        raise OutputError(
            "expected a float mask of shape (height, width), "
            f"got {mask.dtype} of shape {mask.shape}"
        )
    mask = mask.astype(np.float32)
    if not np.isfinite(mask).all() or mask.min() < 0 or mask.max() > 1:
        raise OutputError("expected a mask of finite values in 0..1, got others")
    return mask


def fitted(mask: Mask, size: tuple[int, int]) -> Mask:
    """Resize a mask to (width, height), refusing one of another aspect."""
    (height, width), (wanted, tall) = mask.shape, size
    stretch = (width / wanted) / (height / tall)
    if abs(np.log(stretch)) > max(MOST_STRETCH, 1 / min(*size, height, width)):
        raise OutputError(
            f"expected a mask with the picture's aspect, {wanted / tall:.3g} to 1, "
            f"got one {width} px wide and {height} px high"
        )
    way = cv2.INTER_AREA if width > wanted else cv2.INTER_LINEAR
    return np.clip(np.asarray(cv2.resize(mask, size, interpolation=way), np.float32), 0, 1)
