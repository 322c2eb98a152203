"""Cover the text: lines and patterns through it, stamps, watermarks, things on top, lost ink."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.degrade.geometry import ground_colour
from imagegate.tables import Degradation, Pixels, Rng

Plane = NDArray[Any]  # of float32
STAMP_INKS = ((190, 30, 40), (30, 60, 170), (40, 40, 40), (20, 110, 60), (120, 30, 120))
STAMP_WORDS = ("PAID", "COPY", "RECEIVED", "VOID", "DRAFT", "APPROVED", "CANCELLED", "ORIGINAL")
COVERS = ((206, 160, 130), (120, 80, 60), (240, 240, 235), (60, 60, 65), (250, 235, 120))
FONT = cv2.FONT_HERSHEY_SIMPLEX
FONT_PX = 22.0  # how high its capitals are at scale 1


def lines(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Rule lines, a grid, hatching or dots through the text, as dark as a share of the ink."""
    pitch = reference_px * rng.uniform(0.9, 2.2)
    thick = max(1.0, reference_px * rng.uniform(0.1, 0.22))
    pattern = _pattern(pixels.shape[:2], pitch, thick, rng)
    return _printed(pixels, pattern * np.float32(min(amount, 1.0)), _dark(pixels, rng))


def watermark(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Print large words across the page, as dark as a share of the ink."""
    height, width = pixels.shape[:2]
    side = int(np.hypot(height, width)) + 1
    canvas = np.zeros((side, side), np.uint8)
    size = reference_px * rng.uniform(2.5, 6.0)
    word, scale = STAMP_WORDS[int(rng.integers(len(STAMP_WORDS)))], size / FONT_PX
    thick = max(1, round(size * rng.uniform(0.15, 0.3)))
    across = cv2.getTextSize(word, FONT, scale, thick)[0][0]
    for y in np.arange(size * 1.2, side, size * rng.uniform(1.5, 2.4)):
        for x in np.arange(-across * rng.random(), side, across + size):
            cv2.putText(canvas, word, (int(x), int(y)), FONT, scale, 255, thick, cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), rng.uniform(-50, 50), 1.0)
    canvas = np.asarray(cv2.warpAffine(canvas, turn, (side, side)), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    mask = canvas[top : top + height, left : left + width].astype(np.float32) / 255
    return _printed(pixels, mask * np.float32(min(amount, 1.0)), _dark(pixels, rng))


def stamp(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Put stamps of framed words over the text until they lie over a share of the page."""
    worse, page = pixels.copy(), float(pixels.shape[0] * pixels.shape[1])
    left = min(amount, 1.5) * page
    while left > 0:
        mask, covered = _stamp(pixels.shape[:2], reference_px, rng)
        colour = np.array(STAMP_INKS[int(rng.integers(len(STAMP_INKS)))], np.float32)
        whole = max(covered, page / 200)
        strong = rng.uniform(0.7, 1.0) * min(1.0, left / whole)  # the last one is a paler one
        worse = _printed(worse, mask * np.float32(strong), colour)
        left -= whole
    return worse


def cover(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Lay a thing on the page that hides a share of it: a finger, a note, a card, a cup."""
    height, width = pixels.shape[:2]
    share = min(amount, 0.95)
    mask = np.zeros((height, width), np.uint8)
    aspect = float(np.exp(rng.uniform(-0.7, 0.7)))
    half_w = np.sqrt(share * height * width * aspect) / 2
    half_h = share * height * width / (4 * half_w)
    half_w, half_h = half_w * 1.05, half_h * 1.05
    centre = (rng.uniform(0.2, 0.8) * width, rng.uniform(0.2, 0.8) * height)
    axes = (max(1, round(half_w)), max(1, round(half_h)))
    angle, middle = rng.uniform(0, 180), (round(centre[0]), round(centre[1]))
    if rng.random() < 0.5:
        cv2.ellipse(mask, middle, axes, angle, 0, 360, 255, -1, cv2.LINE_AA)
    else:
        box = cv2.boxPoints((centre, (2 * half_w, 2 * half_h), angle / 6))
        cv2.fillConvexPoly(mask, np.rint(box).astype(np.int32), 255, cv2.LINE_AA)
    colour = np.array(COVERS[int(rng.integers(len(COVERS)))], np.float32)
    shade = rng.normal(0, 6, (max(2, height // 48), max(2, width // 48), 1)).astype(np.float32)
    rough = np.asarray(
        cv2.resize(shade, (width, height), interpolation=cv2.INTER_CUBIC), np.float32
    )
    thing = colour + rough[..., None] + rng.normal(0, 2, (height, width, 1)).astype(np.float32)
    soft = cv2.GaussianBlur(mask, (0, 0), max(0.7, reference_px / 12)).astype(np.float32) / 255
    return _mixed(pixels, soft, thing)


def missing_ink(pixels: Pixels, amount: float, reference_px: float, rng: Rng) -> Pixels:
    """Lose ink: streaks along the rows, folds, or blotches over a share of the page."""
    height, width = pixels.shape[:2]
    kind, share = int(rng.integers(3)), min(amount, 0.95)
    if kind == 2:
        cell = max(2.0, reference_px * rng.uniform(0.3, 1.2))
        small = (max(2, round(width / cell)), max(2, round(height / cell)))
        field = rng.standard_normal((small[1], small[0])).astype(np.float32)
        field = np.asarray(cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC))
        lost = (field < np.quantile(field, share)).astype(np.float32)
    else:
        length = height if kind == 0 else width
        cell = max(1.0, reference_px * rng.uniform(0.1, 0.35))
        line = rng.standard_normal(max(2, round(length / cell))).astype(np.float32)[:, None]
        line = np.asarray(cv2.resize(line, (1, length), interpolation=cv2.INTER_LINEAR))
        lost = np.repeat((line < np.quantile(line, share)).astype(np.float32), 1, axis=1)
        lost = np.broadcast_to(lost if kind == 0 else lost.T, (height, width))
    soft = cv2.GaussianBlur(np.ascontiguousarray(lost), (0, 0), max(0.5, reference_px / 30))
    return _mixed(pixels, soft.astype(np.float32), np.array(ground_colour(pixels), np.float32))


def _pattern(shape: tuple[int, int], pitch: float, thick: float, rng: Rng) -> Plane:
    """Return where lines, a grid, hatching or dots lie, 0 to 1."""
    y, x = np.indices(shape, np.float32)
    kind, phase = int(rng.integers(5)), rng.uniform(0, pitch, 2)
    if kind == 3:  # hatching
        angle = rng.uniform(0.2, 1.3) * (1 if rng.random() < 0.5 else -1)
        x, y = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle)), y
    columns = _strokes(x, pitch, thick, phase[0])
    rows = _strokes(y, pitch, thick, phase[1])
    if kind == 4:  # dots
        return columns * rows
    grid: Plane = np.maximum(rows, columns)
    return (rows, grid, columns, columns)[kind]


def _strokes(across: Plane, pitch: float, thick: float, phase: float) -> Plane:
    """Return lines of a thickness, one every pitch, with edges of one pixel."""
    off = np.abs((across + np.float32(phase)) % np.float32(pitch) - np.float32(pitch / 2))
    return np.asarray(np.clip(np.float32(thick / 2 + 0.5) - off, 0, 1), np.float32)


def _stamp(shape: tuple[int, int], reference_px: float, rng: Rng) -> tuple[Plane, float]:
    """Return one stamp on a page, 0 to 1, and how many pixels its frame holds."""
    height, width = shape
    size = reference_px * rng.uniform(1.6, 3.5)
    word, scale = STAMP_WORDS[int(rng.integers(len(STAMP_WORDS)))], size / FONT_PX
    thick = max(1, round(size * rng.uniform(0.12, 0.25)))
    (across, down), _ = cv2.getTextSize(word, FONT, scale, thick)
    wide, tall = round(across + size), round(down + size)
    side = int(np.hypot(wide, tall)) + 4
    canvas = np.zeros((side, side), np.uint8)
    left, top = (side - wide) // 2, (side - tall) // 2
    if rng.random() < 0.6:
        cv2.rectangle(canvas, (left, top), (left + wide, top + tall), 255, thick, cv2.LINE_AA)
    else:
        middle, axes = (side // 2, side // 2), (side // 2 - thick, tall)
        cv2.ellipse(canvas, middle, axes, 0, 0, 360, 255, thick, cv2.LINE_AA)
    place = (side // 2 - across // 2, side // 2 + down // 2)
    cv2.putText(canvas, word, place, FONT, scale, 255, thick, cv2.LINE_AA)
    turn: NDArray[Any] = cv2.getRotationMatrix2D((side / 2, side / 2), rng.uniform(-35, 35), 1.0)
    turn[:, 2] += rng.uniform(0.1, 0.9, 2) * (width, height) - side / 2
    mask = cv2.warpAffine(canvas, turn, (width, height)).astype(np.float32) / 255
    return np.asarray(mask, np.float32), float(wide * tall)


def _dark(pixels: Pixels, rng: Rng) -> NDArray[np.float32]:
    """Return the colour of print: that of the darkest pixels, or of the lightest on dark ground."""
    end = 2.0 if float(np.mean(ground_colour(pixels))) > 110 else 98.0
    ink = np.percentile(pixels.reshape(-1, 3)[::7], end, axis=0)
    return np.asarray(ink + rng.uniform(-8, 8, 3), np.float32)


def _printed(pixels: Pixels, mask: Plane, colour: NDArray[np.float32]) -> Pixels:
    """Print a colour over the page, as strong as the mask; what is darker already stays."""
    inked = pixels + mask[..., None] * (colour - pixels)
    light_ink = float(colour.mean()) > float(np.mean(ground_colour(pixels)))
    kept = np.maximum(pixels, inked) if light_ink else np.minimum(pixels, inked)
    return np.asarray(np.clip(np.rint(kept), 0, 255), np.uint8)


def _mixed(pixels: Pixels, mask: Plane, other: NDArray[np.float32]) -> Pixels:
    """Put something else where the mask is 1."""
    mixed = pixels * (1 - mask[..., None]) + other * mask[..., None]
    return np.asarray(np.clip(np.rint(mixed), 0, 255), np.uint8)


DEGRADATIONS = (
    Degradation("occlusion.lines", lines, (0.2, 0.35, 0.5, 0.7, 1.0), "of the ink's darkness"),
    Degradation("occlusion.watermark", watermark, (0.2, 0.32, 0.45, 0.6, 0.8), "likewise"),
    Degradation("occlusion.stamp", stamp, (0.08, 0.16, 0.27, 0.42, 0.7), "share of the page"),
    Degradation("occlusion.cover", cover, (0.1, 0.2, 0.3, 0.42, 0.6), "share of the page"),
    Degradation("occlusion.missing_ink", missing_ink, (0.1, 0.18, 0.27, 0.38, 0.55), "share"),
)
