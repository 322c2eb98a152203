"""The blocks of docs/recipes.md, and images to run them on."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np

from imagegate.synthetic.pages import render_page
from imagegate.tables import Pixels

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGE = render_page(0, layout="invoice")


def sections() -> dict[str, list[tuple[str, str]]]:
    """Return the language and code of every block, by heading."""
    text = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
    parts = text.split("\n## ")[1:]
    return {part.splitlines()[0]: BLOCK.findall(part) for part in parts}


def png(pixels: Pixels) -> bytes:
    return bytes(cv2.imencode(".png", np.ascontiguousarray(pixels[..., ::-1]))[1])


def blurred(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), 6), np.uint8)


def dark(pixels: Pixels) -> Pixels:
    return (pixels * 0.05).astype(np.uint8)


def vase(height: int = 500, width: int = 660) -> Pixels:
    """Draw a vase in a photographer's tent: even ground, soft shade, a glaze with spots."""
    rng = np.random.default_rng(5)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    along = (rows - height / 2) / (0.36 * height)
    radius = 0.2 * width * (1 + 0.35 * np.sin(3 * along))
    inside = (np.abs(columns - width / 2) < radius) & (np.abs(along) < 1)
    alpha = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 1)[..., None]
    spots = 60 * cv2.GaussianBlur(rng.normal(0, 1, (height, width)), (0, 0), 3)[..., None]
    subject = np.array([150, 70, 60]) * (0.75 + 0.5 * columns / width)[..., None] + spots
    ground = np.array([205, 200, 190]) * (1 - 0.15 * rows / height)[..., None]
    grain = rng.normal(0, 2, (height, width, 1))
    return np.clip(ground * (1 - alpha) + subject * alpha + grain, 0, 255).astype(np.uint8)
