"""Chain degradations in the order that real images suffer them, and make any variant again."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imagegate.degrade import (
    blur,
    compression,
    exposure,
    geometry,
    noise,
    occlusion,
    pixelation,
    resolution,
)
from imagegate.degrade.compression import encode
from imagegate.errors import SettingsError
from imagegate.tables import Pixels, Rng, Table

DEGRADATIONS = Table(
    "degradation",
    (
        *blur.DEGRADATIONS,
        *resolution.DEGRADATIONS,
        *noise.DEGRADATIONS,
        *exposure.DEGRADATIONS,
        *compression.DEGRADATIONS,
        *pixelation.DEGRADATIONS,
    ),
)
# What befalls pages alone: their place, what lies over the text, what spoils a part of it. A mask
# would have to be turned with its picture.
OF_PAGES = Table(
    "degradation of pages",
    (*occlusion.DEGRADATIONS, *geometry.DEGRADATIONS, *exposure.LOCAL, *blur.LOCAL),
)
# With those that only teach a gate to name causes.
EVERY = Table(
    "degradation",
    (*DEGRADATIONS.values(), *OF_PAGES.values(), *blur.VARIETY, *resolution.VARIETY),
)

SEVERITIES = (1, 2, 3, 4, 5)
# light -> optics -> resampling -> sensor noise -> JPEG -> (messenger) -> pixelation
STAGES = ("exposure", "blur", "resolution", "noise", "compression", "pixelation")
MESSENGER_AT = STAGES.index("pixelation")
STEP_COUNTS = {0: 0.10, 1: 0.35, 2: 0.30, 3: 0.17, 4: 0.08}
SHUFFLED_SHARE = 0.30
MESSENGER = ("resolution.left_small", "compression.jpeg")
MESSENGER_SHARE = 0.25  # of the chains of two and more
# Causes add up: several steps of full strength would only ever make rubbish.
SEVERITY_SHARES = {
    1: (0.20, 0.20, 0.20, 0.20, 0.20),
    2: (0.36, 0.27, 0.19, 0.12, 0.06),
    3: (0.48, 0.28, 0.15, 0.07, 0.02),
    4: (0.58, 0.27, 0.10, 0.04, 0.01),
}
MILDEST, HARSHEST = 0.0, 6.0
HOPELESS = 8  # the last level: four times level 5
JPEG_SHARE = 0.5  # of the files that no compression step has written
MILD_JPEG = (85, 97)


@dataclass(frozen=True)
class Step:
    """One degradation in a chain, at a severity of 1 to 5 and with a seed of its own.

    ``amount`` is the strength in the unit of the row; by default that of the row at this severity.
    It is recorded, so that a variant can be made again after the strengths of the rows change.
    """

    name: str
    severity: int
    seed: int
    amount: float | None = None

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise SettingsError(f"expected a severity from 1 to 5, got {self.severity!r}")
        if self.amount is None:
            strength = EVERY[self.name].strengths[self.severity - 1]
            object.__setattr__(self, "amount", float(strength))

    @property
    def cause(self) -> str:
        """The cause that it is of."""
        return EVERY[self.name].cause

    @property
    def level(self) -> float:
        """How strong it is between and beyond the five strengths, as in ``amount_at``: 0 to 8.

        What has no strengths is as strong as can be.
        """
        if not EVERY[self.name].graded:
            return float(HOPELESS)
        levels, amounts = _scale(self.name)
        order = np.argsort(amounts)
        return float(np.interp(self.amount or 0.0, amounts[order], levels[order]))


Chain = tuple[Step, ...]


def single_chain(name: str, severity: int, seed: int) -> Chain:
    """Return a chain of one step at exactly the strength of a row."""
    return (Step(name, severity, seed),)


def draw_chain(rng: Rng) -> Chain:
    """Draw a realistic chain: 10 % none, 35 % one step, 30 % two, 25 % more.

    Causes differ within a chain, except that a messenger round downscales and saves as JPEG once
    more. The order is that of real images, shuffled in 30 % of those with several steps. Strengths
    are drawn from half of level 1 to twice level 5, so that a gate learns more than five numbers.
    """
    return draw_mixture(rng, int(rng.choice(list(STEP_COUNTS), p=list(STEP_COUNTS.values()))))


def draw_mixture(rng: Rng, count: int) -> Chain:
    """Draw a chain of so many steps (0 to 4), as ``draw_chain`` does."""
    messenger = count >= 2 and bool(rng.random() < MESSENGER_SHARE)
    drawn = rng.choice(len(STAGES), size=count - 2 * messenger, replace=False)
    names = [[name for name, row in DEGRADATIONS.items() if row.cause == one] for one in STAGES]
    steps = [(float(stage), _draw_step(names[stage], count, rng)) for stage in drawn]
    if messenger:
        # half a stage, so that the round comes after the first save and before pixelation
        steps += [(MESSENGER_AT - 0.5, _draw_step([name], count, rng)) for name in MESSENGER]
    steps.sort(key=lambda pair: pair[0])
    chain = [step for _, step in steps]
    if rng.random() < SHUFFLED_SHARE:
        chain = [chain[index] for index in rng.permutation(len(chain))]
    return tuple(chain)


def draw_page_step(rng: Rng, *, most: float = HARSHEST) -> Step:
    """Draw one of the degradations of pages at a level of 0 to ``most``, causes alike.

    Local blur, glare and shadow are together as likely as geometry or occlusion alone.
    """
    kinds = (occlusion.DEGRADATIONS, geometry.DEGRADATIONS, (*exposure.LOCAL, *blur.LOCAL))
    row = kinds[int(rng.integers(len(kinds)))]
    name = row[int(rng.integers(len(row)))].name
    level = float(rng.uniform(MILDEST, most))
    severity = int(np.clip(round(level), 1, 5))
    return Step(name, severity, int(rng.integers(2**31)), round(amount_at(name, level), 4))


def at_strength(chain: Chain, strength: float) -> Chain:
    """Return the same steps, each at a part (or a multiple) of its strength; 1 changes nothing.

    Amounts that fall with severity (a quality, what is left of the contrast) are divided by it.
    """
    if strength == 1:
        return chain
    return tuple(replace(step, amount=_at(step, strength)) for step in chain)


def _at(step: Step, strength: float) -> float:
    if not EVERY[step.name].graded:
        return float(step.amount or 0.0)
    strengths, amount = EVERY[step.name].strengths, float(step.amount or 0.0)
    rises = strengths[-1] > strengths[0]
    return round(amount * strength if rises else amount / strength, 4)


def apply_chain(pixels: Pixels, chain: Sequence[Step], *, reference_px: float) -> Pixels:
    """Return a degraded copy of an image.

    Parameters
    ----------
    pixels : ndarray
        RGB uint8 ``(height, width, 3)``; never written to.
    chain : sequence of Step
        Applied in this order; empty returns a copy.
    reference_px : float
        Size of what matters on the clean image: the x-height of its text, or the
        short side / 16 for pictures. It shrinks with the image on the way.

    Returns
    -------
    ndarray
        RGB uint8; smaller if a step leaves the image small. The same arguments give
        the same bytes in any process.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        found = f"{pixels.dtype} of shape {pixels.shape}"
        raise SettingsError(f"expected uint8 RGB of shape (height, width, 3), got {found}")
    if not 0 < reference_px < np.inf:
        raise SettingsError(f"expected a reference of more than 0 px, got {reference_px}")
    worse = pixels.copy()
    for step in chain:
        height = worse.shape[0]
        amount = step.amount if step.amount is not None else 0.0
        rng = np.random.default_rng(step.seed)
        worse = EVERY[step.name].function(worse, amount, reference_px, rng)
        if step.cause == "resolution":  # others turn and cut; letters stay as large
            reference_px *= worse.shape[0] / height
    return worse


