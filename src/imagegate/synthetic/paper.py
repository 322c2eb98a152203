"""Choose ink, paper and accent colours that a reader can tell apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Colour = tuple[int, int, int]

BT601_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, §2.5.1
LEAST_CONTRAST = 110.0  # gray levels between ink and paper; less is not "clean"
# Lowest and highest gray level of the paper, and how far its channels stray from it.
LOOKS = {
    "white": (245, 255, 3),
    "tinted": (222, 248, 12),
    "coloured": (165, 235, 45),
    "textured": (180, 235, 25),
    "dark": (8, 60, 22),
    "dark-textured": (20, 70, 18),
}


@dataclass(frozen=True)
class Look:
    """The colours of a page, RGB.

    Parameters
    ----------
    paper, ink : Colour
        Ground and text; at least 110 gray levels apart.
    accent, on_accent : Colour
        Ground of bars and heads, and the text on it; as far apart.
    rule : Colour
        Lines and frames.
    """

    paper: Colour
    ink: Colour
    accent: Colour
    on_accent: Colour
    rule: Colour


def draw_look(kind: str, rng: np.random.Generator) -> Look:
    """Draw the colours of a kind of page.

    Parameters
    ----------
    kind : {"white", "tinted", "coloured", "textured", "dark", "dark-textured"}
        White to off-white paper; cream, gray or pale paper; a clear colour under dark
        ink; one that leaves room for a texture; light text on a dark ground, the last
        with such room, too.
    rng : Generator
        Chance.
    """
    dark = kind.startswith("dark")
    paper, ink = _colour(rng, *LOOKS[kind]), _colour(rng, 200, 255, 12) if dark else _ink(rng)
    while abs(luma(paper) - luma(ink)) < LEAST_CONTRAST:
        ink = (255, 255, 255) if dark else darker(ink)
    accent = _colour(rng, 35, 110, 40)
    rule = _between(paper, ink, rng.uniform(0.3, 0.9))
    return Look(paper, ink, accent, (255, 255, 255), rule)


def luma(colour: Colour) -> float:
    """Return the gray level of a colour."""
    return float(np.dot(colour, BT601_LUMA))


def darker(colour: Colour) -> Colour:
    """Return a colour at two thirds of its light."""
    return _rounded([part * 2 / 3 for part in colour])


def _ink(rng: np.random.Generator) -> Colour:
    """Draw an ink: mostly near black, else dark gray or a dark colour."""
    kind = rng.random()
    if kind < 0.6:
        return _colour(rng, 0, 40, 4)
    return _colour(rng, 40, 85, 4) if kind < 0.8 else _colour(rng, 15, 70, 45)


def _colour(rng: np.random.Generator, low: int, high: int, spread: int) -> Colour:
    """Draw a colour around a gray of the range, each channel off by up to spread."""
    return _rounded(rng.uniform(low, high) + rng.uniform(-spread, spread, size=3))


def _between(first: Colour, second: Colour, share: float) -> Colour:
    """Mix two colours."""
    return _rounded([a + (b - a) * share for a, b in zip(first, second, strict=True)])


def _rounded(parts: np.ndarray[tuple[int, ...], np.dtype[np.float64]] | list[float]) -> Colour:
    """Return three whole levels within 0 to 255."""
    red, green, blue = (int(level) for level in np.clip(np.rint(parts), 0, 255))
    return red, green, blue
