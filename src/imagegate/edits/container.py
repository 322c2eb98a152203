"""Container: what a file says of its picture, and what an edit changed of that."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from PIL import Image as Pillow

from imagegate.image import ImageFile
from imagegate.tables import Table


@dataclass(frozen=True)
class Facts:
    """What a file says of its picture; profile and EXIF are unknown (None) of arrays."""

    format: str
    width: int  # as the picture is seen
    height: int
    mode: str
    bits: int
    alpha: bool
    orientation: int = 1
    profile: str | None = None  # its description and a hash; "" for none
    exif: tuple[int, ...] | None = None  # the tags, in order


@dataclass(frozen=True)
class Change:
    """One thing that an edit changed of the container."""

    name: str  # a row of PARTS
    before: str
    after: str
    allowed: bool

    @property
    def code(self) -> str:
        """The code of the reason."""
        return f"container.{self.name}"


@dataclass(frozen=True)
class Part:
    """One property of a container: how it reads, and when two files differ in it."""

    name: str
    shown: Callable[[Facts], str]
    value: Callable[[Facts], Any]  # None: unknown


def _size(facts: Facts) -> str:
    return f"{facts.width} × {facts.height}"


def _profile(facts: Facts) -> str:
    return facts.profile or "none"


def _exif(facts: Facts) -> str:
    return f"{len(facts.exif)} tags" if facts.exif else "none"


PARTS: Table[Part] = Table(
    "part of a container",
    (
        Part("size", _size, _size),
        Part("format", lambda facts: facts.format, lambda facts: facts.format),
        Part("mode", lambda facts: facts.mode, lambda facts: facts.mode),
        Part("depth", lambda facts: f"{facts.bits} bits", lambda facts: facts.bits),
        Part("alpha", lambda facts: "yes" if facts.alpha else "no", lambda facts: facts.alpha),
        Part("profile", _profile, lambda facts: facts.profile),
        Part("exif", _exif, lambda facts: facts.exif),
        Part("orientation", lambda f: str(f.orientation), lambda facts: facts.orientation),
    ),
)


def facts_of(file: ImageFile) -> Facts:
    """Return what an image file says of its picture.

    An orientation that is written into the pixels changes nothing that people see.
    """
    header = file.header
    profile, exif = _metadata(file)
    stored = (header.format, header.width, header.height, header.mode, header.bits, header.alpha)
    return Facts(*stored, orientation=header.orientation, profile=profile, exif=exif)


def _metadata(file: ImageFile) -> tuple[str | None, tuple[int, ...] | None]:
    try:
        with Pillow.open(io.BytesIO(file.file.data)) as picture:
            data = picture.info.get("icc_profile") or b""
            exif = picture.getexif()
            tags = {*exif, *exif.get_ifd(0x8769), *exif.get_ifd(0x8825)} if exif else set()
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError):
        return None, None  # such as HEIC, where only its decoder reads it
    orientation_tag = 0x0112
    return _described(data), tuple(sorted(tags - {orientation_tag}))


def _described(profile: bytes) -> str:
    """Return the name of an ICC profile and the start of its hash, "" for none."""
    if not profile:
        return ""
    from PIL import ImageCms

    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile))).strip()
    except (OSError, ImageCms.PyCMSError):
        name = "unreadable"
    return f"{name} ({hashlib.sha256(profile).hexdigest()[:8]})"


def changes_between(
    before: Facts, after: Facts, *, allowed: Collection[str] = ()
) -> tuple[Change, ...]:
    """Return what differs between two containers, in the order of ``PARTS``.

    What is unknown of either is no change. ``allowed`` names the parts that may change.
    """
    found = []
    for part in PARTS.values():
        values = part.value(before), part.value(after)
        if None not in values and values[0] != values[1]:
            shown = part.shown(before), part.shown(after)
            found.append(Change(part.name, *shown, part.name in allowed))
    return tuple(found)
