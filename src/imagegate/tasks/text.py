"""Compare what was read with what stands there: words in any order, characters in order.

Words are those of Unicode's text segmentation, https://unicode.org/reports/tr29: a mark belongs to
the letter before it (rule WB4), in every script. Stricter than its defaults is that a word holds no
punctuation but between digits.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import cache
from typing import Any

from imagegate.extras import require

# Typographic variants that no reader would call a mistake; the last two are Hebrew's.
SAME = str.maketrans(
    {
        **dict.fromkeys("’‘ʼ`׳", "'"),
        **dict.fromkeys("‐‑–—\N{SOFT HYPHEN}\N{HEBREW PUNCTUATION MAQAF}", "-"),
        "״": '"',
    }
)
# What may be written or left out: Hebrew points and accents; Arabic vowel points, Koranic signs
# and the stroke that lengthens a word. Never the vowel signs of other scripts.
OPTIONAL = (
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\ufb1e"
    "\u0610-\u061a\u0640\u064b-\u0652\u0656-\u0658\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
)
# Joiners, direction marks, variation selectors; but a zero-width space parts words.
INVISIBLE = r"[\p{Default_Ignorable_Code_Point}--\u200b]"
# Scripts written without spaces, where each sign counts as a word: Chinese, Japanese; and those
# that take a dictionary to part (Thai, Lao, Khmer, Burmese …), a sign with all its marks.
SIGN = r"[[\p{Han}\p{Hiragana}\p{Katakana}ー\p{Line_Break=Complex_Context}]&&[\p{L}\p{N}]]"
STACKED = r"(?<=[\u17d2\u1039\u1a60])"  # the next letter stands below: Khmer, Burmese, Tai Tham
LETTER = rf"[[\p{{L}}\p{{N}}]--{SIGN}]"
RUN = rf"{LETTER}(?:{LETTER}|\p{{M}})*"
IN_NUMBER = r"(?<=\p{Nd})[.,:/٫٬](?=\p{Nd})"  # so that 12.50 is not 1250
WORD = rf"{SIGN}\p{{M}}*(?:{STACKED}{SIGN}\p{{M}}*)*|{RUN}(?:{IN_NUMBER}{RUN})*"
BEFORE, AFTER = r"(?<=[\p{L}\p{N}\p{M}_])", r"(?=[\p{L}\p{N}_])"
# Within a word, or at the end of a line; between Hebrew letters the double mark, too: צה"ל.
INNER_MARK = rf"{BEFORE}(?:-\s*\n\s*|['-]){AFTER}|(?<=\p{{Hebrew}})\"(?=\p{{Hebrew}})"


@cache
def _pattern(text: str) -> Any:
    regex = require("regex", "train")  # Python's re knows no marks, scripts or set operations
    return regex.compile(text, regex.V1)


def words(text: str) -> list[str]:
    r"""Return the words of a text as they are compared: folded, without punctuation.

    A hyphen or apostrophe inside a word is dropped, so that ``well-known``, ``well-`` + ``known``
    on the next line and ``wellknown`` are one word; other punctuation separates, except inside
    numbers. Vowel signs and accents count, the optional points of Arabic and Hebrew do not. In
    scripts written without spaces each sign is a word. Needs the extra ``train``.

    >>> words("The 'well-\nknown' TOTAL(RM): 12.50,")
    ['the', 'wellknown', 'total', 'rm', '12.50']
    """
    folded = unicodedata.normalize("NFKC", text).translate(SAME).casefold()
    plain = _pattern(f"{INVISIBLE}|[{OPTIONAL}]").sub("", folded)
    joined = _pattern(INNER_MARK).sub("", unicodedata.normalize("NFKC", plain))
    return list(_pattern(WORD).findall(joined))


def word_recall(text: str, truth: str) -> float:
    """Return the share of the truth's words that the text holds, in any order.

    0..1, each word counted as often as it occurs; NaN if the truth has no words. Words that were
    made up cost nothing: do not use it to compare two engines. Needs the extra ``train``.

    >>> word_recall("one two two", "two two three one")
    0.75
    """
    wanted = Counter(words(truth))
    if not wanted:
        return float("nan")
    return (wanted & Counter(words(text))).total() / wanted.total()


def unspaced_recall(text: str, truth: str) -> float:
    """Return the share of a truth without spaces that lies in words read exactly.

    0..1, by characters; NaN if the truth has no words of two characters. Each word read, the
    longest first, is looked for once in what is left of the truth, equal words before parts. Close
    to word recall weighted by length. Needs the extra ``train``.

    >>> unspaced_recall("Grand total 9.00", "GRANDTOTAL 12.00")
    0.6666666666666666
    """
    left = [word for word in words(truth) if len(word) > 1]
    total, found = sum(map(len, left)), 0
    for word in sorted((w for w in words(text) if len(w) > 1), key=len, reverse=True):
        places = [i for i, run in enumerate(left) if word in run]
        if places:
            run = left.pop(next((i for i in places if left[i] == word), places[0]))
            before, _, after = run.partition(word)
            left += [part for part in (before, after) if len(part) > 1]
            found += len(word)
    return found / total if total else float("nan")


def edit_distance(first: str, second: str) -> int:
    """Return the Levenshtein distance: insertions, deletions and replacements.

    Bit-parallel, Hyyrö 2003 after Myers 1999, doi:10.1145/316542.316550; Python's long integers
    serve as the bit vectors, so a page costs milliseconds.

    >>> edit_distance("kitten", "sitting")
    3
    """
    if not first:
        return len(second)
    positions: dict[str, int] = {}
    for index, char in enumerate(first):
        positions[char] = positions.get(char, 0) | 1 << index
    full, last = (1 << len(first)) - 1, 1 << (len(first) - 1)
    plus, minus, distance = full, 0, len(first)
    for char in second:
        same = positions.get(char, 0)
        across = (((same & plus) + plus) ^ plus) | same
        up, down = minus | ~(across | plus) & full, plus & across
        distance += bool(up & last) - bool(down & last)
        up = up << 1 | 1
        level = same | minus
        plus, minus = (down << 1 | ~(level | up)) & full, up & level & full
    return distance


def character_error_rate(text: str, truth: str) -> float:
    """Return the edit distance to the truth per character of the truth.

    0 is perfect; above 1 if the errors outnumber the characters of the truth; NaN if the truth is
    empty. Characters are code points of Unicode's composed form (NFC). Runs of white space count
    as one space. Only for layouts with one order of lines: on
    receipts, tables and columns a right transcript in another order scores badly; see
    ``word_recall``.

    >>> character_error_rate("helo  world", "hello world")
    0.09090909090909091
    """
    read, wanted = (" ".join(unicodedata.normalize("NFC", t).split()) for t in (text, truth))
    return edit_distance(read, wanted) / len(wanted) if wanted else float("nan")
