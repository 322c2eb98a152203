"""Ruin a picture by one known cause, and draw or find pictures to ruin: the judge of reasons.

Plain OpenCV, NumPy and Pillow, made apart from the package's own degradations, so that a gate
cannot have learned from these. Strengths are in units of the picture's ``scale``: the x-height of
a page in pixels, or a fiftieth of the side of a photograph. They go from just ruined to hopeless.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps

Rng = np.random.Generator
Pixels = NDArray[np.uint8]  # RGB (height, width, 3)
Ruined = Pixels | bytes  # bytes: the file, for what compression has done
Apply = Callable[[Pixels, float, float, Rng], Ruined]
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


def as_uint8(values: NDArray[np.floating]) -> Pixels:
    """Round and clip to what a picture can hold."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def encoded(pixels: Pixels, kind: str, quality: int = 90) -> bytes:
    """Return the bytes of a PNG, JPEG or WEBP file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **({} if kind == "PNG" else {"quality": quality}))
    return file.getvalue()


def decoded(ruined: Ruined) -> Pixels:
    """Return the pixels of a file, or the pixels themselves."""
    if isinstance(ruined, bytes):
        return np.asarray(Image.open(io.BytesIO(ruined)).convert("RGB"))
    return ruined


def _odd(size: float) -> int:
    return max(3, 2 * round((size - 1) / 2) + 1)


def gaussian_blur(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Blur by a Gaussian; strength is its sigma."""
    return cv2.GaussianBlur(pixels, (0, 0), max(0.5, strength * scale))


