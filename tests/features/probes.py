"""Small made pictures that the measures are tested on; nothing is stored, all is seeded."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.image import Image

Pixels = NDArray[np.uint8]

# 5x5 letters: all as high as an x, so that the x-height is known
GLYPHS = (
    ".###. #...# #...# #...# .###.",
    "##### #.... ####. #.... #####",
    "#...# ##..# #.#.# #..## #...#",
    ".#### #.... .###. ....# ####.",
    "#...# .#.#. ..#.. .#.#. #...#",
    ".###. #...# ##### #...# #...#",
)


def flat(level: int = 128, shape: tuple[int, int] = (128, 128)) -> Pixels:
    return np.full(shape, level, np.uint8)


def noise(sigma: float, shape: tuple[int, int] = (256, 256), seed: int = 0) -> Pixels:
    drawn = 128 + np.random.default_rng(seed).normal(0, sigma, shape)
    return np.clip(np.rint(drawn), 0, 255).astype(np.uint8)


def text(
    unit: int = 3, *, ink: int = 20, paper: int = 235, lines: int = 8, letters: int = 16
) -> Pixels:
    """Lines of letters 5 units high with strokes of 1 unit, drawn without smoothing."""
    shapes = [np.array([[c == "#" for c in row] for row in g.split()], np.uint8) for g in GLYPHS]
    rng = np.random.default_rng(7)
    marks = np.zeros(((lines * 10 + 8) * unit, (letters * 8 + 8) * unit), np.uint8)
    for line in range(lines):
        left = 5 * unit
        for place in range(letters):
            # odd distances, as proportional fonts have: an even pitch is a grid
            left += round(rng.uniform(7, 8.4) * unit) if place else 0
            if place % 6 == 5:  # a space between words
                continue
            glyph = np.kron(shapes[rng.integers(len(shapes))], np.ones((unit, unit), np.uint8))
            top = (6 + line * 10) * unit
            marks[top : top + 5 * unit, left : left + 5 * unit] = glyph
    return np.where(marks > 0, ink, paper).astype(np.uint8)


def page(*, ink: int = 20, paper: int = 235) -> Pixels:
    """Smooth text with an x-height of 20 px, off the pixel grid as print is."""
    sharp = text(9, ink=ink, paper=paper, lines=12, letters=20)
    size = (round(sharp.shape[1] / 2.27), round(sharp.shape[0] / 2.27))
    return np.asarray(cv2.resize(sharp, size, interpolation=cv2.INTER_AREA), np.uint8)


def scene(shape: tuple[int, int] = (256, 320), seed: int = 3) -> Pixels:
    """Overlapping soft and hard discs of many sizes, like the edges of a photo."""
    rng = np.random.default_rng(seed)
    height, width = shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    plane = 90 + 60 * x / width
    for _ in range(60):
        size = np.exp(rng.uniform(np.log(5), np.log(60)))
        far = np.hypot(y - rng.uniform(0, height), x - rng.uniform(0, width))
        cover = np.clip(size - far + 0.5, 0, 1)
        plane = plane * (1 - cover) + rng.uniform(20, 230) * cover
    return np.rint(plane).astype(np.uint8)


def step_edge(sigma: float, shape: tuple[int, int] = (256, 256)) -> Pixels:
    """Upright bars 64 px wide under a Gaussian blur."""
    bars = np.where(np.arange(shape[1]) // 64 % 2, 200.0, 60.0)
    far = np.arange(-40, 41)
    kernel = np.exp(-(far**2) / (2 * sigma**2))
    soft = np.convolve(np.pad(bars, 40, mode="edge"), kernel / kernel.sum(), "valid")
    return np.tile(np.rint(soft).astype(np.uint8), (shape[0], 1))


def pixelated(period: int, source: Pixels) -> Pixels:
    small = source[::period, ::period]
    large = small.repeat(period, axis=0).repeat(period, axis=1)
    return np.ascontiguousarray(large[: source.shape[0], : source.shape[1]])


def jpeg(source: Pixels, quality: int) -> bytes:
    return cv2.imencode(".jpg", source, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def image(pixels: Pixels) -> Image:
    return Image.from_array(pixels)


def static(shape: tuple[int, ...], seed: int = 1) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


ODD: dict[str, Callable[[], Pixels]] = {
    "1x1": lambda: flat(9, (1, 1)),
    "1x300": lambda: static((1, 300)),
    "300x1": lambda: static((300, 1)),
    "2x2": lambda: static((2, 2)),
    "15x15": lambda: static((15, 15)),
    "16x16": lambda: static((16, 16)),
    "17x33": lambda: static((17, 33, 3)),
    "47x65": lambda: static((47, 65)),
    "16x9000": lambda: static((16, 9000)),
    "black": lambda: flat(0),
    "gray": lambda: flat(128),
    "white": lambda: flat(255),
    "static": lambda: static((200, 150, 3)),
    "checkerboard": lambda: (np.indices((90, 120)).sum(axis=0) % 2 * 255).astype(np.uint8),
    "ramp": lambda: np.tile(np.arange(256, dtype=np.uint8), (80, 1)),
    "one dot": lambda: np.pad(flat(0, (1, 1)), 60, constant_values=255),
    "two-tone text": lambda: text(ink=0, paper=255),
    "large": lambda: np.tile(scene(), (5, 5)),
}

GOLDEN: dict[str, Callable[[], Pixels]] = {
    "scene": scene,
    "blurred scene": lambda: np.asarray(cv2.GaussianBlur(scene(), (0, 0), 3.0), np.uint8),
    "page": page,
    "faint noisy page": lambda: np.clip(
        page(ink=150, paper=200) + noise(6.0, page().shape).astype(int) - 128, 0, 255
    ).astype(np.uint8),
    "pixelated scene": lambda: pixelated(6, scene()),
    "large": lambda: np.tile(scene(), (5, 5)),
}
