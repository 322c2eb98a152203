"""The letter network: what each of some marks is, an upright letter or something else.

``corpora/letters.py`` draws the thumbnails it has learned from and trains it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.letters.marks import Marks
from imagegate.features.planes import Floats, Plane, Stack, u8
from imagegate.image.image import halved

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
SCRIPTS = (
    *("cyrillic", "greek", "caucasian", "arabic_hebrew", "indic", "southeast_asian"),
    "east_asian",
)
ABOUT, SIDEWAYS = ("upside_down", "mirrored", "flipped"), ("clockwise", "counterclockwise")
IN_LINES = ("upright", *ABOUT, *SCRIPTS, "handwriting")  # what stands in rows, if it is text
STATES = ("broken", "merged")  # of letters of any kind
CLASSES = (*ORIENTATIONS, *STATES, *SCRIPTS, "handwriting", "none")

SIDE = 16  # px of a thumbnail
INNER = 14  # … that the longer side of a mark takes
LONGEST = 2.0  # times the shorter side; of longer marks the middle is shown
DARKEST = 1.5  # times the mean ink; thumbnails are clipped there
LEVELS = 4  # sizes, each half the one before, that thumbnails are taken from
LONGEST_PLANE = 32_000  # px; OpenCV looks up places in no longer one

MOST = 128  # marks of an image that are judged
FLOOR = 1e-4  # of a probability, so that no mark alone decides


@dataclass(frozen=True)
class Network:
    """One hidden layer of rectified units."""

    hidden: Singles  # (pixels, units)
    hidden_bias: Singles
    out: Singles  # (units, classes)
    out_bias: Singles
    prior: Singles  # log of the share of each class among what it has learned from

    def __call__(self, thumbnails: Singles) -> Singles:
        """Return the probability of each class, (marks, classes).

        The last digits of ``@`` depend on the number of threads; those of ``einsum`` do not.
        """
        units = np.maximum(np.einsum("mp,pu->mu", thumbnails, self.hidden) + self.hidden_bias, 0)
        score = np.einsum("mu,uc->mc", units, self.out) + self.out_bias
        odds = np.exp(score - score.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True), np.float32)


@cache
def network() -> Network:
    """Load the network."""
    with files(__package__).joinpath("network.npz").open("rb") as file, np.load(file) as stored:
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


def evenly(picked: Places, most: int = MOST) -> Places:
    """Return up to so many of the marks, evenly spread."""
    return picked[np.linspace(0, len(picked) - 1, min(most, len(picked))).astype(np.intp)]


def judge(tiles: Stack, found: Marks, picked: Places) -> Singles:
    """Return the probability of each class for marks of the tiles, (marks, classes)."""
    return network()(thumbnails(tiles, found, picked))


def evidence_of(probability: Singles) -> Floats:
    """Return the mean log-likelihood of each class up to a constant, in nats a mark."""
    seen = np.log(np.maximum(probability, FLOOR)) - network().prior
    return np.asarray(seen.mean(axis=0), np.float64)


def lead(evidence: Floats, names: Sequence[str], others: Sequence[str]) -> float:
    """Return the evidence for the likeliest of some classes over the likeliest of others."""
    own, other = (max(evidence[CLASSES.index(name)] for name in some) for some in (names, others))
    return float(own - other)
