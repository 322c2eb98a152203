"""Draw how a page is taken: what light, shape and camera, and how strong each is."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np

from imagegate.synthetic.textures import DESKS
from imagegate.synthetic.warp import Shape

Rng = np.random.Generator
# Text becomes smaller or larger by up to so much, even on a logarithmic scale.
SCALES = (0.75, 1.3)
PHONE_SCALES = (1.4, 3.0)
STYLES = {"photo": 0.5, "flatbed": 0.25, "single": 0.25}


@dataclass(frozen=True)
class Shot:
    """What happens to a page when it is taken; the default is nothing.

    Parameters
    ----------
    scale : float
        Size of the text beside the clean page.
    shape : Shape
        How the page lies before the camera.
    desk : str
        What it lies on: one of ``textures.DESKS``.
    fibre : float
        Grain of the paper, standard deviation in gray levels.
    falloff, vignette, shadow : float
        Stops of light lost at the far side, in the corners, and in the shadow.
    cast : tuple of float
        Factors of red, green and blue.
    blur : float
        Sigma of the optics in pixels.
    contrast, middle : float
        Share of the contrast that is left, and the gray level that stays as it is.
    exposure : float
        Stops more or less than right.
    noise : float
        Standard deviation of the sensor's noise in gray levels.
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


def draw_shot(rng: Rng) -> Shot:
    """Draw a shot: half photographs, a quarter scans, a quarter with one or two flaws only.

    Parameters
    ----------
    rng : Generator
        Chance.

    Returns
    -------
    Shot
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
    scale = float(np.exp(rng.uniform(*np.log(PHONE_SCALES))))
    return replace(shot, scale=scale, blur=shot.blur * scale * float(rng.uniform(0.5, 1.1)))


def draw_strength(rng: Rng) -> float:
    """Draw how strong the flaws are, 0 to 1."""
    return float(rng.beta(1.2, 1.5))


def draw_scale(rng: Rng) -> float:
    """Draw how much larger or smaller the text becomes."""
    return float(np.exp(rng.uniform(*np.log(SCALES))))


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
