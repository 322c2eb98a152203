"""Pages written by hand: English in handwriting fonts, on uneven lines, at times on ruled paper."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import ImageFont

from imagegate.synthetic import layouts, writing
from imagegate.synthetic.fonts import find_hands
from imagegate.synthetic.pages import Layout, Page, compose, draw_faces
from imagegate.synthetic.paper import Colour
from imagegate.synthetic.sheet import Sheet
from imagegate.tables import Rng, Table

STREAM = 8  # what keeps these pages' chance apart from that of printed ones
RULED_SHARE = 0.5
BASELINE = 0.78  # where it lies in a line, as a share of the line's height
WOBBLE_EM, SLOPE = 0.06, 0.012


@dataclass
class HandSheet(Sheet):
    """A sheet on which words stray from the baseline, and lines rise or fall."""

    chance: Rng | None = None

    def put(
        self, x: float, baseline: float, text: str, font: ImageFont.FreeTypeFont, ink: Colour
    ) -> None:
        """Draw text word by word, each a little off."""
        rng = self.chance or np.random.default_rng(0)
        start, slope = x, rng.normal(0, SLOPE)
        for word in text.split():
            y = baseline + slope * (x - start) + rng.normal(0, WOBBLE_EM) * self.em
            super().put(x, y, word, font, ink)
            x += font.getlength(word) + font.getlength(" ") * rng.uniform(0.7, 1.25)


def rule_paper(sheet: Sheet, rng: Rng) -> None:
    """Draw a line, or squares, under every line of text, half of the time."""
    if rng.random() >= RULED_SHARE:
        return
    step = sheet.step()
    below = BASELINE * step + 0.08 * sheet.em
    for y in np.arange(below, sheet.height, step):
        sheet.rule(0, float(y), sheet.width)
    if rng.random() < 0.3:
        for x in np.arange(rng.uniform(0, step), sheet.width, step):
            sheet.draw.line((round(x), 0, round(x), sheet.height), fill=sheet.look.rule)


def note(sheet: Sheet, rng: Rng) -> None:
    """Write a letter by hand: date, greeting, paragraphs, name."""
    rule_paper(sheet, rng)
    margin, width, _ = layouts.frame(sheet, rng, 1.0, 2.5)
    step = sheet.step()
    y = sheet.write(margin, step, writing.date(rng), width, align="right")
    y = sheet.write(margin, y, f"Dear {pick_name(rng)},", width)
    while y < sheet.height - 4 * step:
        y = sheet.flow(margin, y, writing.paragraph(rng, 1, 4), width)
    y = sheet.write(margin, y, pick_ending(rng), width)
    sheet.write(margin + width * rng.uniform(0, 0.4), y, pick_name(rng), width * 0.6)


def jotting(sheet: Sheet, rng: Rng) -> None:
    """Write a list by hand: things and amounts, or names and telephone numbers."""
    rule_paper(sheet, rng)
    margin, width, _ = layouts.frame(sheet, rng, 1.0, 2.0)
    y = sheet.write(margin, sheet.step(), writing.phrase(rng, 1, 3), width)
    names = rng.random() < 0.4
    while sheet.room(y):
        item = writing.full_name(rng) if names else writing.phrase(rng, 1, 3)
        amount = writing.phone(rng) if names else writing.money(rng, 90)
        y = sheet.write(margin, y, f"{item} {amount}" if names else f"- {item} {amount}", width)


def pick_name(rng: Rng) -> str:
    """Return a first name."""
    return writing.pick(rng, writing.FIRST_NAMES)


def pick_ending(rng: Rng) -> str:
    """Return how a letter to a friend ends."""
    return writing.pick(rng, ("Love,", "Best wishes,", "Yours,", "See you soon,", "Many thanks,"))


HANDWRITTEN = Table(
    "layout",
    (
        Layout("note", note, (34, 40), ("white", "white", "tinted", "coloured")),
        Layout("jotting", jotting, (24, 30), ("white", "white", "tinted", "textured")),
    ),
)


def render_hand(seed: int, *, layout: str | None = None) -> Page:
    """Render a clean page written by hand, of a layout in HANDWRITTEN, drawn if left out.

    The same seed gives the same page where the same fonts and Pillow are installed.
    """
    rng = np.random.default_rng([seed, STREAM])
    kind = HANDWRITTEN[layout or writing.pick(rng, list(HANDWRITTEN))]
    return compose(kind, draw_faces(find_hands(), rng), rng, make=partial(HandSheet, chance=rng))
