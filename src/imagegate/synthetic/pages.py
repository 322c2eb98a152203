"""Render clean pages with known text: what a reader of the result must find."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from imagegate.synthetic import layouts
from imagegate.synthetic.fonts import Face, find_faces
from imagegate.synthetic.paper import LOOKS, draw_look, printed_ground
from imagegate.synthetic.sheet import Sheet
from imagegate.tables import Pixels, Rng, Table

DPIS = (72, 96, 100, 120, 150, 200, 240, 300)
POINTS = (6.0, 20.0)
POINTS_PER_INCH = 72.0
EM_PX = (16.0, 46.0)
# Under 8 px Tesseract itself begins to fail on flawless pages (docs/degradations.md).
LEAST_X_HEIGHT_PX = 10.0
# Widest and highest that a page becomes, drawn for each: engines are slow on large ones.
MOST_WIDTH_PX, MOST_HEIGHT_PX = (520, 880), (560, 1000)
LARGE_SHARE, LARGE_FACTOR = 0.08, 1.5
# On a small page text is set small enough that so much of its usual ems fit, across and down.
LEAST_SHARES_OF_EMS = (0.62, 0.42)
WIDEST = 1.4  # times the usual width of so high a page
LEADINGS = (1.18, 1.65)
PRINTED = ("white", "white", "tinted", "textured")


@dataclass(frozen=True)
class Layout:
    """One kind of page: its usual width and height in ems, and what its colours are drawn from.

    ``em_px`` and ``most_px``, the widest and highest that it becomes, are ranges in pixels in
    place of the usual ones.
    """

    name: str
    write: Callable[[Sheet, Rng], None]
    ems: tuple[float, float]
    looks: Sequence[str] = ("white", "white", "tinted")
    em_px: tuple[float, float] | None = None
    most_px: tuple[tuple[float, float], tuple[float, float]] | None = None


LAYOUTS = Table(
    "layout",
    (
        Layout("letter", layouts.letter, (38, 50)),
        Layout("invoice", layouts.invoice, (38, 46), PRINTED),
        Layout("receipt", layouts.receipt, (22, 40), PRINTED),
        Layout("two_columns", layouts.two_columns, (46, 52)),
        Layout("small_print", layouts.small_print, (44, 50)),
        Layout("coloured", layouts.notice, (32, 40), ("coloured", "textured")),
        Layout("form", layouts.form, (36, 46), PRINTED),
        Layout("screenshot", layouts.screenshot, (48, 36), ("white", "tinted", "dark", "textured")),
        Layout("dark", layouts.slide, (36, 30), ("dark", "dark-textured")),
        Layout("table", layouts.dense_table, (42, 44), PRINTED),
        Layout("card", layouts.card, (24, 14), tuple(LOOKS)),
    ),
)


@dataclass(frozen=True, eq=False)
class Page:
    """A clean page, RGB uint8, and what is written on it.

    ``text`` is the transcript in reading order, one printed line a line; ``layout`` a name of
    LAYOUTS; ``font`` and ``x_height_px`` the face and the height of a lower-case x of running text.
    """

    pixels: Pixels
    text: str
    layout: str
    font: str
    x_height_px: float


def render_page(seed: int, *, layout: str | None = None, fonts: str = "bundled") -> Page:
    """Render a clean page with known text, of a layout in LAYOUTS, drawn if left out.

    The same seed gives the same page wherever the same fonts and Pillow are installed. Fonts are
    ``"bundled"``, those that matplotlib carries on every machine, or ``"system"``, those installed
    too. Text is sharp, of 6 to 20 pt at 72 to 300 dpi, with an x-height of at least 10 px: small
    text comes from degradations.

    >>> page = render_page(7, layout="letter")
    >>> page.layout, page.pixels.shape[2], "Dear" in page.text
    ('letter', 3, True)
    """
    rng = np.random.default_rng([seed, len(LAYOUTS)])
    kind = LAYOUTS[layout or str(rng.choice(list(LAYOUTS)))]
    return compose(kind, draw_faces(find_faces(fonts), rng), rng)


def compose(
    kind: Layout,
    faces: tuple[Face, Face],
    rng: Rng,
    *,
    make: Callable[..., Sheet] = Sheet,
    least_leading: float = 0.0,
) -> Page:
    """Draw sizes and colours, and write a page of this layout in a plain and a bold face."""
    plain, bold = faces
    most = draw_most(rng, kind.most_px)
    em = draw_em(rng, kind)
    fitting = zip(most, kind.ems, LEAST_SHARES_OF_EMS, strict=True)
    em = min(em, *(px / (usual * share) for px, usual, share in fitting))
    em = max(em, em * LEAST_X_HEIGHT_PX / x_height_px(plain, em))  # so that it can be read
    width, height = draw_size(em, most, kind.ems, rng)
    look_name = str(rng.choice(list(kind.looks)))
    look = draw_look(look_name, rng)
    smallest = em * LEAST_X_HEIGHT_PX / x_height_px(plain, em)
    leading = max(least_leading, rng.uniform(*LEADINGS))
    ground = printed_ground(width, height, look.paper, rng) if "textured" in look_name else None
    sheet = make(width, height, look, plain, bold, em, smallest, leading, ground)
    kind.write(sheet, rng)
    pixels = np.asarray(sheet.canvas, np.uint8)
    return Page(pixels, "\n".join(sheet.lines), kind.name, plain.name, x_height_px(plain, em))


def draw_faces(faces: Sequence[Face], rng: Rng) -> tuple[Face, Face]:
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


def draw_em(rng: Rng, kind: Layout) -> float:
    """Draw a size in points and a resolution, and return the em in pixels."""
    if kind.em_px:
        return float(np.exp(rng.uniform(*np.log(kind.em_px))))
    small = kind.name == "small_print"
    while True:
        points = np.exp(rng.uniform(*np.log(POINTS)))
        em = float(points * rng.choice(DPIS) / POINTS_PER_INCH)
        if EM_PX[0] <= em <= (EM_PX[0] * 1.4 if small else EM_PX[1]):
            return em


def draw_most(
    rng: Rng, ranges: tuple[tuple[float, float], tuple[float, float]] | None = None
) -> tuple[float, float]:
    """Draw the widest and highest that a page may become, in pixels."""
    if ranges:
        return float(rng.uniform(*ranges[0])), float(rng.uniform(*ranges[1]))
    large = LARGE_FACTOR if rng.random() < LARGE_SHARE else 1.0
    return float(rng.uniform(*MOST_WIDTH_PX) * large), float(rng.uniform(*MOST_HEIGHT_PX) * large)


def draw_size(
    em: float, most: tuple[float, float], ems: tuple[float, float], rng: Rng
) -> tuple[int, int]:
    """Draw width and height in pixels; a receipt that is cut short stays narrow."""
    width, height = (
        int(min(usual * em * rng.uniform(0.9, 1.1), px))
        for usual, px in zip(ems, most, strict=True)
    )
    return min(width, int(height * WIDEST * ems[0] / ems[1])), height


def x_height_px(face: Face, em: float) -> float:
    """Return how high a lower-case x stands, in pixels, or the median letter of another script."""
    font = face.at(em)
    return -float(np.median([font.getbbox(letter, anchor="ls")[1] for letter in face.letters]))
