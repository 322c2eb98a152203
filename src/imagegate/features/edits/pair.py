"""A picture before and after an edit, at one size, and where the edit is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
from numpy.typing import NDArray

from imagegate.features.edits.masks import region_of_mask
from imagegate.features.edits.region import Bits, find_region
from imagegate.features.planes import Plane, u8
from imagegate.image import Image


@dataclass(frozen=True, eq=False)
class EditPair:
    """A picture before and after an edit.

    Parameters
    ----------
    original : ndarray of uint8
        RGB (height, width, 3), brought to the size of ``edited`` where sizes differ.
    edited : ndarray of uint8
        RGB (height, width, 3).
    region : ndarray of bool
        (height, width): where the edit is, given by a mask or found; all False if nothing differs.
    found : bool
        True if no mask was given.
    """

    original: Plane = field(repr=False)
    edited: Plane = field(repr=False)
    region: Bits = field(repr=False)
    found: bool


def make_pair(
    original: Image | NDArray[Any], edited: Image | NDArray[Any], mask: NDArray[Any] | None = None
) -> EditPair:
    """Bring two pictures to one size, and find the edit if no mask tells where it is.

    Parameters
    ----------
    original, edited : Image or ndarray
        Arrays as for :meth:`imagegate.Image.from_array`.
    mask : ndarray, optional
        Where the edit is: bool, uint8, uint16 or float, gray, RGB or RGBA, either side light.

    Raises
    ------
    ImageError
        If an array is no picture.
    SettingsError
        If the mask is none, or has another aspect than the picture.

    Examples
    --------
    >>> before = np.full((60, 80, 3), 128, np.uint8)
    >>> after = before.copy()
    >>> after[20:40, 20:50] = 30
    >>> pair = make_pair(before, after)
    >>> pair.found, bool(pair.region[30, 30]), bool(pair.region[5, 5])
    (True, True, False)
    """
    after = _rgb(edited)
    before = fitted(_rgb(original), after.shape[1], after.shape[0])
    given = mask is not None
    region = region_of_mask(mask, before, after) if given else find_region(before, after)
    return EditPair(before, after, region, not given)


def fitted(pixels: Plane, width: int, height: int) -> Plane:
    """Return pixels at another size; those of that size as they are."""
    if pixels.shape[:2] == (height, width):
        return pixels
    smaller = width * height < pixels.shape[0] * pixels.shape[1]
    way = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return u8(cv2.resize(pixels, (width, height), interpolation=way))


def _rgb(picture: Image | NDArray[Any]) -> Plane:
    return (picture if isinstance(picture, Image) else Image.from_array(picture)).rgb
