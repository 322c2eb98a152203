"""Lay out pages: each function writes one into a sheet and takes its words from chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from imagegate.synthetic import writing
from imagegate.synthetic.sheet import Align, Sheet
from imagegate.tables import Rng


def frame(sheet: Sheet, rng: Rng, least: float, most: float) -> tuple[float, float, float]:
    """Return left, width and top of a page's text, its margin being so many ems."""
    margin = sheet.em * rng.uniform(least, most)
    return margin, sheet.width - 2 * margin, margin


def letter(sheet: Sheet, rng: Rng) -> None:
    """Write a letter: sender, address, date, subject, paragraphs, greeting."""
    margin, width, y = frame(sheet, rng, 1.6, 3.0)
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
    margin, width, y = frame(sheet, rng, 1.0, 2.0)
    y = sheet.write(margin, y, "Terms and conditions", width, size=1.2, bold=True)
    number = 1
    while sheet.room(y):
        y = sheet.flow(margin, y, f"{number}. {writing.paragraph(rng, 3, 7)}", width)
        y += sheet.step() / 4
        number += 1


def notice(sheet: Sheet, rng: Rng) -> None:
    """Write a leaflet or notice on a coloured ground: a large head, short centred lines."""
    margin, width, y = frame(sheet, rng, 1.5, 2.5)
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
    margin, width, y = frame(sheet, rng, 1.5, 3.0)
    y = sheet.write(margin, y, writing.phrase(rng, 3, 5), width, size=1.6, bold=True)
    sheet.rule(margin, y + sheet.em * 0.3, width, 2)
    y += sheet.step() * 0.8
    while sheet.room(y):
        y = sheet.flow(margin, y, f"- {writing.sentence(rng)}", width) + sheet.step() / 3


def card(sheet: Sheet, rng: Rng) -> None:
    """Write a business card or a label: few lines, one of them large."""
    margin, width, y = frame(sheet, rng, 1.0, 1.8)
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


def table_row(
    sheet: Sheet, x: float, y: float, cells: Sequence[str], widths: Sequence[float], **how: Any
) -> float:
    """Write one row: the first column to the left, the numbers to the right."""
    after = y
    for index, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        align: Align = "right" if index else "left"
        after = max(after, sheet.write(x, y, cell, width - sheet.em * 0.6, align=align, **how))
        x += width
    return after


def bar(sheet: Sheet, x: float, y: float, cells: Sequence[str], widths: Sequence[float]) -> float:
    """Write the head of a table on a bar of the accent colour."""
    em, step, look = sheet.em, sheet.step(), sheet.look
    sheet.box(x - em * 0.3, y, sum(widths) + em * 0.3, step * 1.1, look.accent)
    table_row(sheet, x, y, cells, widths, bold=True, colour=look.on_accent)
    return y + step * 1.4


def invoice(sheet: Sheet, rng: Rng) -> None:
    """Write an invoice: parties, number and date, a table of items, totals, terms."""
    margin, width, y = frame(sheet, rng, 1.4, 2.4)
    y = sheet.write(margin, y, writing.firm(rng), width * 0.65, size=1.4, bold=True)
    y = sheet.write(margin, y, f"{writing.street(rng)}, {writing.town(rng)}", width)
    y = sheet.write(margin, y + sheet.step() / 2, "INVOICE", width, size=1.6, bold=True)
    for line in (
        f"Number: {writing.code(rng)}",
        f"Date: {writing.date(rng)}",
        f"Bill to: {writing.full_name(rng)}, {writing.street(rng)}",
    ):
        y = sheet.write(margin, y, line, width)
    shares = [width * share for share in (0.48, 0.12, 0.2, 0.2)]
    y = bar(sheet, margin, y + sheet.em, ("Description", "Qty", "Price", "Amount"), shares)
    foot = sheet.height - 6 * sheet.step()
    while y < foot:
        cells = (writing.phrase(rng, 2, 3), str(rng.integers(1, 40)))
        y = table_row(
            sheet, margin, y, (*cells, writing.money(rng), writing.money(rng, 9000)), shares
        )
        sheet.rule(margin, y + 1, width)
        y += sheet.em * 0.3
    for label in ("Subtotal", "Tax", "Total due"):
        row = ("", "", label, writing.money(rng, 9000))
        y = table_row(sheet, margin, y + sheet.em * 0.2, row, shares, bold=label == "Total due")
    sheet.flow(margin, y + sheet.em * 0.6, writing.sentence(rng), width)


