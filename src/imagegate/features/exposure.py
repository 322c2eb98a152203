"""Exposure: where the gray levels lie, and whether the light is even."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from imagegate.features.local.damage import (
    glare,
    shade_share,
    shadow,
    where_dim,
    where_washed,
    worst_contrast,
)
from imagegate.features.planes import (
    NAN,
    TAIL,
    Floats,
    histogram,
    level_at,
    levels_in_use,
    quantile,
    ramp,
    worst,
)
from imagegate.image import Image
from imagegate.tables import Cause, Code, Measure


def dark_share(image: Image) -> float:
    """Return the share of pixels that are all but black.

    Share 0..1 at gray level 4 and below. A dark ground is not an error.
    Source: clipping as raw developers show it.
    """
    return float(image.cached(histogram)[:5].sum())


def bright_share(image: Image) -> float:
    """Return the share of pixels that are all but white.

    Share 0..1 above gray level 250. A white page is not overexposed: do not use it alone.
    Source: clipping as raw developers show it.
    """
    return float(image.cached(histogram)[251:].sum())


def entropy(image: Image) -> float:
    """Return the entropy of the gray-level histogram.

    Bits, 0 (flat) to 8. A two-tone scan has under 1.
    Source: Shannon, Bell System Technical Journal 27 (1948).
    """
    shares = image.cached(histogram)
    used = shares[shares > 0]
    return max(0.0, float(-(used * np.log2(used)).sum()))


def light_map(image: Image) -> Floats | None:
    """Return the brightest level in each cell of a grid of 16 cells on the short side."""
    plane = image.working
    if min(plane.shape) < 32:
        return None
    cell = min(plane.shape) // 16
    smooth = cv2.blur(plane, (3, 3))  # a speck is no light
    grid = cv2.dilate(smooth, np.ones((cell, cell), np.uint8))[cell // 2 :: cell, cell // 2 :: cell]
    return np.asarray(grid, np.float64)


def unevenness(image: Image) -> float:
    """Return how much the level of the ground varies over the picture.

    Share 0..1: (95th - 5th percentile) / 95th of the brightest level in each cell of a grid; NaN
    under 32 px and for black images.
    Source: background by local maxima, as in Gatos et al., Pattern Recognition 39 (2006),
    doi:10.1016/j.patcog.2005.09.010, without their surface.
    """
    grid = image.cached(light_map)
    if grid is None:
        return NAN
    low, high = quantile(grid.ravel(), 0.05), quantile(grid.ravel(), 0.95)
    return (high - low) / high if high > 0 else NAN


def light_falloff(image: Image) -> float:
    """Return how much darker one side of the picture is than the other.

    Halvings of the gray level from the brightest to the darkest corner of a plane fitted to the log
    of the ground, times the share of the variation that it explains: high for one smooth fall of
    light, low for dark objects. NaN under 32 px and for black images.
    Source: own; flat-field correction fits the same surface.
    """
    grid = image.cached(light_map)
    if grid is None or grid.max() <= 0:
        return NAN
    stops = np.log2(np.maximum(grid, 2.0))
    y, x = np.meshgrid(*(np.linspace(-0.5, 0.5, n) for n in grid.shape), indexing="ij")
    stops -= stops.mean()
    if stops.std() < 0.01:
        return 0.0
    slopes = np.array([(stops * axis).sum() / (axis**2).sum() for axis in (x, y)])
    fitted = slopes[0] * x + slopes[1] * y
    explained = float((fitted**2).sum() / (stops**2).sum())
    return float(np.abs(slopes).sum()) * explained


def score(readings: Mapping[str, float]) -> float:
    """Map range, contrast of text and fall of light to 0–100, the worst counts.

    How bright the picture is says nothing: a white page and a night scene are both right.
    """
    return worst(
        ramp(readings["exposure.range"], (10, 0), (60, 40), (120, 80), (170, 100)),
        ramp(readings["text.contrast"], (4, 0), (15, 40), (30, 80), (45, 100)),
        ramp(readings["text.contrast_p10"], (3, 0), (10, 40), (20, 75), (35, 100)),
        ramp(readings["exposure.light_falloff"], (1, 100), (1.8, 65), (2.5, 40), (4, 0)),
    )


DARK, BRIGHT = 60.0, 120.0  # gray levels that hardly a pixel is above, or below
UNEVEN = 0.7  # halvings of the light from the brightest to the darkest part


def dark(image: Image, readings: Mapping[str, float]) -> bool:
    """Tell whether there is hardly any light."""
    return level_at(image.cached(histogram), 0.9) < DARK


def bright(image: Image, readings: Mapping[str, float]) -> bool:
    """Tell whether light has washed out even the darkest parts."""
    shares = image.cached(histogram)
    return level_at(shares, TAIL) > BRIGHT and level_at(shares, 0.5) >= 250


def unevenly_lit(image: Image, readings: Mapping[str, float]) -> bool:
    """Tell whether the light falls off across the picture."""
    return readings.get("exposure.light_falloff", NAN) > UNEVEN


MEASURES = (
    Measure(
        "exposure.range",
        levels_in_use,
        "range",
        "gray levels",
        "low",
        looks=("tones reach further", "tones reach less far"),
    ),
    Measure(
        "exposure.dark_share",
        dark_share,
        "dark share",
        "share",
        "either",
        looks=("more is dark", "less is dark"),
    ),
    Measure(
        "exposure.bright_share",
        bright_share,
        "bright share",
        "share",
        "either",
        looks=("more is bright", "less is bright"),
    ),
    Measure("exposure.entropy_bits", entropy, "entropy", "bits", "either"),
    Measure("exposure.unevenness", unevenness, "unevenness", "share", "either"),
    Measure("exposure.light_falloff", light_falloff, "light falloff", "halvings", "either"),
    Measure(
        "exposure.worst_third_contrast",
        worst_contrast,
        "contrast of the worst third of the text to that of the best",
        "ratio",
        "low",
        about="text",
    ),
    Measure(
        "exposure.shade_share",
        shade_share,
        "share of the page in a shadow",
        "share",
        "high",
        about="text",
    ),
)

CAUSE = Cause(
    "exposure",
    ("exposure.range", "text.contrast", "text.contrast_p10", "exposure.light_falloff"),
    score,
    (
        Code("exposure.shadow", "exposure.shade_share", shadow, where_dim),
        Code("exposure.glare", "exposure.worst_third_contrast", glare, where_washed),
        Code("exposure.uneven", "exposure.light_falloff", unevenly_lit),
        Code("exposure.dark", "exposure.dark_share", dark),
        Code("exposure.bright", "exposure.bright_share", bright),
        Code("exposure.faint", "exposure.range"),
    ),
)
