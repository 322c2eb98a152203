"""Fillers: what programs put where something was taken away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from imagegate.edits.made.overlays import Bits
from imagegate.tables import Pixels, Rng, Table

SHIFTS = 6  # of the picture, the best of those that are tried
TRIED = 40  # places that a patch is looked for at


@dataclass(frozen=True)
class Filler:
    """``function(pixels, region, rng)`` returns RGB pixels with the region filled."""

    name: str
    function: Callable[[Pixels, Bits, Rng], Pixels]


def telea(pixels: Pixels, region: Bits, rng: Rng) -> Pixels:
    """Fill by fast marching: Telea, Journal of Graphics Tools 9 (2004)."""
    radius = float(rng.choice([3, 5, 10]))
    return np.asarray(cv2.inpaint(pixels, region.astype(np.uint8), radius, cv2.INPAINT_TELEA))


def navier_stokes(pixels: Pixels, region: Bits, rng: Rng) -> Pixels:
    """Fill by fluid dynamics: Bertalmio et al., CVPR 2001."""
    radius = float(rng.choice([3, 5, 10]))
    return np.asarray(cv2.inpaint(pixels, region.astype(np.uint8), radius, cv2.INPAINT_NS))


def smooth(pixels: Pixels, region: Bits, rng: Rng) -> Pixels:
    """Fill with the weighted mean of the surroundings, widest first."""
    known = (~region).astype(np.float32)
    value = pixels.astype(np.float32)
    filled = np.full_like(value, value[~region].mean(axis=0))
    for sigma in (64, 32, 16, 8, 4):
        weight = cv2.GaussianBlur(known, (0, 0), sigma)[..., None]
        mean = cv2.GaussianBlur(value * known[..., None], (0, 0), sigma) / (weight + 1e-6)
        filled = np.where(weight > 0.05, mean, filled)
    return np.asarray(np.where(region[..., None], filled, value), np.uint8)


def copied(pixels: Pixels, region: Bits, rng: Rng) -> Pixels:
    """Fill with the piece of the picture whose surroundings match best."""
    source = _best_piece(pixels, region, rng)
    return np.where(region[..., None], source, pixels)


def cloned(pixels: Pixels, region: Bits, rng: Rng) -> Pixels:
    """Fill as ``copied``, blended by its gradients: Pérez et al., SIGGRAPH 2003."""
    source = _best_piece(pixels, region, rng)
    first = telea(pixels, region, rng)
    mask = region.copy()
    mask[[0, -1]], mask[:, [0, -1]] = False, False  # a piece at the frame has no seam to blend
    if not mask.any():
        return first
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    middle = (left + width // 2, top + height // 2)
    plane = 255 * mask.astype(np.uint8)
    return np.asarray(cv2.seamlessClone(source, first, plane, middle, cv2.NORMAL_CLONE))


def shifted(pixels: Pixels, region: Bits, rng: Rng) -> Pixels:
    """Fill each place from one of the best shifts of the picture: He and Sun, ECCV 2012."""
    known = (~region).astype(np.float32)
    best, cost = pixels, np.full(region.shape, np.inf, np.float32)
    for source, taken in _shifts(pixels, region, rng):
        apart = cv2.absdiff(source, pixels).sum(axis=2).astype(np.float32) * known
        near = [cv2.GaussianBlur(plane, (0, 0), 24) for plane in (apart, known)]
        here = near[0] / (near[1] + 1e-3) + 1e4 * taken
        best = np.where((here < cost)[..., None], source, best)
        cost = np.minimum(here, cost)
    return np.where(region[..., None], best, pixels)


def grained(pixels: Pixels, region: Bits, rng: Rng) -> Pixels:
    """Fill smoothly and add the grain of the surroundings."""
    plain = smooth(pixels, region, rng).astype(np.float32)
    detail = pixels.astype(np.float32) - cv2.GaussianBlur(pixels, (0, 0), 1.5)
    spread = float(detail[_around(region)].std()) if _around(region).any() else 0.0
    grain = cv2.GaussianBlur(rng.normal(0, 1, region.shape).astype(np.float32), (0, 0), 0.6)
    share = spread / max(float(grain.std()), 1e-6)
    added = np.clip(plain + share * grain[..., None], 0, 255)
    return np.asarray(np.where(region[..., None], added, pixels), np.uint8)


def _best_piece(pixels: Pixels, region: Bits, rng: Rng) -> Pixels:
    """Return the picture moved so that what surrounds the region fits best."""
    return _shifts(pixels, region, rng)[0][0]


def _shifts(pixels: Pixels, region: Bits, rng: Rng) -> list[tuple[Pixels, Bits]]:
    """Return the picture moved in the ways that fit best, and where it shows the region itself."""
    known = np.where(_around(region))
    value, tried = pixels[known].astype(np.float32), []
    height, width = region.shape
    for _ in range(TRIED):
        down = int(rng.integers(-height // 2, height // 2 + 1))
        across = int(rng.integers(-width // 2, width // 2 + 1))
        moved = np.roll(region, (-down, -across), (0, 1))
        hit = float((moved & region).sum() / np.maximum(1, region.sum()))
        there = pixels[(known[0] - down) % height, (known[1] - across) % width]
        tried.append((float(np.abs(there - value).mean()) + 1000 * hit, down, across))
    ways = [(down, across) for _, down, across in sorted(tried)[:SHIFTS]]
    return [(np.roll(pixels, way, (0, 1)), np.roll(region, way, (0, 1))) for way in ways]


def _around(region: Bits) -> Bits:
    wide = cv2.dilate(region.astype(np.uint8), np.ones((17, 17), np.uint8))
    return np.asarray((wide > 0) & ~region, np.bool_)


FILLERS: Table[Filler] = Table(
    "filler",
    (
        Filler("telea", telea),
        Filler("navier-stokes", navier_stokes),
        Filler("smooth", smooth),
        Filler("copied", copied),
        Filler("cloned", cloned),
        Filler("shifted", shifted),
        Filler("grained", grained),
    ),
)
