"""What an OCR engine returns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OcrOutput:
    """A transcript and how sure the engine says it is.

    Parameters
    ----------
    text : str
        The words, lines apart by line breaks.
    confidence : float
        0..1 as the engine reports it, 0 if it read nothing, NaN if it does not say.
        It covers only what was found: missing lines do not lower it.
    confidences : tuple of float
        Likewise of each word (Tesseract) or line (rapidocr); empty if it does not say.
    """

    text: str
    confidence: float
    confidences: tuple[float, ...] = ()
