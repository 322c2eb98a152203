"""Lines: whether a picture shows lines of text, at whatever size, and its letters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagegate.features.letters.marks import (
    Marks,
    find_marks,
    half_image,
    in_columns,
    native_marks,
)
from imagegate.features.letters.network import (
    IN_LINES,
    LONGEST_PLANE,
    SIDEWAYS,
    evenly,
    evidence_of,
    judge,
    lead,
)
from imagegate.features.noise import flat_rms
from imagegate.features.planes import NAN, Floats, Stack, quantile, stack
from imagegate.image import Image
from imagegate.image.image import SIDE, WHOLE_UP_TO

MOST = 24  # tiles to count letters in
ENOUGH = 12  # letters; with fewer there is too little text to judge
FEWEST = 3  # letters in a row
MOST_SMALLER, LEAST_SIDE = 8, 64  # times that a picture is made smaller to find larger letters; px
TEXT_SHARE = 0.18  # of the letter-like marks stand in lines; under 0.15 in photos
DOUBTFUL, MANY = 0.1, 40  # … or so small a share of them, if they are so many and look like letters
LIKELY = 0.3  # nats a mark by which the letter network takes them rather for letters in lines
UPENDED = 2.0  # times the marks in rows: if more stand in columns, the page lies on its side
LIKE = 1.1  # log ratio of the 80th to the 20th percentile of height; mostly over 1.2 in photos
STRONG = 0.4  # of the contrast of letters; fainter specks are paper

FEWEST_PAIRS = 8  # pairs of neighbours that tell something of the lines
BAND = 1.2  # typical heights: letters of one line fall into one band, or two
ODD_FOOT = 0.15  # of the typical height: what a descender or a broken letter is off its line


@dataclass(frozen=True, eq=False)
class Look:
    """What is seen of a picture at one of the sizes at which letters are looked for."""

    image: Image  # the picture, or a smaller one
    tiles: Stack  # of that image
    marks: Marks  # in these tiles
    scale: float  # how many times smaller the image is


def looks(image: Image) -> Iterator[Look]:
    """Yield the picture at native size, then at a half, a quarter and an eighth of it.

    Letters are never too large, and dots of a matrix printer join to letters. Of a page that lies
    on its side there are no smaller ones, where its words would be marks in rows.
    """
    scale = 1.0
    while True:
        tiles = image.cached(stack)
        if tiles and max(tiles.plane.shape) <= LONGEST_PLANE:
            look = Look(image, tiles, image.cached(native_marks), scale)
            yield look
            if lies_on_its_side(look.marks):
                return
        if scale == MOST_SMALLER or min(image.gray.shape) < LEAST_SIDE:
            return
        image, scale = image.cached(half_image), 2 * scale


def lies_on_its_side(found: Marks) -> bool:
    """Tell whether marks stand in columns rather than in rows."""
    least = max(ENOUGH, TEXT_SHARE * found.letter.sum(), UPENDED * found.inline.sum() + 1)
    return bool(found.letter.sum() >= least and in_columns(found).sum() >= least)


@dataclass(frozen=True, eq=False)
class Text:
    """A look at a picture that shows lines of text."""

    look: Look
    letters: NDArray[np.intp]  # positions among the marks


def text(image: Image) -> Text | None:
    """Return the largest look that shows lines of text, None if there is none."""
    for look in looks(image):
        picked = text_like(look.marks)
        if picked is not None and is_text(look, picked):
            return Text(look, picked)
    return None


def text_like(found: Marks) -> NDArray[np.intp] | None:
    """Return the positions of the letters, None where the marks are no text."""
    inline = np.flatnonzero(found.inline)
    if len(inline) < ENOUGH or len(inline) < DOUBTFUL * found.letter.sum():
        return None
    height = found.height[inline]
    low, high = quantile(height, 0.2), quantile(height, 0.8)
    if high > low * np.exp(LIKE):
        return None
    # punctuation stands in rows too
    return np.asarray(inline[height >= 0.5 * quantile(height, 0.5)], np.intp)


def is_text(look: Look, picked: NDArray[np.intp]) -> bool:
    """Tell whether marks that stand in lines are letters.

    The network is asked where few of the letter-like marks do, and in smaller pictures, where
    anything may look like letters.
    """
    found = look.marks
    doubtful = found.inline.sum() < TEXT_SHARE * found.letter.sum()
    if look.scale == 1 and not doubtful:
        return True
    if doubtful and len(picked) < MANY:
        return False
    return like_letters(look, picked, ("none", *SIDEWAYS) if doubtful else ("none",))


def like_letters(look: Look, picked: NDArray[np.intp], other: Sequence[str] = ("none",)) -> bool:
    """Tell whether the network takes marks for letters in lines rather than for another class."""
    evidence = evidence_of(judge(look.tiles, look.marks, evenly(picked)))
    return lead(evidence, IN_LINES, other) >= LIKELY


def few_letters(image: Image) -> int:
    """Return how many letters stand in rows of a picture without lines of text, 0 if under 3.

    The most over all sizes at which letters are looked for, at most 11; half of the letter-like
    marks stand in rows, and the network takes them for letters.
    """
    most = 0
    for look in looks(image):
        inline = np.flatnonzero(look.marks.inline)
        enough = len(inline) >= max(FEWEST, most + 1, look.marks.letter.sum() / 2)
        if enough and like_letters(look, inline):
            most = len(inline)
    return min(most, ENOUGH - 1)


def line_up(found: Marks, picked: NDArray[np.intp]) -> tuple[float, float]:
    """Pair every letter with the next one to its right and look at their feet.

    Pairs per letter; and the share of pairs whose feet are not level, NaN with fewer than 8.
    """
    height, width = found.height[picked], found.width[picked]
    left, top = found.x[picked], found.y[picked]
    middle, typical = top + height / 2, quantile(height, 0.5)
    order = np.lexsort((left, np.round(middle / (BAND * typical)), found.tile[picked]))
    a, b = order[:-1], order[1:]
    tall = np.maximum(height[a], height[b])
    gap = left[b] - left[a] - width[a]
    adjacent = (found.tile[picked][a] == found.tile[picked][b]) & (gap > -0.3 * tall)
    adjacent &= (gap < 1.5 * tall) & (np.abs(middle[a] - middle[b]) < 0.6 * tall)
    a, b = a[adjacent], b[adjacent]
    linked = len(a) / len(picked)
    if len(a) < FEWEST_PAIRS:
        return linked, NAN
    rise = (top + height)[b] - (top + height)[a]
    return linked, float(np.mean(np.abs(rise) > ODD_FOOT * typical))


@dataclass(frozen=True)
class Letters:
    """The letters of an image in native px, and what lies about them."""

    scale: float  # 2, 4 or 8 if they were found in a picture so many times smaller
    height: Floats
    stroke: Floats
    ground: Floats  # gray level around the letter
    ink: Floats  # … and of its strokes
    contrast: Floats  # how far these are apart
    linked: float  # pairs of neighbours per letter: near 0.9 in whole lines
    uneven: float  # share of pairs whose feet are not level; NaN with fewer than 8
    broken: float  # share of pieces too small for a letter, close to letters
    specks: float  # … away from letters
    merged: float  # share of the width of text that is in blobs
    covered: float  # share of the tiles inside boxes of letters
    other_ink: float  # share of the ink that is in no letter of theirs


def close_to(found: Marks, picked: NDArray[np.intp], cell: float) -> NDArray[np.bool_]:
    """Return which marks lie in or next to a square cell that holds a picked mark."""
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
    there = image.cached(text)
    if there is None:
        return None
    found, picked, scale = there.look.marks, there.letters, there.look.scale
    height = found.height[picked]
    typical = quantile(height, 0.5)
    contrast = np.abs(found.ground - found.ink)
    strong = contrast >= STRONG * quantile(contrast[picked], 0.5)
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
        contrast[picked],
        *line_up(found, picked),
        pieces / (pieces + int(whole.sum())),
        specks / (specks + int(whole.sum())),
        float(found.width[wide].sum() / found.width[whole].sum()),
        boxes / found.pixels,
        1 - float(found.area[whole].sum()) / max(found.inked, 1),
    )


def letter_count(image: Image) -> float:
    """Return about how many letters the whole picture shows, 0 where there is no text.

    Other than ``letters`` it does not look where most is going on: up to 24 tiles are spread over
    the picture.
    """
    there = image.cached(text)
    if there is None:
        return 0.0
    gray, tiles = there.look.image.gray, there.look.tiles
    if gray.size > WHOLE_UP_TO:
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
    picked = text_like(find_marks(tiles, there.look.image.cached(flat_rms)))
    return 0.0 if picked is None else len(picked) * gray.size / tiles.plane.size
