"""Pages of offices and screens: boxes, frames, patterns, pictures, odd colours; clean text."""

from __future__ import annotations

import numpy as np
from PIL import Image

from imagegate.synthetic import layouts, screens, writing
from imagegate.synthetic.fonts import find_faces, is_hand
from imagegate.synthetic.pages import PRINTED, Layout, Page, compose, draw_faces
from imagegate.synthetic.paper import Colour, noise_field, to_pixels
from imagegate.synthetic.screens import blend, vivid
from imagegate.synthetic.sheet import Align, Sheet
from imagegate.tables import Rng, Table

STREAM = 9  # what keeps these pages' chance apart from that of others
BLUE_INK = (25, 40, 140)


def boxed_table(sheet: Sheet, rng: Rng) -> None:
    """Write a table with rules around every cell, under a title."""
    margin, width, y = layouts.frame(sheet, rng, 0.8, 1.5)
    y = sheet.write(margin, y, writing.phrase(rng, 2, 5), width, size=1.3, bold=True) + sheet.em / 3
    columns = max(2, min(5, int(width / (sheet.em * 7))))
    makers = (writing.money, writing.date, writing.code, writing.money)
    widths = [width * 1.5 / (columns + 0.5), *[width / (columns + 0.5)] * (columns - 1)]
    heads = ("Description", *writing.MONTHS[: columns - 1])
    # thin rules: Tesseract loses most of the cells between rules of 3 px
    tall, header = sheet.step() * rng.uniform(1.25, 2.0), True
    while y + tall < sheet.height - sheet.em:
        values = (writing.phrase(rng, 1, 2), *(make(rng) for make in makers[: columns - 1]))
        x = margin
        for text, cell in zip(heads if header else values, widths, strict=True):
            corners = (x, y, x + cell, y + tall)
            fill = blend(sheet, 0.12) if header else None
            sheet.draw.rectangle(corners, fill=fill, outline=sheet.look.rule)
            pad = sheet.em * 0.5
            place = y + (tall - sheet.step()) / 2
            sheet.write(x + pad, place, text, cell - 2 * pad, bold=header)
            x += cell
        y, header = y + tall, False


def boxed_form(sheet: Sheet, rng: Rng) -> None:
    """Write a form of boxes with small headings, filled in, with ticks and combs."""
    margin, width, y = layouts.frame(sheet, rng, 0.8, 1.4)
    y = sheet.write(margin, y, writing.phrase(rng, 2, 4), width, size=1.4, bold=True)
    ink = BLUE_INK if sheet.look.paper[2] > 150 and rng.random() < 0.4 else sheet.look.ink
    part = 1
    while y + 6 * sheet.step() < sheet.height:
        section = f"{part}. {writing.phrase(rng, 1, 3)}"
        sheet.box(margin, y, width, sheet.step() * 1.15, blend(sheet, 0.13))
        y = sheet.write(margin + sheet.em / 2, y + sheet.em * 0.05, section, width, bold=True)
        y += sheet.step() * 0.15
        for _ in range(int(rng.integers(1, 4))):
            if y + 3.5 * sheet.step() > sheet.height:
                break
            chance = rng.random()
            if chance < 0.2:
                y = ticks(sheet, margin, y, width, rng)
            elif chance < 0.4:
                y = comb(sheet, margin, y, rng)
            else:
                y = fields(sheet, margin, y, width, ink, rng)
        y, part = y + sheet.step() / 2, part + 1


FIELDS = {
    **{"Name": writing.full_name, "Born": writing.date, "Street": writing.street},
    **{"Town": writing.town, "Phone": writing.phone, "Employer": writing.firm},
    **{"Reference": writing.code, "Amount": writing.money, "Date": writing.date},
}


def fields(sheet: Sheet, x: float, y: float, width: float, ink: Colour, rng: Rng) -> float:
    """Write a row of boxes with a heading and a value in each; return the y below."""
    columns = int(rng.integers(1, 4))
    cell = width / columns
    inner = cell - sheet.em
    for name in rng.choice(list(FIELDS), columns, replace=False):
        sheet.box(x, y, cell, 2.2 * sheet.step())
        below = sheet.write(x + sheet.em / 2, y + 2, str(name), inner, size=0.75)
        sheet.write(x + sheet.em / 2, below, FIELDS[str(name)](rng), inner, colour=ink)
        x += cell
    return y + 2.2 * sheet.step()


