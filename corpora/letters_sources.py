"""What the letter network learns from: lines in many fonts and scripts, and scenery."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from letters_wear import HEIGHT, INK, PAPER, WIDTH, Pixels, Rng, scenery
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from imagegate.synthetic import writing
from imagegate.synthetic.fonts import find_faces

Writer = Callable[[Rng], str]

FONTS = ("/usr/share/fonts", "/usr/share/texmf/fonts")
MOST_LINES = 8  # of a page; its few marks are taken from these
SMALLEST, LARGEST = 5, 56  # px of the x-height

HAND = (
    *("breipfont.ttf", "dkg.ttf", "dkgIt.ttf", "dkgBd.ttf", "Ecolier-court.ttf", "Kristi.ttf"),
    *("femkeklaver.ttf", "Rufscript010.ttf", "DancingScript-Regular.otf", "Isabella.ttf"),
    *("Pecita.otf", "texgyrechorus-mediumitalic.otf", "Purisa.ttf", "HumorSans.ttf"),
)
ACCENTED = "äöüßéèêçàáíóúñåøæœšžčřěůłżýőāēģ"
CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфіїєўђљњћ"  # most frequent first
GREEK = "αοιετσνηυρπκμλςωδγθχφβξζψάέήίόύώ"
ARMENIAN = "".join(map(chr, range(0x0561, 0x0586)))
GEORGIAN = "".join(map(chr, range(0x10D0, 0x10F1)))
ARABIC = "اليمنرتبهدسوعفقكحجشصضطظثخذزغ"
HEBREW = "יואהלרמתבשנדחכקפצעטגסזםןךףץ"
THAI = 0x0E01, 0x0E2E, "เแโใไ", "ะาิีึืุูำ่้็์ัั"  # first and last consonant, vowels before and after
TLWG = ("Garuda.", "Kinnari.", "Laksaman.", "Loma.", "Norasi.", "Sawasdee.", "Umpush.", "Waree.")
STACKED = {
    "Lao": (0x0E94, 0x0E97, "ເແໂໃໄ", "ະາິີຶືຸູ່້ັ"),
    "Khmer": (0x1780, 0x17A2, "", "ាិីឹឺុូេែៃោៅំ"),
    "Myanmar": (0x1000, 0x1021, "", "ာိီုူေဲံ့း်"),
}
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
    codes = (
        bytes([row + 0xA0, cell])
        for row in range(first_row, last_row + 1)
        for cell in range(0xA1, 0xFF)
    )
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
    return words(
        rng, lambda: "".join(drawn(rng, hangul) for _ in range(int(rng.integers(2, 5)))), 7
    )


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


def pairs(write: Writer, paths: Sequence[str], *indices: int) -> list[Font]:
    """Return fonts that one writer writes with."""
    return [Font(path, write, index) for path in paths for index in indices or (0,)]


def cased(letters: str) -> list[Font]:
    """Return the fonts that write Cyrillic and Greek."""
    paths = styles("NotoSans", "NotoSerif", "NotoSansDisplay", "NotoSerifDisplay")
    paths += files("DejaVuS", "FreeS", "FreeMono", "LiberationS", "LiberationM", "Roboto-")
    paths += files("OpenSans-", "Play", "cmun", "LinLibertine_R", "LinBiolinum_R")
    return pairs(alphabet(letters, 1.5), paths)


def caucasian() -> list[Font]:
    """Return the fonts of Armenian and Georgian."""
    shared = files("DejaVuSans", "FreeSerif")
    first = [*styles("NotoSansArmenian", "NotoSerifArmenian"), *shared]
    second = [*styles("NotoSansGeorgian", "NotoSerifGeorgian"), *shared]
    return pairs(alphabet(ARMENIAN), first) + pairs(alphabet(GEORGIAN), second)


def arabic_hebrew() -> list[Font]:
    """Return the fonts of Arabic and Hebrew."""
    first = ("NotoNaskhArabic", "NotoSansArabic", "NotoKufiArabic", "NotoNastaliqUrdu", "Amiri")
    second = [*styles("NotoSansHebrew", "NotoSerifHebrew"), *files("SILEOT.", "DejaVuSans.")]
    arabic, hebrew = alphabet(ARABIC, 1.5, 2, 8), alphabet(HEBREW, 1.0, 2, 8)
    return pairs(arabic, styles(*first)) + pairs(hebrew, second)


def southeast_asian() -> list[Font]:
    """Return the fonts of Thai, Lao, Khmer and Myanmar."""
    found = pairs(
        stacked(*THAI), [*styles("NotoSansThai", "NotoSerifThai", "NotoLoopedThai"), *files(*TLWG)]
    )
    for name, script in STACKED.items():
        found += pairs(stacked(*script), styles(f"NotoSans{name}", f"NotoSerif{name}"))
    return found


def latin_families() -> tuple[tuple[Font, ...], ...]:
    """Return the fonts of Latin print, a group for each family."""
    families: dict[str, list[Font]] = {}
    for face in find_faces("system"):
        if Path(face.path).name not in HAND:
            families.setdefault(face.family, []).append(Font(face.path, latin))
    return tuple(tuple(families[name]) for name in sorted(families))


FONTS_OF: dict[str, Callable[[], list[Font]]] = {
    "cyrillic": lambda: cased(CYRILLIC),
    "greek": lambda: cased(GREEK),
    "caucasian": caucasian,
    "arabic_hebrew": arabic_hebrew,
    "indic": lambda: [
        font
        for name in INDIC
        for font in pairs(indic(name), styles(f"NotoSans{name}", f"NotoSerif{name}"))
    ],
    "southeast_asian": southeast_asian,
    "east_asian": lambda: pairs(east_asian, styles("NotoSansCJK", "NotoSerifCJK"), 0, 1),
    "handwriting": lambda: pairs(latin, files(*HAND)),
}


@cache
def fonts_of(label: str) -> tuple[tuple[Font, ...], ...]:
    """Return the fonts of a class, those together that must not be split."""
    if label in FONTS_OF:
        return tuple((font,) for font in FONTS_OF[label]())
    return latin_families()


def pick_source(label: str, rng: Rng, held_out: bool | None, every: int) -> Source:
    """Return what to draw a page of a class with.

    Every so many groups of fonts are held out: these are drawn from, the others, or all (None).
    """
    x_height = float(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST))))
    if label == "none":
        return Source(None, x_height)
    groups = fonts_of(label if label in FONTS_OF else "latin")
    chosen = [g for n, g in enumerate(groups) if held_out is None or (n % every == 0) == held_out]
    group = chosen[int(rng.integers(len(chosen)))]
    return Source(group[int(rng.integers(len(group)))], x_height)
