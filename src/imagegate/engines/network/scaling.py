"""How pixels 0..255 become the numbers that a network was trained on, and back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import OutputError, SettingsError
from imagegate.tables import Pixels

Values = NDArray[np.float32]
MOST_OVERSHOOT = 4.0  # in units of white: a network may overshoot, but not by so much


@dataclass(frozen=True)
class Scaling:
    """``value = (pixel / 255 − mean) / std``.

    One number for all colours, or one each for red, green and blue, in this order whatever the
    order of the network's channels.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __str__(self) -> str:
        for name, row in NAMED.items():
            if row == self:
                return name
        return "/".join(
            ",".join(f"{part:.9g}" for part in parts) for parts in (self.mean, self.std)
        )


NAMED = {
    "0..1": Scaling((0.0,), (1.0,)),
    "-1..1": Scaling((0.5,), (0.5,)),
    "0..255": Scaling((0.0,), (1 / 255,)),
    # mean and deviation of ImageNet's training pictures, as torchvision has them
    "imagenet": Scaling((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


def scaling_of(given: str) -> Scaling:
    """Read a scaling: a name in ``NAMED``, or ``"MEAN/STD"``, each one number or three in 0..1.

    Examples
    --------
    >>> scaling_of("0.5/0.25")
    Scaling(mean=(0.5,), std=(0.25,))
    >>> str(scaling_of("0.5/0.5"))
    '-1..1'
    """
    if given in NAMED:
        return NAMED[given]
    try:
        mean, std = (tuple(map(float, part.split(","))) for part in given.split("/"))
        good = {len(mean), len(std)} <= {1, 3}
    except (AttributeError, ValueError):
        good = False
    if not good:
        raise SettingsError(
            f"expected a scaling: {', '.join(NAMED)}, or MEAN/STD of values in 0..1 such as "
            f"0.5/0.25 or 0.48,0.46,0.41/0.23,0.22,0.22; got {given!r}"
        )
    if any(not 0 <= part <= 1 for part in mean):
        raise SettingsError(
            f"expected means in 0..1, got {given!r}: of values in 0..255, divide mean and "
            "deviation by 255"
        )
    if any(not (math.isfinite(part) and part > 0) for part in std):
        raise SettingsError(f"expected deviations above 0, got {given!r}")
    return Scaling(mean, std)


def scaled(pixels: Pixels, scaling: Scaling) -> Values:
    """Scale pixels (height, width, channels) to what the network takes."""
    mean, std = np.array(scaling.mean), np.array(scaling.std)
    factor, shift = (1 / (255 * std)).astype(np.float32), (-mean / std).astype(np.float32)
    return np.asarray(pixels * factor + shift, np.float32)


def unscaled(values: Values, scaling: Scaling) -> Pixels:
    """Scale what a network gave, (height, width, channels), back; a little overshoot is cut."""
    count = values.shape[2]
    std = np.array(scaling.std[:count], np.float32)
    plain = values * std + np.array(scaling.mean[:count], np.float32)
    if plain.max() > 1 + MOST_OVERSHOOT or plain.min() < -MOST_OVERSHOOT:
        raise OutputError(
            f"expected a picture scaled like {scaling}, got values from {values.min():.4g} to "
            f"{values.max():.4g}: say how the output is scaled, such as output_scaling 0..255"
        )
    return np.asarray(np.rint(np.clip(plain, 0, 1) * 255), np.uint8)
