"""Take a picture of a clean page as a phone or a scanner does: paper, shape, light, camera."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.degrade.exposure import GAMMA
from imagegate.synthetic.paper import DESKS, Field, desk, fibres, noise_field, slope, to_pixels
from imagegate.tables import Pixels, Rng

# Text becomes smaller or larger by up to so much, even on a logarithmic scale.
SCALES = (0.75, 1.3)
PHONE_SCALES = (1.4, 3.0)
STYLES = {"photo": 0.5, "flatbed": 0.25, "single": 0.25}


@dataclass(frozen=True)
class Shape:
    """How a page lies before the camera; all zero is flat and straight.

    ``turn`` is in degrees, counter-clockwise; ``tilt`` how far the camera leans sideways and back,
    the share by which the far side is shorter than the near one; ``curl`` the height of the bend as
    a share of the page's width, and ``waves`` the half waves of it across. A fold is (vertical or
    not, position as a share of the side, sharpness from -1, a valley, to 1, a ridge); ``margin`` is
    ground to the left, above, to the right and below, as shares of the longer side.
    """

    turn: float = 0.0
    tilt: tuple[float, float] = (0.0, 0.0)
    curl: float = 0.0
    waves: float = 1.0
    folds: tuple[tuple[bool, float, float], ...] = ()
    margin: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    @property
    def flat(self) -> bool:
        """Whether nothing happens to the page."""
        return self == Shape(waves=self.waves)


@dataclass(frozen=True)
class Shot:
    """What happens to a page when it is taken; the default is nothing.

    ``fibre`` and ``noise`` are standard deviations in gray levels, of the paper's grain and the
    sensor; ``falloff``, ``vignette`` and ``shadow`` stops of light lost at the far side, in the
    corners and in the shadow; ``cast`` factors of red, green and blue; ``blur`` the sigma of the
    optics in pixels; ``contrast`` the share that is left around the gray level ``middle``;
    ``exposure`` stops more or less than right. ``desk`` is one of ``paper.DESKS``.
    """

    scale: float = 1.0
    shape: Shape = field(default_factory=Shape)
    desk: str = "plain"
    fibre: float = 0.0
    falloff: float = 0.0
    vignette: float = 0.0
    shadow: float = 0.0
    cast: tuple[float, float, float] = (1.0, 1.0, 1.0)
    blur: float = 0.0
    contrast: float = 1.0
    middle: float = 128.0
    exposure: float = 0.0
    noise: float = 0.0


@dataclass(frozen=True, eq=False)
class CapturedPage:
    """A page as it was taken, with the ground around it.

    ``scale`` is how many times larger its text is than on the clean page, on average; times the
    page's x-height it is the reference of degradations.
    """

    pixels: Pixels
    scale: float
    shot: Shot


def capture(pixels: Pixels, rng: Rng, *, shot: Shot | None = None) -> CapturedPage:
    """Take a picture of a page; the shot is drawn by ``draw_shot`` if left out.

    The whole page is in the picture, so its transcript is still the truth, although not every
    capture can be read in full. The same state of ``rng`` gives the same bytes in any process
    on the same versions of NumPy and OpenCV.

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


def laid(sheet: Pixels, shot: Shot, rng: Rng) -> Pixels:
    """Bend the page, lay it on its ground, and let it throw a thin shadow there."""
    page, covered, bends = warp(sheet, shot.shape)
    height, width = covered.shape
    reach = 0.004 * max(height, width) + 1
    shift = np.eye(2, 3, dtype=np.float32)
    shift[:, 2] = reach * rng.uniform((-1, 0), 1)
    under = cv2.warpAffine(covered, shift, (width, height), borderMode=cv2.BORDER_REPLICATE)
    under = cv2.GaussianBlur(under, (0, 0), reach)
    ground = desk(width, height, rng, shot.desk) * (1 - np.float32(0.45) * under[..., None])
    share = covered[..., None]
    return to_pixels(ground * (1 - share) + page * bends[..., None] * share)


