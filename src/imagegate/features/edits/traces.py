"""Traces of what was taken away: ghosts, kept edges, colour that bled, places left alone."""

from __future__ import annotations

import cv2
import numpy as np

from imagegate.features.edits.region import Field
from imagegate.features.edits.scene import SIGMAS, Scene
from imagegate.features.planes import NAN, u8
from imagegate.tables import Measure

SHIFT = 9  # px by which chance is measured
LEFT = 4  # gray levels; a place that differs less was left alone
STEEP = 6.0  # gray levels a pixel, an edge of the original
FLOOR = 1.0


def ghost(scene: Scene, finest: float = SIGMAS[0], coarsest: float = SIGMAS[2]) -> float:
    """Return how far the pattern that was taken away is still there.

    Correlation inside of the two pictures' details of 1 to 3 px, less the largest by chance at
    9 px away, -2..2: 0 for none. Low after a light retouch of texture, never read it alone. NaN
    without an edit.
    Source: normalised cross-correlation: Lewis, Vision Interface 1995.
    """
    if not scene.measurable:
        return NAN
    before, after = (_between(plane, finest, coarsest) for plane in scene.gray)
    inside = scene.inside
    at_once = _correlation(before[inside], after[inside])
    chance = [
        _correlation(np.roll(before, move, (0, 1))[inside], after[inside])
        for move in ((SHIFT, 0), (0, SHIFT))
    ]
    return at_once - max(abs(one) for one in chance)


def shape_ghost(scene: Scene) -> float:
    """Return how far the shape that was taken away is still there.

    As ``ghost`` for details of 3 to 12 px: faint shadows of letters and things. NaN
    without an edit.
    Source: as for ``ghost``.
    """
    return ghost(scene, SIGMAS[2], 2 * SIGMAS[3])


def _between(plane: Field, fine: float, coarse: float) -> Field:
    found = cv2.GaussianBlur(plane, (0, 0), fine) - cv2.GaussianBlur(plane, (0, 0), coarse)
    return np.asarray(found, np.float32)


def _correlation(one: Field, two: Field) -> float:
    a, b = one - one.mean(), two - two.mean()
    size = np.sqrt(float((a * a).sum()) * float((b * b).sum()))
    return float((a * b).sum() / (size + FLOOR * a.size))


def kept_edges(scene: Scene) -> float:
    """Return how much of the original's edges is left inside.

    The edited gradient along the original's, summed over places of the edit where the original is
    steep, over the original's own sum: 1 where nothing was taken away. NaN without such places.
    Source: gradient projection as in image decomposition: Agrawal et al., SIGGRAPH 2005,
    doi:10.1145/1073204.1073269.
    """
    steep = scene.inside & (scene.steepness[0] > STEEP)
    if not scene.measurable or np.count_nonzero(steep) < 16:
        return NAN
    (x, y), (u, v) = ((a[steep], b[steep]) for a, b in scene.slopes)
    return float((x * u + y * v).sum()) / float((x * x + y * y).sum())


def edge_echo(scene: Scene) -> float:
    """Return how much steeper the result is where the original had edges.

    log2 of the mean edited gradient at the original's edges inside over that elsewhere inside: 0
    for none; above 0 the outline of what was taken away is still seen. NaN without such places.
    Source: as for ``kept_edges``.
    """
    steep = scene.inside & (scene.steepness[0] > STEEP)
    other = scene.inside & ~steep
    if not scene.measurable or min(np.count_nonzero(steep), np.count_nonzero(other)) < 16:
        return NAN
    at, off = (cv2.mean(scene.steepness[1], u8(zone))[0] for zone in (steep, other))
    return float(np.log2((at + FLOOR) / (off + FLOOR)))


def bleed(scene: Scene) -> float:
    """Return how much of the colour that was taken away has stayed.

    The mean CIELAB colour inside, projected from that of the ring onto what the original had there:
    0 for the ring's own colour, 1 for the original's. NaN where the two hardly differ.
    Source: colour bleeding as in Criminisi et al., IEEE TIP 13 (2004), doi:10.1109/TIP.2004.833105.
    """
    if not scene.measurable:
        return NAN
    inside, ring = scene.masks
    around, before, after = (
        np.array(cv2.mean(plane, mask)[:3])
        for plane, mask in ((scene.lab[1], ring), (scene.lab[0], inside), (scene.lab[1], inside))
    )
    taken = before - around
    size = float(taken @ taken)
    return float((after - around) @ taken / size) if size > 25 else NAN


def left_alone(scene: Scene) -> float:
    """Return the share of the edit where nothing was changed.

    Share 0..1 of the region where no channel differs by 4 gray levels; high for a mask that is
    much larger than what was taken away. NaN without an edit.
    Source: change detection by differencing: Radke et al., IEEE TIP 14 (2005),
    doi:10.1109/TIP.2004.838698.
    """
    if not scene.measurable:
        return NAN
    apart = cv2.absdiff(scene.original, scene.edited).max(axis=2)
    return float((apart[scene.inside] < LEFT).mean())


def change(scene: Scene) -> float:
    """Return how much the edit changed.

    Mean CIELAB difference inside. NaN without an edit.
    Source: CIE 15:2004, the CIE76 difference.
    """
    if not scene.measurable:
        return NAN
    apart = np.linalg.norm(scene.lab[1] - scene.lab[0], axis=2)
    return float(cv2.mean(apart, scene.masks[0])[0])


MEASURES = (
    Measure("edit.ghost", ghost, "pattern that is still there", "ratio", "high"),
    Measure("edit.shape_ghost", shape_ghost, "shape that is still there", "ratio", "high"),
    Measure("edit.kept_edges", kept_edges, "edges that are still there", "ratio", "high"),
    Measure("edit.edge_echo", edge_echo, "outline that is still there", "log ratio", "high"),
    Measure("edit.bleed", bleed, "colour that has stayed", "ratio", "high"),
    Measure("edit.left_alone", left_alone, "share of the edit left alone", "share", "either"),
    Measure("edit.change", change, "change inside", "CIELAB distance", "either"),
)