def box_blur(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Blur by a square; strength is its side."""
    return cv2.blur(pixels, (_odd(strength * scale),) * 2)


def median_blur(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Replace by the median of a square; strength is its side."""
    return cv2.medianBlur(pixels, _odd(strength * scale))


def _spread(pixels: Pixels, kernel: NDArray[np.float32]) -> Pixels:
    return cv2.filter2D(pixels, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def motion_blur(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Smear along a line of any angle; strength is its length."""
    size = _odd(strength * scale + 2)
    reach, angle = strength * scale / 2, rng.uniform(0, np.pi)
    step = 16 * reach * np.array([np.cos(angle), np.sin(angle)])  # 1/16 pixel
    ends = [tuple(int(v) for v in np.rint(16 * (size // 2) + sign * step)) for sign in (-1, 1)]
    kernel = np.zeros((size, size), np.uint8)
    cv2.line(kernel, *ends, 255, 1, cv2.LINE_AA, 4)
    return _spread(pixels, kernel.astype(np.float32))


def disc_blur(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Blur as a lens out of focus does; strength is the radius of the disc."""
    radius = max(1.0, strength * scale)
    y, x = np.mgrid[-int(radius) - 1 : int(radius) + 2, -int(radius) - 1 : int(radius) + 2]
    return _spread(pixels, np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32))


def gaussian_noise(
    pixels: Pixels, strength: float, scale: float, rng: Rng, channels: int = 3
) -> Pixels:
    """Add normal noise, in colour or gray; strength is its sigma in gray levels."""
    return as_uint8(pixels + rng.normal(0, strength, (*pixels.shape[:2], channels)))


def salt_and_pepper(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Turn a share of the pixels black or white."""
    chance = rng.random((*pixels.shape[:2], 1))
    return np.where(
        chance < strength / 2, 0, np.where(chance > 1 - strength / 2, 255, pixels)
    ).astype(np.uint8)


def speckle(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Multiply by noise of mean 1; strength is its standard deviation."""
    return as_uint8(pixels * (1 + rng.normal(0, strength, (*pixels.shape[:2], 1))))


def poisson_noise(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Count photons; strength is how many make white."""
    return as_uint8(rng.poisson(pixels / 255 * strength) * (255 / strength))


def _sizes(pixels: Pixels, factor: float) -> tuple[tuple[int, int], tuple[int, int]]:
    height, width = pixels.shape[:2]
    small = max(8, round(width * factor)), max(8, round(height * factor))
    return small, (width, height)


def left_small(
    pixels: Pixels, strength: float, scale: float, rng: Rng, by: int = cv2.INTER_AREA
) -> Pixels:
    """Shrink; strength is the scale that is left, in pixels."""
    return cv2.resize(pixels, _sizes(pixels, min(1, strength / scale))[0], interpolation=by)


def enlarged(
    pixels: Pixels, strength: float, scale: float, rng: Rng, by: int = cv2.INTER_LINEAR
) -> Pixels:
    """Shrink as above, and enlarge to the size it had."""
    small, size = _sizes(pixels, min(1, strength / scale))
    return cv2.resize(
        cv2.resize(pixels, small, interpolation=cv2.INTER_AREA), size, interpolation=by
    )


def darkened(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Leave a share of the light."""
    return as_uint8(pixels * float(strength))


def gamma_dark(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Darken by a gamma, the middle tones most, below a dim white."""
    return as_uint8(255 * 0.25 * (pixels / 255) ** strength)


def brightened(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Add light and clip; strength in gray levels."""
    return as_uint8(pixels + float(strength))


def overexposed(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Multiply the light over a little glare, and clip."""
    return as_uint8((pixels + 20.0) * strength)


def faint(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Leave a share of the contrast, below the brightest tone."""
    top = np.percentile(pixels, 95)
    return as_uint8(top + (pixels - top) * strength)


def flat(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Leave a share of the contrast, around middle gray."""
    return as_uint8(128 + (pixels - 128.0) * strength)


def light_falls(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Let the light fall off across the picture to a share of it, from any side."""
    height, width = pixels.shape[:2]
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    along = x * np.cos(angle) + y * np.sin(angle)
    along = (along - along.min()) / np.ptp(along)
    return as_uint8(pixels * (strength**along)[:, :, None])


def saved(pixels: Pixels, strength: float, scale: float, rng: Rng, kind: str = "JPEG") -> bytes:
    """Save at a quality."""
    return encoded(pixels, kind, strength)


def saved_twice(pixels: Pixels, strength: float, scale: float, rng: Rng) -> bytes:
    """Save as JPEG at a quality, crop off the grid of blocks, and save again a little better."""
    return encoded(decoded(encoded(pixels, "JPEG", strength))[3:, 3:], "JPEG", strength + 3)


def saved_then_well(pixels: Pixels, strength: float, scale: float, rng: Rng) -> bytes:
    """Save at a quality and again at 90, as a message or a screenshot passed on."""
    return encoded(decoded(encoded(pixels, "JPEG", strength)), "JPEG", 90)


def mosaic(pixels: Pixels, strength: float, scale: float, rng: Rng) -> Pixels:
    """Fill square blocks with their mean; strength is their side."""
    side, (height, width) = max(2, round(strength * scale)), pixels.shape[:2]
    padded = np.pad(pixels, ((0, -height % side), (0, -width % side), (0, 0)), "edge")
    blocks = padded.reshape(padded.shape[0] // side, side, padded.shape[1] // side, side, 3)
    means = blocks.mean(axis=(1, 3)).repeat(side, axis=0).repeat(side, axis=1)
    return as_uint8(means[:height, :width])


def nearest(
    pixels: Pixels, strength: float, scale: float, rng: Rng, by: int = cv2.INTER_LINEAR
) -> Pixels:
    """Shrink, and enlarge without smoothing; strength is the side of the blocks."""
    small, size = _sizes(pixels, 1 / max(1.8, strength * scale))
    return cv2.resize(
        cv2.resize(pixels, small, interpolation=by), size, interpolation=cv2.INTER_NEAREST
    )


@dataclass(frozen=True)
class Ruin:
    """A way to ruin a picture: ``apply(pixels, strength, scale, rng)``."""

    cause: str
    kind: str
    strengths: tuple[float, ...]
    # Not compared: a partial that went to another process differs from its own copy.
    apply: Apply = field(compare=False)


LEFT = (5.0, 4.0, 3.0, 2.0)  # pixels of x-height; a photograph's side is fifty times that
BLOCKS = (0.3, 0.45, 0.65, 1.0)
RUINS = (
    Ruin("blur", "Gaussian", (0.15, 0.25, 0.4, 0.7), gaussian_blur),
    Ruin("blur", "box", (0.5, 0.8, 1.3, 2.2), box_blur),
    Ruin("blur", "median", (0.2, 0.3, 0.45, 0.7), median_blur),
    Ruin("blur", "motion", (0.6, 1.0, 1.7, 3.0), motion_blur),
    Ruin("blur", "disc", (0.25, 0.4, 0.65, 1.1), disc_blur),
    Ruin("noise", "Gaussian, colour", (25, 45, 75, 120), gaussian_noise),
    Ruin("noise", "Gaussian, gray", (25, 45, 75, 120), partial(gaussian_noise, channels=1)),
    Ruin("noise", "salt and pepper", (0.02, 0.06, 0.15, 0.35), salt_and_pepper),
    Ruin("noise", "speckle", (0.15, 0.3, 0.5, 0.8), speckle),
    Ruin("noise", "Poisson", (30, 10, 4, 1.5), poisson_noise),
    Ruin("resolution", "small, area", LEFT, left_small),
    Ruin("resolution", "small, linear", LEFT, partial(left_small, by=cv2.INTER_LINEAR)),
    Ruin("resolution", "enlarged, linear", LEFT, enlarged),
    Ruin("resolution", "enlarged, cubic", LEFT, partial(enlarged, by=cv2.INTER_CUBIC)),
    Ruin("exposure", "dark", (0.15, 0.06, 0.03, 0.012), darkened),
    Ruin("exposure", "dark, gamma", (2.0, 3.5, 6.0, 10.0), gamma_dark),
    Ruin("exposure", "bright, added", (120, 160, 190, 215), brightened),
    Ruin("exposure", "bright, multiplied", (2.0, 3.0, 4.0, 5.5), overexposed),
    Ruin("exposure", "faint", (0.2, 0.1, 0.05, 0.025), faint),
    Ruin("exposure", "flat", (0.2, 0.1, 0.05, 0.025), flat),
    Ruin("exposure", "light falls off", (0.4, 0.2, 0.08, 0.03), light_falls),
    Ruin("compression", "JPEG", (12, 6, 3, 1), saved),
    Ruin("compression", "WebP", (5, 3, 1, 0), partial(saved, kind="WEBP")),
    Ruin("compression", "JPEG twice", (12, 6, 3, 1), saved_twice),
    Ruin("compression", "JPEG, then at 90", (12, 6, 3, 1), saved_then_well),
    Ruin("pixelation", "mosaic", BLOCKS, mosaic),
    Ruin("pixelation", "linear, nearest", BLOCKS, nearest),
    Ruin("pixelation", "nearest, nearest", BLOCKS, partial(nearest, by=cv2.INTER_NEAREST)),
)


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
