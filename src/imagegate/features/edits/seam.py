"""The seam of an edit: steps, lines and halos along it, and whether what crosses it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.edits.region import Field
from imagegate.features.edits.scene import Scene
from imagegate.features.planes import NAN, Floats, u8
from imagegate.tables import Measure

REACH = 12  # px sampled on either side
MOST_POINTS = 3000
FEWEST_POINTS = 24
CLEAR = 3.0  # px of surroundings that a point of the seam needs
ALONG = 15  # points over which what changes slowly along the seam is taken out
FLOOR = 0.5  # CIELAB, half of what can just be seen


@dataclass(frozen=True, eq=False)
class Strip:
    """The surroundings of the seam rolled flat: a row a distance, a column a point of the seam.

    Row ``REACH`` is the outline; smaller rows lie inside, larger ones outside.
    """

    edited: Field  # CIELAB (2 REACH + 1, points, 3)
    original: Field  # likewise

    def row(self, distance: int) -> Field:
        """Return the edited picture at a distance, positive outside."""
        return np.asarray(self.edited[REACH + distance], np.float32)

    @cached_property
    def steps(self) -> Floats:
        """The mean colour difference between neighbouring rows, (2 REACH,)."""
        apart = np.linalg.norm(np.diff(self.edited, axis=0), axis=2)
        return np.asarray(apart.mean(axis=1), np.float64)

    def mean(self, start: int, stop: int) -> Field:
        """Return the mean colour of each point between two distances, (points, 3)."""
        rows = self.edited[REACH + start : REACH + stop + 1]
        return np.asarray(rows.mean(axis=0), np.float32)


def strip(scene: Scene) -> Strip | None:
    """Return the strip along the seam; None if there is no seam worth speaking of."""
    if not scene.measurable:
        return None
    found, _ = cv2.findContours(u8(scene.inside), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    points = np.concatenate([contour[:, 0] for contour in found])
    points = points[:: max(1, len(points) // MOST_POINTS)]
    columns, rows = points.T
    smooth = cv2.GaussianBlur(scene.distance, (0, 0), 1.5)
    normals = np.stack(
        [cv2.Sobel(smooth, cv2.CV_32F, x, 1 - x)[rows, columns] for x in (1, 0)], axis=1
    )
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-6
    places = points + np.arange(-REACH, REACH + 1)[:, None, None] * normals
    clear = _clear(scene, places)
    if np.count_nonzero(clear) < FEWEST_POINTS:
        return None
    across, down = places[:, clear].astype(np.float32).transpose(2, 0, 1)
    before, after = (_sampled(plane, across, down) for plane in scene.lab)
    return Strip(after, before)


def _sampled(plane: Field, across: Field, down: Field) -> Field:
    found = cv2.remap(plane, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float32)


def _clear(scene: Scene, places: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Tell which points have surroundings: not on the frame, not in a narrow gap."""
    height, width = scene.inside.shape
    outer = np.rint(places[REACH + 6]).astype(np.int64)
    across, down = outer[:, 0], outer[:, 1]
    within = (across >= 0) & (across < width) & (down >= 0) & (down < height)
    far = scene.distance[np.clip(down, 0, height - 1), np.clip(across, 0, width - 1)]
    return np.asarray(within & (far > CLEAR), np.bool_)


def gradient(scene: Scene) -> float:
    """Return how much steeper the picture is across the seam than beside it.

    log2 of the largest mean step within 3 px of the outline over the median step from 5 px on:
    above 0 for a seam that shows. CIELAB distances. NaN without a seam.
    Source: boundary artefacts of blending: Pérez, Gangnet and Blake, SIGGRAPH 2003,
    doi:10.1145/882262.882269.
    """
    band = scene.cached(strip)
    if band is None:
        return NAN
    near = band.steps[REACH - 3 : REACH + 3].max()
    far = np.median(np.concatenate([band.steps[: REACH - 5], band.steps[REACH + 5 :]]))
    return float(np.log2((near + FLOOR) / (far + FLOOR)))


