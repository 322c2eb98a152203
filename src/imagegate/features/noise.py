"""Noise: what is left in the flattest places, where no text can be mistaken for it."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from imagegate.features.planes import NAN, Floats, Plane, levels_in_use, ramp, u8, worst
from imagegate.image import Image
from imagegate.image.image import halved
from imagegate.tables import Cause, Code, Measure

BLOCK = 16
STRIPE = BLOCK + 2  # rows: one more above and below, which filters look at
LONGEST = 512  # px of a stripe, after reduction
GOLDEN = (5**0.5 - 1) / 2
PIXELS = 140_000  # that are looked at
# Immerkær's operator is the outer product of (1, -2, 1) with itself
KERNEL = np.array([1, -2, 1], np.float32)
RESPONSE = 6.0  # root of its summed squared weights
MEAN_TO_SIGMA = float(np.sqrt(np.pi / 2))  # of a normal variable, mean absolute value to sd
FLAT_SHARE = 0.10
# estimates of one noise from 16x16 blocks scatter by 8.6 %; their lowest tenth lies 15 % low
SELECTION = 1.17


def stripes(plane: Plane, scale: int) -> Plane | None:
    """Return rows of blocks from all over a plane, one under the other, each with its margins.

    With ``scale`` 2 they are taken twice as large and brought to half size. None for planes that
    are too small.
    """
    if min(plane.shape) < scale * BLOCK:
        return None
    high = scale * STRIPE
    if len(plane) < high:
        plane = u8(cv2.copyMakeBorder(plane, scale, scale, 0, 0, cv2.BORDER_REFLECT_101))
    height, width = plane.shape
    long = min(width // scale, LONGEST) * scale
    count = min(height // high, max(1, PIXELS * scale**2 // (high * long)))
    tops = [(height - high) * (2 * n + 1) // (2 * count) for n in range(count)]
    # steps of the golden ratio spread evenly, however many there are
    lefts = [int((width - long) * (n * GOLDEN % 1)) // BLOCK * BLOCK for n in range(count)]
    each = zip(tops, lefts, strict=True)
    found = np.concatenate([plane[top : top + high, left : left + long] for top, left in each])
    return halved(found) if scale == 2 else found


def native_stripes(image: Image) -> Plane | None:
    """Return the stripes at native size."""
    return stripes(image.gray, 1)


def block_means(striped: Plane) -> Floats:
    """Return the mean of each 16x16 block of some stripes."""
    width = striped.shape[1] // BLOCK * BLOCK
    table = np.asarray(cv2.integral(striped))[:, : width + 1 : BLOCK]
    return np.diff(table[BLOCK + 1 :: STRIPE] - table[1::STRIPE], axis=1).ravel() / BLOCK**2


def block_sigma(striped: Plane) -> tuple[Floats, Floats]:
    """Return noise sd and mean level of the 16x16 blocks of some stripes."""
    response = cv2.sepFilter2D(striped, cv2.CV_16S, KERNEL, KERNEL)
    strength = u8(cv2.convertScaleAbs(response))  # noise of more than 25 levels is clipped
    return block_means(strength) * (MEAN_TO_SIGMA / RESPONSE), block_means(striped)


def flattest(striped: Plane | None) -> float:
    """Return the mean noise sd of the flattest tenth of all blocks, NaN without stripes."""
    if striped is None:
        return NAN
    sigma, level = block_sigma(striped)
    # clipped blocks hide the noise: use them only where there is too little else
    open_ = (level > 4) & (level < 251)
    if np.count_nonzero(open_) > 0.25 * open_.size:
        sigma = sigma[open_]
    count = max(1, round(FLAT_SHARE * sigma.size))
    return SELECTION * float(np.partition(sigma, count - 1)[:count].mean())


def flat_rms(image: Image) -> float:
    """Return the noise in the flattest tenth of 16x16 blocks.

    Standard deviation in gray levels, 0 for a clean rendered page; NaN under 16 px.
    Source: operator of Immerkær, CVIU 64 (1996), doi:10.1006/cviu.1996.0060, restricted to the
    flattest blocks because text reads as noise to it.
    """
    return flattest(image.cached(native_stripes))


def coarse_rms(image: Image) -> float:
    """Return the noise in the flattest blocks at half size.

    Standard deviation in gray levels of the half-size plane; JPEG removes fine noise first and
    leaves this. NaN under 32 px.
    Source: as ``noise.flat_rms``, one octave lower.
    """
    return flattest(stripes(image.gray, 2))


def to_contrast(image: Image) -> float:
    """Return the noise as a share of the contrast of the picture.

    ``noise.flat_rms`` over the range of gray levels; NaN for a flat image.
    Source: contrast-to-noise ratio, upside down.
    """
    levels = image.cached(levels_in_use)
    return image.cached(flat_rms) / levels if levels > 0 else NAN


IMPULSE_LEVELS = 40
NEIGHBOURS = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], np.uint8)


def lone_share(striped: Plane) -> float:
    """Return the share of pixels far above or far below all of their neighbours."""
    above = cv2.subtract(striped, cv2.dilate(striped, NEIGHBOURS))
    below = cv2.subtract(cv2.erode(striped, NEIGHBOURS), striped)
    _, far = cv2.threshold(cv2.max(above, below), IMPULSE_LEVELS, 1, cv2.THRESH_BINARY)
    margins = u8(far)[::STRIPE], u8(far)[STRIPE - 1 :: STRIPE]
    found = cv2.countNonZero(far) - sum(cv2.countNonZero(margin) for margin in margins)
    return found / (striped.size * BLOCK // STRIPE)


def impulse_share(image: Image) -> float:
    """Return the share of single pixels that stand out from all neighbours.

    Share 0..1 of pixels more than 40 levels above or below all eight neighbours; salt-and-pepper
    raises it. NaN under 16 px.
    Source: the impulse detector of a switching median filter, Sun and Neuvo, Pattern Recognition
    Letters 15 (1994), doi:10.1016/0167-8655(94)90082-5, against the extrema.
    """
    striped = image.cached(native_stripes)
    return NAN if striped is None else lone_share(striped)


def score(readings: Mapping[str, float]) -> float:
    """Map noise sd and impulses to 0–100, the worst counts."""
    return worst(
        ramp(readings["noise.flat_rms"], (3, 100), (6, 75), (10.5, 40), (50, 0)),
        ramp(readings["noise.impulse_share"], (0.002, 100), (0.015, 40), (0.1, 0)),
    )


LARGE, SOME = 100, 40  # gray levels between a pixel and the median around it
SPECKED = 0.42  # share of the pixels that deviate by some, which deviate by much


def specks(image: Image, readings: Mapping[str, float]) -> bool:
    """Tell lone black and white pixels from grain, which has more small deviations than large."""
    gaps = [cv2.absdiff(tile, cv2.medianBlur(tile, 3)) for tile in image.tiles]
    large, some = (sum(int((gap > least).sum()) for gap in gaps) for least in (LARGE, SOME))
    return large > SPECKED * some


MEASURES = (
    Measure(
        "noise.flat_rms",
        flat_rms,
        "flat rms",
        "gray levels",
        "high",
        looks=("pictures are noisier", "pictures are cleaner"),
    ),
    Measure(
        "noise.to_contrast",
        to_contrast,
        "noise to contrast",
        "ratio",
        "high",
        looks=("pictures are noisier", "pictures are cleaner"),
    ),
    Measure(
        "noise.coarse_rms",
        coarse_rms,
        "coarse rms",
        "gray levels",
        "either",
        looks=("grounds are rougher", "grounds are smoother"),
    ),
    Measure("noise.impulse_share", impulse_share, "impulse share", "share", "high"),
)

CAUSE = Cause(
    "noise",
    ("noise.flat_rms", "noise.impulse_share"),
    score,
    (Code("noise.specks", "noise.impulse_share", specks), Code("noise.grain", "noise.flat_rms")),
)
