"""What pages look like: colours that a reader can tell apart, and surfaces that are not even."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.tables import Pixels, Rng

Field = NDArray[np.float32]
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
# How far a printed ground may stray from its paper, in gray levels: text on it stays "clean".
GROUND_REACH = 24.0
GROUNDS = ("fibres", "gradient", "clouds", "weave", "hatching")
DESKS = ("plain", "wood", "cloth", "stone", "dark")


@dataclass(frozen=True)
class Look:
    """The colours of a page, RGB: paper and ink at least 110 gray levels apart, accent likewise."""

    paper: Colour
    ink: Colour
    accent: Colour
    on_accent: Colour
    rule: Colour


def draw_look(kind: str, rng: Rng) -> Look:
    """Draw the colours of a kind of page, one of LOOKS or WEAK_LOOKS; a texture finds room."""
    if kind in WEAK_LOOKS:
        return WEAK_LOOKS[kind](rng)
    dark = kind.startswith("dark")
    paper, ink = _colour(rng, *LOOKS[kind]), _colour(rng, 200, 255, 12) if dark else _ink(rng)
    while abs(luma(paper) - luma(ink)) < LEAST_CONTRAST:
        ink = (255, 255, 255) if dark else _rounded([part * 2 / 3 for part in ink])
    accent = _colour(rng, 35, 110, 40)
    share = rng.uniform(0.3, 0.9)
    rule = _rounded([a + (b - a) * share for a, b in zip(paper, ink, strict=True)])
    return Look(paper, ink, accent, (255, 255, 255), rule)


def like_luma(rng: Rng) -> Look:
    """Draw ink and paper of two colours that hardly differ as gray levels: red on green."""
    while True:
        paper, ink = (
            np.array(HUES[rng.integers(len(HUES))]) * rng.uniform(0.7, 1.15) for _ in range(2)
        )
        aim = luma(_rounded(paper)) + rng.uniform(*LIKE_LUMA) * rng.choice([-1, 1])
        ground, letters = _rounded(paper), _rounded(ink * aim / max(1.0, luma(_rounded(ink))))
        apart = abs(luma(ground) - luma(letters)) <= LIKE_LUMA[1] + 2
        if apart and np.abs(np.subtract(ground, letters)).max() >= LEAST_CONTRAST:
            return Look(ground, letters, letters, ground, letters)


def faint(rng: Rng) -> Look:
    """Draw gray ink on grayish paper, as newspapers print."""
    paper = np.array([1.0, 0.985, 0.95]) * rng.uniform(175, 230)
    ink = _rounded(paper - rng.uniform(50, 90))
    return Look(_rounded(paper), ink, ink, _rounded(paper), ink)


HUES = (
    *((215, 35, 40), (30, 140, 50), (40, 70, 215), (185, 40, 170), (20, 130, 145)),
    *((225, 110, 20), (110, 70, 200), (120, 150, 30)),
)
LIKE_LUMA = (14.0, 40.0)  # gray levels between ink and paper
# Of less contrast in gray than LOOKS, for pages that engines read all the same.
WEAK_LOOKS = {"like-luma": like_luma, "faint": faint, "faint-textured": faint}


def luma(colour: Colour) -> float:
    """Return the gray level of a colour."""
    return float(np.dot(colour, BT601_LUMA))


def _ink(rng: Rng) -> Colour:
    """Draw an ink: mostly near black, else dark gray or a dark colour."""
    kind = rng.random()
    if kind < 0.6:
        return _colour(rng, 0, 40, 4)
    return _colour(rng, 40, 85, 4) if kind < 0.8 else _colour(rng, 15, 70, 45)


def _colour(rng: Rng, low: int, high: int, spread: int) -> Colour:
    """Draw a colour around a gray of the range, each channel off by up to spread."""
    return _rounded(rng.uniform(low, high) + rng.uniform(-spread, spread, size=3))


def _rounded(parts: NDArray[np.float64] | list[float]) -> Colour:
    """Return three whole levels within 0 to 255."""
    red, green, blue = (int(level) for level in np.clip(np.rint(parts), 0, 255))
    return red, green, blue


def noise_field(height: int, width: int, cells: Sequence[tuple[float, float]], rng: Rng) -> Field:
    """Add up smooth random fields; mean 0, standard deviation 1.

    ``cells`` are height and width in pixels of the grains of each layer; the first weighs 1 and
    each further one half as much as the one before.
    """
    total = np.zeros((height, width), np.float32)
    for place, (tall, wide) in enumerate(cells):
        coarse = (max(2, round(height / tall)), max(2, round(width / wide)))
        layer = rng.standard_normal(coarse, dtype=np.float32)
        total += cv2.resize(layer, (width, height), interpolation=cv2.INTER_CUBIC) / 2**place
    total -= total.mean()
    return np.asarray(total / max(float(total.std()), 1e-6), np.float32)


def slope(height: int, width: int, angle: float) -> Field:
    """Return a plane that rises from 0 to 1 in the direction of an angle in radians."""
    x = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None, :] * np.float32(np.cos(angle))
    y = np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None] * np.float32(np.sin(angle))
    plane = x + y
    return np.asarray((plane - plane.min()) / max(float(np.ptp(plane)), 1e-6), np.float32)


def fibres(height: int, width: int, rng: Rng) -> Field:
    """Return the fibres and grain of paper: mean 0, standard deviation 1."""
    level = noise_field(height, width, ((1.5, 7.0), (3.0, 20.0)), rng)
    upright = noise_field(height, width, ((7.0, 1.5), (20.0, 3.0)), rng)
    grain = rng.standard_normal((height, width), dtype=np.float32)
    return np.asarray((level + upright + 0.7 * grain) / np.float32(1.58), np.float32)


def printed_ground(
    width: int, height: int, paper: Colour, rng: Rng, kind: str | None = None
) -> Pixels:
    """Draw a ground that is not even: what text is printed on or laid over.

    Of a kind in GROUNDS, drawn if left out; no channel is more than 24 levels off the paper.
    """
    kind = kind or str(rng.choice(GROUNDS))
    field: Field
    reach = rng.uniform(0.35, 1.0) * GROUND_REACH
    if kind == "fibres":
        field = fibres(height, width, rng) / np.float32(3)
    elif kind == "gradient":
        field = slope(height, width, rng.uniform(0, 2 * np.pi)) * np.float32(2) - np.float32(1)
    elif kind == "clouds":
        sizes = [float(size) for size in rng.uniform(60, 220) / 2.0 ** np.arange(4)]
        clouds = noise_field(height, width, [(size, size) for size in sizes], rng)
        field = np.asarray(clouds / 2, np.float32)
    else:
        field = waves(height, width, rng, crossed=kind == "weave")
    tint = rng.uniform(0.4, 1.0, size=3).astype(np.float32)
    paint = tint * np.float32(reach)
    return to_pixels(np.asarray(paper, np.float32) + np.clip(field, -1, 1)[..., None] * paint)


def waves(height: int, width: int, rng: Rng, *, crossed: bool) -> Field:
    """Return fine parallel lines, or two sets of them that cross like threads; -1 to 1."""
    period, angle = rng.uniform(4.0, 14.0), rng.uniform(0, np.pi)
    bend = noise_field(height, width, ((200.0, 200.0),), rng) * np.float32(rng.uniform(0, 4))
    y, x = np.mgrid[:height, :width].astype(np.float32)
    first = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle)) + bend
    turn = np.float32(2 * np.pi / period)
    lines = np.sin(first * turn)
    if crossed:
        second = y * np.float32(np.cos(angle)) - x * np.float32(np.sin(angle)) + bend
        lines = (lines + np.sin(second * turn)) / 2
    return np.asarray(lines, np.float32)


def desk(width: int, height: int, rng: Rng, kind: str) -> Pixels:
    """Draw what a page lies on when it is photographed, of a kind in DESKS."""
    gray = rng.uniform(12, 50) if kind == "dark" else rng.uniform(60, 215)
    colour = gray + rng.uniform(-18, 18, size=3)
    clouds = noise_field(height, width, ((240.0, 240.0), (90.0, 90.0)), rng) * 3
    if kind == "wood":
        walnut, beech = np.array([70.0, 45.0, 30.0]), np.array([205.0, 170.0, 125.0])
        colour = walnut + (beech - walnut) * rng.random() + rng.uniform(-8, 8, size=3)
        clouds = wood(height, width, rng) * np.float32(rng.uniform(8, 16))
    elif kind == "cloth":
        clouds = clouds + waves(height, width, rng, crossed=True) * np.float32(rng.uniform(6, 18))
    elif kind == "stone":
        cells = ((9.0, 9.0), (4.0, 4.0), (2.0, 2.0))
        clouds = clouds + noise_field(height, width, cells, rng) * np.float32(rng.uniform(8, 22))
    return to_pixels(np.asarray(colour, np.float32) + clouds[..., None])


def wood(height: int, width: int, rng: Rng) -> Field:
    """Return the grain of wood, along one side: mean near 0, standard deviation near 1."""
    lying = bool(rng.random() < 0.5)
    tall, wide = (height, width) if lying else (width, height)
    streaks = noise_field(tall, wide, ((2.0, 160.0), (5.0, 300.0), (12.0, 500.0)), rng)
    bend = noise_field(tall, wide, ((120.0, 500.0),), rng)
    across = np.arange(tall, dtype=np.float32)[:, None] / np.float32(rng.uniform(14, 40))
    rings = np.sin(2 * np.pi * (across + bend * np.float32(rng.uniform(0.3, 1.2))))
    field = streaks + np.float32(0.7) * rings
    return np.asarray(field if lying else field.T, np.float32)


def to_pixels(levels: NDArray[Any]) -> Pixels:
    """Round levels to what a pixel can hold."""
    return np.asarray(np.clip(np.rint(levels), 0, 255), np.uint8)
