"""Ruin a page by how it lies, by what covers it, or in a part: as in ruin.py, for readers only."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np

from ruin import Pixels, Rng, Ruin, as_uint8, disc_blur

WHITE = (255, 255, 255)
INKS = ((40, 60, 170), (170, 40, 50), (60, 60, 60))
THINGS = ((198, 150, 122), (96, 70, 58), (52, 54, 60))  # a finger, a strap, a phone
WORDS = ("ORIGINAL", "COPY", "PAID", "ARCHIVE")


def turned(pixels: Pixels, quarters: float, scale: float, rng: Rng) -> Pixels:
    """Turn by so many quarters; one or three of them by chance."""
    return np.ascontiguousarray(np.rot90(pixels, rng.choice((1, 3)) if quarters == 1 else quarters))


def mirrored(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Show as in a mirror."""
    return np.ascontiguousarray(pixels[:, ::-1])


def tilted(pixels: Pixels, degrees: float, scale: float, rng: Rng) -> Pixels:
    """Turn a page by an angle, to either side, on white ground that is large enough."""
    height, width = pixels.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees * rng.choice((-1, 1)), 1)
    reach = np.abs(turn[:, :2]) @ (width, height)
    turn[:, 2] += (reach - (width, height)) / 2
    size = tuple(int(side) for side in np.ceil(reach))
    return np.asarray(
        cv2.warpAffine(pixels, turn, size, flags=cv2.INTER_CUBIC, borderValue=WHITE), np.uint8
    )


