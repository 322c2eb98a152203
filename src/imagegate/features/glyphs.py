"""Glyphs: what a small network says of the marks that stand in lines: upright letters, or what.

``corpora/letters.py`` draws the thumbnails it has learned from and trains it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from importlib.resources import files

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.letters import Marks, half_marks, in_rows, native_marks
from imagegate.features.planes import NAN, Floats, Plane, Stack, half_stack, quantile, stack, u8
from imagegate.image import Image
from imagegate.image.image import halved
from imagegate.tables import Measure

Singles = NDArray[np.float32]
Places = NDArray[np.intp]

ORIENTATIONS = (
    "upright",
    "upside_down",
    "clockwise",
    "counterclockwise",
    "mirrored",
    "flipped",
)
ABOUT, SIDEWAYS = ("upside_down", "mirrored", "flipped"), ("clockwise", "counterclockwise")
SCRIPTS = (
    *("cyrillic", "greek", "caucasian", "arabic_hebrew", "indic", "southeast_asian"),
    "east_asian",
)
CLASSES = (*ORIENTATIONS, "broken", "merged", *SCRIPTS, "handwriting", "none")

SIDE = 16  # px of a thumbnail
INNER = 14  # … that the longer side of a mark takes
LONGEST = 2.0  # times the shorter side; of longer marks the middle is shown
DARKEST = 1.5  # times the mean ink; thumbnails are clipped there
LEVELS = 4  # sizes, each half the one before, that thumbnails are taken from
LONGEST_PLANE = 32_000  # px; OpenCV looks up places in no longer one

MOST = 128  # marks of an image that are judged
FEWEST = 4  # … with fewer nothing is said
ENOUGH = 12  # … to tell orientation and script
CLEAR = 0.15  # nats a mark by which an orientation must be likelier than upright
SURE = 0.3  # … and a script than all that is not a script
PARTS = 8  # of the marks, of which the worst counts
IN_LINES = 0.5  # of the letter-like marks; with fewer in rows, columns are looked for
FLOOR = 1e-4  # of a probability, so that no mark alone decides
SMALL = 0.5  # of the typical height; below are punctuation and dots


@dataclass(frozen=True)
class Glyphs:
    """What the network says of up to 128 marks, evenly spread, one array element a mark."""

    probability: Singles  # (marks, classes), each row sums to 1
    tile: NDArray[np.int64]  # index into ``Image.tiles``
    x: Floats  # middle of the mark in the picture, px from the left
    y: Floats  # … and from the top
    columns: bool  # the marks stand in columns: the lines run up or down

    @cached_property
    def mean(self) -> Floats:
        """Mean probability of each class."""
        return np.asarray(self.probability.mean(axis=0), np.float64)

    @cached_property
    def evidence(self) -> Floats:
        """Mean log-likelihood of each class up to a constant, in nats a mark."""
        seen = np.log(np.maximum(self.probability, FLOOR)) - network().prior
        return np.asarray(seen.mean(axis=0), np.float64)

    def lead(self, *names: str) -> float:
        """Evidence for the likeliest of these classes over that for upright, in nats a mark."""
        evidence = self.evidence
        return float(max(evidence[CLASSES.index(name)] for name in names) - evidence[0])


@dataclass(frozen=True)
class Network:
    """One hidden layer of rectified units."""

    hidden: Singles  # (pixels, units)
    hidden_bias: Singles
    out: Singles  # (units, classes)
    out_bias: Singles
    prior: Singles  # log of the share of each class among what it has learned from

    def __call__(self, thumbnails: Singles) -> Singles:
        """Return the probability of each class, (marks, classes)."""
        units = np.maximum(thumbnails @ self.hidden + self.hidden_bias, 0)
        score = units @ self.out + self.out_bias
        odds = np.exp(score - score.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True), np.float32)


@cache
def network() -> Network:
    """Load the network."""
    with files(__package__).joinpath("glyphs.npz").open("rb") as file, np.load(file) as stored:
        names = ("hidden", "hidden_bias", "out", "out_bias", "prior")
        return Network(*(stored[name].astype(np.float32) for name in names))


def thumbnails(tiles: Stack, found: Marks, picked: Places) -> Singles:
    """Return marks as rows of 16 × 16 pixels: 0 is their ground, 1 their mean ink.

    Each keeps its aspect, stands in the middle, and is alone: around its box all is ground.
    """
    width, height = found.width[picked], found.height[picked]
    size = np.minimum(np.maximum(width, height), LONGEST * np.minimum(width, height))
    step = (size / INNER).astype(np.float32)
    middle_x = found.x[picked] + (width - 1) / 2
    middle_y = found.y[picked] + (height - 1) / 2 + found.tile[picked] * tiles.height
    offset = np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2
    across = step[:, None] * offset
    level = np.clip(np.floor(np.log2(step)), 0, LEVELS - 1).astype(int)
    values = np.empty((len(picked), SIDE, SIDE), np.float32)
    plane = tiles.plane
    for n in range(level.max(initial=-1) + 1):
        here = level == n
        if here.any():
            x, y = middle_x[here, None] + across[here], middle_y[here, None] + across[here]
            values[here] = sample(plane, x / 2**n, y / 2**n)
        plane = halved(plane) if min(plane.shape) > 1 else plane
    ground, ink = (shade[picked].astype(np.float32) for shade in (found.ground, found.ink))
    contrast = np.where(ground == ink, 1, ground - ink)
    values -= ground[:, None, None]
    values *= (-1 / contrast)[:, None, None]
    for side, shape in ((height, (-1, SIDE, 1)), (width, (-1, 1, SIDE))):
        inside = np.abs(across) <= (side / 2 + 1)[:, None]
        values *= inside.astype(np.float32).reshape(shape)
    return np.clip(values, 0, DARKEST, out=values).reshape(len(picked), -1)


def sample(plane: Plane, x: Floats, y: Floats) -> Plane:
    """Return gray levels at the crossings of columns (n, 16) and rows (n, 16), (n, 16, 16)."""
    shape = (len(x), SIDE, SIDE)
    columns = np.broadcast_to(x[:, None, :], shape).reshape(-1, SIDE).astype(np.float32)
    rows = np.broadcast_to(y[:, :, None], shape).reshape(-1, SIDE).astype(np.float32)
    found = cv2.remap(plane, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return u8(found).reshape(shape)


def standing(found: Marks) -> tuple[Places, bool]:
    """Return the marks that stand in lines, and whether these run up or down."""
    inline, columns, size = found.inline, False, found.height
    if inline.sum() < IN_LINES * found.letter.sum():
        upended = in_columns(found)
        if upended.sum() > inline.sum():
            inline, columns, size = upended, True, found.width
    picked = np.flatnonzero(inline)
    if len(picked):
        picked = picked[size[picked] >= SMALL * quantile(size[picked], 0.5)]
    return picked, columns


def in_columns(found: Marks) -> NDArray[np.bool_]:
    """Return which letter-like marks stand in a column of three or more of like size."""
    inline = np.zeros(len(found.x), np.bool_)
    some = np.flatnonzero(found.letter)
    if len(some):
        turned = np.column_stack([found.y, found.x, found.height, found.width])[some]
        where = found.tile[some]
        inline[some] = in_rows(turned, where, 0.0) | in_rows(turned, where, 0.5)
    return inline


def evenly(picked: Places, most: int = MOST) -> Places:
    """Return up to so many of the marks, evenly spread."""
    return picked[np.linspace(0, len(picked) - 1, min(most, len(picked))).astype(np.intp)]


def glyphs(image: Image) -> Glyphs | None:
    """Judge marks that stand in lines, None where fewer than 4 do.

    Marks are looked for at half size if there are too few at full size.
    """
    for scale, marks, tiles in ((1, native_marks, stack), (2, half_marks, half_stack)):
        shown = image.cached(tiles)
        judged = judge(image, shown, image.cached(marks), scale) if shown else None
        if judged:
            return judged
    return None


def judge(image: Image, tiles: Stack, found: Marks, scale: float = 1) -> Glyphs | None:
    """Judge marks of ``Image.tiles``, which are shown reduced by a scale; None if too few."""
    picked, columns = standing(found)
    if len(picked) < FEWEST or max(tiles.plane.shape) > LONGEST_PLANE:
        return None
    picked = evenly(picked)
    tile = found.tile[picked]
    top, left = np.array(image.tile_places, np.float64)[tile].T
    x = left + scale * (found.x[picked] + found.width[picked] / 2)
    y = top + scale * (found.y[picked] + found.height[picked] / 2)
    return Glyphs(network()(thumbnails(tiles, found, picked)), tile, x, y, columns)


def orientation(image: Image) -> str | None:
    """Return how the text lies, one of ``ORIENTATIONS``, None if that cannot be told.

    ``"clockwise"`` is a page that was turned clockwise by 90 degrees. None with fewer than 12
    marks in lines, where another script is likelier than any orientation of Latin, and where one
    is likelier than upright but not clearly so.
    """
    found = image.cached(glyphs)
    if found is None or len(found.x) < ENOUGH:
        return None
    evidence = found.evidence
    best = likeliest(evidence, SIDEWAYS if found.columns else ABOUT)
    lead = found.lead(best)
    if lead < 0 and not found.columns:
        return "upright"
    foreign = found.lead(*SCRIPTS) > lead
    return best if lead >= CLEAR and not foreign else None


def script(image: Image) -> str | None:
    """Return which of ``SCRIPTS`` the text is in, None for Latin and where it cannot be told."""
    found = image.cached(glyphs)
    if found is None or len(found.x) < ENOUGH:
        return None
    best = likeliest(found.evidence, SCRIPTS)
    others = [name for name in CLASSES if name not in SCRIPTS]
    return best if found.lead(best) - found.lead(*others) >= SURE else None


def likeliest(evidence: Floats, names: Sequence[str]) -> str:
    """Return which of these classes has most evidence."""
    return max(names, key=lambda name: evidence[CLASSES.index(name)])


def upright_share(image: Image) -> float:
    """Return how surely the marks are upright Latin letters or digits.

    Share 0..1, mean probability over up to 128 marks in lines: about 0.5 for clean print, as
    letters like o and x look the same turned. NaN with fewer than 4 marks.
    Source: own; network of ``corpora/letters.py``.
    """
    return mean_of(image, "upright")


def upright_worst(image: Image) -> float:
    """Return the least sure eighth of the marks of ``letters.upright``.

    Share 0..1: the marks are taken in eight parts, from the top to the bottom of each tile, and
    this is the lowest mean of a part. NaN with fewer than 32 marks.
    Source: as ``letters.upright``.
    """
    found = image.cached(glyphs)
    if found is None or len(found.x) < 4 * PARTS:
        return NAN
    sure, begins = found.probability[:, 0], np.arange(PARTS + 1) * len(found.x) // PARTS
    parts = np.add.reduceat(sure, begins[:-1]) / np.diff(begins)
    return float(parts.min())


def turned_lead(image: Image) -> float:
    """Return the evidence that the page is turned or mirrored.

    In nats a mark: mean log-likelihood of the likeliest of the five other orientations over that
    of upright; negative for upright pages. NaN with fewer than 4 marks.
    Source: as ``letters.upright``.
    """
    return lead_of(image, *ORIENTATIONS[1:])


def other_script_lead(image: Image) -> float:
    """Return the evidence that the text is in another script than Latin.

    In nats a mark: mean log-likelihood of the likeliest family of scripts over that of upright
    Latin; negative for Latin. NaN with fewer than 4 marks.
    Source: as ``letters.upright``.
    """
    return lead_of(image, *SCRIPTS)


def handwriting_lead(image: Image) -> float:
    """Return the evidence that the text is written by hand.

    In nats a mark: mean log-likelihood of handwriting over that of upright print; negative for
    print. NaN with fewer than 4 marks.
    Source: as ``letters.upright``.
    """
    return lead_of(image, "handwriting")


def broken_glyphs(image: Image) -> float:
    """Return how many marks are pieces of letters.

    Share 0..1, mean probability. NaN with fewer than 4 marks.
    Source: as ``letters.upright``.
    """
    return mean_of(image, "broken")


def merged_glyphs(image: Image) -> float:
    """Return how many marks are letters that have grown together.

    Share 0..1, mean probability. NaN with fewer than 4 marks.
    Source: as ``letters.upright``.
    """
    return mean_of(image, "merged")


def no_glyphs(image: Image) -> float:
    """Return how many marks in lines are no letters: texture, rules, specks.

    Share 0..1, mean probability. NaN with fewer than 4 marks.
    Source: as ``letters.upright``.
    """
    return mean_of(image, "none")


def mean_of(image: Image, name: str) -> float:
    """Return the mean probability of a class, NaN without marks."""
    found = image.cached(glyphs)
    return float(found.mean[CLASSES.index(name)]) if found else NAN


def lead_of(image: Image, *names: str) -> float:
    """Return the evidence for the likeliest of some classes over upright, NaN without marks."""
    found = image.cached(glyphs)
    return found.lead(*names) if found else NAN


letter_measure = partial(Measure, about="text")

MEASURES = (
    letter_measure("letters.upright", upright_share, "clearness of letters", "share", "low"),
    letter_measure(
        "letters.upright_worst", upright_worst, "clearness of the worst letters", "share", "low"
    ),
    letter_measure(
        "letters.turned", turned_lead, "evidence for letters that are turned", "nats", "high"
    ),
    letter_measure(
        "letters.other_script", other_script_lead, "evidence for another script", "nats", "high"
    ),
    letter_measure(
        "letters.handwriting", handwriting_lead, "evidence for handwriting", "nats", "high"
    ),
    letter_measure(
        "letters.broken_share",
        broken_glyphs,
        "share of marks that are broken letters",
        "share",
        "high",
    ),
    letter_measure(
        "letters.merged_share",
        merged_glyphs,
        "share of marks that are merged letters",
        "share",
        "high",
    ),
    letter_measure(
        "letters.none_share",
        no_glyphs,
        "share of marks in lines that are no letters",
        "share",
        "high",
    ),
)
