"""Bend and project a flat page: curl, folds, turn and perspective."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.synthetic.paper import Field
from imagegate.tables import Pixels

Corners = NDArray[np.float64]


@dataclass(frozen=True)
class Shape:
    """How a page lies before the camera; all zero is flat and straight.

    ``turn`` is in degrees, counter-clockwise; ``tilt`` how far the camera leans sideways and back,
    the share by which the far side is shorter than the near one; ``curl`` the height of the bend as
    a share of the page's width, and ``waves`` the half waves of it across. A fold is (vertical or
    not, position as a share of the side, sharpness from -1, a valley, to 1, a ridge); ``margin`` is
    ground to the left, above, to the right and below, as shares of the longer side.
    """

    turn: float = 0.0
    tilt: tuple[float, float] = (0.0, 0.0)
    curl: float = 0.0
    waves: float = 1.0
    folds: tuple[tuple[bool, float, float], ...] = ()
    margin: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    @property
    def flat(self) -> bool:
        """Whether nothing happens to the page."""
        return self == Shape(waves=self.waves)


def corners(width: int, height: int, shape: Shape) -> tuple[Corners, tuple[int, int]]:
    """Return where the corners of the page (x, y) come to lie, and the size of the picture."""
    sideways, back = shape.tilt
    x, y = np.array([-1.0, 1.0, 1.0, -1.0]), np.array([-1.0, -1.0, 1.0, 1.0])
    # What is far is drawn nearer to the middle, and the whole is shorter in that direction.
    depth = 1 / (1 + sideways * x - back * y)
    x, y = x * depth * width / 2, y * depth * height / 2
    angle = -np.radians(shape.turn)
    turned = np.stack(
        [x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)]
    )
    x, y = turned
    covered = abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2 / (width * height)
    placed = turned.T / np.sqrt(covered)
    left, top, right, bottom = np.array(shape.margin) * max(width, height)
    bend = abs(shape.curl) * width
    low = placed.min(axis=0) - np.array([left, top + bend])
    high = placed.max(axis=0) + np.array([right, bottom + bend])
    size = np.ceil(high - low).astype(int)
    return placed - low, (int(size[0]), int(size[1]))


def warp(pixels: Pixels, shape: Shape) -> tuple[Pixels, Field, Field]:
    """Bend and project a page, and return three arrays of one size.

    The page in its place, RGB uint8; how much of each pixel it covers, float32 0 to 1; and the
    light that bends and folds throw back, float32 around 1.
    """
    height, width = pixels.shape[:2]
    placed, (wide, tall) = corners(width, height, shape)
    around = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    back = cv2.getPerspectiveTransform(np.asarray(placed, np.float32), around)
    across, down = np.meshgrid(np.arange(wide) + 0.5, np.arange(tall) + 0.5)
    points = np.stack([across, down], axis=-1).astype(np.float32)
    flat = cv2.perspectiveTransform(points.reshape(1, -1, 2), back).reshape(tall, wide, 2)
    places = np.asarray(flat, np.float32)
    x, y, light = bent(places[..., 0], places[..., 1], width, height, shape)
    # The border keeps what surrounds the last letters; what lies outside is masked away.
    page = cv2.remap(pixels, x - 0.5, y - 0.5, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    inside = np.minimum(np.minimum(x, width - x), np.minimum(y, height - y))
    return np.asarray(page, np.uint8), np.clip(inside + np.float32(0.5), 0, 1), light


def bent(x: Field, y: Field, width: int, height: int, shape: Shape) -> tuple[Field, Field, Field]:
    """Return where on the flat page a point of the bent one lies, and the light there."""
    phase = np.float32(np.pi * shape.waves / width)
    # A page bends more where it is held, at the top, than where it lies.
    hold = np.float32(0.6) + np.float32(0.4) * (1 - np.clip(y / height, 0, 1))
    y = y - np.float32(shape.curl * width) * np.sin(x * phase) * hold
    light = 1 - np.float32(2.2 * shape.curl * shape.waves) * np.cos(x * phase)
    for upright, where, sharp in shape.folds:
        along, side = (x, width) if upright else (y, height)
        away = along - np.float32(where * side)
        crease = np.exp(-np.abs(away) / np.float32(0.004 * side + 1))
        panel = np.tanh(away / np.float32(0.02 * side))
        light = light * (
            1 - np.float32(0.05 * sharp) * panel - np.float32(0.22 * abs(sharp)) * crease
        )
        kink = np.float32(0.012 * sharp * side) * np.exp(-np.abs(away) / np.float32(0.12 * side))
        x, y = (x, y + kink) if upright else (x + kink, y)
    return x, y, np.asarray(light, np.float32)
