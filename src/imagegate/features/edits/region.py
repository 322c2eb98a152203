"""Region: where a picture was edited, found from what differs."""

from __future__ import annotations

from math import sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.planes import Plane, u8

Bits = NDArray[np.bool_]
Field = NDArray[np.float32]

BOX = (5, 5)  # px over which differences and activity are averaged
PER_ACTIVITY = 0.3  # re-saving changes a busy place more: the difference is divided by 1 + this
LOW, STRONG, MOST = 5.0, 12.0, 40.0  # gray levels: grow down to, start from, start from at most
SHARE_OF_STRONG = 0.4  # a region grows down to this share of the level that it starts from
LATTICE = 3  # px between the places that the level is worked out from
LEVELS_AN_OCTAVE = 32  # of the histogram of differences, which is logarithmic
CLOSED = 0.012  # of the side of a square of the same area: gaps that are closed
LEAST_MASS = 0.02  # of the heaviest part; lighter parts are crumbs
LARGEST_HOLE = 0.02  # of the picture; larger holes were left alone on purpose


def find_region(original: Plane, edited: Plane) -> Bits:
    """Return where a picture was edited.

    Both are RGB (height, width, 3) of one size; the region is bool (height, width), False all over
    if nothing but the marks of re-saving differs.
    Hysteresis on the largest difference of the three channels over 5 × 5 px, relative to how busy
    the place is: from Otsu's level (IEEE SMC 9, 1979, doi:10.1109/TSMC.1979.4310076) on a
    logarithmic scale down to 0.4 of it; gaps are closed, holes filled, crumbs dropped.
    """
    strength = difference(original, edited)
    strong = starting_level(strength)
    low = max(LOW, SHARE_OF_STRONG * strong)
    return filled(grown(strength, strong, low))


def difference(original: Plane, edited: Plane) -> Field:
    """Return how much each place differs, in gray levels, less where the picture is busy."""
    apart = cv2.absdiff(original, edited)
    largest = apart.max(axis=2)
    gray = cv2.cvtColor(original, cv2.COLOR_RGB2GRAY)
    activity = cv2.blur(cv2.absdiff(gray, cv2.blur(gray, (3, 3))).astype(np.float32), BOX)
    mean = cv2.blur(largest.astype(np.float32), BOX)
    return np.asarray(mean / (1 + PER_ACTIVITY * activity), np.float32)


def starting_level(strength: Field) -> float:
    """Return the difference from which a place is edited for certain."""
    some = strength[::LATTICE, ::LATTICE]
    some = some[some > 1]
    if not some.size:
        return STRONG
    scaled = u8(np.clip(LEVELS_AN_OCTAVE * np.log2(1 + some), 0, 255)).reshape(-1, 1)
    level, _ = cv2.threshold(scaled, 0, 255, cv2.THRESH_OTSU)
    return float(np.clip(2 ** ((level + 1) / LEVELS_AN_OCTAVE) - 1, STRONG, MOST))


def grown(strength: Field, strong: float, low: float) -> Bits:
    """Return the parts above the low level that hold a place above the strong one."""
    width = max(3, int(CLOSED * sqrt(strength.size))) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    parts = cv2.morphologyEx(u8(strength > low), cv2.MORPH_CLOSE, disc)
    parts = cv2.morphologyEx(parts, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(parts)
    flat = labels.ravel()
    peaks = np.bincount(flat, (strength > strong).ravel(), count)
    mass = np.bincount(flat, np.maximum(strength - low, 0).ravel(), count)
    mass[0] = 0
    kept = (peaks > 0) & (mass > 0) & (mass >= LEAST_MASS * mass.max())
    return np.asarray(kept[labels], np.bool_)


def filled(region: Bits) -> Bits:
    """Return a region without its small holes; what touches the frame is no hole."""
    height, width = region.shape
    _, labels, stats, _ = cv2.connectedComponentsWithStats(u8(~region), connectivity=4)
    left, top, across, down, area = np.asarray(stats, np.int64).T
    inner = (left > 0) & (top > 0) & (left + across < width) & (top + down < height)
    holes = inner & (area <= LARGEST_HOLE * region.size)
    holes[0] = False
    return np.asarray(region | holes[labels], np.bool_)
