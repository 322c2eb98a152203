"""Lay out what is not a sheet of paper: screenshots, slides, labels, crops of a line or a word."""

from __future__ import annotations

import numpy as np

from imagegate.synthetic import layouts, writing
from imagegate.synthetic.paper import Colour
from imagegate.synthetic.sheet import Align, Sheet
from imagegate.tables import Rng


def blend(sheet: Sheet, share: float) -> Colour:
    """Return a colour that is so far from the paper to the ink, 0 to 1."""
    paper, ink = np.array(sheet.look.paper), np.array(sheet.look.ink)
    red, green, blue = (int(level) for level in np.rint(paper + (ink - paper) * share))
    return red, green, blue


def vivid(rng: Rng, low: int, high: int) -> Colour:
    """Return any colour whose channels lie within this range."""
    red, green, blue = rng.integers(low, high, size=3).tolist()
    return red, green, blue


def wrap(sheet: Sheet, text: str, width: float) -> list[str]:
    """Break text into lines of this width."""
    words, lines = text.split(), list[str]()
    while words:
        lines.append(sheet.fit(" ".join(words), width) or words[0])
        words = words[len(lines[-1].split()) :]
    return lines


def status_bar(sheet: Sheet, rng: Rng) -> float:
    """Write the time, draw bars and a battery, and a title on the accent; return the y below."""
    em, step = sheet.em, sheet.step()
    y = sheet.write(em, em * 0.2, f"{rng.integers(10, 24)}:{rng.integers(10, 60)}", sheet.width / 3)
    for place in range(4):
        tall = em * 0.2 * (place + 1)
        x = sheet.width - em * (4.4 - 0.35 * place)
        sheet.box(x, em * 1.1 - tall, em * 0.22, tall, sheet.look.ink)
    sheet.box(sheet.width - em * 2.4, em * 0.45, em * 1.4, em * 0.65, sheet.look.ink)
    y += em * 0.4
    sheet.box(0, y, sheet.width, step * 1.6, sheet.look.accent)
    name = writing.full_name(rng) if rng.random() < 0.5 else writing.phrase(rng, 1, 2)
    colour = sheet.look.on_accent
    sheet.write(em * 1.5, y + step * 0.25, name, sheet.width - em * 3, bold=True, colour=colour)
    return y + step * 2


def chat(sheet: Sheet, rng: Rng) -> None:
    """Write a conversation on a telephone: bubbles on both sides, times, a field to type into."""
    em, step = sheet.em, sheet.step()
    y, foot = status_bar(sheet, rng), sheet.height - 2.6 * step
    other = blend(sheet, rng.uniform(0.06, 0.14))
    while True:
        lines = wrap(
            sheet,
            " ".join(writing.sentence(rng) for _ in range(rng.integers(1, 3))),
            0.66 * sheet.width,
        )
        tall = len(lines) * step + em * 0.8
        if y + tall + step > foot:
            break
        mine = rng.random() < 0.5
        wide = max(sheet.length(line) for line in lines) + 1.6 * em
        x = sheet.width - wide - 0.7 * em if mine else 0.7 * em
        fill, ink = (sheet.look.accent, sheet.look.on_accent) if mine else (other, sheet.look.ink)
        corners = (x, y, x + wide, y + tall)
        sheet.draw.rounded_rectangle(corners, radius=em * 0.7, fill=fill)
        line_y = y + em * 0.4
        for line in lines:
            line_y = sheet.write(x + em * 0.8, line_y, line, wide, colour=ink)
        y += tall + em * 0.5
        if rng.random() < 0.3:
            time = (
                f"{writing.pick(rng, writing.MONTHS)} {rng.integers(10, 24)}:{rng.integers(10, 60)}"
            )
            y = sheet.write(0, y, time, sheet.width, align="centre") + em * 0.5
    sheet.box(em, foot + step * 0.5, sheet.width - 2 * em, step * 1.4)
    sheet.write(em * 2, foot + step * 0.65, "Type a message", sheet.width * 0.6)


def feed(sheet: Sheet, rng: Rng) -> None:
    """Write a list on a telephone: pictures, names, times, previews, buttons."""
    em, step = sheet.em, sheet.step()
    y = status_bar(sheet, rng)
    while y + 3.4 * step < sheet.height:
        fill = vivid(rng, 60, 200)
        sheet.draw.ellipse((em, y + em * 0.2, em * 3.4, y + em * 2.6), fill=fill)
        x, width = em * 4.4, sheet.width - em * 5.4
        sheet.write(
            x + width * 0.7,
            y,
            f"{rng.integers(10, 24)}:{rng.integers(10, 60)}",
            width * 0.3,
            align="right",
        )
        below = sheet.write(x, y, writing.full_name(rng), width * 0.68, bold=True)
        below = sheet.write(x, below, writing.sentence(rng), width)
        if rng.random() < 0.25:
            label = writing.pick(rng, ("Reply", "Open", "Share", "Follow", "Buy now"))
            wide = sheet.length(label) + 1.6 * em
            sheet.box(x, below + em * 0.2, wide, step * 1.2, sheet.look.accent)
            below = sheet.write(
                x + 0.8 * em, below + em * 0.3, label, wide, colour=sheet.look.on_accent
            )
        y = max(below, y + em * 2.6) + em * 0.5
        sheet.rule(x, y, width)
        y += em * 0.5


def telephone(sheet: Sheet, rng: Rng) -> None:
    """Write a tall screenshot, of a conversation or a list."""
    (chat if rng.random() < 0.5 else feed)(sheet, rng)


