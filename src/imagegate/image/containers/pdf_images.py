"""Find the pictures of a PDF page that is pictures alone, as scanners make it: their own pixels."""

from __future__ import annotations

from collections.abc import Iterator
from ctypes import byref, c_int, c_uint, create_string_buffer
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.extras import require
from imagegate.image.containers.jpeg_rows import is_whole

LEAST_SHARE = 0.5  # of the page that pictures cover; the rest is margin
LEAST_SIDE = 16  # px of the page; a picture of fewer is stretched as a colour or a gradient
SQUARE = 0.02  # relative difference of the resolutions across and down up to which both are kept
OFF_GRID = 0.01  # px
DEEPEST = 8  # form XObjects within each other, which are followed

Matrix = NDArray[np.float64]  # (3, 3); maps the row (x, y, 1)


@dataclass(frozen=True)
class Picture:
    """A picture on a page; lengths are in points of the page, before it is turned."""

    raw: Any  # PDFium's object
    matrix: Matrix  # of the unit square to the page
    outer: Matrix  # of the form XObjects around it
    size: tuple[int, int]  # px, width and height as stored

    @property
    def tilted(self) -> bool:
        """Tell whether its sides are not those of the page."""
        sides = abs(self.matrix[0, :2])
        return bool(sides.min() > SQUARE * sides.max())

    @property
    def corners(self) -> NDArray[np.float64]:
        """The lowest and the highest x and y."""
        unit = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]])
        points = (unit @ self.matrix)[:, :2]
        return np.array([points.min(0), points.max(0)])

    @property
    def resolution(self) -> tuple[float, float]:
        """Its pixels a point, across and down; where they are not square, those of the finer."""
        lengths = np.hypot(self.matrix[:2, 0], self.matrix[:2, 1])
        if not lengths.all():
            return 0.0, 0.0
        across, down = (np.array(self.size) / lengths).tolist()
        if abs(self.matrix[0, 1]) > abs(self.matrix[0, 0]):  # it lies on its side
            across, down = down, across
        if self.tilted or abs(across - down) > SQUARE * max(across, down):
            across = down = max(across, down)
        return across, down


def pictures_alone(page: Any) -> list[Picture]:
    """Return the pictures of a page, none if anything else is visible on it.

    Text without ink, as OCR leaves it behind a scan, is not visible.
    """
    raw = require("pypdfium2", "pdf").raw
    found = []
    for kind, each, outer in _objects(raw, page, np.eye(3), 0):
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            width, height = c_uint(), c_uint()
            raw.FPDFImageObj_GetImagePixelSize(each, byref(width), byref(height))
            matrix = _matrix(raw, each) @ outer
            found.append(Picture(each, matrix, outer, (width.value, height.value)))
        elif not _unseen(raw, kind, each):
            return []
    return found


def own_resolution(pictures: list[Picture], page: Any) -> tuple[float, float] | None:
    """Return the pixels a point, across and down, at which pictures show their own pixels.

    It is the finest that half the page has; so strips and layers count together. None if pictures
    cover less than that.
    """
    box = np.reshape(page.get_bbox(), (2, 2))
    missing = LEAST_SHARE * np.prod(box[1] - box[0])
    for picture in sorted(pictures, key=lambda each: -max(each.resolution)):
        low, high = picture.corners.clip(*box)
        missing -= np.prod(high - low)
        if missing <= 0:
            resolution = picture.resolution
            if min((box[1] - box[0]) * resolution) < LEAST_SIDE:
                return None
            return resolution[::-1] if page.get_rotation() in (90, 270) else resolution
    return None


def is_cut_short(picture: Picture) -> bool:
    """Tell whether a picture is a JPEG that lacks rows, of which PDFium says nothing."""
    raw = require("pypdfium2", "pdf").raw
    last = raw.FPDFImageObj_GetImageFilterCount(picture.raw) - 1
    name = create_string_buffer(16)
    raw.FPDFImageObj_GetImageFilter(picture.raw, last, name, len(name))
    if name.value != b"DCTDecode":
        return False
    data = create_string_buffer(raw.FPDFImageObj_GetImageDataDecoded(picture.raw, None, 0))
    raw.FPDFImageObj_GetImageDataDecoded(picture.raw, data, len(data))
    return not is_whole(data.raw)


def align(picture: Picture, page: Any, width: int, height: int) -> None:
    """Move a picture to the pixels of a page of ``width`` and ``height``, by half of one at most.

    A picture between two pixels, on a page with margins or a cropped one, would be blurred.
    """
    low, high = np.reshape(page.get_bbox(), (2, 2))
    size = np.array((height, width) if page.get_rotation() in (90, 270) else (width, height))
    pixels = size / (high - low)
    begins, ends = (picture.corners - low) * pixels
    on_side = abs(picture.matrix[0, 1]) > abs(picture.matrix[0, 0])
    own = np.array(picture.size[::-1] if on_side else picture.size)
    if picture.tilted or abs(ends - begins - own).max() > 1:
        return
    if max(abs(begins - begins.round()).max(), abs(ends - begins - own).max()) < OFF_GRID:
        return
    stretch = own / (ends - begins)
    shift = low + begins.round() / pixels - picture.corners[0] * stretch
    move = np.array([[stretch[0], 0, 0], [0, stretch[1], 0], [*shift, 1]])
    raw = require("pypdfium2", "pdf").raw
    moved = picture.matrix @ move @ np.linalg.inv(picture.outer)
    values = raw.FS_MATRIX(*moved[:, :2].reshape(-1).tolist())
    raw.FPDFPageObj_SetMatrix(picture.raw, byref(values))


def _objects(raw: Any, parent: Any, outer: Matrix, depth: int) -> Iterator[tuple[int, Any, Matrix]]:
    """Yield kind, object and the matrix around it, of all on a page or in its form XObjects."""
    count = raw.FPDFFormObj_CountObjects if depth else raw.FPDFPage_CountObjects
    get = raw.FPDFFormObj_GetObject if depth else raw.FPDFPage_GetObject
    for number in range(count(parent)):
        each = get(parent, number)
        kind = raw.FPDFPageObj_GetType(each)
        if kind == raw.FPDF_PAGEOBJ_FORM and depth < DEEPEST:
            yield from _objects(raw, each, _matrix(raw, each) @ outer, depth + 1)
        else:
            yield kind, each, outer


def _matrix(raw: Any, each: Any) -> Matrix:
    found = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(each, byref(found)):
        return np.eye(3)
    return np.array([[found.a, found.b, 0], [found.c, found.d, 0], [found.e, found.f, 1]])


def _unseen(raw: Any, kind: int, each: Any) -> bool:
    """Tell whether an object leaves no mark: text without ink, a path without fill and stroke."""
    if kind == raw.FPDF_PAGEOBJ_TEXT:
        mode = raw.FPDFTextObj_GetTextRenderMode(each)
        return mode in (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP)
    if kind == raw.FPDF_PAGEOBJ_PATH:
        fill, stroke = c_int(), c_int()
        raw.FPDFPath_GetDrawMode(each, byref(fill), byref(stroke))
        return not fill.value and not stroke.value
    return False
