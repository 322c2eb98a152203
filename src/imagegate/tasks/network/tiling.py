"""Run a network that makes pictures over overlapping tiles, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from imagegate.errors import OutputError
from imagegate.tables import Pixels
from imagegate.tasks.network.tensors import Size, mirrored

OVERLAP = 8  # a tile's margin, which is thrown away, is this part of its shorter side


def in_tiles(run: Callable[[Pixels], Pixels], pixels: Pixels, tile: Size) -> Pixels:
    """Run a function over the tiles of a picture, and join what it makes of them.

    Parameters
    ----------
    run : Callable
        From RGB uint8 pixels of the tile's size to RGB uint8 pixels, a whole number of times as
        large.
    pixels : ndarray of uint8
        RGB (height, width, 3); continued by its reflection where it is smaller than a tile.
    tile : (int, int)
        Height and width of a tile.

    Returns
    -------
    ndarray of uint8
        RGB. The same as ``run(pixels)`` for a network that looks no further than the margin, an
        eighth of the tile's shorter side, and a picture no smaller than a tile.

    Raises
    ------
    OutputError
        If what ``run`` makes is not a whole number of times as large.
    """
    height, width = pixels.shape[:2]
    room = mirrored(pixels, max(0, tile[0] - height), max(0, tile[1] - width))
    margin = min(tile) // OVERLAP
    joined: Pixels | None = None
    factor = 1
    for top in starts(room.shape[0], tile[0], margin):
        for left in starts(room.shape[1], tile[1], margin):
            made = run(room[top : top + tile[0], left : left + tile[1]])
            if joined is None:
                factor = whole_factor(made, tile)
                size = (room.shape[0] * factor, room.shape[1] * factor, 3)
                joined = np.empty(size, np.uint8)
            # a tile's own margin is kept only along the picture's edges
            down, across = (margin if top else 0), (margin if left else 0)
            part = made[down * factor :, across * factor :]
            y, x = (top + down) * factor, (left + across) * factor
            joined[y : y + part.shape[0], x : x + part.shape[1]] = part
    if joined is None:
        raise OutputError("expected a picture to cut into tiles, got an empty one")
    return joined[: height * factor, : width * factor]


def starts(length: int, tile: int, margin: int) -> list[int]:
    """Return where tiles begin that cover a length and overlap by two margins."""
    return [*range(0, length - tile, max(1, tile - 2 * margin)), length - tile]


def whole_factor(made: Pixels, tile: Size) -> int:
    """Return how many times larger than a tile a picture is."""
    factor = int(made.shape[0]) // tile[0]
    if factor < 1 or made.shape[:2] != (tile[0] * factor, tile[1] * factor):
        raise OutputError(
            f"expected of a tile of {tile[1]}x{tile[0]} a picture a whole number of times as "
            f"large, got {made.shape[1]}x{made.shape[0]}"
        )
    return factor
