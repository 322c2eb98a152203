"""The container: every change is named, what is equal is not, and a policy says what may change."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from edit_pictures import scene
from PIL import Image, ImageCms

from imagegate.edits.container import PARTS, changes_between, facts_of
from imagegate.image import open_file

PROFILES = {
    name: ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()
    for name in ("sRGB", "LAB")
}


def exif(**tags: Any) -> bytes:
    """Return EXIF data: orientation, make."""
    data = Image.Exif()
    for name, value in tags.items():
        data[{"orientation": 0x0112, "make": 0x010F}[name]] = value
    return data.tobytes()


def stored(picture: Image.Image, kind: str = "PNG", **settings: Any) -> bytes:
    """Return a file."""
    data = io.BytesIO()
    picture.save(data, kind, **settings)
    return data.getvalue()


RGB = Image.fromarray(scene(0, 60, 80))
DEEP = Image.fromarray(np.full((60, 80), 9000, np.uint16))
FULL = {"icc_profile": PROFILES["sRGB"], "exif": exif(make="A", orientation=1)}
# before, after, what changed
CASES = {
    "nothing": (stored(RGB), stored(RGB), ()),
    "quality": (stored(RGB, "JPEG", quality=95), stored(RGB, "JPEG", quality=60), ()),
    "size": (stored(RGB), stored(RGB.resize((40, 30))), ("size",)),
    "format": (stored(RGB), stored(RGB, "WEBP", lossless=True), ("format",)),
    "gray": (stored(RGB), stored(RGB.convert("L")), ("mode",)),
    "alpha": (stored(RGB.convert("RGBA")), stored(RGB), ("alpha",)),
    "depth": (stored(DEEP), stored(DEEP.convert("L")), ("depth",)),
    "profile lost": (stored(RGB, icc_profile=PROFILES["sRGB"]), stored(RGB), ("profile",)),
    "another profile": (
        stored(RGB, icc_profile=PROFILES["sRGB"]),
        stored(RGB, icc_profile=PROFILES["LAB"]),
        ("profile",),
    ),
    "EXIF lost": (stored(RGB, exif=exif(make="A")), stored(RGB), ("exif",)),
    "turned upright": (
        stored(RGB, "JPEG", exif=exif(orientation=3)),
        stored(RGB.rotate(180), "JPEG"),
        ("orientation",),
    ),
    "all metadata": (stored(RGB, **FULL), stored(RGB), ("profile", "exif")),
}


@pytest.mark.parametrize("case", CASES)
def test_exactly_what_changed_is_named(case: str) -> None:
    before, after, changed = CASES[case]
    facts = [facts_of(open_file(data)) for data in (before, after)]
    found = changes_between(facts[0], facts[1])
    assert tuple(change.name for change in found) == changed
    assert all(change.before != change.after for change in found if change.name != "exif")
    assert not any(change.allowed for change in found)


def test_every_part_has_a_case() -> None:
    assert {name for *_, changed in CASES.values() for name in changed} == set(PARTS)


def test_what_is_allowed_is_told_and_allowed() -> None:
    before, after, _ = CASES["all metadata"]
    facts = [facts_of(open_file(data)) for data in (before, after)]
    found = changes_between(facts[0], facts[1], allowed=("exif",))
    assert {change.name: change.allowed for change in found} == {"profile": False, "exif": True}
