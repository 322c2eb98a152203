"""Sharpness: how wide the strongest edges are, and how far the spectrum reaches."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.noise import flat_rms, impulse_share
from imagegate.features.planes import COARSEST, MIN_SIDE, NAN, Floats, Plane, Stack, stack, u8
from imagegate.image import Image

Positions = NDArray[np.int64]
Taps = NDArray[np.float32]
Grid = tuple[int, int]  # rows and columns

AXES = ("across", "down")
RIM = 4  # px at the border of a tile where no edge is read; so far an edge reaches to each side
STEP, LARGE = 3, 128  # of large tiles every third line is enough: a long edge crosses it somewhere
SEGMENT = 32  # px of a line, of which the steepest is looked at; fewer in small tiles
FEWEST_SEGMENTS = 8  # of a line
CELLS = 12  # at least, over the picture
TOP_SHARE = 0.25  # of the segments: the steepest are taken as edges
FEWEST_PICKED, PER_CELL = 32, 128  # edges an axis; more change the median by a hundredth
FEWEST = 8  # edges that make a cell count
MIN_RANGE = 16  # gray levels; fainter edges are not told from noise and quantisation
SPECKLED = 0.004  # share of lone pixels that hide the edges unless filtered out
FAINT_SHARE = 0.3  # of the strongest cell's range: weaker cells are left out
CONE = 2.0  # gradients within 27 degrees of the axis are its own: motion leaves others sharp
WIDE_PX = 5.0  # beyond this the reach cuts the edge off: read again at half size


def steepest(plane: Plane, tiles: Grid, grid: Grid) -> tuple[Positions, Positions]:
    """Return where the slope down a column is steepest in each segment, and how steep.

    ``tiles`` are the rows and columns of tiles in the plane, ``grid`` those of cells in a tile.
    Positions in the flat plane, and gray levels from the pixel above to the one below, both of
    shape (tiles, cell rows, cell columns, segments).
    """
    height, width = plane.shape[0] // tiles[0], plane.shape[1] // tiles[1]
    step, room = STEP if width >= LARGE else 1, height - 2 * RIM
    across = (width - 2 * RIM) // step // grid[1] * grid[1]
    down = max(min(FEWEST_SEGMENTS, room), room // SEGMENT) // grid[0] * grid[0]
    length = room // down
    rows = (np.arange(tiles[0])[:, None] * height + RIM + length * np.arange(down)).ravel()
    columns = (np.arange(tiles[1])[:, None] * width + RIM + step * np.arange(across)).ravel()
    some = plane.reshape(len(plane), tiles[1], width)[:, :, RIM : RIM + step * across : step]
    lines = some.reshape(len(plane), len(columns))
    change = np.zeros(lines.shape, np.uint16)
    change[1:-1] = cv2.absdiff(lines[2:], lines[:-2])
    inner = change.reshape(tiles[0], height, -1)[:, RIM : RIM + down * length]
    parts = inner.reshape(len(rows), length, len(columns))
    # change and place in one number: the greatest tells both
    best = (parts * 256 + np.arange(length, dtype=np.uint16)[:, None]).max(axis=1).astype(np.int64)
    positions = (rows[:, None] + best % 256) * plane.shape[1] + columns
    return by_cell(positions, tiles, grid), by_cell(best // 256, tiles, grid)


def by_cell(values: Positions, tiles: Grid, grid: Grid) -> Positions:
    """Bring (segments, columns) into the shape (tiles, cell rows, cell columns, values)."""
    each = tiles[0], grid[0], len(values) // (tiles[0] * grid[0]), tiles[1], grid[1], -1
    apart = values.reshape(each).transpose(0, 3, 1, 4, 2, 5)
    return apart.reshape(tiles[0] * tiles[1], *grid, -1)


def picked(positions: Positions, change: Positions) -> tuple[Positions, NDArray[np.bool_]]:
    """Return the steepest positions of each cell, and which of them stand out enough."""
    count = min(PER_CELL, max(FEWEST_PICKED, int(TOP_SHARE * change.shape[-1])))
    if change.shape[-1] > count:
        best = np.argpartition(change, -count, axis=-1)[..., -count:]
        positions, change = (
            np.take_along_axis(each, best, axis=-1) for each in (positions, change)
        )
    peak = np.sort(change, axis=-1)[..., max(0, change.shape[-1] - FEWEST)]
    return positions, change >= np.maximum(peak // 3, 2)[..., None]


def taps(plane: Plane, where: Positions) -> Taps:
    """Return the gray levels around positions: nine down the column, three on each side of it.

    Shape (15, …): all first taps lie side by side.
    """
    line, row = np.arange(-RIM, RIM + 1), plane.shape[1]
    around = np.concatenate([line * row, np.arange(-1, 2) * row - 1, np.arange(-1, 2) * row + 1])
    return np.asarray(plane.ravel().take(np.add.outer(around, where)), np.float32)


def width_and_range(found: Taps) -> tuple[Taps, Taps, NDArray[np.bool_]]:
    """Return width and range of edges, and which of them are edges of the axis indeed."""
    line, sides = found[: 2 * RIM + 1], found[2 * RIM + 1 :]
    steps = line[4:7] - line[2:5]  # the slope one before, here, and one behind
    along = sides[2] - sides[0] + 2 * steps[1] + sides[5] - sides[3]
    gaps = sides[3:] - sides[:3]
    aside = gaps[0] + 2 * gaps[1] + gaps[2]
    reach = line.max(axis=0) - line.min(axis=0)
    steps = np.abs(steps)
    kept = (np.abs(along) >= CONE * np.abs(aside)) & (reach >= MIN_RANGE)
    kept &= steps[1] >= np.maximum(steps[0], steps[2])
    slope = np.sqrt(along * along + aside * aside) / 8  # Sobel's weights
    return reach / np.maximum(slope, np.float32(0.5)), reach, kept


def medians(values: Taps, kept: NDArray[np.bool_]) -> Floats:
    """Return the upper median of the kept values along the last axis, NaN for too few."""
    count = kept.sum(axis=-1)
    ordered = np.sort(np.where(kept, values, np.inf), axis=-1)
    last = values.shape[-1] - 1
    middle = np.take_along_axis(ordered, np.minimum(count // 2, last)[..., None], axis=-1)[..., 0]
    return np.where(count >= FEWEST, middle, np.nan)


def read_edges(tiles: Stack, grid: Grid) -> tuple[Floats, Floats]:
    """Return median widths and ranges of the edges, each of shape (axes, cells)."""
    positions, change = steepest(tiles.turned, (1, tiles.count), grid[::-1])
    sideways = positions.swapaxes(1, 2), change.swapaxes(1, 2)  # the order that cells have upright
    upright = steepest(tiles.plane, (tiles.count, 1), grid)
    found = []
    for plane, each in ((tiles.turned, sideways), (tiles.plane, upright)):
        where, strong = picked(*each)
        width, reach, kept = width_and_range(taps(plane, where))
        kept &= strong
        found.append([medians(width, kept).ravel(), medians(reach, kept).ravel()])
    widths, ranges = np.array(found).swapaxes(0, 1)
    return widths, ranges


def all_widths(tiles: Stack, grid: Grid) -> tuple[Floats, Floats]:
    """Return what ``read_edges`` does, wide edges being read at the scale that fits them."""
    (widths, ranges), scale = read_edges(tiles, grid), 1
    while scale < COARSEST and min(tiles.height, tiles.width) >= 2 * MIN_SIDE * max(grid):
        wide = widths > WIDE_PX * scale
        if not wide.any():
            break
        tiles, scale = tiles.half, scale * 2
        coarser, reach = read_edges(tiles, grid)
        better = wide & np.isfinite(coarser)
        widths[better] = coarser[better] * scale
        ranges[better] = reach[better]  # only now the whole edge is in reach
    return widths, ranges


def cell_grid(tiles: Stack) -> Grid:
    """Return into how many cells each tile is cut, rows and columns."""
    if min(tiles.height, tiles.width) < 8 * MIN_SIDE:
        return 1, 1
    each = CELLS / tiles.count
    rows = int(np.ceil(np.sqrt(each)))
    return rows, int(np.ceil(each / rows))


def edges(image: Image) -> Floats:
    """Return the widths of the strongest edges, of shape (axes, cells), NaN without edges."""
    tiles = image.cached(stack)
    if tiles is None:
        return np.empty((len(AXES), 0))
    if image.cached(impulse_share) > SPECKLED:
        tiles = Stack(u8(cv2.medianBlur(tiles.plane, 3)), tiles.count)
    widths, ranges = all_widths(tiles, cell_grid(tiles))
    if np.isfinite(ranges).any():
        # shades and creases of empty ground say nothing about the lens
        widths[~(ranges >= FAINT_SHARE * np.nanmax(ranges))] = np.nan
    return widths


PIECE = 64  # px that are transformed
PIECES = 200  # in each direction, over all tiles
FEWEST_PIECES = 32  # of them that are averaged
DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))  # steps down and to the right
TAPER = np.hanning(PIECE).astype(np.float32)
END_SHARE = 0.1
HIDDEN = 5.0  # noise over limit: beyond this it is the noise that ends the spectrum
FAINTEST_PEAK = 1.0  # squared gray levels; less is rounding
SMOOTH = np.array([1, 2, 3, 2, 1]) / 9
FREQUENCY = np.arange(PIECE // 2 + 1) / PIECE
EDGED = np.clip(np.arange(-2, len(FREQUENCY) + 2), 0, len(FREQUENCY) - 1)


def starts(length: int, step: int, count: int) -> NDArray[np.int64]:
    """Return positions, evenly spread, from which a piece stays inside a length."""
    reach = (PIECE - 1) * abs(step)
    positions = np.linspace(0, length - 1 - reach, count).astype(np.int64)
    return positions + reach if step < 0 else positions


def pieces(tiles: Stack, down: int, right: int) -> Plane:
    """Return pieces of 64 px in one direction, from a lattice of starts in every tile."""
    each = int(np.ceil(np.sqrt(PIECES / tiles.count)))
    tops = np.arange(tiles.count)[:, None] * tiles.height
    top = (tops + starts(tiles.height, down, each)).reshape(-1, 1)
    first = top * tiles.width + starts(tiles.width, right, each)
    along = np.arange(PIECE) * (down * tiles.width + right)
    return tiles.plane.ravel().take(first.reshape(-1, 1) + along)


def spectra(image: Image) -> Floats | None:
    """Return the power at 0, 1/64 … 1/2 cycles a pixel of the busiest pieces in each direction.

    Shape (directions, 33); None for pictures that hold no piece.
    """
    tiles = image.cached(stack)
    if tiles is None or min(tiles.height, tiles.width) < PIECE:
        return None
    found = np.array([pieces(tiles, *direction) for direction in DIRECTIONS], np.float32)
    found -= found.mean(axis=2, keepdims=True)
    found *= TAPER
    activity = np.einsum("dij,dij->di", found, found)
    count = min(found.shape[1], max(FEWEST_PIECES, found.shape[1] // 4))
    busy = np.argpartition(activity, -count, axis=1)[:, -count:]
    chosen = np.take_along_axis(found, busy[:, :, None], axis=1)
    packed = np.asarray(cv2.dft(chosen.reshape(-1, PIECE), flags=cv2.DFT_ROWS))
    squared = np.square(packed).reshape(len(DIRECTIONS), count, PIECE).mean(axis=1)
    power = np.zeros((len(DIRECTIONS), len(FREQUENCY)))  # packed are Re0 Re1 Im1 … Re32
    power[:, 1:-1] = squared[:, 1:-1].reshape(len(DIRECTIONS), -1, 2).sum(axis=2)
    power[:, -1] = squared[:, -1]
    return power


def end_of(power: Floats, noise: float) -> float:
    """Return where the gradient spectrum falls under a tenth of its peak, NaN if into noise."""
    energy = np.maximum(power - 1.5 * noise, 0) * FREQUENCY**2
    # the spectrum of text is a comb; its envelope is what ends
    energy = np.convolve(energy[EDGED], SMOOTH, "valid")
    start = int(np.argmax(energy))
    if energy[start] <= FAINTEST_PEAK + FREQUENCY[start] ** 2 * noise:
        return NAN
    limit = END_SHARE * energy[start]
    under = np.flatnonzero(energy[start:] < limit)
    if not under.size:
        return 0.5
    after = start + int(under[0])
    if noise * FREQUENCY[after] ** 2 > HIDDEN * limit:
        return NAN
    above, below = np.log(energy[after - 1 : after + 1] + 1e-9)
    return float(FREQUENCY[after] - (np.log(limit) - below) / (above - below) / PIECE)


def spectral_cutoff(image: Image) -> float:
    """Return the frequency where the noise-corrected spectrum ends.

    Cycles a pixel, 0 to 0.5, the least of four directions: an image enlarged n times ends near
    0.5 / n. NaN for flat images, white noise and sides under 64 px.
    Source: the 10 % limit is that of ISO 12233 resolution; taken here from the gradient spectrum of
    the busiest 64 px pieces of rows and columns, less the noise of the flattest blocks.
    """
    power = image.cached(spectra)
    if power is None:
        return NAN
    noise = image.cached(flat_rms) ** 2 * float(np.square(TAPER).sum())
    ends = np.array([end_of(each, noise) for each in power])
    # diagonal neighbours are further apart; without an end in sight there is nothing to compare
    ends[2:] = np.where(ends[2:] < 0.5, ends[2:] / np.sqrt(2), np.nan)
    return float(np.nanmin(ends)) if np.isfinite(ends).any() else NAN
