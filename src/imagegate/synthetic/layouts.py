"""Lay out running text: letters, columns, small print, coloured grounds, screens, cards.

Each function writes one page into a sheet and takes its words from chance; the tabular
ones stand in :mod:`imagegate.synthetic.tabular`.
"""

from __future__ import annotations

from imagegate.synthetic import writing
from imagegate.synthetic.sheet import Align, Sheet
from imagegate.synthetic.writing import Rng


def letter(sheet: Sheet, rng: Rng) -> None:
    """Write a letter: sender, address, date, subject, paragraphs, greeting."""
    margin = sheet.em * rng.uniform(1.6, 3.0)
    width, y = sheet.width - 2 * margin, margin
    y = sheet.write(margin, y, writing.firm(rng), width, size=1.5, bold=True)
    y = sheet.write(margin, y, f"{writing.street(rng)}, {writing.town(rng)}", width)
    y += sheet.step()
    for line in (writing.full_name(rng), writing.street(rng), writing.town(rng)):
        y = sheet.write(margin, y, line, width)
    y = sheet.write(margin, y, writing.date(rng), width, align="right") + sheet.step() / 2
    y = sheet.write(margin, y, writing.phrase(rng, 3, 6), width, bold=True) + sheet.step() / 2
    y = sheet.write(margin, y, f"Dear {writing.full_name(rng)},", width)
    bottom = sheet.height - 4 * sheet.step()
    align: Align = "justified" if rng.random() < 0.4 else "left"
    while y < bottom:
        y = sheet.flow(margin, y, writing.paragraph(rng), width, align=align) + sheet.step() / 2
    y = sheet.write(margin, y, "Yours sincerely,", width)
    sheet.write(margin, y, writing.full_name(rng), width)


def two_columns(sheet: Sheet, rng: Rng) -> None:
    """Write an article: a headline over two columns of text with subheadings."""
    margin, gutter = sheet.em * 1.5, sheet.em * rng.uniform(1.2, 2.2)
    top = sheet.write(
        margin, margin, writing.phrase(rng, 3, 6), sheet.width - 2 * margin, size=1.7, bold=True
    )
    sheet.rule(margin, top + sheet.em * 0.2, sheet.width - 2 * margin)
    width = (sheet.width - 2 * margin - gutter) / 2
    align: Align = "justified" if rng.random() < 0.5 else "left"
    for column in range(2):
        x, y = margin + column * (width + gutter), top + sheet.step() / 2
        while sheet.room(y):
            if rng.random() < 0.4:
                y = sheet.write(x, y, writing.phrase(rng, 2, 4), width, bold=True)
            y = sheet.flow(x, y, writing.paragraph(rng, 2, 4), width, align=align)
            y += sheet.step() / 3


def small_print(sheet: Sheet, rng: Rng) -> None:
    """Write terms and conditions: small, dense, numbered."""
    margin = sheet.em * rng.uniform(1.0, 2.0)
    width, y = sheet.width - 2 * margin, margin
    y = sheet.write(margin, y, "Terms and conditions", width, size=1.2, bold=True)
    number = 1
    while sheet.room(y):
        y = sheet.flow(margin, y, f"{number}. {writing.paragraph(rng, 3, 7)}", width)
        y += sheet.step() / 4
        number += 1


def notice(sheet: Sheet, rng: Rng) -> None:
    """Write a leaflet or notice on a coloured ground: a large head, short centred lines."""
    margin = sheet.em * rng.uniform(1.5, 2.5)
    width, y = sheet.width - 2 * margin, margin
    y = sheet.flow(margin, y, writing.phrase(rng, 2, 4), width, size=2.2, align="centre")
    align: Align = "centre" if rng.random() < 0.5 else "left"
    while sheet.room(y + sheet.step()):
        y += sheet.step() * rng.uniform(0.3, 0.9)
        y = sheet.write(
            margin, y, writing.phrase(rng, 2, 4), width, size=1.25, bold=True, align=align
        )
        y = sheet.flow(margin, y, writing.paragraph(rng, 1, 3), width, align=align)


def screenshot(sheet: Sheet, rng: Rng) -> None:
    """Write a window: title bar, a list of menu entries, a pane of text, buttons."""
    em, look = sheet.em, sheet.look
    bar = sheet.step() * 1.5
    sheet.box(0, 0, sheet.width, bar, look.accent)
    title = f"{writing.phrase(rng, 1, 3)} - {writing.firm(rng)}"
    sheet.write(
        em, sheet.step() * 0.25, title, sheet.width - 5 * em, bold=True, colour=look.on_accent
    )
    side = sheet.width * rng.uniform(0.2, 0.3)
    sheet.draw.line((side, bar, side, sheet.height), fill=look.rule)
    y = bar + em
    for _ in range(int(rng.integers(5, 12))):
        y = sheet.write(em * 0.7, y, writing.phrase(rng, 1, 2), side - 1.2 * em) + em * 0.4
    x, width = side + em, sheet.width - side - 2 * em
    y = sheet.write(x, bar + em, writing.phrase(rng, 2, 5), width, size=1.4, bold=True)
    foot = sheet.height - 3 * sheet.step()
    while y + 2 * sheet.step() < foot:
        y = sheet.flow(x, y, writing.sentence(rng), width) + em * 0.6
    for label in ("Cancel", "Save")[: int(rng.integers(1, 3))]:
        wide = sheet.length(label) + 2 * em
        sheet.box(x, foot + em, wide, sheet.step() * 1.2, look.accent)
        sheet.write(x + em, foot + em * 1.1, label, wide, colour=look.on_accent)
        x += wide + em


def slide(sheet: Sheet, rng: Rng) -> None:
    """Write a page of light text on a dark ground: a head and points."""
    margin = sheet.em * rng.uniform(1.5, 3.0)
    width, y = sheet.width - 2 * margin, margin
    y = sheet.write(margin, y, writing.phrase(rng, 3, 5), width, size=1.6, bold=True)
    sheet.rule(margin, y + sheet.em * 0.3, width, 2)
    y += sheet.step() * 0.8
    while sheet.room(y):
        y = sheet.flow(margin, y, f"- {writing.sentence(rng)}", width) + sheet.step() / 3


def card(sheet: Sheet, rng: Rng) -> None:
    """Write a business card or a label: few lines, one of them large."""
    margin = sheet.em * rng.uniform(1.0, 1.8)
    width, y = sheet.width - 2 * margin, margin
    align: Align = "centre" if rng.random() < 0.35 else "left"
    if rng.random() < 0.5:
        sheet.box(2, 2, sheet.width - 5, sheet.height - 5)
    y = sheet.write(margin, y, writing.full_name(rng), width, size=1.5, bold=True, align=align)
    y = sheet.write(margin, y, writing.phrase(rng, 2, 3), width, align=align)
    y += sheet.step() * rng.uniform(0.4, 1.0)
    rows = (
        writing.firm(rng),
        writing.street(rng),
        writing.town(rng),
        f"Phone {writing.phone(rng)}",
        writing.mail(rng),
        f"Number {writing.code(rng)}",
    )
    for row in rows[: int(rng.integers(4, 7))]:
        y = sheet.write(margin, y, row, width, align=align)
