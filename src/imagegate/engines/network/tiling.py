"""Run a network that makes pictures over overlapping tiles, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np

from imagegate.engines.network.tensors import mirrored
from imagegate.errors import OutputError
from imagegate.tables import Pixels

OVERLAP = 8  # a tile's margin, which is thrown away, is this part of its side


def in_tiles(run: Callable[[Pixels], Pixels], pixels: Pixels, tile: int) -> Pixels:
    """Run a function over the square tiles of an RGB picture, and join what it makes of them.

    It is the same as ``run(pixels)`` for a network that looks no further than the margin, an
    eighth of the tile's side, and a picture no smaller than a tile. ``run`` must make pictures a
    whole number of times as large; else an OutputError says so.
    """
    height, width = pixels.shape[:2]
    room = mirrored(pixels, max(0, tile - height), max(0, tile - width))
    margin = tile // OVERLAP
    tops, lefts = (starts(side, tile, margin) for side in room.shape[:2])
    joined = np.empty((0, 0, 3), np.uint8)
    factor = 1
    for top, left in product(tops, lefts):
        made = run(room[top : top + tile, left : left + tile])
        if not joined.size:
            factor = whole_factor(made, tile)
            joined = np.empty((room.shape[0] * factor, room.shape[1] * factor, 3), np.uint8)
        # a tile's own margin is kept only along the picture's edges
        down, across = (margin if top else 0), (margin if left else 0)
        part = made[down * factor :, across * factor :]
        y, x = (top + down) * factor, (left + across) * factor
        joined[y : y + part.shape[0], x : x + part.shape[1]] = part
    return joined[: height * factor, : width * factor]


def starts(length: int, tile: int, margin: int) -> list[int]:
    """Return where tiles begin that cover a length and overlap by two margins."""
    return [*range(0, length - tile, tile - 2 * margin), length - tile]


def whole_factor(made: Pixels, tile: int) -> int:
    """Return how many times larger than a tile a picture is."""
    height, width = made.shape[:2]
    if height != width or height % tile:
        raise OutputError(
            f"expected of a tile of {tile}x{tile} a picture a whole number of times as large, "
            f"got {width}x{height}"
        )
    return int(height) // tile
