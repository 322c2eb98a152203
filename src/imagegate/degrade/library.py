"""Import albumentations when it is needed, without its request for a newer version."""

from __future__ import annotations

import os
from functools import cache
from typing import Any
from unittest import mock

from imagegate.extras import require

SWITCH = "NO_ALBUMENTATIONS_UPDATE"


@cache
def pixel_functions() -> Any:
    """Return albumentations' pure pixel functions.

    Its import asks PyPI for a newer version unless a variable of the environment forbids it; the
    variable is set for the import alone.
    """
    with mock.patch.dict(os.environ, {SWITCH: "1"}):
        return require("albumentations.augmentations.pixel.functional", "train")
