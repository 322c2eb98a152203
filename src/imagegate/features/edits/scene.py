"""The window around an edit: what the measures of edits share, computed once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import sqrt
from typing import Any, TypeVar, cast

import cv2
import numpy as np

from imagegate.features.edits.pair import EditPair
from imagegate.features.edits.region import Bits, Field
from imagegate.features.planes import NAN, Plane, u8

RING = (0.35, 12, 96)  # share of the side of a square as large as the edit; px at least, at most
FEWEST = 64  # pixels; about fewer nothing is said
SIGMAS = (0.8, 1.6, 3.2, 6.4)  # px; bands are differences of two neighbours

View = TypeVar("View")


@dataclass(frozen=True, eq=False)
class Scene:
    """An edit and its surroundings, cut out of the pair. All planes have the window's size."""

    original: Plane  # RGB
    edited: Plane  # RGB
    inside: Bits  # the edit
    share: float  # of the picture that the edit takes

    def cached(self, view: Callable[[Scene], View]) -> View:
        """Return ``view(self)``, computed on the first call and shared afterwards."""
        found: dict[Any, Any] = self.__dict__.setdefault("_cached", {})
        if view not in found:
            found[view] = view(self)
        return cast("View", found[view])

    @cached_property
    def distance(self) -> Field:
        """Px from the outline: positive outside, negative inside."""
        inside = u8(self.inside)
        out, inner = (
            cv2.distanceTransform(plane, cv2.DIST_L2, 5) for plane in (1 - inside, inside)
        )
        return np.asarray(out - inner, np.float32)

    @cached_property
    def ring(self) -> Bits:
        """The surroundings of the edit, all but the 2 px next to it."""
        return np.asarray((self.distance > 2) & (self.distance <= reach(self.inside)), np.bool_)

    @cached_property
    def measurable(self) -> bool:
        """Whether there is enough of the edit and of its surroundings."""
        return all(np.count_nonzero(zone) >= FEWEST for zone in (self.inside, self.ring))

    @cached_property
    def core(self) -> Bits:
        """The edit without the 2 px next to its outline; all of it where that is too little."""
        deep = self.distance < -2
        return deep if np.count_nonzero(deep) >= FEWEST else self.inside

    @cached_property
    def zones(self) -> tuple[Bits, Bits]:
        """Core and ring."""
        return self.core, self.ring

    @cached_property
    def masks(self) -> tuple[Plane, Plane]:
        """Core and ring as OpenCV takes them."""
        return u8(self.core), u8(self.ring)

    @cached_property
    def gray(self) -> tuple[Field, Field]:
        """Luma of the original and of the edited picture, 0 to 255."""
        before, after = (cv2.cvtColor(x, cv2.COLOR_RGB2GRAY) for x in (self.original, self.edited))
        return before.astype(np.float32), after.astype(np.float32)

    @cached_property
    def lab(self) -> tuple[Field, Field]:
        """CIELAB of both pictures, sRGB assumed."""
        return lab_of(self.original), lab_of(self.edited)

    @cached_property
    def slopes(self) -> tuple[tuple[Field, Field], tuple[Field, Field]]:
        """Luma gradients across and down of both pictures, gray levels a pixel."""
        before, after = ((_slope(plane, 1), _slope(plane, 0)) for plane in self.gray)
        return before, after

    @cached_property
    def steepness(self) -> tuple[Field, Field]:
        """The length of the gradients of both pictures."""
        before, after = (np.asarray(np.hypot(*pair), np.float32) for pair in self.slopes)
        return before, after

    @cached_property
    def bands(self) -> tuple[Field, ...]:
        """Luma of the edited picture between neighbouring scales, finest first."""
        smooth = [self.gray[1], *(cv2.GaussianBlur(self.gray[1], (0, 0), s) for s in SIGMAS)]
        return tuple(np.asarray(a - b, np.float32) for a, b in pairwise(smooth))


def prepare(pair: EditPair) -> Scene:
    """Cut the window around an edit out of a pair; all of the picture if nothing was edited."""
    region = pair.region
    rows, columns = (np.flatnonzero(region.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return Scene(pair.original, pair.edited, region, 0.0)
    margin = int(reach(region)) + 16
    down = slice(max(0, rows[0] - margin), rows[-1] + 1 + margin)
    across = slice(max(0, columns[0] - margin), columns[-1] + 1 + margin)
    before, after = (
        u8(np.ascontiguousarray(x[down, across])) for x in (pair.original, pair.edited)
    )
    return Scene(before, after, region[down, across], float(region.mean()))


def reach(region: Bits) -> float:
    """Return how far the surroundings of an edit go, in px."""
    share, least, most = RING
    return float(np.clip(share * sqrt(np.count_nonzero(region)), least, most))


def contrast(scene: Scene, plane: Field) -> tuple[float, float]:
    """Return the mean of a plane inside and in the ring, NaN where there is too little."""
    if not scene.measurable:
        return NAN, NAN
    inside, ring = (cv2.mean(plane, mask)[0] for mask in scene.masks)
    return float(inside), float(ring)


def log_ratio(scene: Scene, plane: Field, floor: float) -> float:
    """Return log2 of the means inside and in the ring, both raised by a floor."""
    inside, ring = contrast(scene, plane)
    return float(np.log2((inside + floor) / (ring + floor)))


def lab_of(rgb: Plane) -> Field:
    """Return CIELAB, L 0 to 100, of sRGB."""
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab), np.float32)


def _slope(plane: Field, across: int) -> Field:
    sobel = cv2.Sobel(plane, cv2.CV_32F, across, 1 - across, scale=1 / 8)
    return np.asarray(sobel, np.float32)