def far_away(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """See the page from below: its top has lost a share of the width and as much height."""
    height, width = pixels.shape[:2]
    ends = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    inset, drop = strength * width / 2, strength * height * 0.6
    seen = np.float32([[inset, drop], [width - inset, drop], ends[2], ends[3]])
    turn = cv2.getPerspectiveTransform(ends, seen)
    seen = cv2.warpPerspective(pixels, turn, (width, height), borderValue=WHITE)
    return np.asarray(seen[int(drop) :], np.uint8)


def cut_away(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Cut a share off the left or the right, through the words."""
    lost = round(strength * pixels.shape[1])
    return np.ascontiguousarray(pixels[:, lost:] if rng.random() < 0.5 else pixels[:, :-lost])


def grid(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Rule lines through the text, closer than its own; strength is their share of the ink."""
    ruled, step = pixels.astype(np.float32), max(4, round(1.3 * scale))
    wide, left = max(1, round(0.15 * scale)), 1 - strength
    for at in range(int(rng.integers(step)), max(ruled.shape), step):
        rows, columns = ruled[at : at + wide], ruled[:, at : at + wide]
        rows[:] = np.minimum(rows, 40 * strength + 255 * left)
        columns[:] = np.minimum(columns, 40 * strength + 255 * left)
    return as_uint8(ruled)


def stamped(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Press rings with a word over the text until they lie on a share of the page."""
    worse, (height, width) = pixels.copy(), pixels.shape[:2]
    radius = max(12, round(min(5 * scale, min(height, width) / 4)))
    for _ in range(max(1, round(strength * height * width / (np.pi * radius**2)))):
        at = int(rng.integers(width)), int(rng.integers(height))
        ink = INKS[int(rng.integers(len(INKS)))]
        wide = max(2, radius // 6)
        for part in (1.0, 0.62):
            cv2.circle(worse, at, round(part * radius), ink, wide, cv2.LINE_AA)
        word, size = str(rng.choice(WORDS)), radius / 45
        start = at[0] - radius + wide, at[1] + radius // 5
        cv2.putText(worse, word, start, cv2.FONT_HERSHEY_DUPLEX, size, ink, wide, cv2.LINE_AA)
    return worse


def thing_over(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Lay a finger, a strap or a phone over a share of the page, in from one side."""
    height, width = pixels.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    reach = np.sqrt(strength)
    middle = (round(width * rng.uniform(0.25, 0.75)), round(height * rng.uniform(0.3, 0.7)))
    axes = round(width * reach * 0.6), round(height * reach * 0.55)
    cv2.ellipse(mask, middle, axes, float(rng.uniform(-40, 40)), 0, 360, 255, -1)
    soft = cv2.GaussianBlur(mask, (0, 0), max(1.0, scale / 8))[..., None] / 255
    colour = np.array(THINGS[int(rng.integers(len(THINGS)))], np.float32)
    shade = 0.85 + 0.3 * np.linspace(0, 1, width)[None, :, None]
    return as_uint8(pixels * (1 - soft) + colour * shade * soft)


def worn_away(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Let the ink flake off a share of the page, in spots of the size of letters."""
    height, width = pixels.shape[:2]
    field = rng.normal(0, 1, (height, width)).astype(np.float32)
    field = cv2.GaussianBlur(field, (0, 0), max(1.0, 0.35 * scale))
    lost = field > np.quantile(field, 1 - strength)
    ground = cv2.medianBlur(cv2.dilate(pixels, np.ones((5, 5))), 5)
    paper = np.maximum(ground, np.percentile(pixels, 90, axis=(0, 1)).astype(np.uint8))
    return np.where(lost[..., None], paper, pixels)


def out_of_focus_below(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Blur the lower 60 % by a disc; strength is its radius."""
    blurred = disc_blur(pixels, strength, scale, rng)
    y = np.arange(len(pixels))[:, None, None] / len(pixels)
    share = np.clip((y - 0.38) / 0.04, 0, 1)
    return as_uint8(pixels * (1 - share) + blurred * share)


def glare(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Let a lamp shine on the middle: a share of the height is white, and more of the width."""
    height, width = pixels.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light = np.clip(3 * (1 - np.hypot(y / (1.5 * strength), x / (1.8 * strength))), 0, 1)[..., None]
    return as_uint8(pixels + (255 - pixels.astype(np.float32)) * light)


def in_shadow(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Leave a share of the light below a slanted edge."""
    height, width = pixels.shape[:2]
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    edge = y + rng.uniform(-0.3, 0.3) * (x - 0.5) - rng.uniform(0.3, 0.5)
    dark = np.clip(edge / 0.05, 0, 1)[..., None]
    return as_uint8(pixels * (1 - dark * (1 - strength)))


LAYOUT_RUINS = (
    Ruin("geometry", "turned by 90°", (1, 1), turned),
    Ruin("geometry", "turned by 180°", (2, 2), turned),
    Ruin("geometry", "mirrored", (1, 1), mirrored),
    Ruin("geometry", "tilted", (8, 12, 18, 28), tilted),
    Ruin("geometry", "seen from below", (0.35, 0.5, 0.62, 0.75), far_away),
    Ruin("geometry", "cut off", (0.3, 0.4, 0.5, 0.6), cut_away),
    Ruin("occlusion", "grid", (0.35, 0.6, 0.8, 1.0), grid),
    Ruin("occlusion", "stamps", (0.3, 0.5, 0.8, 1.2), stamped),
    Ruin("occlusion", "thing over it", (0.25, 0.35, 0.45, 0.6), thing_over),
    Ruin("occlusion", "worn away", (0.15, 0.25, 0.35, 0.5), worn_away),
    Ruin("blur", "out of focus below", (0.4, 0.5, 0.6, 0.9), out_of_focus_below),
    Ruin("exposure", "glare", (0.35, 0.45, 0.55, 0.65), glare),
    Ruin("exposure", "in shadow", (0.12, 0.06, 0.03, 0.015), in_shadow),
)

UNREADABLE = (  # of good pages: each is beyond what an engine bears
    ("turned by 90°", partial(turned, quarters=1)),
    ("turned by 180°", partial(turned, quarters=2)),
    ("mirrored", partial(mirrored, strength=1)),
    ("tilted by 12°", partial(tilted, degrees=12)),
    ("tilted by 20°", partial(tilted, degrees=20)),
    ("lower 60 % out of focus", partial(out_of_focus_below, strength=0.6)),
    ("glare over the middle", partial(glare, strength=0.5)),
    ("grid over the text", partial(grid, strength=1.0)),
)
