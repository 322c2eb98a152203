"""Draw a page of a PDF with the values of its forms, through pypdfium2."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import c_void_p
from dataclasses import dataclass
from typing import Any

import numpy as np

from imagegate.errors import BrokenImageError, ImageError, UnsupportedImageError
from imagegate.extras import require
from imagegate.image.containers.pdf_images import (
    Picture,
    align,
    is_cut_short,
    own_resolution,
    pictures_alone,
)
from imagegate.image.header import Header, damaged, truncated
from imagegate.image.image import Pixels

DPI = 200  # what scanners and OCR services take for text of ordinary size
POINTS = 72  # an inch, ISO 32000-1 §8.3.2.3

# PDFium must not be entered by two threads at once, whatever document they read.
_pdfium = threading.Lock()

# What PDFium says of a file that does not open, and what to do.
LOCKED = {
    "Incorrect password": "the PDF needs a password; open it with the password and save it without",
    "security scheme": "the PDF is encrypted in a way that is not known here; save it without",
}
XFA = (
    "the PDF is an XFA form, whose pages exist only while Adobe Reader shows it; "
    "open it there and print it to a PDF"
)
XFA_NOTE = "of its XFA form only what stands in fields was drawn"


@dataclass(frozen=True)
class _Plan:
    """The pixels that a page is drawn at, and why."""

    width: int
    height: int
    note: str
    pictures: list[Picture]  # of a page that is drawn at their own pixels


def header(data: bytes, source: str, frame: int, most_frames: int) -> Header:
    """Return the size that a page will be drawn at, and the number of pages."""
    with _document(data, source) as document:
        pages = len(document)
        if not 0 <= frame < pages:
            raise UnsupportedImageError(
                source, f"page {frame + 1} was asked for, the PDF has {pages}"
            )
        plan = _plan(document[frame])
    return Header("PDF", plan.width, plan.height, frames=pages)


def render(data: bytes, source: str, frame: int) -> tuple[Pixels, tuple[str, ...]]:
    """Return a page on white, RGB uint8 (height, width, 3), and notes on how it was drawn."""
    with _document(data, source) as document:
        page = document[frame]
        plan = _plan(page)
        if any(map(is_cut_short, plan.pictures)):
            raise truncated(source, "JPEG in the PDF")
        if len(plan.pictures) == 1:
            align(plan.pictures[0], page, plan.width, plan.height)
        xfa = document.get_formtype() == _raw().FORMTYPE_XFA_FOREGROUND
        return _draw(document, page, plan), (plan.note, *((XFA_NOTE,) if xfa else ()))


def _plan(page: Any) -> _Plan:
    """Return the size at which a page of pictures alone shows their own pixels, else 200 dpi."""
    width, height = page.get_size()
    pictures = pictures_alone(page)
    own = own_resolution(pictures, page)
    drawn_over = _raw().FPDFPage_GetAnnotCount(page) > 0  # fields, stamps
    if own is None or (drawn_over and max(own) < DPI / POINTS):
        across, down = (max(1, int(np.ceil(side * DPI / POINTS))) for side in (width, height))
        return _Plan(across, down, f"rendered at {DPI} dpi", [])
    across, down = (
        max(1, round(side * scale)) for side, scale in zip((width, height), own, strict=True)
    )
    dpi = round(POINTS * max(own))
    return _Plan(across, down, f"drawn at its picture's own {dpi} dpi", pictures)


def _draw(document: Any, page: Any, plan: _Plan) -> Pixels:
    raw = _raw()
    pixels = np.full((plan.height, plan.width, 3), 255, np.uint8)
    start = pixels.ctypes.data_as(c_void_p)
    size = (plan.width, plan.height)
    bitmap = raw.FPDFBitmap_CreateEx(*size, raw.FPDFBitmap_BGR, start, pixels.strides[0])
    try:
        flags = raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER
        raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, *size, 0, flags)
        if document.formenv:
            raw.FPDF_FFLDraw(document.formenv, bitmap, page, 0, 0, *size, 0, flags)
    finally:
        raw.FPDFBitmap_Destroy(bitmap)
    return pixels


def _raw() -> Any:
    """Return PDFium's own functions."""
    return require("pypdfium2", "pdf").raw


@contextmanager
def _document(data: bytes, source: str) -> Iterator[Any]:
    """Open a document, with its form; whatever PDFium says of it becomes an ImageError."""
    _check_end(data, source)
    with _pdfium:
        document = _open(data, source)
        try:
            _open_form(document, source)
            yield document
        except (ArithmeticError, LookupError, RuntimeError, ValueError) as error:
            if isinstance(error, ImageError):
                raise
            raise damaged(source, "PDF", "a page or form of it cannot be drawn") from error
        finally:
            document.close()


def _check_end(data: bytes, source: str) -> None:
    """Raise if objects follow the last trailer: PDFium repairs such files, but pages are lost."""
    if max(data.rfind(b"startxref"), data.rfind(b"%%EOF")) < data.rfind(b" obj"):
        raise truncated(source, "PDF")


def _open(data: bytes, source: str) -> Any:
    pypdfium2 = require("pypdfium2", "pdf")
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        for words, told in LOCKED.items():
            if words in str(error):
                raise UnsupportedImageError(source, told) from error
        raise BrokenImageError(
            source, "the PDF cannot be opened; download or export it again"
        ) from error


def _open_form(document: Any, source: str) -> None:
    """Make the values of form fields visible; before the first page is loaded."""
    if document.get_formtype() == _raw().FORMTYPE_XFA_FULL:
        raise UnsupportedImageError(source, XFA)
    log = logging.getLogger("pypdfium2._helpers.document")
    log.addFilter(_silent)  # it warns of XFA, of which the fields' own appearance is drawn
    try:
        document.init_forms()
    finally:
        log.removeFilter(_silent)


def _silent(record: logging.LogRecord) -> bool:
    return False
