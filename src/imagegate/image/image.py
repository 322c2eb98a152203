"""The Image: gray and colour of one picture, and the smaller planes made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.errors import BrokenImageError, EmptyImageError, UnsupportedImageError
from imagegate.image.header import Header, Limits, check_header

Pixels = NDArray[np.uint8]

# 65535 / 255: full scale to full scale, white stays white.
SIXTEEN_TO_EIGHT = 257
ROWS_AT_ONCE = 256

DECODED_16_BIT = "16-bit samples scaled to 8 bits"
WANTED = "expected uint8 or uint16 RGB of shape (height, width, 3), or gray (height, width)"
COMPOSITED = "transparency composited over white"

View = TypeVar("View")

WORKING_SIDE = 512  # px, the longest that a working plane may be
SAMPLED_FROM, SAMPLED_SIDE = 4096, 2048  # px of the long side; beyond it pixels are skipped
THINNEST = 32  # px that are left of the short side, whatever the long one is

SIDE = 256  # px of a tile
GRID = (2, 4)  # tiles along the short and the long side
WHOLE_UP_TO = 525_000  # pixels of a plane that is its own tile
# Two blocks of JPEG, one of its subsampled chroma: tiles that start on it keep the phase.
STEP = 16


@dataclass(frozen=True, eq=False)
class Image:
    """One image, checked and upright; its planes are computed on first use and shared.

    Made by ``read`` or ``Image.from_array``. All planes are read-only uint8. Several threads may
    use one Image: at worst two of them compute the same plane, and one result is kept.

    Parameters
    ----------
    source : str
        The path, or ``"<bytes>"``, ``"<array>"``, ``"<PIL image>"``.
    gray : NDArray[np.uint8]
        Luma (height, width): a JPEG's own, else ITU-R BT.601 of RGB.
    header : Header
        What the container said.
    notes : tuple of str
        What was done to the picture or looks odd about the file, for people.
    decode_rgb : Callable
        Returns the colour plane; ``rgb`` calls it once.
    """

    source: str
    gray: Pixels = field(repr=False)
    header: Header
    notes: tuple[str, ...]
    decode_rgb: Callable[[], Pixels] = field(repr=False)

    @classmethod
    def from_array(
        cls, pixels: NDArray[Any], *, source: str = "<array>", limits: Limits | None = None
    ) -> Image:
        """Wrap an array.

        Parameters
        ----------
        pixels : NDArray
            uint8 or uint16: gray (height, width) or (height, width, 1), RGB (height, width, 3)
            or RGBA (height, width, 4). A uint8 array is shared, not copied: do not write into
            it while the Image is in use.
        source : str
            What messages call it.
        limits : Limits, optional
            On its size; by default there are none.

        Examples
        --------
        >>> Image.from_array(np.zeros((4, 6, 3), np.uint8)).gray.shape
        (4, 6)
        """
        check_array(pixels, source)
        pixels = pixels[..., 0] if pixels.shape[2:] == (1,) else pixels
        height, width = pixels.shape[:2]
        header = Header(
            "array",
            width,
            height,
            bits=8 * pixels.dtype.itemsize,
            mode="gray" if pixels.ndim == 2 else "rgb",
            alpha=pixels.shape[2:] == (4,),
        )
        if limits:
            check_header(header, source, limits)
        pixels = np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("="))
        return image_of(pixels, source, header)

    @property
    def rgb(self) -> Pixels:
        """The colour plane, RGB (height, width, 3); decoded on first use."""
        return self.cached(_rgb)

    @property
    def working(self) -> Pixels:
        """The gray plane halved, by averaging, until its long side is at most 512.

        The plane itself if it is that small. Beyond 4096 pixels every n-th pixel of every n-th
        row is taken first, down to 2048, so that the cost does not grow with the picture. The
        short side stays at 32 or more. For what scales with the picture, such as layout
        and light; never for noise, compression or pixelation, whose traces averaging removes.
        """
        return self.cached(_working)

    @property
    def tiles(self) -> tuple[Pixels, ...]:
        """Windows of the gray plane at native resolution, for pixel-exact traces.

        The whole plane if it has at most half a megapixel, else at most eight windows of 256 × 256
        (or the whole side where that is shorter), one in each cell of a grid of 2 × 4, where the
        cell has most gradient energy, the liveliest first; tops and lefts are multiples of 16.
        """
        return self.cached(_tiles)

    @property
    def tile_places(self) -> tuple[tuple[int, int], ...]:
        """The row and column of the gray plane at which each of the ``tiles`` begins."""
        return self.cached(_tile_places)

    def cached(self, view: Callable[[Image], View]) -> View:
        """Return ``view(self)``, computed on the first call and shared afterwards."""
        found: dict[Any, Any] = self.__dict__.setdefault("_cached", {})
        if view not in found:
            found.setdefault(view, view(self))
        return cast("View", found[view])


def image_of(
    pixels: NDArray[Any],
    source: str,
    header: Header,
    notes: tuple[str, ...] = (),
    colour: Callable[[], Pixels] | None = None,
) -> Image:
    """Return the Image of pixels as they are stored: uint8 or uint16, gray, RGB or RGBA.

    ``colour`` decodes the colour plane, where it is better not kept in memory.
    """
    pixels, more = simplify(pixels)
    pixels = frozen(upright(pixels, source, header))
    gray = frozen(to_gray(pixels))
    return Image(source, gray, header, (*notes, *more), colour or partial(to_rgb, pixels))


def _rgb(image: Image) -> Pixels:
    return frozen(image.decode_rgb())


def _working(image: Image) -> Pixels:
    plane = image.gray
    if max(plane.shape) > SAMPLED_FROM:
        step = max(1, min(-(-max(plane.shape) // SAMPLED_SIDE), min(plane.shape) // THINNEST))
        plane = np.ascontiguousarray(plane[step // 2 :: step, step // 2 :: step])
    while max(plane.shape) > WORKING_SIDE and min(plane.shape) >= 2 * THINNEST:
        plane = halved(plane)
    return plane if plane is image.gray else frozen(plane)


def _tiles(image: Image) -> tuple[Pixels, ...]:
    """Return the windows that begin at the places of the tiles, or the whole plane."""
    gray = image.gray
    if _is_one_tile(image):
        return (gray,)
    return tuple(gray[top : top + SIDE, left : left + SIDE] for top, left in image.tile_places)


def _is_one_tile(image: Image) -> bool:
    """Tell whether the gray plane is small, or a line."""
    return image.gray.size <= WHOLE_UP_TO or min(image.working.shape) < 2


def _tile_places(image: Image) -> tuple[tuple[int, int], ...]:
    """Return where the liveliest window of each cell begins, the liveliest first."""
    gray, working = image.gray, image.working
    if _is_one_tile(image):
        return ((0, 0),)
    rows, columns = (
        [_Cell(n, cells, side, small) for n in range(cells)]
        for cells, side, small in zip(_grid(*gray.shape), gray.shape, working.shape, strict=True)
    )
    sums = _energy_sums(working)
    found = [_liveliest(sums, row, column) for row in rows for column in columns]
    found.sort(key=lambda each: -each[0])
    return tuple(place for _, place in found)


class _Cell:
    """Where windows may begin along one side of one cell."""

    def __init__(self, n: int, cells: int, length: int, small: int) -> None:
        start, stop = n * length // cells, (n + 1) * length // cells
        first = start // STEP * STEP
        self.begins = np.arange(first, max(first, stop - SIDE) + 1, STEP)
        # … and the same in the working plane, with their ends
        self.low, self.high = (
            np.minimum((self.begins + add) * small // length, small) for add in (0, SIDE)
        )


def _energy_sums(working: Pixels) -> NDArray[Any]:
    """Return the integral, one larger each way, of the steps to the right and down."""
    across = cv2.absdiff(working[:-1, 1:], working[:-1, :-1])
    down = cv2.absdiff(working[1:, :-1], working[:-1, :-1])
    energy = cv2.add(across, down)
    return np.asarray(cv2.integral(cv2.copyMakeBorder(energy, 0, 1, 0, 1, cv2.BORDER_CONSTANT)))


def _grid(height: int, width: int) -> tuple[int, int]:
    """Return rows and columns of eight cells, fewer where the picture is too small for eight."""
    most = GRID[0] * GRID[1]
    wanted = GRID if width >= height else GRID[::-1]
    room = max(1, height // SIDE), max(1, width // SIDE)
    rows, columns = min(wanted[0], room[0]), min(wanted[1], room[1])
    if rows < wanted[0]:
        columns = min(most // rows, room[1])
    elif columns < wanted[1]:
        rows = min(most // columns, room[0])
    return rows, columns


def _liveliest(sums: NDArray[Any], row: _Cell, column: _Cell) -> tuple[float, tuple[int, int]]:
    """Return the energy of the liveliest window of a cell, and where the window begins."""
    strips = sums[row.high] - sums[row.low]
    energy = strips[:, column.high] - strips[:, column.low]
    y, x = divmod(int(energy.argmax()), len(column.begins))
    return float(energy[y, x]), (int(row.begins[y]), int(column.begins[x]))


def check_array(pixels: NDArray[Any], source: str) -> None:
    """Refuse an array that is not uint8 or uint16 gray, RGB or RGBA."""
    found = f"got {pixels.dtype} of shape {pixels.shape}"
    if pixels.dtype.newbyteorder("=") not in (np.uint8, np.uint16):
        raise UnsupportedImageError(source, f"{WANTED}, {found}; {_advice(pixels.dtype)}")
    if not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (1, 3, 4))):
        first = pixels.ndim == 3 and pixels.shape[0] in (1, 3, 4)
        hint = "; move the channels last" if first else ""
        raise UnsupportedImageError(source, f"{WANTED}, {found}{hint}")
    if not pixels.size:
        raise EmptyImageError(source, f"{WANTED}, {found}, which has no pixels")


def _advice(dtype: np.dtype[Any]) -> str:
    if dtype.kind == "b":
        return "for a mask, pass mask.astype(np.uint8) * 255"
    if dtype.kind == "f":
        return "if it runs from 0 to 1, pass (pixels * 255).round().astype(np.uint8)"
    return "scale it to 0..255 and pass pixels.astype(np.uint8)"


def to_gray(pixels: Pixels) -> Pixels:
    """Return the luma (height, width) of RGB or gray pixels; ITU-R BT.601, rounded."""
    if pixels.ndim == 2:
        return pixels
    return _u8(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))


def to_rgb(pixels: Pixels) -> Pixels:
    """Return RGB pixels (height, width, 3) of RGB or gray pixels."""
    if pixels.ndim == 3:
        return pixels
    return _u8(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB))


def to_8_bits(pixels: NDArray[np.uint16]) -> Pixels:
    """Scale the full range of 16-bit samples to the full range of 8 bits, rounded to nearest."""
    scaled = np.empty(pixels.shape, np.uint8)
    for start in range(0, len(pixels), ROWS_AT_ONCE):
        rows = pixels[start : start + ROWS_AT_ONCE].astype(np.uint32)
        scaled[start : start + ROWS_AT_ONCE] = (rows + SIXTEEN_TO_EIGHT // 2) // SIXTEEN_TO_EIGHT
    return scaled


def simplify(pixels: NDArray[Any]) -> tuple[Pixels, tuple[str, ...]]:
    """Return uint8 or uint16 pixels as uint8 without alpha, and notes on what that took."""
    notes: tuple[str, ...] = ()
    if pixels.dtype == np.uint16:
        pixels, notes = to_8_bits(pixels), (DECODED_16_BIT,)
    if pixels.ndim == 2 or pixels.shape[2] == 3:
        return pixels, notes
    if pixels[..., 3].min() == 255:
        return _u8(cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB)), notes
    return over_white(pixels), (*notes, COMPOSITED)


def over_white(pixels: Pixels) -> Pixels:
    """Composite RGBA pixels (height, width, 4) over white paper, rounded to nearest."""
    out = np.empty((*pixels.shape[:2], 3), np.uint8)
    for start in range(0, len(pixels), ROWS_AT_ONCE):
        rows = pixels[start : start + ROWS_AT_ONCE]
        opacity = cv2.cvtColor(cv2.extractChannel(rows, 3), cv2.COLOR_GRAY2RGB)
        ink = cv2.multiply(~rows[..., :3], opacity, scale=1 / 255)
        np.invert(ink, out=out[start : start + ROWS_AT_ONCE])
    return out


# CIPA DC-008 (Exif 2.32), tag 274: how the pixels of each orientation are turned upright.
TURNS: Mapping[int, Callable[[Any], Any]] = {
    2: lambda pixels: cv2.flip(pixels, 1),
    3: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_180),
    4: lambda pixels: cv2.flip(pixels, 0),
    5: cv2.transpose,
    6: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE),
    7: lambda pixels: cv2.flip(cv2.transpose(pixels), -1),
    8: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


def upright(pixels: NDArray[Any], source: str, header: Header) -> NDArray[Any]:
    """Turn pixels as the header says, and refuse those of another size than it promises."""
    # Pillow itself turns the pages of a TIFF, and libheif all its pictures.
    if header.orientation in TURNS and header.format not in ("TIFF", "HEIC"):
        pixels = TURNS[header.orientation](pixels)
    height, width = pixels.shape[:2]
    if (height, width) != (header.height, header.width):
        raise BrokenImageError(
            source,
            f"the {header.format} header says {header.width} × {header.height} pixels, "
            f"its data {width} × {height}; export it again",
        )
    return pixels


def halved(plane: Pixels) -> Pixels:
    """Return a plane (height, width) at half size, each pixel the mean of four."""
    height, width = plane.shape[0] // 2, plane.shape[1] // 2
    # of an odd side a last pixel is left out: exact halves are ten times as fast
    even = plane[: 2 * height, : 2 * width]
    return _u8(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA))


def frozen(pixels: Pixels) -> Pixels:
    """Return a read-only view; the array that was given stays as it is."""
    view = pixels.view()
    view.flags.writeable = False
    return view


def _u8(pixels: Any) -> Pixels:
    # OpenCV's stubs do not carry the type through.
    result: Pixels = pixels
    return result
