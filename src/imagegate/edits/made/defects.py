"""Defects: what goes wrong where something was taken away, planted in a clean picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.edits.made.overlays import Bits, Weights, mixed
from imagegate.features.planes import u8
from imagegate.tables import Pixels, Rng, Table


@dataclass(frozen=True)
class Defect:
    """``function(clean, original, region, amount, rng)`` returns the edited picture.

    ``original`` is the clean picture with an overlay, ``region`` where it was, ``amount`` the
    strength, 0..1, and no strength is 0.
    """

    name: str
    function: Callable[[Pixels, Pixels, Bits, float, Rng], Pixels]


def smear(clean: Pixels, original: Pixels, region: Bits, amount: float, rng: Rng) -> Pixels:
    """Drag the inside along one direction."""
    length = int(7 + 30 * amount) | 1
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * (length // 2)
    ends = [tuple(int(v) for v in np.rint(length // 2 + way * reach)) for way in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    return _inside(clean, cv2.filter2D(clean, -1, kernel / kernel.sum()), region)


def blur(clean: Pixels, original: Pixels, region: Bits, amount: float, rng: Rng) -> Pixels:
    """Blur the inside."""
    return _inside(clean, cv2.GaussianBlur(clean, (0, 0), 1 + 4 * amount), region)


def low_resolution(
    clean: Pixels, original: Pixels, region: Bits, amount: float, rng: Rng
) -> Pixels:
    """Show the inside from fewer pixels."""
    share = 1 / (2 + 4 * amount)
    small = cv2.resize(clean, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    size = (clean.shape[1], clean.shape[0])
    return _inside(clean, cv2.resize(small, size, interpolation=cv2.INTER_LINEAR), region)


def tone(clean: Pixels, original: Pixels, region: Bits, amount: float, rng: Rng) -> Pixels:
    """Make the inside lighter or darker, fading out at the seam."""
    shift = rng.choice([-1, 1]) * (8 + 30 * amount)
    return _shifted(clean, np.full(3, shift), _soft(region))


def seam(clean: Pixels, original: Pixels, region: Bits, amount: float, rng: Rng) -> Pixels:
    """Shift the colour of the inside with a hard edge."""
    shift = rng.normal(0, 1, 3)
    shift *= (10 + 25 * amount) / max(float(np.abs(shift).max()), 1e-6)
    return _shifted(clean, shift, region.astype(np.float32))


def halo(clean: Pixels, original: Pixels, region: Bits, amount: float, rng: Rng) -> Pixels:
    """Make a line along the outline lighter or darker."""
    width = int(3 + 6 * rng.random()) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    line = cv2.morphologyEx(region.astype(np.float32), cv2.MORPH_GRADIENT, disc)
    shift = rng.choice([-1, 1]) * (15 + 40 * amount)
    return _shifted(clean, np.full(3, shift), cv2.GaussianBlur(line, (0, 0), 1.2))


def ghost(clean: Pixels, original: Pixels, region: Bits, amount: float, rng: Rng) -> Pixels:
    """Leave a faint copy of what was taken away."""
    return mixed(clean, original, region.astype(np.float32) * np.float32(0.1 + 0.3 * amount))


def residue(clean: Pixels, original: Pixels, region: Bits, amount: float, rng: Rng) -> Pixels:
    """Leave parts of what was taken away."""
    field = cv2.GaussianBlur(rng.normal(0, 1, region.shape).astype(np.float32), (0, 0), 10)
    apart = np.abs(clean.astype(np.int16) - original).max(axis=2) > 24
    if not apart.any():
        return clean
    left = region & (field >= np.quantile(field[apart], 0.85 - 0.5 * amount))
    return _inside(clean, original, left)


def bleed(clean: Pixels, original: Pixels, region: Bits, amount: float, rng: Rng) -> Pixels:
    """Leave the colour of what was taken away, blurred."""
    before, after = (
        cv2.cvtColor(x, cv2.COLOR_RGB2YCrCb).astype(np.float32) for x in (original, clean)
    )
    stain = cv2.GaussianBlur(before[..., 1:] - after[..., 1:], (0, 0), 3)
    share = (0.3 + 0.6 * amount) * _soft(region)[..., None]
    after[..., 1:] += share * stain
    return np.asarray(
        cv2.cvtColor(np.clip(after, 0, 255).astype(np.uint8), cv2.COLOR_YCrCb2RGB), np.uint8
    )


def grain(clean: Pixels, original: Pixels, region: Bits, amount: float, rng: Rng) -> Pixels:
    """Add grain that the surroundings do not have."""
    noise = rng.normal(0, 5 + 14 * amount, clean.shape)
    return _inside(clean, np.clip(clean + noise, 0, 255).astype(np.uint8), region)


def texture(clean: Pixels, original: Pixels, region: Bits, amount: float, rng: Rng) -> Pixels:
    """Show another place of the picture, its mean colour kept."""
    height, width = region.shape
    move = (int(height * rng.uniform(0.25, 0.75)), int(width * rng.uniform(0.25, 0.75)))
    other = np.roll(clean, move, (0, 1)).astype(np.float32)
    other += clean[region].mean(axis=0) - other[region].mean(axis=0)
    return mixed(clean, np.clip(other, 0, 255).astype(np.uint8), _soft(region))


def repeated(clean: Pixels, original: Pixels, region: Bits, amount: float, rng: Rng) -> Pixels:
    """Repeat one small patch over the inside."""
    rows, columns = np.nonzero(region)
    size = int(10 + 14 * (1 - amount))
    start = rng.integers(rows.size)
    top, left = (
        int(np.clip(place - size, 0, side - size))
        for place, side in zip((rows[start], columns[start]), region.shape, strict=True)
    )
    patch = clean[top : top + size, left : left + size]
    times = (region.shape[0] // size + 1, region.shape[1] // size + 1, 1)
    tiled = np.tile(patch, times)[: region.shape[0], : region.shape[1]]
    return mixed(clean, tiled, _soft(region))


def _inside(clean: Pixels, other: NDArray[Any], region: Bits) -> Pixels:
    return u8(np.where(region[..., None], other, clean))


def _soft(region: Bits) -> Weights:
    return np.asarray(cv2.GaussianBlur(region.astype(np.float32), (0, 0), 1.5), np.float32)


def _shifted(clean: Pixels, shift: NDArray[Any], weights: NDArray[Any]) -> Pixels:
    return np.asarray(np.clip(np.rint(clean + weights[..., None] * shift), 0, 255), np.uint8)


DEFECTS: Table[Defect] = Table(
    "defect",
    (
        Defect("smear", smear),
        Defect("blur", blur),
        Defect("low-resolution", low_resolution),
        Defect("tone", tone),
        Defect("seam", seam),
        Defect("halo", halo),
        Defect("ghost", ghost),
        Defect("residue", residue),
        Defect("bleed", bleed),
        Defect("grain", grain),
        Defect("texture", texture),
        Defect("repeated", repeated),
    ),
)
