"""Geometry: whether the page lies upright, straight and whole in the picture."""

from __future__ import annotations

from collections.abc import Mapping

from imagegate.features.framing import border_ink, cut_off, size_gradient, slanted
from imagegate.features.letters.glyphs import orientation
from imagegate.features.letters.network import SIDEWAYS
from imagegate.features.skew import skew
from imagegate.image import Image
from imagegate.tables import Cause, Code, Measure


def is_upside_down(image: Image, readings: Mapping[str, float]) -> bool:
    """Tell whether the text stands on its head."""
    return orientation(image) == "upside_down"


def is_sideways(image: Image, readings: Mapping[str, float]) -> bool:
    """Tell whether the text runs up or down."""
    return orientation(image) in SIDEWAYS


def is_mirrored(image: Image, readings: Mapping[str, float]) -> bool:
    """Tell whether the text is mirrored, left to right or top to bottom."""
    return orientation(image) in ("mirrored", "flipped")


MEASURES = (
    Measure("geometry.skew_degrees", skew, "tilt of the lines", "°", "either", about="text"),
    Measure(
        "geometry.size_gradient",
        size_gradient,
        "growth of letters across the page",
        "log ratio",
        "high",
        about="text",
    ),
    Measure(
        "geometry.border_ink_share",
        border_ink,
        "share of the border that letters touch",
        "share",
        "high",
        about="text",
    ),
)

CAUSE = Cause(
    "geometry",
    (),
    None,
    (
        Code("geometry.upside_down", "letters.turned", is_upside_down),
        Code("geometry.sideways", "letters.turned", is_sideways),
        Code("geometry.mirrored", "letters.turned", is_mirrored),
        Code("geometry.perspective", "geometry.size_gradient", slanted),
        Code("geometry.cut_off", "geometry.border_ink_share", cut_off),
        Code("geometry.skewed", "geometry.skew_degrees"),
    ),
    about="text",
)
