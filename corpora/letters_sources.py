"""What the letter network learns from: pages of each script, wear, and what only looks like text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont, features

from imagegate.synthetic import writing
from imagegate.synthetic.fonts import find_faces

Pixels = NDArray[np.uint8]
Rng = np.random.Generator

FONTS = ("/usr/share/fonts", "/usr/share/texmf/fonts")
WIDTH, HEIGHT = 512, 400  # px of a page
MOST_LINES = 8  # of a page; its few marks are taken from these
SMALLEST, LARGEST = 5, 56  # px of the x-height
PAPER, INK = 235, 25

HAND = (
    *("breipfont.ttf", "dkg.ttf", "dkgIt.ttf", "dkgBd.ttf", "Ecolier-court.ttf", "Kristi.ttf"),
    *("femkeklaver.ttf", "Rufscript010.ttf", "DancingScript-Regular.otf", "Isabella.ttf"),
    *("Pecita.otf", "texgyrechorus-mediumitalic.otf", "Purisa.ttf", "HumorSans.ttf"),
)
ACCENTED = "äöüßéèêçàáíóúñåøæœšžčřěůłżýőāēģ"
CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфіїєўђљњћ"  # most frequent first
GREEK = "αοιετσνηυρπκμλςωδγθχφβξζψάέήίόύώ"
THAI = "".join(map(chr, range(0x0E01, 0x0E2F)))
INDIC = {  # first consonant, last, virama, dependent vowels
    "Devanagari": (0x0915, 0x0939, 0x094D, "ािीुूेैोौं"),
    "Bengali": (0x0995, 0x09A8, 0x09CD, "ািীুূেৈোৌং"),
    "Gurmukhi": (0x0A15, 0x0A28, 0x0A4D, "ਾਿੀੁੂੇੈੋੌ"),
    "Gujarati": (0x0A95, 0x0AA8, 0x0ACD, "ાિીુૂેૈોૌં"),
    "Oriya": (0x0B15, 0x0B28, 0x0B4D, "ାିୀୁୂେୈୋୌ"),
    "Tamil": (0x0B95, 0x0B95, 0x0BCD, "ாிீுூெேைொோ"),
    "Telugu": (0x0C15, 0x0C28, 0x0C4D, "ాిీుూెేైొో"),
    "Kannada": (0x0C95, 0x0CA8, 0x0CCD, "ಾಿೀುೂೆೇೈೊೋ"),
    "Malayalam": (0x0D15, 0x0D28, 0x0D4D, "ാിീുൂെേൈൊോ"),
    "Sinhala": (0x0D9A, 0x0DB1, 0x0DCA, "ාැිීුූෙේො"),
}
TAMIL = "கஙசஞடணதநபமயரலவழளறன"


def drawn(rng: Rng, letters: Sequence[str], steep: float = 0.0) -> str:
    """Return one of several strings, earlier ones more often if steep."""
    place = rng.beta(1.0, 1.0 + steep)
    return letters[min(int(place * len(letters)), len(letters) - 1)]


def latin(rng: Rng) -> str:
    """Return a line of English, of capitals or of figures, some with accents."""
    kind = rng.random()
    if kind < 0.5:
        line = writing.sentence(rng)
    elif kind < 0.7:
        line = f"{writing.firm(rng)} {writing.street(rng)} {writing.date(rng)}"
    else:
        line = f"{writing.code(rng)} {writing.money(rng)} {writing.phone(rng)} {writing.town(rng)}"
    if rng.random() < 0.4:
        line = line.upper()
    if rng.random() < 0.2:
        words = line.split()
        words[0] = "".join(drawn(rng, ACCENTED) if rng.random() < 0.2 else c for c in words[0])
        line = " ".join(words)
    return line


def words(rng: Rng, word: Callable[[], str], count: int = 9) -> str:
    """Return a line of made-up words."""
    return " ".join(word() for _ in range(count))


def alphabet(letters: str, steep: float = 0.0, least: int = 2, most: int = 9) -> Writer:
    """Return a writer of words of these letters."""

    def line(rng: Rng) -> str:
        def word() -> str:
            length = int(rng.integers(least, most))
            return "".join(drawn(rng, letters, steep) for _ in range(length))

        text = words(rng, word)
        return text.upper() if rng.random() < 0.2 else text.capitalize()

    return line


def indic(name: str) -> Writer:
    """Return a writer of syllables: consonants, some joined, with vowel signs."""
    first, last, virama, vowels = INDIC[name]
    consonants = TAMIL if name == "Tamil" else [chr(n) for n in range(first, last + 1)]

    def line(rng: Rng) -> str:
        def syllable() -> str:
            joined = drawn(rng, consonants) + chr(virama) if rng.random() < 0.12 else ""
            sign = drawn(rng, vowels) if rng.random() < 0.6 else ""
            return joined + drawn(rng, consonants) + sign

        return words(rng, lambda: "".join(syllable() for _ in range(int(rng.integers(1, 5)))))

    return line


def stacked(first: int, last: int, before: str, after: str) -> Writer:
    """Return a writer of Thai, Lao, Khmer or Myanmar: vowels stand around their consonants."""

    def line(rng: Rng) -> str:
        def syllable() -> str:
            lead = drawn(rng, before) if before and rng.random() < 0.2 else ""
            sign = drawn(rng, after) if rng.random() < 0.6 else ""
            return lead + chr(int(rng.integers(first, last + 1))) + sign

        return words(rng, lambda: "".join(syllable() for _ in range(int(rng.integers(3, 9)))), 5)

    return line


@cache
def coded(encoding: str, first_row: int, last_row: int) -> str:
    """Return the characters of rows of a national standard, 94 a row."""
    codes = (bytes([row + 0xA0, cell]) for row in range(first_row, last_row + 1) for cell in range(0xA1, 0xFF))
    return "".join(code.decode(encoding, "ignore") for code in codes)


def east_asian(rng: Rng) -> str:
    """Return a line of Chinese, Japanese or Korean."""
    kind = rng.random()
    if kind < 0.4:
        return "".join(drawn(rng, coded("gb2312", 16, 55)) for _ in range(24))
    if kind < 0.7:
        kana = coded("euc_jp", 4, 5)
        kanji = coded("euc_jp", 16, 47)
        return "".join(drawn(rng, kana if rng.random() < 0.6 else kanji) for _ in range(24))
    hangul = coded("euc_kr", 16, 40)
    return words(rng, lambda: "".join(drawn(rng, hangul) for _ in range(int(rng.integers(2, 5)))), 7)


Writer = Callable[[Rng], str]


@dataclass(frozen=True)
class Font:
    """A font file and what is written with it."""

    path: str
    write: Writer
    index: int = 0


@dataclass(frozen=True)
class Source:
    """What one page is drawn with; None draws what is no text."""

    font: Font | None
    x_height: float

    def draw(self, rng: Rng) -> Pixels:
        """Return a clean page, dark on light."""
        return scenery(rng) if self.font is None else page(self.font, self.x_height, rng)


def page(font: Font, x_height: float, rng: Rng) -> Pixels:
    """Write lines down a page."""
    em = x_height / 0.5
    face = ImageFont.truetype(font.path, em, index=font.index)
    sheet = Pillow.new("L", (WIDTH, HEIGHT), PAPER)
    pen = ImageDraw.Draw(sheet)
    pitch = em * rng.uniform(1.15, 1.9)
    y, lines = rng.uniform(0, em), 0
    while y < HEIGHT - em and lines < MOST_LINES:
        line, most = font.write(rng), int(WIDTH / (0.4 * em)) + 2
        line = " ".join([line] * (1 + most // max(len(line), 1)))[:most]
        pen.text((rng.uniform(0, 2 * em), y), line, INK, face)
        y, lines = y + pitch, lines + 1
    return np.asarray(sheet)


def taken(clean: Pixels, x_height: float, rng: Rng, gently: bool = False) -> Pixels:
    """Photograph or scan a page that stays readable."""
    plane = clean.astype(np.float32)
    height, width = plane.shape
    if not gently:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.normal(0, 1.8)), 1.0)
        shear = np.float32([[1, rng.normal(0, 0.04), 0], [0, 1, 0]])
        turn[:, :2] = turn[:, :2] @ shear[:, :2]
        border = float(np.median(clean))
        plane = cv2.warpAffine(plane, turn, (width, height), flags=cv2.INTER_LINEAR, borderValue=border)
        if rng.random() < 0.3:  # more or less ink
            size = max(2, round(x_height * rng.uniform(0.03, 0.12)))
            more = cv2.erode if rng.random() < 0.5 or x_height < 14 else cv2.dilate
            plane = more(plane, np.ones((size, size), np.uint8))
        if rng.random() < 0.15:  # fewer pixels
            scale = max(min(1.0, 5 / x_height), rng.uniform(0.4, 0.9))
            small = cv2.resize(plane, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            plane = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
        sigma = x_height * rng.uniform(0.0, 0.16)
        if sigma > 0.2 and rng.random() < 0.6:
            plane = cv2.GaussianBlur(plane, (0, 0), sigma)
    low, high = rng.uniform(0, 90), rng.uniform(150, 255)
    plane = low + (plane - INK) * ((high - low) / (PAPER - INK))
    if rng.random() < 0.4:
        light = cv2.resize(rng.uniform(0.75, 1.05, (3, 3)).astype(np.float32), (width, height))
        plane = plane * light
    noise = float(rng.uniform(0, 1) ** 2) * 0.12 * (high - low)
    plane = plane + rng.normal(0, max(noise, 0.3), plane.shape)
    if rng.random() < 0.12:
        plane = 255 - plane
    pixels = np.clip(plane, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        quality = int(rng.integers(30, 95))
        coded_page = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        pixels = cv2.imdecode(coded_page, cv2.IMREAD_GRAYSCALE)
    if rng.random() < 0.15:
        pixels = cv2.threshold(pixels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]
    return np.asarray(pixels, np.uint8)


def smeared(clean: Pixels, x_height: float, rng: Rng) -> Pixels:
    """Let letters grow together: out of focus, shaken, too much ink, or too few pixels."""
    kind = int(rng.integers(4))
    if kind == 0:
        return np.asarray(cv2.GaussianBlur(clean, (0, 0), x_height * rng.uniform(0.22, 0.5)))
    if kind == 1:
        length = max(2, round(x_height * rng.uniform(0.5, 1.2)))
        kernel = np.full((1, length), 1 / length, np.float32)
        return np.asarray(cv2.filter2D(clean, -1, kernel if rng.random() < 0.7 else kernel.T))
    if kind == 2:
        size = max(2, round(x_height * rng.uniform(0.15, 0.4)))
        return np.asarray(cv2.erode(clean, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))))
    scale = min(1.0, rng.uniform(2.0, 3.5) / x_height)
    small = cv2.resize(clean, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, clean.shape[::-1], interpolation=cv2.INTER_CUBIC))


def broken(clean: Pixels, x_height: float, rng: Rng) -> Pixels:
    """Take ink away: worn in patches, in stripes, or thinned until strokes part."""
    kind = int(rng.integers(3))
    if kind == 0:
        field = cv2.GaussianBlur(
            rng.normal(0, 1, clean.shape).astype(np.float32), (0, 0), max(0.7, x_height * rng.uniform(0.06, 0.2))
        )
        gone = field > np.quantile(field[::8, ::8], rng.uniform(0.45, 0.75))
    elif kind == 1:
        pitch = max(2.5, x_height * rng.uniform(0.25, 0.7))
        gone = np.zeros(clean.shape, np.bool_)
        across = (np.arange(clean.shape[0]) + rng.uniform(0, pitch)) % pitch < pitch * rng.uniform(0.3, 0.5)
        gone[across] = True
        if rng.random() < 0.5:
            gone[:] = ((np.arange(clean.shape[1]) % pitch) < pitch * rng.uniform(0.3, 0.5))[None]
    else:
        size = max(2, round(x_height * rng.uniform(0.08, 0.2)))
        thin = cv2.dilate(clean, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
        field = cv2.GaussianBlur(rng.normal(0, 1, clean.shape).astype(np.float32), (0, 0), max(0.7, 0.1 * x_height))
        return np.where(field > np.quantile(field[::8, ::8], 0.7), PAPER, thin).astype(np.uint8)
    return np.where(gone, PAPER, clean).astype(np.uint8)


WEAR = {"merged": smeared, "broken": broken}


def scenery(rng: Rng) -> Pixels:
    """Draw what only looks like text: texture, edges of things, rules, boxes, screens, specks."""
    kind = int(rng.integers(6))
    shape = (HEIGHT, WIDTH)
    if kind <= 1:  # texture of one scale, or of several
        field = np.zeros(shape, np.float32)
        for sigma in rng.uniform(0.7, 8, 1 if kind else 3):
            layer = cv2.GaussianBlur(rng.normal(0, 1, shape).astype(np.float32), (0, 0), sigma, sigmaY=sigma * rng.uniform(0.5, 2))
            field += layer / layer.std()
        soft = rng.uniform(0.2, 3)
        return np.asarray(INK + (PAPER - INK) / (1 + np.exp(-field * soft + rng.uniform(-2, 2))), np.uint8)
    sheet = np.full(shape, PAPER, np.uint8)
    if kind == 2:  # things with edges
        for _ in range(int(rng.integers(40, 700))):
            centre, size = rng.uniform(0, 800, 2), rng.uniform(2, 60)
            corners = centre + rng.normal(0, size, (int(rng.integers(3, 7)), 2))
            cv2.fillPoly(sheet, [corners.astype(np.int32)], float(rng.uniform(INK, PAPER)), cv2.LINE_AA)
        return sheet
    if kind == 3:  # rules and boxes, dashes, bars
        pitch_x, pitch_y = rng.uniform(6, 70, 2)
        thick = int(rng.integers(1, 5))
        dash = rng.uniform(0.2, 1.1)
        for y in np.arange(5, HEIGHT, pitch_y):
            for x in np.arange(5, WIDTH, pitch_x):
                end = x + dash * pitch_x
                cv2.line(sheet, (int(x), int(y)), (int(end), int(y)), INK, thick)
                if rng.random() < 0.5:
                    cv2.line(sheet, (int(x), int(y)), (int(x), int(y + dash * pitch_y)), INK, thick)
        return sheet
    if kind == 4:  # a screen of dots
        pitch, angle = rng.uniform(4, 24), rng.uniform(0, 1.5)
        y, x = np.mgrid[:HEIGHT, :WIDTH] * (2 * np.pi / pitch)
        wave = np.cos(x * np.cos(angle) + y * np.sin(angle)) + np.cos(y * np.cos(angle) - x * np.sin(angle))
        tone = cv2.resize(rng.uniform(-1.6, 1.6, (5, 7)).astype(np.float32), (WIDTH, HEIGHT))
        return np.where(wave > tone, PAPER, INK).astype(np.uint8)
    for _ in range(int(rng.integers(300, 4000))):  # specks, scratches, crosses, rings
        x, y = (int(each) for each in rng.uniform(0, (WIDTH, HEIGHT)))
        size = max(1, int(rng.uniform(1, 7)))
        end = (x + int(rng.normal(0, size)), y + int(rng.normal(0, size)))
        if rng.random() < 0.7:
            cv2.ellipse(sheet, (x, y), (size, max(1, size // 2)), float(rng.uniform(0, 180)), 0, 360, INK, -1)
        else:
            cv2.line(sheet, (x, y), end, INK, 1 + size // 4)
    return sheet


@cache
def installed() -> tuple[Path, ...]:
    """Return all font files, sorted."""
    found = (path for folder in FONTS for path in Path(folder).rglob("*.[to]t[fc]"))
    return tuple(sorted(found))


def files(*names: str) -> list[str]:
    """Return the installed font files whose names begin so, sorted."""
    return [str(path) for path in installed() if path.name.startswith(names)]


def styles(*names: str) -> list[str]:
    """Return the regular and bold files of Noto families."""
    return files(*(f"{name}-{style}." for name in names for style in ("Regular", "Bold")))


@cache
def fonts_of(label: str) -> tuple[tuple[Font, ...], ...]:
    """Return the fonts of a class, grouped by what must not be split."""
    if label == "handwriting":
        return tuple((Font(path, latin),) for path in files(*HAND))
    if label == "cyrillic_greek":
        wide = ("NotoSans", "NotoSerif", "NotoSansDisplay", "NotoSerifDisplay")
        names = [*styles(*wide), *files("DejaVuS", "FreeS", "FreeMono", "LiberationS", "Roboto-", "OpenSans-", "Play")]
        return tuple((Font(path, alphabet(CYRILLIC, 2.0)), Font(path, alphabet(GREEK, 2.0))) for path in names)
    if label == "arabic_hebrew":
        arabic = alphabet("اليمنرتبهدسوعفقكحجشصضطظثخذزغ", 1.5, 2, 8)
        hebrew = alphabet("יואהלרמתבשנדחכקפצעטגסזםןךףץ", 1.0, 2, 8)
        first = styles("NotoNaskhArabic", "NotoSansArabic", "NotoKufiArabic", "NotoNastaliqUrdu", "Amiri")
        second = [*styles("NotoSansHebrew", "NotoSerifHebrew"), *files("SILEOT.", "DejaVuSans.")]
        return (*((Font(path, arabic),) for path in first), *((Font(path, hebrew),) for path in second))
    if label == "indic":
        return tuple((Font(path, indic(name)),) for name in INDIC for path in styles(f"NotoSans{name}", f"NotoSerif{name}"))
    if label == "southeast_asian":
        thai = stacked(0x0E01, 0x0E2E, "เแโใไ", "ะาิีึืุูำ่้็์ัั")
        others = {
            "Lao": stacked(0x0E94, 0x0E97, "ເແໂໃໄ", "ະາິີຶືຸູ່້ັ"),
            "Khmer": stacked(0x1780, 0x17A2, "", "ាិីឹឺុូេែៃោៅំ"),
            "Myanmar": stacked(0x1000, 0x1021, "", "ာိီုူေဲံ့း်"),
        }
        loops = [*styles("NotoSansThai", "NotoSerifThai", "NotoLoopedThai")]
        loops += files("Garuda.", "Kinnari.", "Laksaman.", "Loma.", "Norasi.", "Sawasdee.", "Umpush.", "Waree.")
        more = ((Font(path, write),) for name, write in others.items() for path in styles(f"NotoSans{name}", f"NotoSerif{name}"))
        return (*((Font(path, thai),) for path in loops), *more)
    if label == "east_asian":
        return tuple((Font(path, east_asian, index),) for path in styles("NotoSansCJK", "NotoSerifCJK") for index in (0, 1))
    by_family: dict[str, list[Font]] = {}
    for face in find_faces("system"):
        if Path(face.path).name not in HAND:
            by_family.setdefault(face.family, []).append(Font(face.path, latin))
    return tuple(tuple(by_family[name]) for name in sorted(by_family))


def pick_source(label: str, rng: Rng, held_out: bool | None, every: int) -> Source:
    """Return what to draw a page of a class with; fonts held out, the others, or of all (None)."""
    x_height = float(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST))))
    if label == "none":
        return Source(None, x_height)
    groups = fonts_of(label if label in WRITTEN else "latin")
    chosen = [group for n, group in enumerate(groups) if held_out is None or (n % every == 0) == held_out]
    group = chosen[int(rng.integers(len(chosen)))]
    return Source(group[int(rng.integers(len(group)))], x_height)


WRITTEN = ("cyrillic_greek", "arabic_hebrew", "indic", "southeast_asian", "east_asian", "handwriting")

assert features.check("raqm"), "Pillow lacks raqm, which shapes Arabic and Indic text"
