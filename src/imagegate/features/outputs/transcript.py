"""Reading: whether what an engine read looks like what stands in the picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np

from imagegate.errors import OutputError
from imagegate.features.letters import letter_count
from imagegate.features.planes import NAN
from imagegate.image import Image
from imagegate.tables import OutputMeasure

UNSURE = 0.5  # confidence
WITHIN_WORDS, WITHIN_NUMBERS = "'’-", ".,:/-"


@runtime_checkable
class Reading(Protocol):
    """What an OCR engine returns: a transcript, and how sure it is, NaN and () if it is silent."""

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
class Page:
    """A picture and what was read in it; a bare transcript has no confidences."""

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


def page(image: Image, output: Any, second: Any = None) -> Page:
    """Put a picture and its reading side by side; a second reading is not looked at.

    Raises
    ------
    OutputError
        If the output is no transcript.
    """
    text = transcript(output)
    if isinstance(output, str):
        return Page(image, text)
    return Page(image, text, float(output.confidence), tuple(map(float, output.confidences)))


def transcript(output: Any) -> str:
    """Return the text of an engine's output or of a truth, refusing anything else."""
    text = output.text if isinstance(output, Reading) else output
    if not isinstance(text, str):
        raise OutputError(f"expected a transcript (OcrOutput or str), got {type(output).__name__}")
    return text


def confidence_mean(page: Page) -> float:
    """Return how sure the engine says it is of all it has read.

    Returns
    -------
    float
        Ratio 0..1 as the engine reports it; 0 for an empty reading, NaN if it does not say.
        It covers only what was found: missing lines do not lower it.

    References
    ----------
    Maximum class probability as confidence: Hendrycks and Gimpel, ICLR 2017, arXiv:1610.02136.
    """
    return page.confidence if page.words else 0.0


def confidence_p10(page: Page) -> float:
    """Return how sure the engine is of what it is least sure of.

    Returns
    -------
    float
        Ratio 0..1, the 10th percentile over words (rapidocr: lines); NaN without any.

    References
    ----------
    As for ``confidence_mean``.
    """
    return float(np.quantile(page.confidences, 0.1)) if page.confidences else NAN


def unsure_share(page: Page) -> float:
    """Return the share of what was read that the engine doubts.

    Returns
    -------
    float
        Share 0..1 of words (rapidocr: lines) with a confidence below 0.5; NaN without any.

    References
    ----------
    As for ``confidence_mean``.
    """
    return float((np.array(page.confidences) < UNSURE).mean()) if page.confidences else NAN


def word_count(page: Page) -> float:
    """Return how many words were read.

    Returns
    -------
    float
        What stands between blanks; 0 for an empty reading.

    References
    ----------
    OCR quality without truth: Springmann, Fink and Schulz 2016, arXiv:1606.05157.
    """
    return float(len(page.words))


def characters_per_letter(page: Page) -> float:
    """Return how much was read for what the picture shows.

    Returns
    -------
    float
        Ratio of characters without blanks to letters seen in lines of text: about 1 on a clean
        page, near 0 where lines were missed. Large pictures are looked at in tiles, the
        rest is taken to be alike. NaN where no text is seen.

    References
    ----------
    Our own, after the noise features of Gupta et al., AAAI 2015, "Automatic assessment of OCR
    quality in historical documents".
    """
    return len("".join(page.words)) / page.letters if page.letters else NAN


def plausible_share(page: Page) -> float:
    """Return the share of the words that look like words.

    Returns
    -------
    float
        Share 0..1 of words that are, punctuation around them aside, at least two characters
        long and only letters or a number; NaN without words. Knows no language.

    References
    ----------
    Garbage strings: Taghva, Nartker, Condit and Borsack, World Multi-Conference on Systemics,
    Cybernetics and Informatics 2001; stricter and simpler than their rules.
    """
    return float(np.mean([plausible(word) for word in page.words])) if page.words else NAN


def word_length(page: Page) -> float:
    """Return the mean length of the words.

    Returns
    -------
    float
        Characters; NaN without words. Low where letters fall apart, high where blanks are lost.

    References
    ----------
    As for ``plausible_share``.
    """
    return float(np.mean([len(word) for word in page.words])) if page.words else NAN


def plausible(word: str) -> bool:
    """Tell whether a word looks like one.

    >>> [plausible(word) for word in ("(Total:", "9.00", "don't", "~", "l1|I")]
    [True, True, True, False, False]
    """
    bare = "".join(c if c.isalnum() else " " for c in word).strip()
    start = next((i for i, c in enumerate(word) if c.isalnum()), 0)
    core = word[start : start + len(bare)]
    letters = core.translate({ord(c): None for c in WITHIN_WORDS})
    digits = core.translate({ord(c): None for c in WITHIN_NUMBERS})
    return len(core) >= 2 and (letters.isalpha() or digits.isdigit())


MEASURES = (
    OutputMeasure("reading.confidence_mean", confidence_mean, "ratio", "low"),
    OutputMeasure("reading.confidence_p10", confidence_p10, "ratio", "low"),
    OutputMeasure("reading.unsure_share", unsure_share, "share", "high"),
    OutputMeasure("reading.word_count", word_count, "count", "either"),
    OutputMeasure("reading.characters_per_letter", characters_per_letter, "ratio", "either"),
    OutputMeasure("reading.plausible_share", plausible_share, "share", "low"),
    OutputMeasure("reading.word_length", word_length, "characters", "either"),
)
