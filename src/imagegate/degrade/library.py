"""Import albumentations when it is needed, without its request for a newer version."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from imagegate.extras import require

SWITCH = "NO_ALBUMENTATIONS_UPDATE"


@cache
def pixel_functions() -> Any:
    """Return albumentations' pure pixel functions.

    Its import asks PyPI for a newer version unless a variable of the environment forbids it; the
    variable is set for the import alone.
    """
    before = os.environ.get(SWITCH)
    os.environ[SWITCH] = "1"
    try:
        return require("albumentations.augmentations.pixel.functional", "train")
    finally:
        if before is None:
            del os.environ[SWITCH]
        else:
            os.environ[SWITCH] = before
