"""Find fonts that can write English: those that matplotlib carries, and those of the system."""

from __future__ import annotations

import importlib.util
import os
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from PIL import ImageFont, features

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
# What fonts that look written by hand are called.
HANDS = (
    *("handwriting", "breip", "ecolier", "femkeklaver", "kristi", "rufscript", "pecita"),
    *("isabella", "dancing", "caveat", "purisa", "chilanka", "gaegu"),
)
WRITTEN = string.ascii_letters + string.digits + ".,:-?"
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
    """One style of one font file; its name is family and style: ``"DejaVu Sans Book"``.

    Small letters are as high as ``letters``; ``shaped`` lets letters join and change places, as
    other scripts than Latin need.
    """

    name: str
    family: str
    bold: bool
    slanted: bool
    path: str
    letters: str = "x"
    shaped: bool = False

    def at(self, size_px: float) -> ImageFont.FreeTypeFont:
        """Open the face at an em of so many pixels, hinted."""
        engine = ImageFont.Layout.RAQM if self.shaped else ImageFont.Layout.BASIC
        return ImageFont.truetype(self.path, size_px, layout_engine=engine)


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
        installed = faces_in(system_folders())
        if not installed:
            raise SettingsError(
                "expected installed fonts with Latin letters, found none: install some (on Debian, "
                "apt-get install fonts-liberation), or keep to the bundled ones (pages:N, "
                "captures:N)"
            )
        found = {**installed, **found}
    return tuple(found[name] for name in sorted(found))


@cache
def find_hands() -> tuple[Face, ...]:
    """Return the installed faces that look written by hand, sorted by name."""
    found: dict[str, Face] = {}
    for path in font_files(system_folders()):
        opened = open_font(path)
        if opened and is_hand(opened[1]) and writes(opened[0], WRITTEN):
            face = face_of(path, *opened)
            found.setdefault(face.name, face)
    if not found:
        raise SettingsError(
            "expected installed handwriting fonts, found none: install some (on Debian, "
            "apt-get install fonts-breip fonts-dkg-handwriting fonts-kristi)"
        )
    return tuple(found[name] for name in sorted(found))


def is_hand(name: str) -> bool:
    """Tell whether a font is called like those that look written by hand."""
    return any(word in name.lower() for word in HANDS)


def find_shaped(alphabets: Mapping[str, str]) -> dict[str, tuple[Face, ...]]:
    """Return for each alphabet, by name, the installed faces that write all of its letters.

    They are sorted by name and shape text; alphabets that no face writes are left out.
    """
    if not features.check("raqm"):
        raise SettingsError(
            "expected Pillow with text shaping (raqm), which other scripts need: install Pillow "
            "from PyPI, and on Debian libfribidi0"
        )
    found: dict[str, dict[str, Face]] = {name: {} for name in alphabets}
    for path in font_files(system_folders()):
        opened = open_font(path)
        if opened is None or any(word in opened[1] for word in (*UNFIT, *HANDS, "quran")):
            continue
        for name, letters in alphabets.items():
            if writes(opened[0], letters):
                face = replace(face_of(path, *opened), letters=letters[:12], shaped=True)
                found[name].setdefault(face.name, face)
    return {
        name: tuple(faces[key] for key in sorted(faces)) for name, faces in found.items() if faces
    }


def faces_in(folders: Sequence[Path]) -> dict[str, Face]:
    """Return the usable faces of these folders by name; of two files of one name the first."""
    found: dict[str, Face] = {}
    for path in font_files(folders):
        face = read_face(path)
        if face is not None:
            found.setdefault(face.name, face)
    return found


def font_files(folders: Sequence[Path]) -> Iterator[Path]:
    """Yield the font files of these folders in a fixed order."""
    for folder in folders:
        files = sorted(folder.rglob("*")) if folder.is_dir() else ()
        yield from (path for path in files if path.suffix.lower() in SUFFIXES)


def system_folders() -> list[Path]:
    """Return where operating systems keep fonts, for all and for this user."""
    return [Path(os.path.expandvars(folder)).expanduser() for folder in SYSTEM_FOLDERS]


def bundled_folder() -> Path:
    """Return matplotlib's font folder without importing matplotlib."""
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise MissingExtraError("matplotlib", "train")
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"


def read_face(path: Path) -> Face | None:
    """Return the face of a font file, or None if it cannot write plain English."""
    opened = open_font(path)
    if opened is None:
        return None
    font, title = opened
    if any(word in title for word in UNFIT) or not writes(font, NEEDED):
        return None
    return face_of(path, font, title)


def open_font(path: Path) -> tuple[ImageFont.FreeTypeFont, str] | None:
    """Open a font file; return it with all that it calls itself, lower case, or None."""
    try:
        font = ImageFont.truetype(str(path), PROBE_PX, layout_engine=ImageFont.Layout.BASIC)
    except OSError:
        return None
    family, style = (part or "" for part in font.getname())
    return font, f"{path.stem} {family} {style}".lower()


def face_of(path: Path, font: ImageFont.FreeTypeFont, title: str) -> Face:
    """Describe an opened font file."""
    family, style = (part or "" for part in font.getname())
    name = f"{family} {style}".strip()
    if family.startswith("cm") and family.endswith("10"):
        family = "Computer Modern"  # each of its styles calls itself a family
    bold = any(word in title for word in ("bold", "demi", "black", "heavy", "cmb"))
    slanted = any(word in title for word in ("italic", "oblique", "slanted", "cmti"))
    return Face(name, family, bold, slanted, str(path))


def writes(font: ImageFont.FreeTypeFont, letters: str) -> bool:
    """Tell whether a font has a glyph of its own for each of these letters."""
    missing = bytes(font.getmask("\uffff"))
    return all(bytes(font.getmask(letter)) not in (b"", missing) for letter in letters)
