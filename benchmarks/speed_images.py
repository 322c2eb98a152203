"""Make the images that speed is measured on: photographs as cameras save them, and sheets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise, product
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.synthetic import layouts
from imagegate.synthetic.fonts import find_faces
from imagegate.synthetic.pages import draw_faces
from imagegate.synthetic.paper import draw_look
from imagegate.synthetic.sheet import Sheet
from imagegate.training.data.clean import KINDS, render

Pixels = NDArray[np.uint8]

QUALITY = 90
BYTES_A_PIXEL = 0.25  # of a JPEG; phones save 0.2 to 0.3
MOST_GRAIN = 6.0  # standard deviation, gray levels
HALVINGS = 5  # of the interval in which the grain is looked for
GRAIN_SIGMA = 0.6  # px; a camera's own filters leave no white noise
LENS_SIGMA = 0.8  # px
PHOTOS = (2016, 2001, 2006, 2019, 2007, 2023)  # seeds of pages with much text, mildly flawed
LEAVES, RADII = 6000, (0.006, 0.25)  # of the scene; radii as shares of the long side
PAGE_DPI, POINTS = 300, 10
A4_INCHES = (8.27, 11.69)


@dataclass(frozen=True)
class Picture:
    """One image to be made.

    Parameters
    ----------
    name : str
        What the tables call it.
    file : str
        Name of its file; the suffix decides the format.
    make : Callable
        Returns its pixels without grain, RGB uint8 ``(height, width, 3)``.
    tiled : tuple of int or None
        Width and height if it is made larger by repeating it, grain included.
    """

    name: str
    file: str
    make: Callable[[], Pixels]
    tiled: tuple[int, int] | None = None


def pictures(*, large: bool = False) -> list[Picture]:
    """Return the images to measure, with two of about 100 megapixels if asked for."""
    found = []
    for name, size, grid in (
        ("0.5", (816, 612), (1, 1)),
        ("2", (1632, 1224), (2, 1)),
        ("12", (4000, 3000), (3, 2)),
    ):
        found += [
            Picture(f"page photo, {name} MP", f"page-{name}.jpg", partial(page_photo, size, grid)),
            Picture(f"scene, {name} MP", f"scene-{name}.jpg", partial(scene, size)),
        ]
    found.append(Picture("300 dpi PNG", "sheet.png", sheet))
    if large:
        photo = partial(page_photo, (4000, 3000), (3, 2))
        found += [
            Picture("page photo, 100 MP", "page-100.jpg", photo, (11552, 8664)),
            Picture("300 dpi PNG, 104 MP", "sheets.png", sheet, (9920, 10524)),
        ]
    return found


def make(picture: Picture, folder: Path) -> Path:
    """Write an image into a folder, unless it is there already, and return its path."""
    path = folder / picture.file
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        pixels = picture.make()
        if path.suffix == ".jpg":
            pixels = with_camera_grain(pixels)
        if picture.tiled:
            pixels = repeated(pixels, picture.tiled)
        path.write_bytes(encoded(pixels, path.suffix))
    return path


def encoded(pixels: Pixels, suffix: str) -> bytes:
    """Return RGB pixels as a file's content."""
    options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY] if suffix == ".jpg" else []
    _, data = cv2.imencode(suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)
    return data.tobytes()


def with_camera_grain(pixels: Pixels) -> Pixels:
    """Add as much grain of luminance as makes a JPEG of the usual bytes a pixel."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(pixels.shape[:2], dtype=np.float32)
    noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), GRAIN_SIGMA), np.float32)
    noise /= noise.std()
    low, high = 0.0, MOST_GRAIN
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        size = len(encoded(grainy(pixels, noise, middle), ".jpg"))
        enough = size >= BYTES_A_PIXEL * noise.size
        low, high = (low, middle) if enough else (middle, high)
    return grainy(pixels, noise, high)


def grainy(pixels: Pixels, noise: NDArray[np.float32], strength: float) -> Pixels:
    """Return the pixels with the same noise in all three channels."""
    return np.clip(np.rint(pixels + strength * noise[..., None]), 0, 255).astype(np.uint8)


def repeated(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Repeat an image until it is so wide and high."""
    (height, width), (wide, high) = pixels.shape[:2], size
    return np.tile(pixels, (-(-high // height), -(-wide // width), 1))[:high, :wide]


def page_photo(size: tuple[int, int], grid: tuple[int, int]) -> Pixels:
    """Lay photographs of pages side by side: as many columns and rows as the grid has."""
    (width, height), (columns, rows) = size, grid
    canvas = np.empty((height, width, 3), np.uint8)
    across = pairwise(width * place // columns for place in range(columns + 1))
    down = pairwise(height * place // rows for place in range(rows + 1))
    for seed, ((left, right), (top, bottom)) in zip(PHOTOS, product(across, down), strict=False):
        photo, _, _ = render(KINDS["photos"], seed)
        canvas[top:bottom, left:right] = filling(photo, right - left, bottom - top)
    return canvas


def filling(pixels: Pixels, width: int, height: int) -> Pixels:
    """Resize an image so that it just covers a size, and cut off what juts out."""
    scale = max(width / pixels.shape[1], height / pixels.shape[0])
    size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(pixels, size, interpolation=how)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return np.asarray(resized[top : top + height, left : left + width], np.uint8)


def scene(size: tuple[int, int]) -> Pixels:
    """Draw a picture without text: ellipses of all sizes that cover each other, in soft light.

    Parameters
    ----------
    size : tuple of int
        Width and height.

    Returns
    -------
    ndarray
        RGB uint8 ``(height, width, 3)``.

    References
    ----------
    The dead leaves model, whose edges and sizes are those of photographs: Lee, Mumford, Huang,
    IJCV 41 (2001), doi:10.1023/A:1011109015675.
    """
    (width, height), rng = size, np.random.default_rng(1)
    canvas = np.full((height, width, 3), 128, np.uint8)
    least, most = (share * max(size) for share in RADII)
    for _ in range(LEAVES):
        # the number of radii beyond r falls with the square of r
        radius = 1 / np.sqrt(rng.uniform(most**-2, least**-2))
        axes = (round(radius), round(radius * rng.uniform(0.3, 1)))
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        colour = (rng.uniform(30, 225) + rng.normal(0, 20, 3)).clip(0, 255).tolist()
        turn = rng.uniform(0, 180)
        cv2.ellipse(canvas, centre, axes, turn, 0, 360, colour, cv2.FILLED, cv2.LINE_AA)
    light = np.linspace(1.0, 0.7, width, dtype=np.float32)[None, :, None]
    lit = (canvas * light).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(lit, (0, 0), LENS_SIGMA), np.uint8)


def sheet() -> Pixels:
    """Write an A4 page of 10 point text at 300 dpi, as a program that prints would."""
    rng = np.random.default_rng(2)
    width, height = (round(PAGE_DPI * inches) for inches in A4_INCHES)
    plain, bold = draw_faces(find_faces("bundled"), rng)
    em = POINTS / 72 * PAGE_DPI
    page = Sheet(width, height, draw_look("white", rng), plain, bold, em, smallest=em / 2)
    layouts.letter(page, rng)
    return np.asarray(page.canvas, np.uint8)
