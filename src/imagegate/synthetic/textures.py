"""Draw the surfaces that pages lie on and are printed on: noise, weave, wood, paper fibres."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.synthetic.paper import Colour
from imagegate.tables import Pixels

Field = NDArray[np.float32]

# How far a printed ground may stray from its paper, in gray levels: text on it stays "clean".
GROUND_REACH = 24.0
GROUNDS = ("fibres", "gradient", "clouds", "weave", "hatching")
DESKS = ("plain", "wood", "cloth", "stone", "dark")


def noise_field(
    height: int, width: int, cells: Sequence[tuple[float, float]], rng: np.random.Generator
) -> Field:
    """Add up smooth random fields of several grain sizes.

    Parameters
    ----------
    height, width : int
        Size in pixels.
    cells : sequence of (float, float)
        Height and width in pixels of the grains of each layer; the first weighs 1 and
        each further one half as much as the one before.
    rng : Generator
        Chance.

    Returns
    -------
    ndarray
        float32 ``(height, width)``, mean 0, standard deviation 1.
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


def fibres(height: int, width: int, rng: np.random.Generator) -> Field:
    """Return the fibres and grain of paper: mean 0, standard deviation 1."""
    level = noise_field(height, width, ((1.5, 7.0), (3.0, 20.0)), rng)
    upright = noise_field(height, width, ((7.0, 1.5), (20.0, 3.0)), rng)
    grain = rng.standard_normal((height, width), dtype=np.float32)
    return np.asarray((level + upright + 0.7 * grain) / np.float32(1.58), np.float32)


def printed_ground(
    width: int, height: int, paper: Colour, rng: np.random.Generator, kind: str | None = None
) -> Pixels:
    """Draw a ground that is not even: what text is printed on or laid over.

    Parameters
    ----------
    width, height : int
        Size in pixels.
    paper : tuple of int
        Its mean colour, RGB.
    rng : Generator
        Chance.
    kind : str, optional
        One of GROUNDS; drawn if left out.

    Returns
    -------
    ndarray
        RGB uint8 ``(height, width, 3)``, no channel more than 24 levels off the paper.
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
    elif kind == "weave":
        field = waves(height, width, rng, crossed=True)
    else:
        field = waves(height, width, rng, crossed=False)
    tint = rng.uniform(0.4, 1.0, size=3).astype(np.float32)
    paint = tint * np.float32(reach)
    levels = np.asarray(paper, np.float32) + np.clip(field, -1, 1)[..., None] * paint
    return to_pixels(levels)


def waves(height: int, width: int, rng: np.random.Generator, *, crossed: bool) -> Field:
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


def desk(width: int, height: int, rng: np.random.Generator, kind: str | None = None) -> Pixels:
    """Draw what a page lies on when it is photographed.

    Parameters
    ----------
    width, height : int
        Size in pixels.
    rng : Generator
        Chance.
    kind : str, optional
        One of DESKS; drawn if left out.

    Returns
    -------
    ndarray
        RGB uint8 ``(height, width, 3)``.
    """
    kind = kind or str(rng.choice(DESKS))
    gray = rng.uniform(12, 50) if kind == "dark" else rng.uniform(60, 215)
    colour = gray + rng.uniform(-18, 18, size=3)
    clouds = noise_field(height, width, ((240.0, 240.0), (90.0, 90.0)), rng) * 3
    if kind == "wood":
        colour = wood_colour(rng)
        clouds = wood(height, width, rng) * np.float32(rng.uniform(8, 16))
    elif kind == "cloth":
        clouds = clouds + waves(height, width, rng, crossed=True) * np.float32(rng.uniform(6, 18))
    elif kind == "stone":
        cells = ((9.0, 9.0), (4.0, 4.0), (2.0, 2.0))
        clouds = clouds + noise_field(height, width, cells, rng) * np.float32(rng.uniform(8, 22))
    levels = np.asarray(colour, np.float32) + clouds[..., None]
    return to_pixels(levels)


def wood(height: int, width: int, rng: np.random.Generator) -> Field:
    """Return the grain of wood, along one side: mean near 0, standard deviation near 1."""
    lying = bool(rng.random() < 0.5)
    tall, wide = (height, width) if lying else (width, height)
    streaks = noise_field(tall, wide, ((2.0, 160.0), (5.0, 300.0), (12.0, 500.0)), rng)
    bend = noise_field(tall, wide, ((120.0, 500.0),), rng)
    across = np.arange(tall, dtype=np.float32)[:, None] / np.float32(rng.uniform(14, 40))
    rings = np.sin(2 * np.pi * (across + bend * np.float32(rng.uniform(0.3, 1.2))))
    field = streaks + np.float32(0.7) * rings
    return np.asarray(field if lying else field.T, np.float32)


def wood_colour(rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw the mean colour of a wooden table, from dark walnut to pale beech."""
    share = rng.random()
    dark, pale = np.array([70.0, 45.0, 30.0]), np.array([205.0, 170.0, 125.0])
    return np.asarray(dark + (pale - dark) * share + rng.uniform(-8, 8, size=3), np.float64)


def to_pixels(levels: NDArray[Any]) -> Pixels:
    """Round levels to what a pixel can hold."""
    return np.asarray(np.clip(np.rint(levels), 0, 255), np.uint8)
