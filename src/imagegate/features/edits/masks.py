"""Masks of edits as they come: white on black, inverted, in colour, or in the alpha channel."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from imagegate.errors import SettingsError
from imagegate.features.edits.region import Bits
from imagegate.features.planes import Plane

WANTED = "expected a mask of shape (height, width), or gray, RGB or RGBA"
SURE = 2.0  # times that the larger, dark side has to differ more to be the edit
MOST_STRETCH = 0.05  # ratio of the aspects; rounding makes a small mask differ


def region_of_mask(mask: Any, original: Plane, edited: Plane) -> Bits:
    """Return the edited region of a mask, bool (height, width) of the pictures' size.

    Parameters
    ----------
    mask : ndarray
        bool, uint8, uint16 or float in 0..1: (height, width), or with 1, 3 or 4 channels. An alpha
        channel counts if it is not the same everywhere, else the lightness.
    original, edited : ndarray of uint8
        RGB (height, width, 3), of one size. Which of the two sides of the mask is the edit is
        decided by them: it is where they differ more; the dark side, if it is the larger one, only
        where they differ clearly more. Where they differ nowhere, it is the light side.

    Raises
    ------
    SettingsError
        If it is no mask, or has another aspect than the pictures.
    """
    plane = plane_of(mask)
    height, width = edited.shape[:2]
    stretch = (plane.shape[1] / width) / (plane.shape[0] / height)
    if abs(np.log(stretch)) > max(MOST_STRETCH, 2 / min(*plane.shape, height, width)):
        found = f"{plane.shape[1]} × {plane.shape[0]}"
        raise SettingsError(f"mask of {found} pixels for a picture of {width} × {height}")
    fitted = cv2.resize(plane, (width, height), interpolation=cv2.INTER_NEAREST)
    middle = (float(fitted.min()) + float(fitted.max())) / 2
    light = np.asarray(fitted > middle, np.bool_)
    if not light.any():
        return np.full(light.shape, bool(fitted.flat[0]), np.bool_)
    apart = cv2.absdiff(original, edited).max(axis=2)
    clearly = SURE if light.mean() < 0.5 else 1.0
    inverted = apart[~light].mean() > clearly * apart[light].mean()
    return np.asarray(~light if inverted else light, np.bool_)


def plane_of(mask: Any) -> Plane:
    """Return the one plane that tells where the edit is, as uint8."""
    plane = np.asarray(mask)
    if plane.ndim not in (2, 3) or not plane.size or plane.shape[2:] not in ((), (1,), (3,), (4,)):
        raise SettingsError(f"{WANTED}, got {plane.dtype} of shape {plane.shape}")
    if plane.dtype.kind not in "buif":
        raise SettingsError(f"{WANTED}, got {plane.dtype}")
    if plane.ndim == 3:
        alpha = plane[..., 3] if plane.shape[2] == 4 else None
        has_alpha = alpha is not None and alpha.min() != alpha.max()
        plane = plane[..., 3] if has_alpha else plane[..., :3].max(axis=2)
    low, high = float(plane.min()), float(plane.max())
    if not np.isfinite([low, high]).all():
        raise SettingsError("expected a mask of finite values, got others")
    if low == high:
        return np.full(plane.shape, 255 * (low > 0), np.uint8)
    return np.asarray((plane.astype(np.float32) - low) * (255 / (high - low)), np.uint8)