def ticks(sheet: Sheet, x: float, y: float, width: float, rng: Rng) -> float:
    """Write choices with a box each, some crossed; return the y below."""
    side, y = sheet.em * 0.75, y + sheet.step() * 0.25
    end = x + width
    for choice in ("Yes", "No", "Married", "Single", "Other")[int(rng.integers(0, 3)) :]:
        needed = sheet.length(choice) + 2.8 * sheet.em
        if x + needed > end:
            break
        top = y + sheet.step() * 0.2
        sheet.box(x, top, side, side)
        if rng.random() < 0.4:
            sheet.draw.line((x, top, x + side, top + side), fill=sheet.look.ink, width=2)
            sheet.draw.line((x, top + side, x + side, top), fill=sheet.look.ink, width=2)
        sheet.write(x + sheet.em * 1.3, y, choice, needed)
        x += needed
    return y + sheet.step() * 1.25


def comb(sheet: Sheet, x: float, y: float, rng: Rng) -> float:
    """Write a heading and a number with short strokes between its digits; return the y below."""
    head = writing.pick(rng, ("Account", "Number", "Customer", "Policy"))
    sheet.write(x + sheet.em / 2, y + sheet.step() * 0.3, head, sheet.width)
    x += sheet.length(head) + 1.5 * sheet.em
    digits = str(rng.integers(10**5, 10**7))
    cell, base = sheet.length("0") * 1.35, y + sheet.step() * 1.4
    for place, digit in enumerate(digits):
        left = x + place * cell
        sheet.put(
            round(left + (cell - sheet.length(digit)) / 2),
            base - sheet.step() * 0.32,
            digit,
            sheet.font(),
            sheet.look.ink,
        )
        sheet.draw.line((left, base, left, base - sheet.em * 0.18), fill=sheet.look.rule)
    sheet.rule(x, base, cell * len(digits))
    sheet.draw.line(
        (x + cell * len(digits), base, x + cell * len(digits), base - sheet.em * 0.18),
        fill=sheet.look.rule,
    )
    sheet.lines.append(digits)
    return y + sheet.step() * 1.7


def guilloche(sheet: Sheet, rng: Rng) -> None:
    """Draw fine interlaced waves over the paper, as on cheques and certificates."""
    colour = blend(sheet, rng.uniform(0.08, 0.24))
    x = np.arange(0, sheet.width + 6, 5.0)
    gap, reach = sheet.em * rng.uniform(0.35, 1.2), sheet.em * rng.uniform(0.4, 2.0)
    waves = rng.uniform(3, 12)
    for place, base in enumerate(np.arange(-reach, sheet.height + reach, gap)):
        phase = 2 * np.pi * waves * x / sheet.width + place * rng.uniform(0.1, 0.3)
        for side in (1, -1):
            y = base + side * reach * np.sin(phase)
            points = [(float(a), float(b)) for a, b in zip(x, y, strict=True)]
            sheet.draw.line(points, fill=colour)


def cheque(sheet: Sheet, rng: Rng) -> None:
    """Write a cheque or ticket on a pattern: firm, number, name, an amount in a box."""
    guilloche(sheet, rng)
    margin, width, y = layouts.frame(sheet, rng, 0.8, 1.4)
    sheet.write(margin + width * 0.7, y, f"No. {writing.code(rng)}", width * 0.3, align="right")
    y = sheet.write(margin, y, writing.firm(rng), width * 0.65, size=1.25, bold=True)
    y = sheet.write(margin, y, f"{writing.street(rng)}, {writing.town(rng)}", width * 0.8)
    y += sheet.step() / 2
    for head, value in (
        ("Date", writing.date(rng)),
        ("Pay to", writing.full_name(rng)),
        ("For", writing.phrase(rng, 2, 4)),
    ):
        y = sheet.write(margin, y, f"{head}: {value}", width * 0.6)
        sheet.rule(margin, y, width * 0.6)
        y += sheet.em * 0.35
    amount, top = f"$ {writing.money(rng)}", y - sheet.step() * 2.2
    sheet.box(margin + width * 0.68, top, width * 0.32, sheet.step() * 1.6)
    sheet.write(margin + width * 0.7, top + sheet.step() * 0.3, amount, width * 0.29, bold=True)
    sheet.flow(margin, y + sheet.em * 0.4, writing.paragraph(rng, 1, 3), width)