def receipt(sheet: Sheet, rng: Rng) -> None:
    """Write a till receipt: shop, lines of items with prices, total, thanks."""
    margin, width, y = frame(sheet, rng, 0.8, 1.5)
    y = sheet.write(margin, y, writing.firm(rng).upper(), width, bold=True, align="centre")
    for line in (writing.street(rng), writing.town(rng), f"Phone {writing.phone(rng)}"):
        y = sheet.write(margin, y, line, width, align="centre")
    y += sheet.step() / 2
    y = table_row(
        sheet, margin, y, (writing.date(rng), writing.code(rng)), (width * 0.6, width * 0.4)
    )
    sheet.rule(margin, y + sheet.em * 0.2, width)
    y += sheet.em * 0.5
    foot = sheet.height - 5.5 * sheet.step()
    while y < foot:
        item = writing.phrase(rng, 1, 3)
        item = item.upper() if rng.random() < 0.5 else item
        y = table_row(sheet, margin, y, (item, writing.money(rng, 90)), (width * 0.7, width * 0.3))
    sheet.rule(margin, y + sheet.em * 0.2, width)
    y += sheet.em * 0.5
    for label in ("TOTAL", "CASH", "CHANGE"):
        row = (label, writing.money(rng, 400))
        y = table_row(sheet, margin, y, row, (width * 0.6, width * 0.4), bold=label == "TOTAL")
    sheet.write(margin, y, "THANK YOU PLEASE COME AGAIN", width, align="centre")


def form(sheet: Sheet, rng: Rng) -> None:
    """Write a filled form: labels over framed fields, one or two in a row."""
    margin, width, y = frame(sheet, rng, 1.2, 2.0)
    y = sheet.write(margin, y, writing.phrase(rng, 2, 4), width, size=1.5, bold=True)
    makers = {
        "Full name": writing.full_name,
        "Date of birth": writing.date,
        "Street address": writing.street,
        "Town and code": writing.town,
        "Phone number": writing.phone,
        "E-mail address": writing.mail,
        "Reference": writing.code,
        "Amount claimed": writing.money,
        "Employer": writing.firm,
    }
    y += sheet.em * 0.5
    while sheet.room(y + 2 * sheet.step()):
        columns = 1 if rng.random() < 0.4 else 2
        labels = [str(name) for name in rng.choice(list(makers), size=columns, replace=False)]
        cell = width / columns
        for column, label in enumerate(labels):
            x = margin + column * cell
            below = sheet.write(x, y, f"{label}:", cell - sheet.em, bold=bool(rng.random() < 0.3))
            sheet.box(x, below, cell - sheet.em, sheet.step() * 1.25)
            sheet.write(
                x + sheet.em * 0.5, below + sheet.em * 0.12, makers[label](rng), cell - 2 * sheet.em
            )
        y += 2.7 * sheet.step()


def dense_table(sheet: Sheet, rng: Rng) -> None:
    """Write a page of figures: many rows and columns, ruled or striped by lines."""
    margin, width, y = frame(sheet, rng, 0.8, 1.5)
    y = sheet.write(margin, y, writing.phrase(rng, 3, 6), width, size=1.2, bold=True)
    columns = max(2, min(5, int(width / (sheet.em * 6)) - 1))
    shares = [width * 0.34, *[width * 0.66 / columns] * columns]
    heads = ("Item", *(writing.MONTHS[index][:3] for index in range(columns)))
    y = bar(sheet, margin, y + sheet.em * 0.3, heads, shares)
    ruled = rng.random() < 0.6
    while sheet.room(y):
        cells = (writing.phrase(rng, 1, 2), *(writing.money(rng, 900) for _ in range(columns)))
        y = table_row(sheet, margin, y, cells, shares)
        if ruled:
            sheet.rule(margin, y + 1, width)
            y += sheet.em * 0.25
