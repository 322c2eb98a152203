"""Pictures to ruin: pages drawn afresh, scans and photographs from a folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from ruin import Pixels, Rng, as_uint8

Draw = tuple[ImageDraw.ImageDraw, ImageFont.FreeTypeFont, Rng]
PICTURES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp"}
LONGEST = 2400  # pixels; larger scans are shrunk to it: 200 dpi is enough, and sooner done
FONTS = (
    "Caladea-Regular.ttf",
    "Carlito-Regular.ttf",
    "DejaVuSans.ttf",
    "DejaVuSansCondensed.ttf",
    "DejaVuSansMono.ttf",
    "DejaVuSerif.ttf",
    "DejaVuSerifCondensed.ttf",
    "Lato-Regular.ttf",
    "LiberationMono-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "LiberationSansNarrow-Regular.ttf",
    "LiberationSerif-Regular.ttf",
    "OpenSans-Regular.ttf",
)
PAPERS = ((255, 255, 255), (252, 251, 247), (246, 240, 226), (238, 238, 240), (250, 243, 210))
WORDS = """
harbour lantern quarter meadow signed barrel winter copper office account balance letter the of
and to in is for with from that this before under between against delivery payment due received
ordered goods total amount number customer street garden railway engine bottle window paper
yellow quiet seven twelve hundred thousand morning evening please return enclosed kindly regards
yours sincerely director manager assistant project budget review meeting plan carried forward
discount interest printed agreed contract article section page river bridge castle village
journey weather simple common measure figure table summary method result
""".split()  # noqa: SIM905 - a list takes a line a word


@dataclass(frozen=True, eq=False)
class Source:
    """A clean picture, the set it belongs to and its scale in pixels."""

    name: str
    set: str
    pixels: Pixels
    scale: float


def fonts() -> list[str]:
    """Return those of a few common fonts that are installed where Pillow looks for them."""
    return [name for name in FONTS if _installed(name)]


def _installed(name: str) -> bool:
    try:
        ImageFont.truetype(name, 10)
    except OSError:
        return False
    return True


def _font(names: Sequence[str], rng: Rng, x_height: float) -> ImageFont.FreeTypeFont:
    name = names[rng.integers(len(names))] if names else None
    sized = partial(ImageFont.truetype, name) if name else ImageFont.load_default
    _, top, _, bottom = sized(200).getbbox("x")
    return sized(max(8, round(200 * x_height / (bottom - top))))


def fresh_pages(count: int, seed: int) -> Iterator[Source]:
    """Yield text pages nobody has seen: own words and numbers, fonts, layouts, sizes and papers."""
    names = fonts()
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        x_height = 10 * 2.8 ** rng.random()
        width = round(min(1600, x_height * rng.uniform(55, 90)))
        height = round(min(2000, width * rng.uniform(0.9, 1.42)))
        paper = PAPERS[rng.integers(len(PAPERS))]
        page = Image.new("RGB", (width, height), paper)
        layout = LAYOUTS[number % len(LAYOUTS)]
        layout((ImageDraw.Draw(page), _font(names, rng, x_height), rng), width, height, x_height)
        grain = rng.normal(0, rng.uniform(0, 2), (height, width, 1))
        name = f"{layout.__name__}-{number}"
        yield Source(name, "fresh pages", as_uint8(np.asarray(page) + grain), x_height)


def _word(rng: Rng) -> str:
    word = str(rng.choice(WORDS))
    return str(rng.choice([word] * 7 + [word.capitalize(), f"{word},", f"{word}.", _price(rng)]))


def _price(rng: Rng) -> str:
    return f"{rng.integers(1, 4000):,}.{rng.integers(100):02d}"


def _line(font: ImageFont.FreeTypeFont, rng: Rng, room: float) -> str:
    line = _word(rng).capitalize()
    while font.getlength(longer := f"{line} {_word(rng)}") < room:
        line = longer
    return line if font.getlength(line) < room else line[:8]


def _block(draw: Draw, left: float, right: float, top: float, bottom: float, step: float) -> None:
    canvas, font, rng = draw
    ink = tuple(int(v) for v in rng.integers(0, 60, 3))
    y, left_in_paragraph = top, int(rng.integers(3, 9))
    while y + step < bottom:
        last = left_in_paragraph == 0
        room = (right - left) * (rng.uniform(0.3, 0.8) if last else 1)
        canvas.text((left, y), _line(font, rng, room), font=font, fill=ink)
        y += step * (1.7 if last else 1)
        left_in_paragraph = int(rng.integers(3, 9)) if last else left_in_paragraph - 1


def letter(draw: Draw, width: int, height: int, x: float) -> None:
    """Draw an address, a date and paragraphs."""
    margin, step = rng_margin(draw[2], width), x * draw[2].uniform(2.4, 3.2)
    _block(draw, margin, margin + 0.35 * width, margin, margin + 4.2 * step, step)
    _block(draw, 0.65 * width, width - margin, margin, margin + 1.2 * step, step)
    _block(draw, margin, width - margin, margin + 6 * step, height - margin, step)


def columns(draw: Draw, width: int, height: int, x: float) -> None:
    """Draw two columns below a title."""
    margin, step, middle = rng_margin(draw[2], width), x * draw[2].uniform(2.3, 2.9), width / 2
    _block(draw, margin, width - margin, margin, margin + 1.2 * step, step)
    _block(draw, margin, middle - 1.5 * x, margin + 3 * step, height - margin, step)
    _block(draw, middle + 1.5 * x, width - margin, margin + 3 * step, height - margin, step)


def invoice(draw: Draw, width: int, height: int, x: float) -> None:
    """Draw an address and a ruled table of items with prices at the right."""
    canvas, font, rng = draw
    margin, step = rng_margin(rng, width), x * rng.uniform(2.6, 3.4)
    _block(draw, margin, 0.5 * width, margin, margin + 4.2 * step, step)
    y = margin + 6 * step
    while y + step < height - margin:
        canvas.text((margin, y), f"{rng.integers(1, 99)}", font=font, fill=(20, 20, 20))
        item = _line(font, rng, rng.uniform(0.25, 0.5) * width)
        canvas.text((margin + 5 * x, y), item, font=font, fill=(20, 20, 20))
        canvas.text((width - margin, y), _price(rng), font=font, fill=(20, 20, 20), anchor="ra")
        canvas.line(
            (margin, y + 0.95 * step, width - margin, y + 0.95 * step), fill=(120, 120, 120)
        )
        y += 1.15 * step


def items(draw: Draw, width: int, height: int, x: float) -> None:
    """Draw a numbered list."""
    canvas, font, rng = draw
    margin, step = rng_margin(rng, width), x * rng.uniform(2.5, 3.5)
    for number, y in enumerate(np.arange(margin, height - margin - step, step), 1):
        text = _line(font, rng, (width - 2 * margin - 6 * x) * rng.uniform(0.4, 1))
        canvas.text((margin, float(y)), f"{number}.", font=font, fill=(15, 15, 40))
        canvas.text((margin + 5 * x, float(y)), text, font=font, fill=(15, 15, 40))


def rng_margin(rng: Rng, width: int) -> float:
    """Return a margin of usual width."""
    return float(width * rng.uniform(0.05, 0.11))


LAYOUTS = (letter, invoice, columns, items)


def pictures(folder: Path, count: int, seed: int) -> list[Path]:
    """Return the pictures in a folder, at most so many, drawn by chance; masks are left out."""
    found = [p for p in sorted(folder.rglob("*")) if p.suffix.lower() in PICTURES]
    kept = [path for path in found if "masks" not in path.parts]
    order = np.random.default_rng(seed).permutation(len(kept))[:count]
    return [kept[i] for i in order]


def photos(folder: Path, count: int, *, seed: int = 0) -> Iterator[Source]:
    """Yield photographs from a folder."""
    for path in pictures(folder, count, seed):
        pixels = _opened(path)
        yield Source(path.name, folder.name, pixels, float(np.sqrt(pixels[:, :, 0].size)) / 50)


def scans(folder: Path, count: int, *, seed: int = 0) -> Iterator[Source]:
    """Yield scanned pages from a folder, with the middle height of their blobs as the scale."""
    for path in pictures(folder, count, seed):
        pixels = _opened(path)
        yield Source(path.name, folder.name, pixels, letter_height(pixels))


def _opened(path: Path) -> Pixels:
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    upright.thumbnail((LONGEST, LONGEST))
    return np.asarray(upright)


def letter_height(pixels: Pixels) -> float:
    """Return the middle height of the dark blobs that may be letters, 12 if there are few."""
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    _, ink = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    blobs = cv2.connectedComponentsWithStats(ink)[2][1:]
    width, height = blobs[:, cv2.CC_STAT_WIDTH], blobs[:, cv2.CC_STAT_HEIGHT]
    letters = height[(height >= 5) & (height <= 90) & (width <= 3 * height) & (height <= 6 * width)]
    return float(np.median(letters)) if len(letters) >= 20 else 12.0
