"""A user's own module: a task of telling colours, and ways in which such a task goes wrong."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

import imagegate
from imagegate.tables import Pixels

DARK = 60  # below this mean level the engines of this module go wrong


def mean_colour(pixels: Pixels) -> Any:
    return pixels.reshape(-1, 3).mean(axis=0)


def distance(output: Any, truth: Any) -> float:
    return float(np.minimum(1.0, np.abs(output - truth).mean() / 40))


def says_nan(pixels: Pixels) -> Any:
    return mean_colour(pixels) * (np.nan if pixels.mean() < DARK else 1)


def other_shape(pixels: Pixels) -> Any:
    return mean_colour(pixels)[: 2 if pixels.mean() < DARK else 3]


def raises(pixels: Pixels) -> Any:
    if pixels.mean() < DARK:
        raise LookupError("too dark")
    return mean_colour(pixels)


def never_ends(pixels: Pixels) -> Any:
    while pixels.mean() < DARK:
        pass
    return mean_colour(pixels)


def exits(pixels: Pixels) -> Any:
    if pixels.mean() < DARK:
        raise SystemExit(3)
    return mean_colour(pixels)


def returns_nothing(pixels: Pixels) -> Any:
    return None if pixels.mean() < DARK else mean_colour(pixels)


def writes_into_its_input(pixels: Pixels) -> Any:
    pixels[:] = pixels // 2
    return mean_colour(pixels)


def strange_loss(output: Any, truth: Any) -> Any:
    return "much" if output is not truth and output.mean() < DARK else distance(output, truth)


def endless_loss(output: Any, truth: Any) -> Any:
    while output is not truth and output.mean() < DARK:
        time.sleep(0.01)
    return distance(output, truth)


def says_no(pixels: Pixels) -> Any:
    if pixels.std() < 8 or pixels.mean() < DARK:
        raise LookupError("nothing found")
    return mean_colour(pixels)


TASK = imagegate.Task.from_callable(mean_colour, distance, name="colours", failure_threshold=0.2)
NO_TASK = "colours"
