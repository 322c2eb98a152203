"""Pages in scripts that an English engine does not read: made-up words, real shapes."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np

from imagegate.errors import SettingsError
from imagegate.synthetic.fonts import PROBE_PX, Face, find_shaped, writes
from imagegate.synthetic.layouts import frame
from imagegate.synthetic.pages import PRINTED, Layout, Page, compose, draw_faces
from imagegate.synthetic.sheet import Align, Sheet
from imagegate.synthetic.writing import pick
from imagegate.tables import Rng, Table

NUMBER_SHARE, COMMA_SHARE = 0.08, 0.1
STREAM = 7  # what keeps these pages' chance apart from that of English ones


@dataclass(frozen=True)
class Script:
    """How made-up words of a script are spelt.

    A word is syllables, each of ``heads`` with one of ``vowels``, and one of ``ends``; all are
    separated by spaces, ``-`` is nothing, and ``*`` is where the head stands if not in front.
    ``gap`` separates words, ``digits`` write numbers, ``stop`` and ``comma`` end clauses.
    """

    name: str
    heads: str
    vowels: str = "-"
    ends: str = "-"
    syllables: tuple[int, int] = (1, 3)
    digits: str = "0123456789"
    stop: str = "."
    comma: str = ","
    gap: str = " "
    leftward: bool = False

    @property
    def letters(self) -> str:
        """All letters, the single ones of ``heads`` first; without digits and punctuation."""
        parts = self.heads + self.vowels + self.ends
        return "".join(dict.fromkeys(letter for letter in parts if letter not in " -*"))

    def word(self, rng: Rng) -> str:
        """Make up a word."""
        count = int(rng.integers(*self.syllables, endpoint=True))
        made = "".join(
            joined(pick(rng, self.heads.split()), pick(rng, self.vowels.split()))
            for _ in range(count)
        )
        return unicodedata.normalize("NFC", joined(made, pick(rng, self.ends.split())))

    def number(self, rng: Rng) -> str:
        """Return a number of one to five digits."""
        plain = str(int(10 ** rng.uniform(0, 5)))
        return plain.translate(dict(zip(map(ord, "0123456789"), self.digits, strict=True)))

    def phrase(self, rng: Rng, least: int, most: int) -> list[str]:
        """Return so many words, the first with a capital where the script has them."""
        words = [self.word(rng) for _ in range(int(rng.integers(least, most, endpoint=True)))]
        first = words[0][0].upper() + words[0][1:] if self.name in CASED else words[0]
        return [first, *words[1:]]

    def sentence(self, rng: Rng) -> list[str]:
        """Return 5 to 14 words, some of them numbers or with a comma, the last with a stop."""
        words = self.phrase(rng, 5, 14)
        for place in range(1, len(words) - 1):
            chance = rng.random()
            if self.digits and chance < NUMBER_SHARE:
                words[place] = self.number(rng)
            elif chance > 1 - COMMA_SHARE:
                words[place] += self.comma
        return [*words[:-1], words[-1] + self.stop]

    def paragraph(self, rng: Rng) -> list[str]:
        """Return the words of two to five sentences."""
        return [word for _ in range(int(rng.integers(2, 6))) for word in self.sentence(rng)]


def joined(head: str, vowel: str) -> str:
    """Return a head with its vowel, which may stand before, around or after it."""
    sign = vowel.replace("-", "")
    return sign.replace("*", head) if "*" in sign else head + sign


CASED = ("cyrillic", "greek", "armenian")
SCRIPTS = Table(
    "script",
    (
        Script(
            "cyrillic",
            "б в г д ж з к л м н п р с т ф х ц ч ш щ ст пр тр гр",
            "а а о о е е и и у ы я ю",
            "- - н т ть м х й в",
        ),
        Script(
            "greek",
            "β γ δ ζ θ κ λ μ ν ξ π ρ σ τ φ χ ψ στ τρ",
            "α ά ε έ η ή ι ί ο ό υ ύ ω ώ ου ει αι",
            "ς ς - ν",
        ),
        Script(
            "armenian",
            "գ դ զ թ ժ լ խ կ հ ձ ղ մ յ ն շ չ պ ջ ռ ս վ տ ր ց փ ք բ",
            "ա ա ե է ը ի ո ու օ",
            "- ն ր ք",
            stop="։",
        ),
        Script(
            "georgian",
            "ბ გ დ ვ ზ თ კ ლ მ ნ პ ჟ რ ს ტ ფ ქ ღ ყ შ ჩ ც ძ წ ჭ ხ ჯ ჰ",
            "ა ა ე ი ო უ",
            "- ს თ ნ",
        ),
        Script(
            "hebrew",
            "א ב ג ד ה ו ז ח ט י כ ל מ נ ס ע פ צ ק ר ש ת",
            "- - - ו י",
            "ה ת ר ם ן ך ל י ף ץ ב",
            (1, 4),
            leftward=True,
        ),
        Script(
            "arabic",
            "ب ت ث ج ح خ د ذ ر ز س ش ص ض ط ظ ع غ ف ق ك ل م ن ه و ي ال",
            "- - ا و ي",
            "- ة ى ن ت ر ء",
            digits="٠١٢٣٤٥٦٧٨٩",
            comma="،",
            leftward=True,
        ),
        Script(
            "devanagari",
            "क ख ग घ च छ ज झ ट ठ ड ढ ण त थ द ध न प फ ब भ म य र ल व श ष स ह क्ष प्र त्र स्त न्द",
            "- - - ा ि ी ु ू े ै ो ौ",
            "- - ं न र",
            digits="०१२३४५६७८९",
            stop="।",
        ),
        Script(
            "bengali",
            "ক খ গ ঘ চ ছ জ ঝ ট ঠ ড ঢ ণ ত থ দ ধ ন প ফ ব ভ ম য র ল শ ষ স হ ক্ষ প্র ত্র ন্ত",
            "- - - া ি ী ু ূ ে ৈ ো ৌ",
            "- - ং র ন",
            digits="০১২৩৪৫৬৭৮৯",
            stop="।",
        ),
        Script(
            "tamil",
            "க ங ச ஞ ட ண த ந ப ம ய ர ல வ ழ ள ற ன",
            "- - ா ி ீ ு ூ ெ ே ை ொ ோ ்",
            "- ம் ன் து கள்",
        ),
        Script(
            "thai",
            "ก ข ค ง จ ช ซ ด ต ท น บ ป ผ พ ฟ ม ย ร ล ว ส ห อ กร ปร",
            "า า ี ิ ู ุ เ* แ* โ* ไ* ะ อ ื่อ ้า ่า เ*ือ",
            "- น ง ม ก ด บ ย",
            (1, 2),
            digits="๐๑๒๓๔๕๖๗๘๙",
            stop=" ",
            comma=" ",
            gap="",
        ),
        Script(
            "lao",
            "ກ ຂ ຄ ງ ຈ ຊ ຍ ດ ຕ ທ ນ ບ ປ ຜ ພ ຟ ມ ຢ ຣ ລ ວ ສ ຫ ອ ຮ",
            "າ າ ີ ິ ູ ຸ ເ* ແ* ໂ* ໄ* ະ ໍ ້າ ່າ",
            "- ນ ງ ມ ກ ດ ບ",
            (1, 2),
            digits="໐໑໒໓໔໕໖໗໘໙",
            stop=" ",
            comma=" ",
            gap="",
        ),
        Script(
            "khmer",
            "ក ខ គ ង ច ឆ ជ ញ ដ ត ថ ទ ន ប ផ ព ភ ម យ រ ល វ ស ហ អ ក្រ ប្រ ស្រ ក្ល ស្ត",
            "- - ា ិ ី ឹ ុ ូ េ ែ ោ ាំ",
            "- ន ម ង ត ក ល ស",
            (1, 2),
            digits="០១២៣៤៥៦៧៨៩",
            stop="។",
            comma=" ",
            gap="",
        ),
        Script(
            "chinese",
            " ".join(
                "的一是不了人我在有他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去"
                "之过家学对可她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方"
                "又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点"
                "月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门"
            ),
            syllables=(1, 3),
            stop="。",
            comma="，",
            gap="",
        ),
        Script(
            "japanese",
            "日 本 人 大 年 国 出 中 上 行 時 事 前 方 書 店 長 名 新 月 金 水 電 話 番 号 様 品 "
            "食 車 駅 会 社 員 料 学 生 先 カ ト ス ル レ ビ デ タ ン コ",
            "- - の は を に が と で も る い た し",
            "- です ます した から まで こと",
            stop="。",
            comma="、",
            gap="",
        ),
        Script(
            "korean",
            " ".join(
                "가나다라마바사아자하고노도로모보소오조구무부수우주기니디리"
                "미비시이지한국금일월전화번호장정신원문점품생학성상대물산인"
            ),
            "-",
            "- 는 을 이 에 의 다",
            (1, 3),
        ),
    ),
)


def letter(sheet: Sheet, rng: Rng, script: Script) -> None:
    """Write a head, a date and paragraphs."""
    margin, width, y = frame(sheet, rng, 1.5, 3.0)
    y = flow(sheet, margin, y, script.phrase(rng, 2, 4), width, script, size=1.4, bold=True)
    if script.digits:
        y = flow(sheet, margin, y, [script.number(rng)], width, script)
    y += sheet.step() / 2
    while sheet.room(y):
        y = flow(sheet, margin, y, script.paragraph(rng), width, script) + sheet.step() / 2


def listed(sheet: Sheet, rng: Rng, script: Script) -> None:
    """Write a head and a list, numbered if the face has digits."""
    margin, width, y = frame(sheet, rng, 1.5, 3.0)
    y = flow(sheet, margin, y, script.phrase(rng, 1, 3), width, script, size=1.3, bold=True)
    y += sheet.step() / 3
    while sheet.room(y):
        number = [script.number(rng)] if script.digits else []
        words = [*script.phrase(rng, 1, 5), *number]
        y = flow(sheet, margin, y, words, width, script) + sheet.em * 0.3


def notice(sheet: Sheet, rng: Rng, script: Script) -> None:
    """Write a large headline over short paragraphs."""
    margin, width, y = frame(sheet, rng, 1.5, 2.5)
    y = flow(sheet, margin, y, script.phrase(rng, 2, 4), width, script, size=2.2, bold=True)
    while sheet.room(y + sheet.step()):
        y += sheet.step() * rng.uniform(0.3, 0.9)
        y = flow(sheet, margin, y, script.sentence(rng), width, script, size=1.2)


LETTERED = {
    "letter": (letter, (36, 46), (*PRINTED, "coloured")),
    "list": (listed, (28, 36), (*PRINTED, "dark")),
    "notice": (notice, (30, 34), ("white", "tinted", "coloured", "textured", "dark")),
}


def flow(
    sheet: Sheet,
    x: float,
    y: float,
    words: Sequence[str],
    width: float,
    script: Script,
    *,
    size: float = 1.0,
    bold: bool = False,
) -> float:
    """Write words into lines of this width, to the side where the script begins."""
    left = list(words)
    while left and sheet.room(y, size):
        count = 1
        while count < len(left) and fits(sheet, left[: count + 1], width, script, size, bold=bold):
            count += 1
        line, left = script.gap.join(left[:count]).strip(), left[count:]
        align: Align = "right" if script.leftward else "left"
        y = sheet.write(x, y, line, width, size=size, bold=bold, align=align)
    return y


def fits(
    sheet: Sheet, words: Sequence[str], width: float, script: Script, size: float, *, bold: bool
) -> bool:
    """Tell whether these words fit into one line of this width."""
    return sheet.length(script.gap.join(words), size, bold=bold) <= width


@cache
def faces_by_script() -> dict[str, tuple[Face, ...]]:
    """Return the installed faces of each script that can be written, in the order of SCRIPTS."""
    found = find_shaped({script.name: script.letters for script in SCRIPTS.values()})
    if not found:
        raise SettingsError(
            "expected installed fonts of other scripts, found none: install some (on Debian, "
            "apt-get install fonts-noto-core fonts-noto-cjk)"
        )
    return found


def writable(script: Script, face: Face) -> Script:
    """Return the script without the digits and punctuation that the face lacks."""
    font = replace(face, shaped=False).at(PROBE_PX)

    def kept(marks: str) -> str:
        return marks if marks.isspace() or writes(font, marks) else ""

    digits = kept(script.digits) or kept("0123456789")
    return replace(script, digits=digits, stop=kept(script.stop), comma=kept(script.comma))


def line_height(script: Script, face: Face, rng: Rng) -> float:
    """Return how far lines must be apart so that their signs do not touch, in ems."""
    font = face.at(PROBE_PX)
    boxes = [font.getbbox(script.word(rng), anchor="ls") for _ in range(40)]
    top, bottom = min(box[1] for box in boxes), max(box[3] for box in boxes)
    return float(bottom - top) * 1.06 / PROBE_PX


def render_script(seed: int, *, script: str | None = None) -> Page:
    """Render a clean page in a script of SCRIPTS, drawn from those that installed fonts write.

    The same seed gives the same page where the same fonts, Pillow and raqm are installed.
    """
    rng = np.random.default_rng([seed, STREAM])
    faces = faces_by_script()
    name = SCRIPTS[script or pick(rng, list(faces))].name
    if name not in faces:
        raise SettingsError(f"expected an installed font that writes {name}, found none")
    chosen = draw_faces(faces[name], rng)
    spelt = writable(SCRIPTS[name], chosen[0])
    least = line_height(spelt, chosen[0], rng)
    layout = pick(rng, list(LETTERED))
    write, ems, looks = LETTERED[layout]
    kind = Layout(layout, partial(write, script=spelt), ems, looks)
    return compose(kind, chosen, rng, least_leading=least)
