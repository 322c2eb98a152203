"""Occlusion: what lies over the text, or is missing of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from imagegate.features.local.damage import (
    box,
    bulky,
    covered_share,
    is_part,
    laid_over,
    quantile_of,
)
from imagegate.features.local.patches import patches
from imagegate.features.planes import NAN
from imagegate.features.text import broken_share
from imagegate.image import Image
from imagegate.tables import Box, Cause, Code, Measure

COVERED = 0.03  # of the text area
BROKEN = 0.2  # of the marks: dots and commas make about a tenth
RULED = 0.15  # of the contrast
SOME = 0.6  # of the cells with text: more is no stamp


def rule_contrast(image: Image) -> float:
    """Return how dark straight lines through the text are.

    Share 0..1 of the contrast of the ink, of the second darkest of the straight lines of 24 px in
    the thirds of a patch, along rows or columns, median over the cells of the page with text; 0 to
    0.1 for text alone, and for that with a rule under it. Blur raises it. NaN without text.
    Source: own.
    """
    return quantile_of(image, "rule", 0.5)


def thick_share(image: Image) -> float:
    """Return the share of the text area in ink thicker than strokes of letters.

    Share 0..1 of the patches that squares of 0.45 x-heights full of ink cover; stamps and
    watermarks have such ink, blur and headings too. NaN without text.
    Source: own; granulometry of Matheron (1975).
    """
    found = image.cached(patches)
    return float(found.thick[found.text].mean()) if found and found.text.any() else NAN


def ink_share(image: Image) -> float:
    """Return how dark a typical part of the text is.

    Share 0..1 of the contrast from the paper to the darkest ink, mean over a patch, median over the
    cells of the page with text: about 0.15 for text, lower where ink is missing, higher where
    something lies over it. NaN without text.
    Source: own.
    """
    return quantile_of(image, "ink", 0.5)


def covered(image: Image, readings: Mapping[str, float]) -> bool:
    """Tell whether a thing hides a part of the text."""
    return image.cached(covered_share) > COVERED


def stamped(image: Image, readings: Mapping[str, float]) -> bool:
    """Tell whether thick ink lies over a part of the text."""
    found, over = image.cached(patches), image.cached(bulky)
    if found is None or over is None:
        return False
    return is_part(image, over) and bool(over.sum() <= SOME * found.text.sum())


def ink_missing(image: Image, readings: Mapping[str, float]) -> bool:
    """Tell whether letters are in pieces and nothing lies over them."""
    return image.cached(broken_share) > BROKEN and not image.cached(rule_contrast) > RULED


def where_covered(image: Image) -> Box | None:
    """Return the part of the page that is covered."""
    return box(image, image.cached(laid_over))


def where_stamped(image: Image) -> Box | None:
    """Return the part of the page that a stamp lies on."""
    return box(image, image.cached(bulky))


text_measure = partial(Measure, about="text")

MEASURES = (
    text_measure(
        "occlusion.rule_contrast",
        rule_contrast,
        "contrast of lines through the text",
        "share",
        "high",
    ),
    text_measure(
        "occlusion.thick_share", thick_share, "share of ink thicker than strokes", "share", "high"
    ),
    text_measure("occlusion.ink_share", ink_share, "darkness of the text area", "share", "either"),
    text_measure(
        "occlusion.covered_share",
        covered_share,
        "share of the text that is covered",
        "share",
        "high",
    ),
)

CAUSE = Cause(
    "occlusion",
    (),
    None,
    (
        Code("occlusion.covered", "occlusion.covered_share", covered, where_covered),
        Code("occlusion.stamp", "occlusion.thick_share", stamped, where_stamped),
        Code("occlusion.missing_ink", "text.broken_share", ink_missing),
        Code("occlusion.pattern", "occlusion.rule_contrast"),
    ),
    about="text",
)
