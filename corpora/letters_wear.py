"""Wear for what the letter network learns from, and scenery that is no text at all."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Rng = np.random.Generator

WIDTH, HEIGHT = 512, 400  # px of a page
PAPER, INK = 235, 25


def taken(clean: Pixels, x_height: float, rng: Rng, gently: bool = False) -> Pixels:
    """Photograph or scan a page that stays readable."""
    plane = clean.astype(np.float32)
    height, width = plane.shape
    if not gently:
        plane = skewed(plane, rng)
        plane = softened(plane, x_height, rng)
    low, high = rng.uniform(0, 90), rng.uniform(150, 255)
    plane = low + (plane - INK) * ((high - low) / (PAPER - INK))
    if rng.random() < 0.4:
        light = cv2.resize(rng.uniform(0.75, 1.05, (3, 3)).astype(np.float32), (width, height))
        plane = plane * light
    noise = float(rng.uniform(0, 1) ** 2) * 0.12 * (high - low)
    plane = plane + rng.normal(0, max(noise, 0.3), plane.shape)
    if rng.random() < 0.12:
        plane = 255 - plane
    pixels = np.clip(plane, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        quality = int(rng.integers(30, 95))
        coded_page = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        pixels = cv2.imdecode(coded_page, cv2.IMREAD_GRAYSCALE)
    if rng.random() < 0.15:
        pixels = cv2.threshold(pixels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]
    return np.asarray(pixels, np.uint8)


def skewed(plane: Floats, rng: Rng) -> Floats:
    """Turn a page by a few degrees and shear it a little."""
    height, width = plane.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.normal(0, 1.8)), 1.0)
    shear = np.array([[1, rng.normal(0, 0.04)], [0, 1]], np.float32)
    turn[:, :2] = turn[:, :2] @ shear
    border = float(np.median(plane))
    return np.asarray(cv2.warpAffine(plane, turn, (width, height), borderValue=border), np.float32)


def softened(plane: Floats, x_height: float, rng: Rng) -> Floats:
    """Change the weight of strokes, the number of pixels, and the focus, each at times."""
    height, width = plane.shape
    if rng.random() < 0.3:
        size = max(2, round(x_height * rng.uniform(0.03, 0.12)))
        more = cv2.erode if rng.random() < 0.5 or x_height < 14 else cv2.dilate
        plane = more(plane, np.ones((size, size), np.uint8))
    if rng.random() < 0.15:
        scale = max(min(1.0, 5 / x_height), rng.uniform(0.4, 0.9))
        small = cv2.resize(plane, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        plane = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    sigma = x_height * rng.uniform(0.0, 0.16)
    if sigma > 0.2 and rng.random() < 0.6:
        plane = cv2.GaussianBlur(plane, (0, 0), sigma)
    return np.asarray(plane, np.float32)


def smeared(clean: Pixels, x_height: float, rng: Rng) -> Pixels:
    """Let letters grow together: out of focus, shaken, too much ink, or too few pixels."""
    kind = int(rng.integers(4))
    if kind == 0:
        return np.asarray(cv2.GaussianBlur(clean, (0, 0), x_height * rng.uniform(0.22, 0.5)))
    if kind == 1:
        length = max(2, round(x_height * rng.uniform(0.5, 1.2)))
        kernel = np.full((1, length), 1 / length, np.float32)
        return np.asarray(cv2.filter2D(clean, -1, kernel if rng.random() < 0.7 else kernel.T))
    if kind == 2:
        size = max(2, round(x_height * rng.uniform(0.15, 0.4)))
        return np.asarray(cv2.erode(clean, ellipse(size)))
    scale = min(1.0, rng.uniform(2.0, 3.5) / x_height)
    small = cv2.resize(clean, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, clean.shape[::-1], interpolation=cv2.INTER_CUBIC))


def broken(clean: Pixels, x_height: float, rng: Rng) -> Pixels:
    """Take ink away: worn in patches, in stripes, or thinned until strokes part."""
    kind = int(rng.integers(3))
    if kind == 0:
        field = cloud(rng, max(0.7, x_height), 0.06, 0.2)
        gone = field > np.quantile(field[::8, ::8], rng.uniform(0.45, 0.75))
    elif kind == 1:
        gone = stripes(max(2.5, x_height * rng.uniform(0.25, 0.7)), rng)
    else:
        size = max(2, round(x_height * rng.uniform(0.08, 0.2)))
        clean = np.asarray(cv2.dilate(clean, ellipse(size)), np.uint8)
        field = cloud(rng, x_height, 0.1, 0.1)
        gone = field > np.quantile(field[::8, ::8], 0.7)
    return np.where(gone, PAPER, clean).astype(np.uint8)


def cloud(rng: Rng, x_height: float, least: float, most: float) -> Floats:
    """Return soft random patches, of a size in x-heights."""
    grain = rng.normal(0, 1, (HEIGHT, WIDTH)).astype(np.float32)
    sigma = max(0.7, x_height * rng.uniform(least, most))
    return np.asarray(cv2.GaussianBlur(grain, (0, 0), sigma), np.float32)


def stripes(pitch: float, rng: Rng) -> NDArray[np.bool_]:
    """Return stripes across the page, or down it."""
    rows = (np.arange(HEIGHT) + rng.uniform(0, pitch)) % pitch < pitch * rng.uniform(0.3, 0.5)
    columns = np.arange(WIDTH) % pitch < pitch * rng.uniform(0.3, 0.5)
    lines = rows[:, None] if rng.random() < 0.5 else columns[None]
    return np.broadcast_to(lines, (HEIGHT, WIDTH))


def ellipse(size: int) -> Pixels:
    """Return a round element of so many pixels."""
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)


WEAR = {"merged": smeared, "broken": broken}


def scenery(rng: Rng) -> Pixels:
    """Draw what only looks like text: texture, edges of things, rules, boxes, screens, specks."""
    draw = (texture, texture, polygons, rules, screen, specks)[int(rng.integers(6))]
    return draw(rng)


def blank() -> Pixels:
    """Return an empty page."""
    return np.full((HEIGHT, WIDTH), PAPER, np.uint8)


def texture(rng: Rng) -> Pixels:
    """Draw patches of one size, or of several."""
    field = np.zeros((HEIGHT, WIDTH), np.float32)
    for sigma in rng.uniform(0.7, 8, 1 if rng.random() < 0.5 else 3):
        grain = rng.normal(0, 1, field.shape).astype(np.float32)
        layer = cv2.GaussianBlur(grain, (0, 0), sigma, sigmaY=sigma * rng.uniform(0.5, 2))
        field += layer / layer.std()
    level = 1 / (1 + np.exp(-field * rng.uniform(0.2, 3) + rng.uniform(-2, 2)))
    return np.asarray(INK + (PAPER - INK) * level, np.uint8)


def polygons(rng: Rng) -> Pixels:
    """Draw things with edges."""
    sheet = blank()
    for _ in range(int(rng.integers(40, 700))):
        centre, size = rng.uniform(0, WIDTH, 2), rng.uniform(2, 60)
        corners = (centre + rng.normal(0, size, (int(rng.integers(3, 7)), 2))).astype(np.int32)
        cv2.fillPoly(sheet, [corners], float(rng.uniform(INK, PAPER)), cv2.LINE_AA)
    return sheet


def rules(rng: Rng) -> Pixels:
    """Draw rules and boxes, whole and dashed."""
    sheet = blank()
    step_x, step_y = rng.uniform(6, 70, 2)
    thick, dash = int(rng.integers(1, 5)), rng.uniform(0.2, 1.1)
    for y in np.arange(5, HEIGHT, step_y):
        for x in np.arange(5, WIDTH, step_x):
            corner, right, below = (
                (int(x + a * dash * step_x), int(y + b * dash * step_y))
                for a, b in ((0, 0), (1, 0), (0, 1))
            )
            cv2.line(sheet, corner, right, INK, thick)
            if rng.random() < 0.5:
                cv2.line(sheet, corner, below, INK, thick)
    return sheet


def screen(rng: Rng) -> Pixels:
    """Draw a printer's screen of dots under soft tones."""
    pitch, angle = rng.uniform(4, 24), rng.uniform(0, 1.5)
    y, x = np.mgrid[:HEIGHT, :WIDTH] * (2 * np.pi / pitch)
    wave = np.cos(x * np.cos(angle) + y * np.sin(angle))
    wave += np.cos(y * np.cos(angle) - x * np.sin(angle))
    tone = cv2.resize(rng.uniform(-1.6, 1.6, (5, 7)).astype(np.float32), (WIDTH, HEIGHT))
    return np.where(wave > tone, PAPER, INK).astype(np.uint8)


def specks(rng: Rng) -> Pixels:
    """Draw spots and scratches."""
    sheet = blank()
    for _ in range(int(rng.integers(300, 4000))):
        x, y = (int(each) for each in rng.uniform(0, (WIDTH, HEIGHT)))
        size = max(1, int(rng.uniform(1, 7)))
        if rng.random() < 0.7:
            axes = (size, max(1, size // 2))
            cv2.ellipse(sheet, (x, y), axes, float(rng.uniform(0, 180)), 0, 360, INK, -1)
        else:
            end = (x + int(rng.normal(0, size)), y + int(rng.normal(0, size)))
            cv2.line(sheet, (x, y), end, INK, 1 + size // 4)
    return sheet
