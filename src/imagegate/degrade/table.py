"""All degradations joined in one visible order, the order of the causes."""

from __future__ import annotations

from imagegate.degrade import blur, compression, exposure, noise, pixelation, resolution
from imagegate.tables import Table

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
# Those that chains draw, and others that only teach a gate to name causes.
EVERY = Table("degradation", (*DEGRADATIONS.values(), *blur.VARIETY, *resolution.VARIETY))
