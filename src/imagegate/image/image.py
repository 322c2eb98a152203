"""The Image: gray and colour of one picture, and the smaller planes made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.image import pixels as px
from imagegate.image.header import Header, Limits, check_header
from imagegate.image.pixels import Pixels

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
        px.check_array(pixels, source)
        height, width = pixels.shape[:2]
        header = Header(
            "array",
            width,
            height,
            bits=8 * pixels.dtype.itemsize,
            mode="rgb" if pixels.ndim == 3 and pixels.shape[2] > 1 else "gray",
            alpha=pixels.ndim == 3 and pixels.shape[2] == 4,
        )
        if limits:
            check_header(header, source, limits)
        plain, notes = px.simplify(px.contiguous(pixels))
        return image_of(plain, source, header, notes)

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

    def cached(self, view: Callable[[Image], View]) -> View:
        """Return ``view(self)``, computed on the first call and shared afterwards."""
        found: dict[Any, Any] = self.__dict__.setdefault("_cached", {})
        if view not in found:
            found.setdefault(view, view(self))
        return cast("View", found[view])


def image_of(pixels: Pixels, source: str, header: Header, notes: tuple[str, ...]) -> Image:
    """Return the Image of upright RGB (height, width, 3) or gray (height, width) pixels."""
    frozen = px.frozen(pixels)
    gray = px.frozen(px.to_gray(frozen))
    return Image(source, gray, header, notes, partial(px.to_rgb, frozen))


def _rgb(image: Image) -> Pixels:
    return px.frozen(image.decode_rgb())


def _working(image: Image) -> Pixels:
    plane = image.gray
    if max(plane.shape) > SAMPLED_FROM:
        step = max(1, min(-(-max(plane.shape) // SAMPLED_SIDE), min(plane.shape) // THINNEST))
        plane = np.ascontiguousarray(plane[step // 2 :: step, step // 2 :: step])
    while max(plane.shape) > WORKING_SIDE and min(plane.shape) >= 2 * THINNEST:
        plane = px.halved(plane)
    return plane if plane is image.gray else px.frozen(plane)


def _tiles(image: Image) -> tuple[Pixels, ...]:
    """Return the gray plane if it is small or a line, else the liveliest window of each cell."""
    gray, working = image.gray, image.working
    if gray.size <= WHOLE_UP_TO or min(working.shape) < 2:
        return (gray,)
    rows, columns = (
        [_Cell(n, cells, side, small) for n in range(cells)]
        for cells, side, small in zip(_grid(*gray.shape), gray.shape, working.shape, strict=True)
    )
    sums = _energy_sums(working)
    found = [_liveliest(gray, sums, row, column) for row in rows for column in columns]
    found.sort(key=lambda each: -each[0])
    return tuple(tile for _, tile in found)


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


def _liveliest(gray: Pixels, sums: NDArray[Any], row: _Cell, column: _Cell) -> tuple[float, Pixels]:
    """Return the energy of the liveliest window of a cell, and the window."""
    strips = sums[row.high] - sums[row.low]
    energy = strips[:, column.high] - strips[:, column.low]
    y, x = divmod(int(energy.argmax()), len(column.begins))
    top, left = int(row.begins[y]), int(column.begins[x])
    return float(energy[y, x]), gray[top : top + SIDE, left : left + SIDE]
