"""The task of telling what a picture shows."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Prediction:
    """What a classifier says of a picture.

    Parameters
    ----------
    class_name : str
        The class; its number as text where classes have no names.
    confidence : float
        0..1 as the classifier tells it, NaN if it does not.
    """

    class_name: str
    confidence: float = math.nan
