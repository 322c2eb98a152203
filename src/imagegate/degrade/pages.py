"""Render clean pages with known text: what a reader of the result must find."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from imagegate.degrade import layouts, tabular
from imagegate.degrade.fonts import Face, find_faces
from imagegate.degrade.paper import draw_look
from imagegate.degrade.sheet import Sheet
from imagegate.tables import Pixels, Table

DPIS = (72, 96, 100, 120, 150, 200, 240, 300)
POINTS = (6.0, 20.0)
POINTS_PER_INCH = 72.0
EM_PX = (16.0, 46.0)
# Under 8 px Tesseract itself begins to fail on flawless pages (docs/degradations.md).
LEAST_X_HEIGHT_PX = 10.0
MOST_SIDES_PX = (1000, 1200)
LARGE_SHARE, LARGE_FACTOR = 0.08, 1.6
LEADINGS = (1.18, 1.65)


@dataclass(frozen=True)
class Layout:
    """One kind of page.

    Parameters
    ----------
    name : str
        How it is asked for.
    write : Callable
        Writes a page into a sheet.
    ems : tuple of float
        Usual width and height in ems of the running text.
    looks : sequence of str
        Kinds of colours to draw from.
    """

    name: str
    write: Callable[[Sheet, np.random.Generator], None]
    ems: tuple[float, float]
    looks: Sequence[str] = ("white", "white", "tinted")


LAYOUTS = Table(
    "layout",
    (
        Layout("letter", layouts.letter, (38, 50)),
        Layout("invoice", tabular.invoice, (38, 46)),
        Layout("receipt", tabular.receipt, (22, 40)),
        Layout("two_columns", layouts.two_columns, (46, 52)),
        Layout("small_print", layouts.small_print, (44, 50)),
        Layout("coloured", layouts.notice, (32, 40), ("coloured",)),
        Layout("form", tabular.form, (36, 46)),
        Layout("screenshot", layouts.screenshot, (48, 36), ("white", "tinted", "dark")),
        Layout("dark", layouts.slide, (36, 30), ("dark",)),
        Layout("table", tabular.dense_table, (42, 44)),
        Layout("card", layouts.card, (24, 14), ("white", "tinted", "coloured", "dark")),
    ),
)


@dataclass(frozen=True, eq=False)
class Page:
    """A clean page and what is written on it.

    Parameters
    ----------
    pixels : ndarray
        RGB uint8 ``(height, width, 3)``.
    text : str
        The transcript in reading order, one printed line a line.
    layout : str
        Its kind, a name of LAYOUTS.
    font : str
        Name of the face of the running text.
    x_height_px : float
        Height of a lower-case x of the running text.
    """

    pixels: Pixels
    text: str
    layout: str
    font: str
    x_height_px: float


def render_page(seed: int, *, layout: str | None = None, fonts: str = "bundled") -> Page:
    """Render a clean page with known text.

    Parameters
    ----------
    seed : int
        Decides everything that is not given: same seed, same page, wherever the same
        fonts and Pillow are installed.
    layout : str, optional
        A name of LAYOUTS; drawn if left out.
    fonts : {"bundled", "system"}
        ``"bundled"`` keeps to the faces that matplotlib carries, so that another
        machine renders the same; ``"system"`` adds those installed.

    Returns
    -------
    Page
        Sharp, dark on light (or the reverse), text of 6 to 20 pt at 72 to 300 dpi
        whose x-height is at least 10 px: small text comes from degradations.

    Examples
    --------
    >>> page = render_page(7, layout="letter")
    >>> page.layout, page.pixels.shape[2], "Dear" in page.text
    ('letter', 3, True)
    """
    rng = np.random.default_rng([seed, len(LAYOUTS)])
    kind = LAYOUTS[layout or str(rng.choice(list(LAYOUTS)))]
    plain, bold = draw_faces(find_faces(fonts), rng)
    em = draw_em(plain, rng, small=kind.name == "small_print")
    large = LARGE_FACTOR if rng.random() < LARGE_SHARE else 1.0
    width, height = (
        int(min(ems * em * rng.uniform(0.9, 1.1), most * large))
        for ems, most in zip(kind.ems, MOST_SIDES_PX, strict=True)
    )
    look = draw_look(str(rng.choice(list(kind.looks))), rng)
    smallest = em * LEAST_X_HEIGHT_PX / x_height_px(plain, em)
    sheet = Sheet(width, height, look, plain, bold, em, smallest, rng.uniform(*LEADINGS))
    kind.write(sheet, rng)
    pixels = np.asarray(sheet.canvas, np.uint8)
    return Page(pixels, "\n".join(sheet.lines), kind.name, plain.name, x_height_px(plain, em))


def draw_faces(faces: Sequence[Face], rng: np.random.Generator) -> tuple[Face, Face]:
    """Draw a face for running text, families alike, and the bold one of its family for heads."""
    families = sorted({face.family for face in faces})
    chosen = families[rng.integers(len(families))]
    family = [face for face in faces if face.family == chosen]
    upright = [face for face in family if not face.bold and not face.slanted] or family
    # most print is upright and of normal weight
    choice = upright if rng.random() < 0.8 else family
    plain = choice[rng.integers(len(choice))]
    bold = [face for face in family if face.bold and not face.slanted] or [plain]
    return plain, bold[0]


def draw_em(face: Face, rng: np.random.Generator, *, small: bool) -> float:
    """Draw a size in points and a resolution, and return the em in pixels, readable for sure."""
    while True:
        points = np.exp(rng.uniform(*np.log(POINTS)))
        em = float(points * rng.choice(DPIS) / POINTS_PER_INCH)
        if EM_PX[0] <= em <= (EM_PX[0] * 1.4 if small else EM_PX[1]):
            break
    return max(em, em * LEAST_X_HEIGHT_PX / x_height_px(face, em))


def x_height_px(face: Face, em: float) -> float:
    """Return how high a lower-case x stands, in pixels."""
    return -float(face.at(em).getbbox("x", anchor="ls")[1])
