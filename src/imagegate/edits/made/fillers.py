"""Fillers: what programs put where something was taken away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from imagegate.edits.made.overlays import Bits
from imagegate.tables import Pixels, Rng, Table

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
    left, top, width, height = cv2.boundingRect(region.astype(np.uint8))
    middle = (left + width // 2, top + height // 2)
    mask = region.copy()
    mask[[0, -1]], mask[:, [0, -1]] = False, False  # a piece at the frame has no seam to blend
    if not mask.any():
        return first
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    middle = (left + width // 2, top + height // 2)
    plane = 255 * mask.astype(np.uint8)
    return np.asarray(cv2.seamlessClone(source, first, plane, middle, cv2.NORMAL_CLONE))


def grained(pixels: Pixels, region: Bits, rng: Rng) -> Pixels:
    """Fill smoothly and add the grain of the surroundings."""
    plain = smooth(pixels, region, rng).astype(np.float32)
    detail = pixels.astype(np.float32) - cv2.GaussianBlur(pixels, (0, 0), 1.5)
    spread = detail[_around(region)].std() if _around(region).any() else 0.0
    grain = cv2.GaussianBlur(rng.normal(0, 1, region.shape).astype(np.float32), (0, 0), 0.6)
    grain *= spread / max(float(grain.std()), 1e-6)
    added = np.clip(plain + grain[..., None], 0, 255)
    return np.asarray(np.where(region[..., None], added, pixels), np.uint8)


def _best_piece(pixels: Pixels, region: Bits, rng: Rng) -> Pixels:
    """Return the picture moved so that what surrounds the region fits best."""
    around = _around(region)
    known = np.where(around)
    value, best, least = pixels[known].astype(np.float32), pixels, np.inf
    height, width = region.shape
    for _ in range(TRIED):
        down = int(rng.integers(-height // 2, height // 2 + 1))
        across = int(rng.integers(-width // 2, width // 2 + 1))
        moved = np.roll(region, (-down, -across), (0, 1))
        if (moved & region).any():
            continue
        there = pixels[(known[0] - down) % height, (known[1] - across) % width]
        cost = float(np.abs(there - value).mean())
        if cost < least:
            least, best = cost, np.roll(pixels, (down, across), (0, 1))
    return np.ascontiguousarray(best)


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
        Filler("grained", grained),
    ),
)