def save(pixels: Pixels, chain: Sequence[Step] = (), *, seed: int = 0) -> tuple[bytes, str]:
    """Store a variant in a container that does not give away whether it is clean.

    Parameters
    ----------
    pixels : ndarray
        The result of :func:`apply_chain`.
    chain : sequence of Step
        What was applied. If it ends in a compression, the file is written by that
        codec at that quality (coding a decoded JPEG again changes next to nothing, a
        decoded WebP a little); else half of the files are PNG and half JPEG of
        quality 85 to 97, clean ones too.
    seed : int
        Decides between them.

    Returns
    -------
    bytes, str
        The file and its suffix: ``"png"``, ``"jpg"`` or ``"webp"``.
    """
    if chain and chain[-1].name.startswith("compression."):
        container = "webp" if chain[-1].name.endswith("webp") else "jpg"
        return encode(pixels, container, quality=chain[-1].amount), container
    rng = np.random.default_rng([seed, zlib.crc32(chain_to_json(chain).encode())])
    if rng.random() >= JPEG_SHARE:
        return encode(pixels, "png"), "png"
    return encode(pixels, "jpg", quality=int(rng.integers(*MILD_JPEG, endpoint=True))), "jpg"


def chain_to_json(chain: Sequence[Step]) -> str:
    """Write a chain as compact JSON with sorted keys."""
    return json.dumps([asdict(step) for step in chain], sort_keys=True, separators=(",", ":"))


def chain_from_json(text: str) -> Chain:
    """Read what :func:`chain_to_json` wrote."""
    try:
        return tuple(Step(**fields) for fields in json.loads(text))
    except (TypeError, ValueError) as error:
        raise SettingsError(
            f"expected a chain written by chain_to_json, got {text[:80]!r}"
        ) from error


def _draw_step(names: Sequence[str], count: int, rng: Rng) -> Step:
    """Draw one of several degradations, its severity, milder the more steps there are, and seed."""
    name = str(rng.choice(names)) if len(names) > 1 else names[0]
    severity = int(rng.choice(SEVERITIES, p=SEVERITY_SHARES[count]))
    low = MILDEST if severity == SEVERITIES[0] else severity - 0.5
    high = HARSHEST if severity == SEVERITIES[-1] else severity + 0.5
    amount = amount_at(name, rng.uniform(low, high))
    return Step(name, severity, int(rng.integers(2**31)), round(amount, 4))


def amount_at(name: str, level: float) -> float:
    """Return the amount of a row at a level.

    Level 0 is half of level 1, 6 is twice level 5, and 8 is four times level 5.
    """
    return float(np.interp(level, *_scale(name))) if EVERY[name].graded else 1.0


def _scale(name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return levels, ascending, and the amounts of a row there."""
    strengths = EVERY[name].strengths
    factor = 2.0 if strengths[-1] > strengths[0] else 0.5
    ends = (strengths[-1] * factor, strengths[-1] * factor**2)
    amounts = np.array((strengths[0] / factor, *strengths, *ends))
    return np.array((0, *SEVERITIES, HARSHEST, HOPELESS), np.float64), amounts