def corners(width: int, height: int, shape: Shape) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Return where the corners of the page (x, y) come to lie, and the size of the picture."""
    sideways, back = shape.tilt
    x, y = np.array([-1.0, 1.0, 1.0, -1.0]), np.array([-1.0, -1.0, 1.0, 1.0])
    # What is far is drawn nearer to the middle, and the whole is shorter in that direction.
    depth = 1 / (1 + sideways * x - back * y)
    x, y = x * depth * width / 2, y * depth * height / 2
    angle = -np.radians(shape.turn)
    turned = np.stack(
        [x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)]
    )
    x, y = turned
    covered = abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2 / (width * height)
    placed = turned.T / np.sqrt(covered)
    left, top, right, bottom = np.array(shape.margin) * max(width, height)
    bend = abs(shape.curl) * width
    low = placed.min(axis=0) - np.array([left, top + bend])
    high = placed.max(axis=0) + np.array([right, bottom + bend])
    size = np.ceil(high - low).astype(int)
    return placed - low, (int(size[0]), int(size[1]))


def warp(pixels: Pixels, shape: Shape) -> tuple[Pixels, Field, Field]:
    """Bend and project a page, and return three arrays of one size.

    The page in its place, RGB uint8; how much of each pixel it covers, float32 0 to 1; and the
    light that bends and folds throw back, float32 around 1.
    """
    height, width = pixels.shape[:2]
    placed, (wide, tall) = corners(width, height, shape)
    around = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    back = cv2.getPerspectiveTransform(np.asarray(placed, np.float32), around)
    across, down = np.meshgrid(np.arange(wide) + 0.5, np.arange(tall) + 0.5)
    points = np.stack([across, down], axis=-1).astype(np.float32)
    flat = cv2.perspectiveTransform(points.reshape(1, -1, 2), back).reshape(tall, wide, 2)
    places = np.asarray(flat, np.float32)
    x, y, light = bent(places[..., 0], places[..., 1], width, height, shape)
    # The border keeps what surrounds the last letters; what lies outside is masked away.
    page = cv2.remap(pixels, x - 0.5, y - 0.5, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    inside = np.minimum(np.minimum(x, width - x), np.minimum(y, height - y))
    return np.asarray(page, np.uint8), np.clip(inside + np.float32(0.5), 0, 1), light


def bent(x: Field, y: Field, width: int, height: int, shape: Shape) -> tuple[Field, Field, Field]:
    """Return where on the flat page a point of the bent one lies, and the light there."""
    phase = np.float32(np.pi * shape.waves / width)
    # A page bends more where it is held, at the top, than where it lies.
    hold = np.float32(0.6) + np.float32(0.4) * (1 - np.clip(y / height, 0, 1))
    y = y - np.float32(shape.curl * width) * np.sin(x * phase) * hold
    light = 1 - np.float32(2.2 * shape.curl * shape.waves) * np.cos(x * phase)
    for upright, where, sharp in shape.folds:
        along, side = (x, width) if upright else (y, height)
        away = along - np.float32(where * side)
        crease = np.exp(-np.abs(away) / np.float32(0.004 * side + 1))
        panel = np.tanh(away / np.float32(0.02 * side))
        light = light * (
            1 - np.float32(0.05 * sharp) * panel - np.float32(0.22 * abs(sharp)) * crease
        )
        kink = np.float32(0.012 * sharp * side) * np.exp(-np.abs(away) / np.float32(0.12 * side))
        x, y = (x, y + kink) if upright else (x + kink, y)
    return x, y, np.asarray(light, np.float32)


def lit(scene: Field, shot: Shot, rng: Rng) -> Field:
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


def shadow(height: int, width: int, rng: Rng) -> Field:
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


def sensed(light: Field, shot: Shot, rng: Rng) -> Pixels:
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


def draw_shot(rng: Rng) -> Shot:
    """Draw a shot: half photographs, a quarter scans, a quarter with one or two flaws only.

    From hardly visible to so strong that an engine fails on some.
    """
    style = str(rng.choice(list(STYLES), p=list(STYLES.values())))
    strength, scale = draw_strength(rng), draw_scale(rng)
    shot = flatbed(rng, strength) if style == "flatbed" else photo(rng, strength)
    if style == "single":
        shot = only(shot, rng)
    return replace(shot, scale=scale)


def draw_scan(rng: Rng) -> Shot:
    """Draw a shot that is a scan, from hardly visible to strong."""
    strength, scale = draw_strength(rng), draw_scale(rng)
    return replace(flatbed(rng, strength), scale=scale)


def draw_phone(rng: Rng) -> Shot:
    """Draw a photograph by a phone: many more pixels than detail, from mild to strong."""
    shot = photo(rng, draw_strength(rng))
    scale = draw_scale(rng, PHONE_SCALES)
    return replace(shot, scale=scale, blur=shot.blur * scale * float(rng.uniform(0.5, 1.1)))


def draw_strength(rng: Rng) -> float:
    """Draw how strong the flaws are, 0 to 1."""
    return float(rng.beta(1.2, 1.5))


def draw_scale(rng: Rng, scales: tuple[float, float] = SCALES) -> float:
    """Draw how much larger or smaller the text becomes."""
    return float(np.exp(rng.uniform(*np.log(scales))))


def photo(rng: Rng, strength: float) -> Shot:
    """Draw a photograph of a page on a desk; strength 0 to 1."""

    def upto(most: float, share: float = 1.0) -> float:
        """Draw a strength; so large a share of the photographs has it at all."""
        drawn = most * strength * rng.uniform(0.3, 1.0)
        return float(drawn) if rng.random() < share else 0.0

    sides = rng.uniform(0.01, 0.03 + 0.09 * strength, size=4)
    shape = Shape(
        turn=upto(5.5) * sign(rng),
        tilt=(upto(0.13, 0.7) * sign(rng), upto(0.17, 0.8) * sign(rng)),
        curl=upto(0.022, 0.5) * sign(rng),
        waves=float(rng.uniform(0.6, 1.8)),
        folds=folds(rng, strength) if rng.random() < 0.35 else (),
        margin=tuple(sides.tolist()),
    )
    tint = rng.uniform(-1.0, 1.0) * 0.14 * strength
    return Shot(
        shape=shape,
        desk=str(rng.choice(DESKS)),
        fibre=upto(5.0, 0.7),
        falloff=upto(1.6, 0.8),
        vignette=upto(0.9, 0.6),
        shadow=upto(1.4, 0.45),
        cast=(1 + tint, 1 + rng.uniform(-0.03, 0.03) * strength, 1 - tint),
        blur=0.35 + upto(1.0),
        contrast=1 - upto(0.4, 0.6),
        middle=float(rng.uniform(90, 190)),
        exposure=float(rng.uniform(-1.6, 0.5)) * strength,
        noise=0.5 + upto(11.0),
    )


def flatbed(rng: Rng, strength: float) -> Shot:
    """Draw a scan: slightly askew on an even ground, little else; strength 0 to 1."""
    margin = rng.uniform(0.0, 0.04, size=4)
    gutter = rng.random() < 0.25
    shape = Shape(
        turn=float(rng.normal(0, 1.6)) * strength,
        curl=float(rng.uniform(0.003, 0.012)) * strength * gutter,
        waves=float(rng.uniform(0.5, 1.0)),
        folds=folds(rng, strength) if rng.random() < 0.25 else (),
        margin=tuple(margin.tolist()),
    )
    return Shot(
        shape=shape,
        desk=str(rng.choice(["plain", "dark"])),
        fibre=float(rng.uniform(0.5, 5.0)) * strength,
        falloff=float(rng.uniform(0.2, 1.2)) * strength * gutter,
        blur=float(rng.uniform(0.3, 1.1)),
        contrast=1 - float(rng.uniform(0.0, 0.5)) * strength,
        middle=float(rng.uniform(60, 230)),
        noise=float(rng.uniform(0.5, 6.0)) * strength,
    )


def only(shot: Shot, rng: Rng) -> Shot:
    """Keep one or two of the flaws of a shot, on the page itself or on its desk."""
    flaws = [one.name for one in fields(Shot) if one.name not in ("scale", "desk", "middle")]
    has = [name for name in flaws if getattr(shot, name) != getattr(Shot(), name)]
    count = min(len(has), int(rng.integers(1, 3)))
    kept = {str(name) for name in rng.choice(has, size=count, replace=False)}
    undone = {name: getattr(Shot(), name) for name in has if name not in kept}
    return replace(shot, **undone)


def folds(rng: Rng, strength: float) -> tuple[tuple[bool, float, float], ...]:
    """Draw one to three folds at the halves and thirds where letters are folded."""
    places = rng.choice([1 / 3, 1 / 2, 2 / 3], size=int(rng.integers(1, 4)))
    return tuple(
        (
            bool(rng.random() < 0.4),
            float(place + rng.normal(0, 0.01)),
            sign(rng) * (0.25 + 0.75 * strength) * float(rng.uniform(0.4, 1.0)),
        )
        for place in places
    )


def sign(rng: Rng) -> float:
    """Draw -1 or 1."""
    return 1.0 if rng.random() < 0.5 else -1.0
