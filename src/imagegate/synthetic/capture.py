"""Take a picture of a clean page as a phone or a scanner does: paper, shape, light, camera."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from imagegate.degrade.exposure import GAMMA
from imagegate.synthetic.shots import Shot, draw_shot
from imagegate.synthetic.textures import Field, desk, fibres, noise_field, slope, to_pixels
from imagegate.synthetic.warp import warp
from imagegate.tables import Pixels


@dataclass(frozen=True, eq=False)
class CapturedPage:
    """A page as it was taken.

    Parameters
    ----------
    pixels : ndarray
        RGB uint8 ``(height, width, 3)``: the page and the ground around it.
    scale : float
        How many times larger its text is than on the clean page, on average over the page;
        times the page's x-height it is the reference of degradations.
    shot : Shot
        What was done.
    """

    pixels: Pixels
    scale: float
    shot: Shot


def capture(pixels: Pixels, rng: np.random.Generator, *, shot: Shot | None = None) -> CapturedPage:
    """Take a picture of a page.

    Parameters
    ----------
    pixels : ndarray
        The clean page, RGB uint8 ``(height, width, 3)``; never written to.
    rng : Generator
        Chance. The same state gives the same bytes in any process on the same versions
        of NumPy and OpenCV.
    shot : Shot, optional
        What happens to it; drawn by :func:`imagegate.synthetic.shots.draw_shot` if left out.

    Returns
    -------
    CapturedPage
        All of the page is in the picture, so what can be read on it is still the whole
        transcript; not every capture can be read in full.

    Examples
    --------
    >>> page = np.full((400, 300, 3), 250, np.uint8)
    >>> taken = capture(page, np.random.default_rng(3))
    >>> taken.pixels.dtype, bool((taken.pixels < 200).any())
    (dtype('uint8'), True)
    """
    shot = draw_shot(rng) if shot is None else shot
    sheet = scaled(pixels, shot.scale)
    if shot.fibre:
        grain = fibres(sheet.shape[0], sheet.shape[1], rng) * np.float32(shot.fibre)
        sheet = to_pixels(sheet + grain[..., None])
    scene = sheet if shot.shape.flat else laid(sheet, shot, rng)
    picture = sensed(lit(scene.astype(np.float32), shot, rng), shot, rng)
    return CapturedPage(picture, sheet.shape[0] / pixels.shape[0], shot)


def scaled(pixels: Pixels, scale: float) -> Pixels:
    """Resize without aliasing; scale 1 returns the same pixels."""
    if scale == 1:
        return pixels
    size = tuple(max(1, round(side * scale)) for side in pixels.shape[1::-1])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=how), np.uint8)


def laid(sheet: Pixels, shot: Shot, rng: np.random.Generator) -> Pixels:
    """Bend the page, lay it on its ground, and let it throw a thin shadow there."""
    page, covered, bends = warp(sheet, shot.shape)
    height, width = covered.shape
    reach = 0.004 * max(height, width) + 1
    moved = np.eye(2, 3, dtype=np.float32)
    moved[:, 2] = reach * rng.uniform((-1, 0), 1)
    under = cv2.warpAffine(covered, moved, (width, height), borderMode=cv2.BORDER_REPLICATE)
    under = cv2.GaussianBlur(under, (0, 0), reach)
    ground = desk(width, height, rng, shot.desk) * (1 - np.float32(0.45) * under[..., None])
    share = covered[..., None]
    return to_pixels(ground * (1 - share) + page * bends[..., None] * share)


def lit(scene: Field, shot: Shot, rng: np.random.Generator) -> Field:
    """Let uneven light, the darker rim of a lens and a cast shadow fall on the scene."""
    height, width = scene.shape[:2]
    stops = np.zeros((height, width), np.float32)
    if shot.falloff:
        stops += np.float32(shot.falloff) * slope(height, width, rng.uniform(0, 2 * np.pi))
    if shot.vignette:
        x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
        y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        stops += np.float32(shot.vignette / 2) * (x * x + y * y)
    if shot.shadow:
        stops += np.float32(shot.shadow) * shadow(height, width, rng)
    light = np.exp2(-stops / np.float32(GAMMA))
    return np.asarray(scene * light[..., None] * np.asarray(shot.cast, np.float32), np.float32)


def shadow(height: int, width: int, rng: np.random.Generator) -> Field:
    """Return the soft-edged shadow of a hand, a phone or a lamp, 0 to 1."""
    side = max(height, width)
    mask = np.zeros((height, width), np.float32)
    centre = (width * rng.uniform(0.0, 1.0), height * rng.uniform(0.0, 1.0))
    size = (side * rng.uniform(0.25, 0.7), side * rng.uniform(0.2, 0.5))
    angle = float(rng.uniform(0, 180))
    if rng.random() < 0.5:
        points = cv2.boxPoints((centre, size, angle))
        cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], 1.0)
    else:
        cv2.ellipse(mask, (centre, size, angle), 1.0, -1)
    soft = side * rng.uniform(0.008, 0.06)
    # fingers and sleeves are not drawn with a ruler
    ragged = np.asarray(cv2.GaussianBlur(mask, (0, 0), side * 0.03), np.float32)
    ragged += np.float32(0.15) * noise_field(height, width, ((side / 8, side / 8),), rng)
    edged = np.asarray(ragged > 0.5, np.float32)
    return np.asarray(cv2.GaussianBlur(edged, (0, 0), soft), np.float32)


def sensed(light: Field, shot: Shot, rng: np.random.Generator) -> Pixels:
    """Send the light through the camera: optics, tone, noise, whole levels."""
    seen = cv2.GaussianBlur(light, (0, 0), shot.blur) if shot.blur else light
    seen = shot.middle + (seen - shot.middle) * shot.contrast
    seen = seen * np.float32(2.0 ** (shot.exposure / GAMMA))
    if shot.noise:
        height, width = seen.shape[:2]
        # neighbouring photosites share their colour, so half of the noise is gray
        gray = rng.standard_normal((height, width, 1), dtype=np.float32)
        colour = rng.standard_normal((height, width, 3), dtype=np.float32)
        seen = seen + np.float32(shot.noise) * (gray + colour) / np.float32(np.sqrt(2))
    return to_pixels(seen)
