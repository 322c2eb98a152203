"""A page being written: its pixels and its transcript grow together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

from imagegate.synthetic.fonts import Face
from imagegate.synthetic.paper import Colour, Look
from imagegate.tables import Pixels

Align = Literal["left", "right", "centre", "justified"]


@dataclass
class Sheet:
    """The state that all layouts share while they write.

    ``em`` is the size of the running text in pixels; no text is set smaller than ``smallest``, so
    that a clean page can be read. ``leading`` is the line spacing in ems; without a ``ground`` the
    page is plain paper.
    """

    width: int
    height: int
    look: Look
    plain: Face
    bold: Face
    em: float
    smallest: float
    leading: float = 1.3
    ground: Pixels | None = None
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.ground is None:
            self.canvas = Image.new("RGB", (self.width, self.height), self.look.paper)
        else:
            self.canvas = Image.fromarray(self.ground)
        self.draw = ImageDraw.Draw(self.canvas)
        self.fonts: dict[tuple[bool, float], ImageFont.FreeTypeFont] = {}

    def font(self, size: float = 1.0, *, bold: bool = False) -> ImageFont.FreeTypeFont:
        """Return the font at so many times the running size."""
        em = round(max(self.em * size, self.smallest), 2)
        if (bold, em) not in self.fonts:
            self.fonts[bold, em] = (self.bold if bold else self.plain).at(em)
        return self.fonts[bold, em]

    def step(self, size: float = 1.0) -> float:
        """Return the distance between two lines of text in pixels."""
        return max(self.em * size, self.smallest) * self.leading

    def length(self, text: str, size: float = 1.0, *, bold: bool = False) -> float:
        """Return how wide a text runs in pixels."""
        return self.font(size, bold=bold).getlength(text)

    def fit(self, text: str, width: float, size: float = 1.0, *, bold: bool = False) -> str:
        """Drop words from the end until the text is no wider than that."""
        font, kept = self.font(size, bold=bold), list[str]()
        space = font.getlength(" ")
        used = -space
        for word in text.split():
            used += space + font.getlength(word)
            if used > width:
                break
            kept.append(word)
        return " ".join(kept)

    def room(self, y: float, size: float = 1.0) -> bool:
        """Tell whether one more line fits above the bottom margin."""
        return y + self.step(size) <= self.height - self.em * 0.8

    def write(
        self,
        x: float,
        y: float,
        text: str,
        width: float,
        *,
        size: float = 1.0,
        bold: bool = False,
        align: Align = "left",
        colour: Colour | None = None,
    ) -> float:
        """Write one line into a column of this width, cut to fit; return the y of the next line."""
        text = self.fit(text, width, size, bold=bold)
        if not text or not self.room(y, size):
            return y
        font = self.font(size, bold=bold)
        spare = width - font.getlength(text)
        x += {"right": spare, "centre": spare / 2}.get(align, 0.0)
        baseline = y + self.step(size) * 0.78
        ink = colour or self.look.ink
        if align == "justified":
            words = text.split()
            gap = font.getlength(" ") + spare / max(1, len(words) - 1)
            for word in words:
                self.put(round(x), baseline, word, font, ink)
                x += font.getlength(word) + gap
        else:
            self.put(x, baseline, text, font, ink)
        self.lines.append(text)
        return y + self.step(size)

    def put(
        self, x: float, baseline: float, text: str, font: ImageFont.FreeTypeFont, ink: Colour
    ) -> None:
        """Draw text from x on, its baseline on a whole pixel."""
        self.draw.text((x, round(baseline)), text, fill=ink, font=font, anchor="ls")

    def flow(
        self, x: float, y: float, text: str, width: float, *, align: Align = "left", size: float = 1
    ) -> float:
        """Write a paragraph, broken into lines; stop at the foot of the page."""
        words = text.split()
        while words and self.room(y, size):
            line = self.fit(" ".join(words), width, size) or words[0]
            words = words[len(line.split()) :]
            # the last line of a justified paragraph stays ragged
            how: Align = "left" if align == "justified" and not words else align
            y = self.write(x, y, line, width, size=size, align=how)
        return y

    def rule(self, x: float, y: float, width: float, thickness: int = 1) -> None:
        """Draw a level line."""
        self.draw.line((x, round(y), x + width, round(y)), fill=self.look.rule, width=thickness)

    def box(
        self, x: float, y: float, width: float, height: float, fill: Colour | None = None
    ) -> None:
        """Draw a filled area, or a frame if no colour is given."""
        edge = None if fill else self.look.rule
        self.draw.rectangle((x, y, x + width, y + height), fill=fill, outline=edge)
