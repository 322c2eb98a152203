"""Render a page of a PDF, through pypdfium2."""

from __future__ import annotations

import threading
from typing import Any

import cv2
import numpy as np

from imagegate.errors import BrokenImageError, UnsupportedImageError
from imagegate.extras import require
from imagegate.image.header import Header
from imagegate.image.image import Pixels

DPI = 200  # what scanners and OCR services take for text of ordinary size
POINTS = 72  # an inch, ISO 32000-1 §8.3.2.3

# PDFium must not be entered by two threads at once, whatever document they read.
_pdfium = threading.Lock()


def header(data: bytes, source: str, frame: int, most_frames: int) -> Header:
    """Return the size that a page will have at 200 dpi, and the number of pages."""
    with _pdfium:
        document = _open(data, source)
        try:
            pages = len(document)
            if not 0 <= frame < pages:
                raise UnsupportedImageError(
                    source, f"page {frame + 1} was asked for, the PDF has {pages}"
                )
            width, height = document[frame].get_size()
        finally:
            document.close()
    return Header("PDF", _pixels(width), _pixels(height), frames=pages)


def render(data: bytes, source: str, frame: int) -> Pixels:
    """Return a page as RGB uint8 (height, width, 3) on white, at 200 dpi."""
    with _pdfium:
        document = _open(data, source)
        try:
            page = document[frame].render(scale=DPI / POINTS, rev_byteorder=True)
            pixels = np.array(page.to_numpy())
        finally:
            document.close()
    if pixels.shape[2:] == (3,):
        return pixels
    code = cv2.COLOR_RGBA2RGB if pixels.shape[2:] == (4,) else cv2.COLOR_GRAY2RGB
    return np.asarray(cv2.cvtColor(pixels, code), np.uint8)


def _pixels(points: float) -> int:
    """Return a length as PDFium rounds it."""
    return max(1, int(np.ceil(points * DPI / POINTS)))


def _open(data: bytes, source: str) -> Any:
    pypdfium2 = require("pypdfium2", "pdf")
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise BrokenImageError(
            source, f"the PDF cannot be opened ({error}); download or export it again"
        ) from error
