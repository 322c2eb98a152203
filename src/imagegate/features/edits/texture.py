"""Texture of an edit against its surroundings: grain, sharpness, scales, direction, colour."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from imagegate.features.edits.region import Field
from imagegate.features.edits.scene import Scene, contrast, log_ratio
from imagegate.features.planes import NAN
from imagegate.tables import Measure

FLOOR = 0.25  # gray levels, below quantisation: so that flat against flat is no contrast
FLAT = 1.0  # gray levels of local deviation, below which a place is flat
TENSOR = 3.0  # px, the window of the structure tensor
QUIET = 0.3  # share of the places of a zone that its grain is read from
STEEP = 0.95  # share of the places that are less steep than what counts as an edge


def band(number: int) -> Callable[[Scene], float]:
    """Return the measure of one band of scales."""

    def energy(scene: Scene) -> float:
        """Return how much more of one scale there is inside.

        log2 of the mean absolute band-pass response inside over that in the ring: 0 fits, below 0
        the edit is smoother. NaN without an edit or surroundings.
        Source: Laplacian pyramid: Burt and Adelson, IEEE Trans. Communications 31 (1983),
        doi:10.1109/TCOM.1983.1095851.
        """
        return log_ratio(scene, np.abs(scene.bands[number]), FLOOR)

    return energy


def tilt(scene: Scene) -> float:
    """Return how the spectrum inside falls against that around.

    Log2 ratio of the finest band less that of 4 px: below 0 the edit was enlarged or blurred.
    NaN without an edit or surroundings.
    Source: as for the bands.
    """
    return band(0)(scene) - band(2)(scene)


def deviation(scene: Scene) -> Field:
    """Return the local deviation of the finest band over 5 × 5 px."""
    fine = scene.bands[0]
    return np.asarray(np.sqrt(np.maximum(cv2.blur(fine * fine, (5, 5)), 0)), np.float32)


def grain(scene: Scene) -> float:
    """Return how much more grain there is in the quiet places inside.

    log2 of the mean of the lowest three tenths of local deviations inside over that in the ring:
    0 fits, below 0 the edit lacks the grain of the picture. NaN without an edit or surroundings.
    Source: noise estimation from the quietest blocks: Olsen, CVGIP 55 (1993),
    doi:10.1006/cgip.1993.1022.
    """
    if not scene.measurable:
        return NAN
    plane = scene.cached(deviation)
    levels = [_lowest(plane[zone]) for zone in scene.zones]
    return float(np.log2((levels[0] + FLOOR) / (levels[1] + FLOOR)))


def _lowest(values: Field) -> float:
    some = values[:: max(1, values.size // 50_000)]
    count = max(1, int(QUIET * some.size))
    return float(np.partition(some, count - 1)[:count].mean())


def flat_gap(scene: Scene) -> float:
    """Return how much more of the inside is flat.

    Share of flat places inside less that in the ring, -1..1; above 0 the edit is smeared, or covers
    what is smooth. NaN without an edit or surroundings.
    Source: local deviation as a texture measure: Haralick, Proc. IEEE 67 (1979),
    doi:10.1109/PROC.1979.11328.
    """
    inside, ring = contrast(scene, (scene.cached(deviation) < FLAT).astype(np.float32))
    return inside - ring


def sharpness(scene: Scene) -> float:
    """Return how much steeper the edges inside are.

    log2 of the 95th percentile of the gradients inside over that in the ring: below 0 the edit is
    softer than what is around. NaN without an edit or surroundings.
    Source: gradient percentiles as sharpness: Ferzli and Karam, IEEE TIP 18 (2009),
    doi:10.1109/TIP.2008.2011760, without the edge widths.
    """
    if not scene.measurable:
        return NAN
    steep = [np.quantile(_some(scene.steepness[1][z]), STEEP) for z in scene.zones]
    return float(np.log2((steep[0] + FLOOR) / (steep[1] + FLOOR)))


def _some(values: Field) -> Field:
    return values[:: max(1, values.size // 50_000)]


def coherence(scene: Scene) -> Field:
    """Return how far the gradients around each place share one direction, 0..1."""
    across, down = scene.slopes[1]
    xx, yy, xy = (
        cv2.GaussianBlur(product, (0, 0), TENSOR)
        for product in (across * across, down * down, across * down)
    )
    length = np.hypot(xx - yy, 2 * xy)
    return np.asarray(length / (xx + yy + FLOOR), np.float32)


def anisotropy(scene: Scene) -> float:
    """Return how much more the texture inside runs in one direction.

    Mean coherence of the structure tensor inside less that in the ring, -1..1: above 0 for smears
    that were drawn out of the surroundings. NaN without an edit or surroundings.
    Source: Weickert, Anisotropic Diffusion in Image Processing, 1998, the coherence measure.
    """
    inside, ring = contrast(scene, scene.cached(coherence))
    return inside - ring


def lightness(scene: Scene) -> float:
    """Return how much lighter the inside is.

    Mean L* inside less that in the ring, -100..100. NaN without an edit or surroundings.
    Source: CIE 15:2004.
    """
    inside, ring = contrast(scene, np.ascontiguousarray(scene.lab[1][..., 0]))
    return inside - ring


def colour(scene: Scene) -> float:
    """Return how different the mean colours of inside and ring are.

    CIELAB distance in the plane of a* and b*, 0 and up. NaN without an edit or surroundings.
    Source: CIE 15:2004.
    """
    gaps = [
        np.subtract(*contrast(scene, np.ascontiguousarray(scene.lab[1][..., n]))) for n in (1, 2)
    ]
    return float(np.hypot(*gaps))


def spread(scene: Scene) -> float:
    """Return how much more contrast there is inside.

    log2 of the standard deviations of L* inside and in the ring. NaN without an edit or
    surroundings.
    Source: RMS contrast: Peli, JOSA A 7 (1990), doi:10.1364/JOSAA.7.002032.
    """
    if not scene.measurable:
        return NAN
    light = np.ascontiguousarray(scene.lab[1][..., 0])
    inside, ring = (float(cv2.meanStdDev(light, mask=mask)[1][0, 0]) for mask in scene.masks)
    return float(np.log2((inside + FLOOR) / (ring + FLOOR)))


def chroma_grain(scene: Scene) -> float:
    """Return how much more the colour flickers inside.

    log2 of the mean absolute difference of a* and b* to their means over 3 × 3 px, inside over that
    in the ring. NaN without an edit or surroundings.
    Source: chroma noise as of ISO 15739, without its weighting.
    """
    chroma = scene.lab[1][..., 1:]
    flicker = np.abs(chroma - cv2.blur(chroma, (3, 3))).mean(axis=2)
    return log_ratio(scene, flicker, 0.1)


MEASURES = (
    Measure(
        "edit.band_1px", band(0), "detail of 1 px against the surroundings", "log ratio", "either"
    ),
    Measure(
        "edit.band_2px", band(1), "detail of 2 px against the surroundings", "log ratio", "either"
    ),
    Measure(
        "edit.band_4px", band(2), "detail of 4 px against the surroundings", "log ratio", "either"
    ),
    Measure(
        "edit.band_8px", band(3), "detail of 8 px against the surroundings", "log ratio", "either"
    ),
    Measure(
        "edit.spectrum_tilt",
        tilt,
        "fall of the spectrum against the surroundings",
        "log ratio",
        "low",
    ),
    Measure("edit.grain", grain, "grain against the surroundings", "log ratio", "either"),
    Measure("edit.flat_gap", flat_gap, "flat places against the surroundings", "share", "either"),
    Measure(
        "edit.sharpness", sharpness, "sharpness against the surroundings", "log ratio", "either"
    ),
    Measure("edit.anisotropy", anisotropy, "direction against the surroundings", "ratio", "high"),
    Measure("edit.lightness", lightness, "lightness against the surroundings", "L*", "either"),
    Measure("edit.colour", colour, "colour against the surroundings", "CIELAB distance", "either"),
    Measure("edit.contrast", spread, "contrast against the surroundings", "log ratio", "either"),
    Measure(
        "edit.chroma_grain",
        chroma_grain,
        "colour grain against the surroundings",
        "log ratio",
        "either",
    ),
)
