"""The one door to albumentations: imported late, and without its call home."""

from __future__ import annotations

import os
from functools import cache
from types import ModuleType

from imagegate.errors import MissingExtraError

SWITCH = "NO_ALBUMENTATIONS_UPDATE"


@cache
def pixel_functions() -> ModuleType:
    """Return albumentations' pure pixel functions.

    Its import asks PyPI for a newer version unless a variable of the environment
    forbids it; the variable is set for the import alone.

    Raises
    ------
    MissingExtraError
        If albumentations is not installed.
    """
    before = os.environ.get(SWITCH)
    os.environ[SWITCH] = "1"
    try:
        from albumentations.augmentations.pixel import functional
    except ModuleNotFoundError as error:
        raise MissingExtraError("albumentations", "train") from error
    finally:
        if before is None:
            del os.environ[SWITCH]
        else:
            os.environ[SWITCH] = before
    module: ModuleType = functional
    return module
