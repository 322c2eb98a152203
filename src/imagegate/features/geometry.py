"""Geometry: whether the page lies upright, straight and whole in the picture."""

from __future__ import annotations

from imagegate.features.skew import skew
from imagegate.tables import Cause, Code, Measure, never

MEASURES = (
    Measure("geometry.skew_degrees", skew, "tilt of the lines", "°", "either", about="text"),
)

CAUSE = Cause(
    "geometry",
    (),
    None,
    (
        Code("geometry.upside_down", "text.components", never),
        Code("geometry.sideways", "text.components", never),
        Code("geometry.mirrored", "text.components", never),
        Code("geometry.perspective", "text.components", never),
        Code("geometry.cut_off", "text.components", never),
        Code("geometry.skewed", "geometry.skew_degrees"),
    ),
    about="text",
)