def desktop(sheet: Sheet, rng: Rng) -> None:
    """Write a wide screenshot: menus, symbols, folders at the side, a list of files or mails."""
    em, step, look = sheet.em, sheet.step(), sheet.look
    sheet.box(0, 0, sheet.width, step * 1.3, look.accent)
    title = f"{writing.phrase(rng, 1, 3)} - {writing.firm(rng)}"
    sheet.write(em, step * 0.15, title, sheet.width * 0.7, colour=look.on_accent)
    x, y = em, step * 1.6
    for menu in ("File", "Edit", "View", "Insert", "Tools", "Window", "Help"):
        sheet.write(x, y, menu, sheet.width - x)
        x += sheet.length(menu) + 1.4 * em
    y += step * 1.3
    for place in range(int(rng.integers(6, 14))):
        fill = vivid(rng, 60, 200)
        sheet.box(em * (1 + 2.2 * place), y, em * 1.5, em * 1.5, fill)
    y += em * 2.2
    sheet.rule(0, y, sheet.width)
    side = sheet.width * rng.uniform(0.15, 0.22)
    sheet.box(0, y, side, sheet.height - y, blend(sheet, 0.06))
    line = y + em
    while line + 3 * step < sheet.height:
        line = sheet.write(em, line, writing.phrase(rng, 1, 2), side - 1.5 * em) + em * 0.3
    width = sheet.width - side - 2 * em
    shares = [width * share for share in (0.2, 0.45, 0.15, 0.2)]
    y = layouts.bar(sheet, side + em, y + em, ("Name", "Subject", "Size", "Date"), shares)
    striped = rng.random() < 0.5
    while y + 3 * step < sheet.height:
        if striped and rng.random() < 0.5:
            sheet.box(side + em * 0.7, y, width + em * 0.3, step * 1.1, blend(sheet, 0.07))
        cells = (
            writing.full_name(rng),
            writing.phrase(rng, 2, 5),
            str(rng.integers(10, 999)),
            writing.date(rng),
        )
        y = layouts.table_row(sheet, side + em, y, cells, shares) + em * 0.3
    sheet.rule(0, sheet.height - 1.6 * step, sheet.width)
    left = f"{rng.integers(10, 400)} items, {rng.integers(10, 99)} new"
    sheet.write(em, sheet.height - step - em * 0.9, left, sheet.width / 2)


def big_slide(sheet: Sheet, rng: Rng) -> None:
    """Write a slide of large letters: a title, points, at times a chart beside them."""
    em, look = sheet.em, sheet.look
    margin, width, y = layouts.frame(sheet, rng, 0.6, 1.2)
    y = sheet.flow(margin, y, writing.phrase(rng, 2, 4), width, size=1.5)
    sheet.rule(margin, y + em * 0.15, width, max(2, round(em * 0.06)))
    y += em * 0.7
    if rng.random() < 0.4:
        width *= 0.55
        chart(sheet, margin + width * 1.1, y, width * 0.7, sheet.height - y - em, rng)
    while sheet.room(y + sheet.step()):
        radius, middle = em * 0.13, y + sheet.step() * 0.55
        sheet.draw.ellipse(
            (margin, middle - radius, margin + 2 * radius, middle + radius), fill=look.ink
        )
        y = sheet.flow(margin + em * 0.8, y, writing.phrase(rng, 2, 6), width - em * 0.8) + em * 0.3


def chart(sheet: Sheet, x: float, y: float, width: float, height: float, rng: Rng) -> None:
    """Draw a chart of bars without words."""
    count = int(rng.integers(3, 7))
    for place in range(count):
        tall = height * rng.uniform(0.2, 0.95)
        fill = vivid(rng, 40, 210)
        left = x + width * place / count
        sheet.box(left, y + height - tall, width / count * 0.7, tall, fill)
    sheet.rule(x, y + height, width, 2)


MAKERS = (
    *(writing.code, writing.date, writing.full_name, writing.phone, writing.firm),
    *(lambda rng: writing.phrase(rng, 1, 2), lambda rng: f"$ {writing.money(rng)}"),
)


def fitting(sheet: Sheet, rng: Rng, width: float, size: float = 1.0) -> str:
    """Return a name, number, date or a few words that fit into this width."""
    while True:
        text = MAKERS[rng.integers(len(MAKERS))](rng)
        if sheet.length(text, size, bold=True) <= width:
            return text


def label(sheet: Sheet, rng: Rng) -> None:
    """Write a label or a sign: a few lines of very large letters."""
    margin, width, _ = layouts.frame(sheet, rng, 0.4, 0.8)
    align: Align = "centre" if rng.random() < 0.5 else "left"
    y = margin
    while sheet.room(y):
        bold = bool(rng.random() < 0.5)
        y = sheet.write(margin, y, fitting(sheet, rng, width), width, bold=bold, align=align)


def cropped(sheet: Sheet, rng: Rng) -> None:
    """Write one word, one amount or one line, and cut the picture around it."""
    kind, room = rng.random(), sheet.width - 2 * sheet.em
    if kind < 0.35:
        text = fitting(sheet, rng, room)
    elif kind < 0.6:
        text = writing.pick(rng, ("Total", "Amount", "Due", "Balance")) + f": {writing.money(rng)}"
    else:
        text = sheet.fit(writing.sentence(rng), room, bold=True)
    bold, pads = bool(rng.random() < 0.3), rng.uniform(0.3, 1.2, size=4) * sheet.em
    y = sheet.em * 1.2
    below = sheet.write(sheet.em, y, text, room + sheet.em, bold=bold)
    right = sheet.em + sheet.length(text, bold=bold)
    corners = (
        sheet.em - pads[0],
        y - pads[1] + sheet.em * 0.2,
        right + pads[2],
        below + pads[3] - sheet.em * 0.2,
    )
    sheet.canvas = sheet.canvas.crop(tuple(round(max(0.0, side)) for side in corners))