def step(scene: Scene) -> float:
    """Return how far the colours on both sides differ, against those on one side.

    log2 of the median CIELAB distance between the means of 1 to 5 px inside and outside over that
    between 1 to 5 and 7 to 11 px outside. NaN without a seam.
    Source: as for ``gradient``.
    """
    band = scene.cached(strip)
    if band is None:
        return NAN
    across = np.linalg.norm(band.mean(1, 5) - band.mean(-5, -1), axis=1)
    outside = np.linalg.norm(band.mean(7, 11) - band.mean(1, 5), axis=1)
    return float(np.log2((np.median(across) + FLOOR) / (np.median(outside) + FLOOR)))


def worst_step(scene: Scene) -> float:
    """Return the step at the most visible tenth of the seam.

    CIELAB distance, the 90th percentile along the seam of the step across it. NaN without a seam.
    Source: as for ``gradient``.
    """
    band = scene.cached(strip)
    if band is None:
        return NAN
    return float(np.quantile(np.linalg.norm(band.mean(1, 4) - band.mean(-4, -1), axis=1), 0.9))


def line(scene: Scene) -> float:
    """Return how far the seam itself is lighter or darker than both of its sides.

    Absolute mean of L* within 1 px of the outline less the mean of both sides at 4 to 7 px. NaN
    without a seam.
    Source: second derivative across an edge: Marr and Hildreth, Proc. R. Soc. B 207 (1980),
    doi:10.1098/rspb.1980.0020.
    """
    band = scene.cached(strip)
    if band is None:
        return NAN
    sides = (band.mean(4, 7)[:, 0] + band.mean(-7, -4)[:, 0]) / 2
    return float(abs((band.mean(-1, 1)[:, 0] - sides).mean()))


def continuity(scene: Scene) -> float:
    """Return how well what reaches the seam goes on behind it.

    Correlation along the seam of L* 2 px inside and 2 px outside, less that between 2 and 6 px
    outside, -2..2: below 0 for structures that end at the seam. NaN without a seam.
    Source: continuation of isophotes: Bertalmio et al., SIGGRAPH 2000, doi:10.1145/344779.344972.
    """
    band = scene.cached(strip)
    if band is None:
        return NAN
    return _alike(band.row(-2), band.row(2)) - _alike(band.row(2), band.row(6))


def _alike(one: Field, two: Field) -> float:
    """Return the correlation of L* along the seam, without what changes slowly."""
    a, b = (_flattened(row[:, 0]) for row in (one, two))
    floor = FLOOR**2 * len(a)
    return float((a * b).sum() / (np.sqrt((a * a).sum() * (b * b).sum()) + floor))


def _flattened(values: Field) -> Field:
    column = np.ascontiguousarray(values)[:, None]
    return np.asarray((column - cv2.blur(column, (1, ALONG)))[:, 0], np.float32)


def halo(scene: Scene) -> float:
    """Return how much the picture was changed just outside of the edit.

    Mean CIELAB difference of original and edited at 3 to 6 px from the outline less that at 9 to
    12 px: above 0 where the edit leaks, or where a found region is too small. NaN without a seam.
    Source: CIE 15:2004, the CIE76 difference.
    """
    band = scene.cached(strip)
    if band is None:
        return NAN
    apart = np.linalg.norm(band.edited - band.original, axis=2).mean(axis=1, dtype=np.float64)
    return float(apart[REACH + 3 : REACH + 7].mean() - apart[REACH + 9 :].mean())


def glow(scene: Scene) -> float:
    """Return how much lighter or darker the edit made its surroundings.

    Absolute mean of the change of L* at 2 to 6 px from the outline. NaN without a seam.
    Source: as for ``halo``.
    """
    band = scene.cached(strip)
    if band is None:
        return NAN
    change = band.edited[REACH + 2 : REACH + 7, :, 0] - band.original[REACH + 2 : REACH + 7, :, 0]
    return float(abs(change.mean(dtype=np.float64)))


MEASURES = (
    Measure("edit.seam_gradient", gradient, "gradient across the seam", "log ratio", "high"),
    Measure("edit.seam_step", step, "step across the seam", "log ratio", "high"),
    Measure("edit.seam_worst_step", worst_step, "step at the worst of the seam", "CIELAB", "high"),
    Measure("edit.seam_line", line, "line along the seam", "L*", "high"),
    Measure("edit.seam_continuity", continuity, "continuity across the seam", "ratio", "low"),
    Measure("edit.halo", halo, "change just outside", "CIELAB distance", "high"),
    Measure("edit.glow", glow, "light just outside", "L*", "high"),
)
