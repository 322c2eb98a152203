"""Find fonts that can write English: those that matplotlib carries, and those of the system."""

from __future__ import annotations

import importlib.util
import os
import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import ImageFont

from imagegate.errors import MissingExtraError, SettingsError

SYSTEM_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.fonts",
    "~/.local/share/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "~/Library/Fonts",
    "%WINDIR%/Fonts",
    "%LOCALAPPDATA%/Microsoft/Windows/Fonts",
)
SUFFIXES = (".ttf", ".otf", ".ttc")
NEEDED = string.ascii_letters + string.digits + ".,:;-/%#@&()+"
# They map letters to something else, or are for headlines, formulas or show.
UNFIT = (
    *("cmsy", "cmex", "cmmi", "stixsiz", "stixnonuni", "stixmath", "display", "lastresort"),
    *("symbol", "dingbat", "d050000l", "emoji", "icon", "awesome", "material", "webdings"),
    *("wingding", "math", "braille", "barcode", "z003", "chancery", "script", "hand"),
    *("extralight", "thin", "hairline", "opensymbol", "marlett", "bodoni ornaments"),
    *("keyboard", "initials"),
)
PROBE_PX = 24


@dataclass(frozen=True)
class Face:
    """One style of one font file; its name is family and style: ``"DejaVu Sans Book"``."""

    name: str
    family: str
    bold: bool
    slanted: bool
    path: str

    def at(self, size_px: float) -> ImageFont.FreeTypeFont:
        """Open the face at an em of so many pixels, hinted, without optional text shaping."""
        return ImageFont.truetype(self.path, size_px, layout_engine=ImageFont.Layout.BASIC)


@cache
def find_faces(which: str = "bundled") -> tuple[Face, ...]:
    """Return the usable faces, sorted by name.

    ``"bundled"`` are only those that matplotlib carries, the same on every machine; ``"system"``
    adds all that the system's folders hold.

    >>> "DejaVu Sans Book" in {face.name for face in find_faces()}
    True
    """
    if which not in ("bundled", "system"):
        raise SettingsError(f"expected fonts 'bundled' or 'system', got {which!r}")
    found = faces_in([bundled_folder()])
    if which == "system":
        installed = faces_in([Path(os.path.expandvars(f)).expanduser() for f in SYSTEM_FOLDERS])
        if not installed:
            raise SettingsError(
                "expected installed fonts with Latin letters, found none: install some (on Debian, "
                "apt-get install fonts-liberation), or keep to the bundled ones (pages:N, "
                "captures:N)"
            )
        found = {**installed, **found}
    return tuple(found[name] for name in sorted(found))


def faces_in(folders: Sequence[Path]) -> dict[str, Face]:
    """Return the usable faces of these folders by name; of two files of one name the first."""
    found: dict[str, Face] = {}
    files = (path for folder in folders if folder.is_dir() for path in sorted(folder.rglob("*")))
    for path in files:
        face = read_face(path) if path.suffix.lower() in SUFFIXES else None
        if face is not None:
            found.setdefault(face.name, face)
    return found


def bundled_folder() -> Path:
    """Return matplotlib's font folder without importing matplotlib."""
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise MissingExtraError("matplotlib", "train")
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"


def read_face(path: Path) -> Face | None:
    """Return the face of a font file, or None if it cannot write plain English."""
    try:
        font = ImageFont.truetype(str(path), PROBE_PX, layout_engine=ImageFont.Layout.BASIC)
    except OSError:
        return None
    family, style = (part or "" for part in font.getname())
    name = f"{family} {style}".strip()
    title = f"{path.stem} {family} {style}".lower()
    if any(word in title for word in UNFIT) or not writes(font, NEEDED):
        return None
    if family.startswith("cm") and family.endswith("10"):
        family = "Computer Modern"  # each of its styles calls itself a family
    bold = any(word in title for word in ("bold", "demi", "black", "heavy", "cmb"))
    slanted = any(word in title for word in ("italic", "oblique", "slanted", "cmti"))
    return Face(name, family, bold, slanted, str(path))


def writes(font: ImageFont.FreeTypeFont, letters: str) -> bool:
    """Tell whether a font has a glyph of its own for each of these letters."""
    missing = bytes(font.getmask("\uffff"))
    return all(bytes(font.getmask(letter)) not in (b"", missing) for letter in letters)
