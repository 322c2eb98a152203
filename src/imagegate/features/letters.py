"""Letters: the marks that are text, and the pieces and blobs among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagegate.features.lines import Rows, stand
from imagegate.features.marks import Marks, find_marks
from imagegate.features.noise import flat_sigma
from imagegate.features.planes import Floats, Stack, half_stack, quantile, stack
from imagegate.image import Image
from imagegate.image.image import SIDE, WHOLE_UP_TO

MOST = 24  # tiles to count letters in
ENOUGH = 12  # letters; with fewer there is no text to speak of
TEXT_SHARE = 0.18  # of the letter-like marks stand in lines; under 0.15 in photos
MANY = 500  # letter-like pieces a megapixel that are worth a look at half size
LIKE = 1.1  # log ratio of the 80th to the 20th percentile of height; mostly over 1.2 in photos
STRONG = 0.4  # of the contrast of letters; fainter specks are paper


@dataclass(frozen=True)
class Letters:
    """The letters of an image in native px, and what lies about them."""

    scale: float  # 2 if they were found at half size
    height: Floats
    stroke: Floats
    ground: Floats  # gray level around the letter
    ink: Floats  # … and of its strokes
    rows: Rows  # how the letters stand beside each other
    broken: float  # share of pieces too small for a letter, close to letters
    specks: float  # … away from letters
    merged: float  # share of the width of text that is in blobs
    covered: float  # share of the tiles inside boxes of letters

    @property
    def contrast(self) -> Floats:
        """Return how far ink and ground are apart, gray levels."""
        return np.asarray(np.abs(self.ground - self.ink), np.float64)


def native_marks(image: Image) -> Marks:
    """Find the marks at native size."""
    return find_marks(image.cached(stack), image.cached(flat_sigma))


def half_marks(image: Image) -> Marks:
    """Find the marks at half size, where dots of a matrix printer join to letters."""
    return find_marks(image.cached(half_stack), image.cached(flat_sigma) / 2)


def text_like(found: Marks) -> NDArray[np.intp] | None:
    """Return the positions of the letters, None where the marks are no text."""
    inline = np.flatnonzero(found.inline)
    if len(inline) < ENOUGH or len(inline) < TEXT_SHARE * found.letter.sum():
        return None
    height = found.height[inline]
    low, high = quantile(height, 0.2), quantile(height, 0.8)
    if high > low * np.exp(LIKE):
        return None
    # punctuation stands in rows too
    return np.asarray(inline[height >= 0.5 * quantile(height, 0.5)], np.intp)


def close_to(found: Marks, picked: NDArray[np.intp], cell: float) -> NDArray[np.bool_]:
    """Return which marks lie in or beside a square cell that holds a picked mark."""
    column = ((found.x + found.width / 2) // cell).astype(np.intp) + 1
    row = ((found.y + found.height / 2) // cell).astype(np.intp) + 1
    shape = (found.tile.max() + 1, row.max() + 2, column.max() + 2)
    near = np.zeros(shape, np.bool_)
    where = found.tile[picked], row[picked], column[picked]
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            near[where[0], where[1] + down, where[2] + right] = True
    return near[found.tile, row, column]


def letters(image: Image) -> Letters | None:
    """Return what stands in lines of text, None where there is none."""
    found, scale = image.cached(native_marks), 1.0
    picked = text_like(found)
    if picked is None and found.letter.sum() >= MANY * found.pixels / 1e6:
        found, scale = image.cached(half_marks), 2.0
        picked = text_like(found)
    if picked is None:
        return None
    height = found.height[picked]
    typical = quantile(height, 0.5)
    strong = found.contrast >= STRONG * quantile(found.contrast[picked], 0.5)
    near = close_to(found, picked, 2 * typical)
    small = strong & (found.height < 0.6 * typical) & (found.width < 0.8 * typical)
    small &= ~found.inline
    whole = near & strong & found.letter & (found.height >= 0.6 * typical)
    whole &= found.height < 2.5 * typical
    wide = whole & (found.width > 2.2 * typical)
    pieces, specks = int((small & near).sum()), int((small & ~near).sum())
    boxes = float((found.width[picked] * height).sum())
    return Letters(
        scale,
        height * scale,
        found.stroke[picked] * scale,
        found.ground[picked],
        found.ink[picked],
        stand(found, picked),
        pieces / (pieces + int(whole.sum())),
        specks / (specks + int(whole.sum())),
        float(found.width[wide].sum() / found.width[whole].sum()),
        boxes / found.pixels,
    )


def letter_count(image: Image) -> float:
    """Return about how many letters the whole picture shows, 0 where there is no text.

    Other than ``letters`` it does not look where most is going on: up to 24 tiles are spread over
    the picture.
    """
    found, gray = image.cached(letters), image.gray
    if found is None:
        return 0.0
    if gray.size <= WHOLE_UP_TO:
        tiles = image.cached(stack)
    else:
        height, width = (min(SIDE, side // 8 * 8) for side in gray.shape)
        rows, columns = (
            np.linspace(0, side - size, max(1, side // size)).astype(int)
            for side, size in zip(gray.shape, (height, width), strict=True)
        )
        places = [(top, left) for top in rows for left in columns]
        every = np.linspace(0, len(places) - 1, min(MOST, len(places))).astype(int)
        chosen = [places[n] for n in every]
        parts = [gray[top : top + height, left : left + width] for top, left in chosen]
        tiles = Stack(np.concatenate(parts), len(parts))
    if tiles is None:
        return 0.0
    sigma = image.cached(flat_sigma) / found.scale
    picked = text_like(find_marks(tiles if found.scale == 1 else tiles.half, sigma))
    return 0.0 if picked is None else len(picked) * gray.size / tiles.plane.size