def secured(sheet: Sheet, rng: Rng) -> None:
    """Write an ordinary letter or invoice on a pattern."""
    guilloche(sheet, rng)
    (layouts.letter if rng.random() < 0.5 else layouts.invoice)(sheet, rng)


def newspaper(sheet: Sheet, rng: Rng) -> None:
    """Write two to four narrow columns with rules between them, under a headline."""
    margin, width, y = layouts.frame(sheet, rng, 0.8, 1.4)
    y = sheet.write(margin, y, writing.phrase(rng, 3, 5), width, size=1.8, bold=True)
    sheet.rule(margin, y + sheet.em * 0.2, width, 2)
    top, gap = y + sheet.em * 0.7, sheet.em * rng.uniform(1.0, 1.6)
    count = max(2, min(4, int(width / (sheet.em * 12))))
    column = (width - gap * (count - 1)) / count
    ruled = rng.random() < 0.5
    for place in range(count):
        x, y = margin + place * (column + gap), top
        if place and ruled:
            sheet.draw.line(
                (x - gap / 2, top, x - gap / 2, sheet.height - sheet.em), fill=sheet.look.rule
            )
        while sheet.room(y):
            if rng.random() < 0.3:
                y = sheet.write(x, y, writing.phrase(rng, 1, 3), column, bold=True)
            y = sheet.flow(x, y, writing.paragraph(rng, 2, 4), column) + sheet.em * 0.2


def picture(sheet: Sheet, x: float, y: float, width: float, height: float, rng: Rng) -> None:
    """Draw what looks like a photograph, without words."""
    tall, wide = max(8, round(height)), max(8, round(width))
    size = rng.uniform(0.3, 1.0) * wide
    layers = [(size / 2**place, size / 2**place) for place in range(5)]
    colour = rng.uniform(60, 200, size=3)
    tints = rng.uniform(-45, 45, size=3)
    light = noise_field(tall, wide, layers, rng)[..., None]
    other = noise_field(tall, wide, layers[:2], rng)[..., None]
    pixels = to_pixels(colour + light * 38 + other * tints)
    sheet.canvas.paste(Image.fromarray(pixels), (round(x), round(y)))


def logo(sheet: Sheet, x: float, y: float, side: float, rng: Rng) -> None:
    """Draw a sign of a few simple shapes."""
    for _ in range(int(rng.integers(2, 4))):
        fill = vivid(rng, 30, 200)
        place = rng.uniform(0, side / 2, size=2)
        size = side * rng.uniform(0.35, 0.5)
        corners = (x + place[0], y + place[1], x + place[0] + size, y + place[1] + size)
        shape = rng.integers(3)
        if shape == 0:
            sheet.draw.ellipse(corners, fill=fill)
        elif shape == 1:
            sheet.draw.rectangle(corners, fill=fill)
        else:
            middle = (corners[0] + corners[2]) / 2
            points = [(corners[0], corners[3]), (corners[2], corners[3]), (middle, corners[1])]
            sheet.draw.polygon(points, fill=fill)


def pictured(sheet: Sheet, rng: Rng) -> None:
    """Write an article or offer with a sign in its head and pictures between and beside text."""
    margin, width, y = layouts.frame(sheet, rng, 1.0, 2.0)
    side = sheet.step() * 2.4
    logo(sheet, margin, y, side, rng)
    x = margin + side + sheet.em
    below = sheet.write(x, y, writing.firm(rng), width - side - sheet.em, size=1.4, bold=True)
    sheet.write(x, below, writing.phrase(rng, 2, 4), width - side - sheet.em)
    y += side + sheet.em
    while sheet.room(y + sheet.step()):
        y = sheet.flow(margin, y, writing.paragraph(rng, 1, 3), width) + sheet.em * 0.6
        tall = sheet.step() * rng.uniform(3, 7)
        if y + tall + sheet.em > sheet.height:
            continue
        if rng.random() < 0.5:
            picture(sheet, margin, y, width, tall, rng)
        else:
            half = (width - sheet.em) / 2
            draw = picture if rng.random() < 0.7 else screens.chart
            draw(sheet, margin, y, half, tall, rng)
            line = y
            for text in screens.wrap(sheet, writing.paragraph(rng, 1, 2), half):
                if line + sheet.step() > y + tall:
                    break
                line = sheet.write(margin + half + sheet.em, line, text, half)
        y += tall + sheet.em * 0.6


