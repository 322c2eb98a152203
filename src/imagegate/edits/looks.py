"""Looks: what kind of picture it is, so that a sample holds some of every kind."""

from __future__ import annotations

from typing import Any

import numpy as np

from imagegate.features import measure
from imagegate.image import read

TEXT, DARK, LIGHT, FLAT, FABRIC, OTHER = "text", "dark", "light", "flat", "fabric", "other"
LOOKS = (TEXT, DARK, LIGHT, FLAT, FABRIC, OTHER)
LETTERS = 60  # marks that stand in lines, from which on a picture is one of text
UNREAD = 0.5  # share of the marks that are no letters after all
DARKEST, LIGHTEST = 60.0, 215.0  # mean gray levels
EVEN, BUSY = 2.0, 7.0  # gray levels of detail of 1 to 2 px at the median place


def look_of(source: Any) -> str:
    """Return the kind of a picture: ``text``, ``dark``, ``light``, ``flat``, ``fabric``, ``other``.

    A rough sort for sampling, by letters, mean light and fine detail. It is no judgement of
    quality, and nothing is decided by it but which pictures are drawn together.

    Parameters
    ----------
    source : path, bytes, array or Image
        As for :func:`imagegate.read`.

    Examples
    --------
    >>> look_of(np.full((200, 300, 3), 20, np.uint8))
    'dark'
    """
    image = read(source)
    letters, none = map(float, measure(image, ["text.components", "letters.none_share"]))
    if letters >= LETTERS and not none > UNREAD:
        return TEXT
    gray = image.working.astype(np.float32)
    level, detail = float(gray.mean()), float(np.median(np.abs(np.diff(gray, axis=1))))
    if level < DARKEST:
        return DARK
    if detail >= BUSY:
        return FABRIC
    if level > LIGHTEST:
        return LIGHT
    return FLAT if detail < EVEN else OTHER
