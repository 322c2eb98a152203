"""Occlusion: what lies over the text, or is missing of it."""

from __future__ import annotations

from imagegate.tables import Cause, Code, Measure, never

MEASURES: tuple[Measure, ...] = ()

CAUSE = Cause(
    "occlusion",
    (),
    None,
    (
        Code("occlusion.stamp", "text.area_share", never),
        Code("occlusion.covered", "text.area_share", never),
        Code("occlusion.missing_ink", "text.broken_share", never),
        Code("occlusion.pattern", "text.area_share"),
    ),
    about="text",
)
