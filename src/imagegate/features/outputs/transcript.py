"""Transcript: whether what an engine read looks like what stands in the picture."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np

from imagegate.errors import OutputError
from imagegate.features.letters.lines import letter_count
from imagegate.features.planes import NAN
from imagegate.image import Image
from imagegate.tables import Measure

UNSURE = 0.5  # confidence
WITHIN_WORDS, WITHIN_NUMBERS = "'’-", ".,:/-"


@runtime_checkable
class TextOutput(Protocol):
    """What an OCR engine returns: a text, and how sure it is, NaN and () if it is silent."""

    @property
    def text(self) -> str:
        """The transcript."""
        ...

    @property
    def confidence(self) -> float:
        """Overall, 0..1."""
        ...

    @property
    def confidences(self) -> tuple[float, ...]:
        """Of each word or line, 0..1."""
        ...


@dataclass(frozen=True, eq=False)
class Transcript:
    """A picture and what was read in it; a bare text has no confidences."""

    image: Image
    text: str
    confidence: float = NAN
    confidences: tuple[float, ...] = ()

    @cached_property
    def words(self) -> list[str]:
        """What stands between blanks."""
        return self.text.split()

    @cached_property
    def letters(self) -> float:
        """About how many letters the whole picture shows, 0 if it shows no text."""
        return self.image.cached(letter_count)


def prepare(image: Image, output: Any, second: Any = None) -> Transcript:
    """Put a picture and its transcript side by side; a second one is not looked at.

    Raises
    ------
    OutputError
        If the output is no transcript.
    """
    text = text_of(output)
    if isinstance(output, str):
        return Transcript(image, text)
    return Transcript(image, text, float(output.confidence), tuple(map(float, output.confidences)))


def text_of(output: Any) -> str:
    """Return the text of an engine's output or of a truth, refusing anything else."""
    text = output.text if isinstance(output, TextOutput) else output
    if not isinstance(text, str):
        raise OutputError(f"expected a transcript (OcrOutput or str), got {type(output).__name__}")
    return text


def confidence_mean(read: Transcript) -> float:
    """Return how sure the engine says it is of all it has read.

    Ratio 0..1 as the engine reports it; 0 for an empty transcript, NaN if it does not say. It
    covers only what was found: missing lines do not lower it.
    Source: maximum class probability as confidence: Hendrycks and Gimpel, ICLR 2017,
    arXiv:1610.02136.
    """
    return read.confidence if read.words else 0.0


def confidence_p10(read: Transcript) -> float:
    """Return how sure the engine is of what it is least sure of.

    Ratio 0..1, the 10th percentile over words (rapidocr: lines); NaN without any.
    Source: as for ``confidence_mean``.
    """
    return float(np.quantile(read.confidences, 0.1)) if read.confidences else NAN


def unsure_share(read: Transcript) -> float:
    """Return the share of what was read that the engine doubts.

    Share 0..1 of words (rapidocr: lines) with a confidence below 0.5; NaN without any.
    Source: as for ``confidence_mean``.
    """
    return float((np.array(read.confidences) < UNSURE).mean()) if read.confidences else NAN


def word_count(read: Transcript) -> float:
    """Return how many words were read.

    What stands between blanks; 0 for an empty transcript.
    Source: OCR quality without truth: Springmann, Fink and Schulz 2016, arXiv:1606.05157.
    """
    return float(len(read.words))


def characters_per_letter(read: Transcript) -> float:
    """Return how much was read for what the picture shows.

    Ratio of characters without blanks to letters seen in lines of text: about 1 on a clean page,
    near 0 where lines were missed. Large pictures are looked at in tiles, the rest is taken to be
    alike. NaN where no text is seen.
    Source: our own, after the noise features of Gupta et al., AAAI 2015, "Automatic assessment of
    OCR quality in historical documents".
    """
    return len("".join(read.words)) / read.letters if read.letters else NAN


def plausible_share(read: Transcript) -> float:
    """Return the share of the words that look like words.

    Share 0..1 of words that are, punctuation around them aside, at least two characters long and
    only letters or a number; NaN without words. Knows no language.
    Source: garbage strings: Taghva, Nartker, Condit and Borsack, World Multi-Conference on
    Systemics, Cybernetics and Informatics 2001; stricter and simpler than their rules.
    """
    return float(np.mean([plausible(word) for word in read.words])) if read.words else NAN


def word_length(read: Transcript) -> float:
    """Return the mean length of the words.

    Characters; NaN without words. Low where letters fall apart, high where blanks are lost.
    Source: as for ``plausible_share``.
    """
    return float(np.mean([len(word) for word in read.words])) if read.words else NAN


def plausible(word: str) -> bool:
    """Tell whether a word looks like one.

    Marks, such as the vowel signs of Hindi, belong to the letters before them.

    >>> [plausible(word) for word in ("(Total:", "9.00", "don't", "किताब", "~", "l1|I")]
    [True, True, True, True, False, False]
    """
    word = "".join(c for c in word if unicodedata.category(c)[0] != "M")
    bare = "".join(c if c.isalnum() else " " for c in word).strip()
    start = next((i for i, c in enumerate(word) if c.isalnum()), 0)
    core = word[start : start + len(bare)]
    letters = core.translate({ord(c): None for c in WITHIN_WORDS})
    digits = core.translate({ord(c): None for c in WITHIN_NUMBERS})
    return len(core) >= 2 and (letters.isalpha() or digits.isdigit())


MEASURES = (
    Measure("reading.confidence_mean", confidence_mean, "reading confidence mean", "ratio", "low"),
    Measure(
        "reading.confidence_p10",
        confidence_p10,
        "reading confidence in the weakest tenth",
        "ratio",
        "low",
    ),
    Measure("reading.unsure_share", unsure_share, "reading unsure share", "share", "high"),
    Measure("reading.word_count", word_count, "reading word count", "count", "either"),
    Measure(
        "reading.characters_per_letter",
        characters_per_letter,
        "reading characters per letter",
        "ratio",
        "either",
    ),
    Measure("reading.plausible_share", plausible_share, "reading plausible share", "share", "low"),
    Measure("reading.word_length", word_length, "reading word length", "characters", "either"),
)
