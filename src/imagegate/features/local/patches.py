"""Patches: a small native window in each part of a page, and what each shows of its text."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.letters.channel import as_read
from imagegate.features.letters.lines import letters
from imagegate.features.noise import flat_rms
from imagegate.features.planes import NAN, Floats, Plane, quantile, u8
from imagegate.image import Image
from imagegate.image.image import THINNEST, halved

MOST = 40  # cells that a page is divided into
SIDE = 48  # px of a patch
LARGEST = 20.0  # px of x-height in a patch; larger letters are halved until they are smaller
WIDEST = 5.0  # x-heights: no cell is smaller
PARTS = 8  # of a side of a cell; the patch is taken from the liveliest
AROUND = (9, 9)  # px of the working plane at half size: the ground is the mean over this
FAINTEST = 1.0  # gray levels from the ground, on average, below which nothing is text
INK_SHARE = 0.2  # of what stands out where much does: with less there is no text
PALE = 0.15  # of the contrast: paper is no darker
THICK = 0.45  # x-heights: no stroke of a letter is thicker
THIRDS = 3  # of a patch, each at least an x-height
LONG = 24  # px, half of a patch: no stroke of a letter is longer and as straight

Map = NDArray[np.float64]  # (rows, columns) of the cells
Stack = NDArray[np.uint8]  # (count, SIDE, SIDE)


@dataclass(frozen=True)
class Patches:
    """What the patches of a page show by cell, NaN where there is no text."""

    text: NDArray[np.bool_]  # whether something stands out from the ground
    edge: Map  # width of edges in x-heights
    contrast: Map  # gray levels from the ink to the ground
    rule: Map  # how dark several straight lines are, share of the contrast
    thick: Map  # share of the patch in ink that is thicker than a stroke
    ink: Map  # mean darkness, share of the contrast
    lively: Map  # mean step from the ground, gray levels; (PARTS rows, PARTS columns)
    light: Map  # level of the paper in the same parts


def patches(image: Image) -> Patches | None:
    """Look at a patch in every cell of a page, None without text."""
    image = image.cached(as_read)
    found = image.cached(letters)
    if found is None or min(*image.gray.shape, 2 * min(image.working.shape)) < 2 * THINNEST:
        return None
    height = quantile(found.height, 0.5)
    rows, columns = grid(image.gray.shape, height)
    negative, lively, light = survey(image.working, (columns * PARTS, rows * PARTS))
    apart = lively.reshape(rows, PARTS, columns, PARTS).transpose(0, 2, 1, 3)
    cells = apart.reshape(rows * columns, PARTS**2)
    text = cells.max(axis=1) >= least_ink(lively)
    row, column = divmod(np.arange(rows * columns), columns)
    below, right = divmod(cells.argmax(axis=1), PARTS)
    middle = np.column_stack([row * PARTS + below + 0.5, column * PARTS + right + 0.5])
    middle *= np.array(image.gray.shape) / lively.shape
    seen = np.full((5, rows * columns), NAN)
    seen[:, text] = read(image, middle[text], height, negative)
    edge, contrast, rule, thick, ink = seen.reshape(5, rows, columns)
    there = text.reshape(rows, columns)
    return Patches(there, edge, contrast, rule, thick, ink, lively, light)


def grid(shape: tuple[int, ...], height: float) -> tuple[int, int]:
    """Return rows and columns of cells that are about square, at most 40."""
    side = max(np.sqrt(shape[0] * shape[1] / MOST), WIDEST * height, SIDE)
    rows, columns = (int(min(max(length // side, 1), MOST)) for length in shape[:2])
    return min(rows, MOST // columns), columns


def least_ink(lively: Map) -> float:
    """Return how much has to stand out from the ground where there is text."""
    return max(FAINTEST, INK_SHARE * quantile(lively.ravel(), 0.9))


def survey(working: Plane, size: tuple[int, int]) -> tuple[bool, Map, Map]:
    """Tell whether letters are light; how much stands out in each part; and its ground."""
    plane = halved(working)
    ground = u8(cv2.blur(plane, AROUND))
    steps = np.asarray(cv2.subtract(plane, ground, dtype=cv2.CV_16S))
    some = steps[::2, ::2].astype(np.float32)
    negative = bool((some**3).sum() > 0)
    paper = u8(cv2.dilate(255 - plane if negative else plane, np.ones((5, 5), np.uint8)))
    lively, light = (
        np.asarray(cv2.resize(halved(each), size, interpolation=cv2.INTER_AREA), np.float64)
        for each in (u8(cv2.absdiff(plane, ground)), paper)
    )
    return negative, lively, light


def read(image: Image, middle: Floats, height: float, negative: bool) -> Floats:
    """Return edge, contrast, rule, thick and ink of patches about some points (row, column)."""
    if not len(middle):
        return np.empty((5, 0))
    shape = np.array(image.gray.shape)
    times = int(min(max(0, ceil(log2(height / LARGEST))), log2(min(image.gray.shape) / SIDE)))
    side = SIDE << times
    places = np.clip(middle - side / 2, 0, shape - side).astype(int).tolist()
    plane = np.concatenate([image.gray[y : y + side, x : x + side] for y, x in places])
    for _ in range(times):
        plane = halved(plane)
    plane = 255 - plane if negative else plane
    sigma = max(0.0, image.cached(flat_rms)) / 2**times  # 0 where it is undefined
    return shown(plane.reshape(-1, SIDE, SIDE), height / 2**times, sigma)


def shown(found: Stack, height: float, sigma: float) -> Floats:
    """Return edge, contrast, rule, thick and ink of patches of dark letters."""
    count = len(found)
    smooth = halved(found.reshape(-1, SIDE)).reshape(count, -1)
    paper, darkest = smooth.max(axis=1), smooth.min(axis=1)
    contrast = np.maximum(paper - darkest.astype(np.float64), 1.0)
    rules = lines(found)
    thick = dilated(found, max(3, round(height * THICK)))
    dark = thick.reshape(count, -1) < (paper - PALE * contrast)[:, None].astype(np.uint8)
    return np.stack(
        [
            edge_widths(found, max(2, round(height / 3)), sigma) / height,
            contrast,
            np.clip((paper - rules.astype(np.float64)) / contrast, 0, 1),
            np.count_nonzero(dark, axis=1) / dark.shape[1],
            np.clip((paper - smooth.mean(axis=1)) / contrast, 0, 1),
        ]
    )


def highest(flat: Plane, step: int, length: int) -> Plane:
    """Return the highest of every so many pixels that lie a step apart; the last ones are short."""
    have = 1
    while have < length:
        more = min(have, length - have)
        longer = flat.copy()
        np.maximum(flat[: -more * step], flat[more * step :], out=longer[: -more * step])
        flat, have = longer, have + more
    return flat


def lines(found: Stack) -> Plane:
    """Return the palest pixel of the second darkest of three straight lines that lie apart.

    One in each third of the patch, whichever way it runs: a rule under a heading is one, those of a
    pattern are several.
    """
    each = []
    for planes in (found, np.ascontiguousarray(found.transpose(0, 2, 1))):
        palest = highest(planes.ravel(), SIDE, LONG).reshape(found.shape)[:, : SIDE - LONG + 1]
        thirds = palest.min(axis=1).reshape(len(found), THIRDS, -1).min(axis=2)
        each.append(np.sort(thirds, axis=1)[:, 1])
    return np.asarray(np.minimum(*each), np.uint8)


def dilated(found: Stack, length: int) -> Stack:
    """Return the palest in squares of a side, 255 where they reach beyond the patch."""
    palest = highest(highest(found.ravel(), 1, length), SIDE, length).reshape(found.shape)
    palest[:, :, SIDE - length + 1 :] = palest[:, SIDE - length + 1 :] = 255
    return palest


def edge_widths(found: Stack, lag: int, sigma: float) -> Floats:
    """Return the width of edges in px in the blurrier of both directions.

    From how the picture changes with distance, as motion blurs only one: mean squared differences
    over a px and over a lag are to each other as 1 to w lag - w² / 3 on a slope that is w wide, if
    that is less than the lag.
    """
    across, down = found[:, ::2].astype(np.int16), found[:, :, ::2].astype(np.int16)
    near, far = (
        np.stack(
            [
                mean_square(across[:, :, each:] - across[:, :, :-each]),
                mean_square(down[:, each:] - down[:, :-each]),
            ]
        )
        - 2 * sigma**2
        for each in (1, lag)
    )
    ratio = np.clip(far / np.maximum(near, 0.01), 1.0, 0.98 * lag**2).max(axis=0)
    narrow = 1.5 * (lag - np.sqrt(np.maximum(lag**2 - 4 / 3 * ratio, 0)))
    return np.asarray(np.where(ratio <= 2 / 3 * lag**2, narrow, lag**3 / 3 / (lag**2 - ratio)))


def mean_square(steps: NDArray[np.int16]) -> Floats:
    """Return the mean of the squares of each element of a stack."""
    flat = steps.reshape(len(steps), -1).astype(np.float32)
    return np.asarray(np.matmul(flat[:, None], flat[:, :, None]).ravel() / flat.shape[1])
