"""Make an edit of a clean photograph: good, or bad in a way that is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import cv2
import numpy as np

from imagegate.edits.made.defects import DEFECTS
from imagegate.edits.made.fillers import FILLERS
from imagegate.edits.made.overlays import OVERLAYS, Bits, put_on
from imagegate.features.planes import u8
from imagegate.tables import Pixels, Rng

Label = Literal["good", "bad", "unsure"]
RESTORED = "restored"  # a region of a clean picture is a good fill of itself
KINDS = (RESTORED, *FILLERS, *DEFECTS)
GOOD_SHARE, FILLER_SHARE = 0.4, 0.25  # of edits that are drawn; the rest has a planted defect
LEAST_QUALITY, BEST_QUALITY = 78, 98  # of JPEG
CLOSE, FAR = 4.0, 9.0  # CIELAB without detail: a fill that fits, and one that does not
MASK_WIDTHS = (3, 5, 9, 15, 25)  # px by which masks are drawn wider than what is taken away
ALIKE, UNLIKE = 0.45, 1.0  # octaves of detail, likewise


@dataclass(frozen=True, eq=False)
class MadeEdit:
    """An edit whose truth is known.

    ``original`` and ``edited`` are RGB uint8 of one shape, ``mask`` is bool (height, width).
    """

    original: Pixels = field(repr=False)
    edited: Pixels = field(repr=False)
    mask: Bits = field(repr=False)
    overlay: str
    kind: str  # one of KINDS
    label: Label


def make_edit(clean: Pixels, rng: Rng, *, kind: str | None = None) -> MadeEdit:
    """Put an overlay on a clean picture and take it away again.

    Parameters
    ----------
    clean : ndarray of uint8
        RGB (height, width, 3), at least 64 px a side.
    rng : numpy.random.Generator
        Draws overlay, kind and strength.
    kind : str, optional
        ``"restored"``, a filler or a defect; drawn by default.

    Returns
    -------
    MadeEdit
        Restored pictures are good and planted defects bad. A fill is good or bad by its colour and
        amount of detail against the truth, and unsure between the two.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> made = make_edit(np.full((96, 128, 3), 90, np.uint8), rng, kind="seam")
    >>> made.label, made.edited.shape
    ('bad', (96, 128, 3))
    """
    overlay = str(rng.choice(list(OVERLAYS)))
    kind = draw_kind(rng) if kind is None else kind
    original, drawn = put_on(clean, OVERLAYS[overlay], rng)
    quality = draw_quality(rng)  # both come from a file, and the edit is saved once more
    original, clean = resaved(original, quality), resaved(clean, quality)
    width = int(rng.choice(MASK_WIDTHS))
    mask = cv2.dilate(drawn.astype(np.uint8), np.ones((width, width), np.uint8)) > 0
    label: Label
    if kind == RESTORED:
        edited, label = clean, "good"
    elif kind in FILLERS:
        edited = FILLERS[kind].function(original, mask, rng)
        label = label_of(clean, edited, mask)
    else:
        amount = float(rng.uniform(0.1, 1))
        edited, label = DEFECTS[kind].function(clean, original, mask, amount, rng), "bad"
    after = resaved(edited, draw_quality(rng))
    return MadeEdit(original, after, np.asarray(mask, np.bool_), overlay, kind, label)


def draw_kind(rng: Rng) -> str:
    """Draw a kind of edit."""
    chance = rng.random()
    if chance < GOOD_SHARE:
        return RESTORED
    return str(rng.choice(list(FILLERS if chance < GOOD_SHARE + FILLER_SHARE else DEFECTS)))


def label_of(clean: Pixels, edited: Pixels, mask: Bits) -> Label:
    """Tell whether a fill has the colour and the amount of detail of what was there."""
    if not mask.any():
        return "unsure"
    lab = [cv2.cvtColor(x.astype(np.float32) / 255, cv2.COLOR_RGB2Lab) for x in (clean, edited)]
    coarse = [cv2.GaussianBlur(x, (0, 0), 3) for x in lab]
    colour = float(np.linalg.norm(coarse[0] - coarse[1], axis=2)[mask].mean())
    fine = [np.abs(x - y)[mask].mean() + 0.3 for x, y in zip(lab, coarse, strict=True)]
    octaves = abs(float(np.log2(fine[1] / fine[0])))
    if colour < CLOSE and octaves < ALIKE:
        return "good"
    return "bad" if colour > FAR or octaves > UNLIKE else "unsure"


def draw_quality(rng: Rng) -> int:
    """Draw the quality of a JPEG, or, once in four times, 0 for a file without loss."""
    quality = int(rng.integers(LEAST_QUALITY, BEST_QUALITY + 1))
    return 0 if rng.random() < 0.25 else quality


def resaved(pixels: Pixels, quality: int) -> Pixels:
    """Return pixels as they come back from a JPEG; as they are for quality 0."""
    if not quality:
        return pixels
    _, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(u8(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1])
