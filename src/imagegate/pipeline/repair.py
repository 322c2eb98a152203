"""Classical repairs, named by cause, and those that the real engine was measured to gain from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.noise import flattest, native_stripes
from imagegate.image import Image
from imagegate.image.image import to_gray
from imagegate.models.gate import Gate
from imagegate.models.verdict import Result, Verdict
from imagegate.pipeline.straighten import straighten
from imagegate.tables import Pixels, Repair, Table

Floats = NDArray[np.float32]

GEOMETRY = "geometry"  # repaired before any other
LOW_SCORE = 80  # a score under it is worth a repair, whether or not a reason names it

LONE_SHARE = 0.004  # of lone pixels, from which on they are salt and pepper
LEAST_NOISE = 2.5  # gray levels; paper has as much
# Of a Gaussian, in x-heights: what blurs the letters by less than they can bear (blur.gaussian of
# severity 1 is three times as much) takes most of the grain away.
GRAIN = 0.05
LEAST_SIGMA = 0.5  # px
X_HEIGHT_PARTS = 40  # of the short side, where no letters are found

GROUND_REACH = 5  # x-heights: the ground shows between and beside the letters
GROUND_PX = 4  # of an x-height that are left to look for the ground
# Less than this is worth a repair: halvings, gray levels.
FALLOFF, RANGE, CONTRAST, CONTRAST_P10 = 0.6, 150.0, 50.0, 35.0
INK, PAPER = 0.2, 90.0  # percentiles that become black and white


@dataclass(frozen=True, eq=False)
class Mended:
    """An image with some of its causes repaired, and what the gate says of it."""

    causes: tuple[str, ...]  # in the order in which they were repaired
    pixels: Pixels
    verdict: Verdict

    def after(self, cause: str, gate: Gate) -> Mended | None:
        """Repair one more cause and ask the gate again; None where there is nothing to repair."""
        pixels = REPAIRS[cause].function(self.pixels, self.verdict.measures)
        if pixels is None:
            return None
        return Mended((*self.causes, cause), pixels, gate.check(pixels))

    def suffers(self, cause: str) -> bool:
        """Tell whether the verdict names a cause or its score is low; never out of distribution."""
        low = self.verdict.scores.get(cause, 100.0) < LOW_SCORE
        blamed = any(reason.cause == cause for reason in self.verdict.reasons)
        return self.verdict.p_fail is not None and (low or blamed)

    @property
    def p_fail(self) -> float:
        """The probability of failure, above all others where the gate tells none."""
        return math.inf if self.verdict.p_fail is None else self.verdict.p_fail

    def good(self, gate: Gate, limits: Mapping[str, float]) -> bool:
        """Tell whether the gate knows the repaired image and finds it good."""
        most = min(limits[cause] for cause in self.causes)
        return self.p_fail <= most and gate.knows(self.verdict)


def repaired(result: Result, image: Image, gate: Gate, limits: Mapping[str, float]) -> Result:
    """Return the result with the repair that the gate likes best; itself if none is good enough.

    ``limits`` are the causes that may be repaired, each with the highest ``p_fail`` of the repaired
    image, such as :func:`proven` returns. A page that lies wrong is straightened whatever the gate
    says of it, and the other repairs are tried after that, one of them, if it is not good enough
    yet. They leave alone what is out of distribution: nobody knows what they do to it.
    """
    if result.verdict is None:
        return result
    as_is = Mended((), image.rgb, result.verdict)
    straight = as_is.after(GEOMETRY, gate) if GEOMETRY in limits else None
    tried = [straight]
    if not (straight and straight.good(gate, limits)):
        start = straight or as_is
        others = [cause for cause in REPAIRS if cause in limits and cause != GEOMETRY]
        tried += [start.after(cause, gate) for cause in others if start.suffers(cause)]
    good = [one for one in tried if one and one.good(gate, limits)]
    if not good:
        return result
    best = min(good, key=lambda one: one.p_fail)
    named = "+".join(best.causes)
    return replace(result, action="repair", repair=named, after=best.p_fail, pixels=best.pixels)


def proven(gate: Gate) -> Mapping[str, float]:
    """Return the causes whose repair has earned its place for the task and engine of a gate.

    Each with the highest ``p_fail`` of the repaired image, never above the gate's own threshold.
    """
    passing = gate.thresholds.passing
    if passing is None:
        return {}
    earned = EARNED.get((gate.card.task, gate.card.engine or ""), {})
    return {cause: min(limit, passing) for cause, limit in earned.items()}


def denoise(pixels: Pixels, readings: Mapping[str, float]) -> Pixels | None:
    """Take out lone pixels by a median, and grain by a Gaussian that letters can bear.

    Reads ``noise.impulse_share`` and ``text.x_height_px``; None where there is neither.
    """
    gray = to_gray(pixels)
    salted = readings.get("noise.impulse_share", 0.0) > LONE_SHARE
    clean = np.asarray(cv2.medianBlur(gray, 3), np.uint8) if salted else gray
    smooth = without_grain(clean, x_height(gray, readings))
    return None if smooth is gray else smooth


def without_grain(gray: Pixels, height: float) -> Pixels:
    """Return a gray plane with letters of that height without its grain; itself if it has none."""
    grain = flattest(native_stripes(Image.from_array(gray)))
    if not grain >= LEAST_NOISE:  # NaN of planes that are too small
        return gray
    return np.asarray(cv2.GaussianBlur(gray, (0, 0), max(LEAST_SIGMA, GRAIN * height)), np.uint8)


def x_height(gray: Pixels, readings: Mapping[str, float]) -> float:
    """Return the height of the letters in pixels, a guess where none were found."""
    found = readings.get("text.x_height_px", np.nan)
    return found if found > 0 else min(gray.shape) / X_HEIGHT_PARTS


def even_light(pixels: Pixels, readings: Mapping[str, float]) -> Pixels | None:
    """Divide by the light on the ground, spread ink to paper over the range, smooth raised grain.

    For dark writing on a lighter ground. Reads ``text.x_height_px`` and what ``badly_lit`` does;
    None where light and contrast are good, or nothing is left to spread. The ground by closing,
    after Gatos, Pratikakis, Perantonis, doi:10.1016/j.patcog.2005.09.010, without binarisation.
    """
    if not badly_lit(readings):
        return None
    gray = to_gray(pixels)
    height = x_height(gray, readings)
    lit = np.minimum(gray / np.maximum(ground(gray, height), 1), 1)
    ink, paper = np.percentile(lit, (INK, PAPER))
    if paper - ink < 1 / 255:
        return None
    spread = np.clip((lit - ink) * (255 / (paper - ink)), 0, 255).astype(np.uint8)
    return without_grain(spread, height)


def badly_lit(readings: Mapping[str, float]) -> bool:
    """Tell whether the light falls off or the contrast is low; NaN is neither."""
    return (
        readings.get("exposure.light_falloff", 0.0) > FALLOFF
        or readings.get("exposure.range", 255.0) < RANGE
        or readings.get("text.contrast", 255.0) < CONTRAST
        or readings.get("text.contrast_p10", 255.0) < CONTRAST_P10
    )


def ground(gray: Pixels, height: float) -> Floats:
    """Return the level of the ground at each pixel, as if no letters of that height stood on it."""
    factor = min(1.0, GROUND_PX / height)
    small = cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    side = round(height * factor * GROUND_REACH) | 1
    window = np.ones((side, side), np.uint8)
    closed = cv2.morphologyEx(cv2.medianBlur(small, 3), cv2.MORPH_CLOSE, window)
    smooth = cv2.GaussianBlur(closed, (0, 0), side).astype(np.float32)
    size = (gray.shape[1], gray.shape[0])
    return np.asarray(cv2.resize(smooth, size, interpolation=cv2.INTER_LINEAR), np.float32)


REPAIRS: Table[Repair] = Table(
    "repair",
    (
        Repair(GEOMETRY, straighten),
        Repair("noise", denoise),
        Repair("exposure", even_light),
    ),
)

# By task and engine: the causes whose repair lowers the engine's loss on images that neither gate
# nor repair has seen, with the highest p_fail of the repaired image. From benchmarks/repair.py and
# benchmarks/repair_geometry.py, see docs/repair.md.
EARNED: Mapping[tuple[str, str], Mapping[str, float]] = {
    ("ocr", "tesseract"): {GEOMETRY: 0.07, "noise": 0.07, "exposure": 0.07},
}