def certificate(sheet: Sheet, rng: Rng) -> None:
    """Write a certificate: frames, centred lines of several sizes, a seal, a line to sign."""
    em, look = sheet.em, sheet.look
    if rng.random() < 0.4:
        guilloche(sheet, rng)
    for inset, thick in ((0.5, max(2, round(em * 0.15))), (1.0, 1), (1.25, 1)):
        edge = em * inset
        corners = (edge, edge, sheet.width - edge, sheet.height - edge)
        sheet.draw.rectangle(corners, outline=look.accent, width=thick)
    margin, y = em * 2.4, em * 2.4
    width = sheet.width - 2 * margin
    how: Align = "centre"
    y = sheet.write(margin, y, writing.firm(rng), width, align=how) + em * 0.5
    kind = writing.pick(rng, ("Achievement", "Training", "Membership", "Completion", "Origin"))
    for line in ("CERTIFICATE", f"of {kind}"):
        y = sheet.write(margin, y, line, width, size=1.7, bold=True, align=how)
    y = sheet.write(margin, y + em * 0.6, "This is awarded to", width, align=how)
    y = (
        sheet.write(margin, y, writing.full_name(rng), width, size=1.5, bold=True, align=how)
        + em * 0.4
    )
    y = sheet.flow(margin, y, writing.paragraph(rng, 1, 3), width, align=how)
    foot = sheet.height - 3.2 * sheet.step()
    if y > foot:
        return
    sheet.write(margin, foot, writing.date(rng), width * 0.4)
    sheet.rule(margin + width * 0.6, foot, width * 0.4)
    sheet.write(margin + width * 0.6, foot + em * 0.1, writing.full_name(rng), width * 0.4)
    for share in (1.0, 0.8, 0.3):
        radius = sheet.step() * 0.8 * share
        middle = (sheet.width * 0.5, foot + sheet.step() * 0.5)
        corners = (middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius)
        sheet.draw.ellipse(corners, outline=look.accent, width=2)


LIGHT_OR_DARK = ("white", "white", "tinted", "dark")
LARGE_PX = ((600.0, 1300.0), (360.0, 900.0))
OFFICE = Table(
    "layout",
    (
        Layout(
            "telephone",
            screens.telephone,
            (24, 95),
            LIGHT_OR_DARK,
            (18, 26),
            ((420, 640), (1500, 2600)),
        ),
        Layout(
            "desktop",
            screens.desktop,
            (78, 40),
            LIGHT_OR_DARK,
            (16, 24),
            ((1000, 1700), (500, 900)),
        ),
        Layout(
            "big_slide",
            screens.big_slide,
            (20, 12),
            LIGHT_OR_DARK,
            (36, 80),
            ((900, 1400), (560, 900)),
        ),
        Layout(
            "label",
            screens.label,
            (10, 8),
            ("white", "tinted", "coloured", "dark"),
            (80, 220),
            LARGE_PX,
        ),
        Layout(
            "crop",
            screens.cropped,
            (30, 4),
            ("white", *PRINTED, "coloured", "dark"),
            (18, 70),
            LARGE_PX,
        ),
        Layout("boxed_table", boxed_table, (40, 36), (*PRINTED, "dark")),
        Layout("boxed_form", boxed_form, (38, 46), (*PRINTED, "coloured")),
        Layout("cheque", cheque, (36, 17), ("white", "tinted", "coloured")),
        Layout("secured", secured, (38, 46), ("white", "tinted", "coloured")),
        Layout("like_luma", layouts.notice, (28, 26), ("like-luma",)),
        Layout("newspaper", newspaper, (46, 52), ("faint", "faint-textured", "tinted")),
        Layout("dark_letter", layouts.letter, (36, 44), ("dark", "dark-textured")),
        Layout("dark_article", layouts.two_columns, (46, 44), ("dark",)),
        Layout("pictured", pictured, (36, 48), PRINTED),
        Layout("certificate", certificate, (34, 28), ("white", "tinted", "textured")),
    ),
)


def render_office(seed: int, *, layout: str | None = None) -> Page:
    """Render a clean page of a layout in OFFICE, drawn if left out, in an installed font.

    The same seed gives the same page where the same fonts and Pillow are installed.
    """
    rng = np.random.default_rng([seed, STREAM])
    kind = OFFICE[layout or writing.pick(rng, list(OFFICE))]
    printed = [face for face in find_faces("system") if not is_hand(face.name)]
    return compose(kind, draw_faces(printed, rng), rng)
