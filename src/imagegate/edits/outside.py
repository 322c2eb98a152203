"""Outside: whether anything changed where nothing should, told apart from honest re-saving."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.edits.saving import Resave
from imagegate.features.edits.pair import EditPair
from imagegate.features.edits.region import Bits, Field, difference
from imagegate.features.planes import Plane, u8
from imagegate.tables import Table

SIDES = (96, 48, 32)  # px a tile: smaller ones where there are few
ENOUGH = 16  # tiles
MOST_TILES = 64
SPARSE = 7  # every so many pixels of colour
SOME = 12  # tiles by which the way of saving is found
NEAR = 9  # px next to the edit, which may blend with its surroundings
FEWEST = 4  # tiles, from which on something can be said
SPREAD_OUT = 12  # tiles, from which on it can be said how places differ
BLOCK = 16  # px, of local changes
QUIET = 0.3  # of the pixels of a tile, the least busy: there grain is all that is seen
MOST_OF_ALL = 0.8  # of the tiles: flat ones show nothing of a retouch
SAME_GRAIN = 0.06  # log2
ENCODER = 20.0  # the share of its levels that counts where the grain stayed
COLOURLESS = 4.0  # gray levels of chroma: what saving leaves of a gray picture
RIDGE = 1e-3
FLOOR = 0.6  # gray levels: what rounding alone leaves

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Tiles:
    """Square tiles of both pictures where nothing was edited."""

    before: Field  # YCrCb (tiles, side, side, 3)
    after: Field  # likewise
    places: Floats  # (tiles, 2): the middle of each, across and down, -1..1
    shape: tuple[int, int]  # height and width of the picture
    worst: float  # gray levels: the most changed block outside, above the usual one
    exact: bool  # whether the original could be saved just as the edited picture was
    lossless: bool  # whether nothing was lost by saving


@dataclass(frozen=True)
class Kind:
    """One kind of change: how much of it there is, and from where on it is no re-saving.

    Of the two limits the first holds where the original could be saved just as the edited picture
    was (lossless, JPEG), the second where only much like it (WebP).
    """

    name: str
    amount: Callable[[Fit], float]
    limits: tuple[float, float]
    unit: str

    @property
    def code(self) -> str:
        """The code of the reason."""
        return f"outside.{self.name}"


@dataclass(frozen=True)
class Outside:
    """What changed outside of an edit.

    Parameters
    ----------
    changed : bool or None
        Whether more than re-saving did; None if the edit leaves too little outside to tell.
    kinds : tuple of str
        What was done, the plainest first: rows of ``KINDS``.
    amounts : dict of str to float
        For every kind how much of it there is, NaN if it cannot be told.
    limits : dict of str to float
        For every kind how much re-saving may show.
    mean_difference : float
        Mean absolute difference outside, in gray levels.
    """

    changed: bool | None
    kinds: tuple[str, ...]
    amounts: dict[str, float]
    limits: dict[str, float]
    mean_difference: float


def check_outside(
    pair: EditPair, resaves: Sequence[Resave] = (), *, ignore: Collection[str] = ()
) -> Outside:
    """Tell whether anything but re-saving happened outside of the edit.

    Tiles outside are compared one by one: the difference of their luma is explained by light
    (bias, gain), by shift (the two gradients) and by sharpness (the Laplacian) in least squares,
    and medians over tiles are taken, so that a part that was edited and not found is no matter.
    The limits lie above what honest re-saving (PNG, JPEG and WebP from quality 75 on) showed on
    88 photographs and scans; ``benchmarks/edit_outside.py`` measures them on others.

    Parameters
    ----------
    pair : EditPair
        Of any size; from 4 tiles of 32 × 32 px outside on something can be said.
    resaves : sequence of callable
        How the edited picture may have been saved, see :func:`imagegate.edits.saving.resaves_of`:
        the original is saved in the likeliest of these ways before it is compared.
    ignore : collection of str
        Kinds that may change.
    """
    tiles = tiles_of(pair, resaves)
    if tiles is None:
        unknown = dict.fromkeys(KINDS, float("nan"))
        return Outside(None, (), unknown, unknown, float("nan"))
    fit = fit_of(tiles)
    amounts = {name: float(kind.amount(fit)) for name, kind in KINDS.items()}
    limits = {name: kind.limits[not tiles.exact] for name, kind in KINDS.items()}
    over = {name: amounts[name] / limits[name] for name in KINDS if name not in ignore}
    found = sorted((name for name in over if over[name] > 1), key=lambda name: -over[name])
    mean = float(np.abs(tiles.after - tiles.before)[..., 0].mean())
    return Outside(bool(found), tuple(found), amounts, limits, mean)


def tiles_of(pair: EditPair, resaves: Sequence[Resave] = ()) -> Tiles | None:
    """Cut tiles out of what was not edited; of everything if the edit found leaves nothing."""
    away = outside_of(pair.region)
    corners, side = _corners(away)
    if len(corners) < FEWEST and pair.found:
        away = np.ones_like(away)
        corners, side = _corners(away)
    if len(corners) < FEWEST:
        return None
    corners = corners[np.linspace(0, len(corners) - 1, min(len(corners), MOST_TILES)).astype(int)]
    before, after = (
        np.concatenate([plane[y : y + side, x : x + side] for y, x in corners])
        for plane in (pair.original, pair.edited)
    )
    known = all(way.exact for way in resaves), not resaves
    before, after = (_tiled(column) for column in (as_saved(before, after, resaves), after))
    shape = pair.region.shape[:2]
    middles = (corners[:, ::-1] + side / 2) / (np.array(shape[::-1]) / 2) - 1
    return Tiles(before, after, middles, (shape[0], shape[1]), _worst_block(pair, away), *known)


def as_saved(before: Plane, after: Plane, resaves: Sequence[Resave]) -> Plane:
    """Return pixels as they would be if they had been saved like the others.

    Of several ways the likeliest is taken, not to save at all among them.
    """
    some = min(len(before), SOME * before.shape[1])
    ways: tuple[Callable[[Plane], Plane], ...] = (u8, *resaves)
    apart = [cv2.absdiff(way(before[:some]), after[:some]).mean() for way in ways]
    return ways[int(np.argmin(apart))](before)


def outside_of(region: Bits) -> Bits:
    """Return what lies farther than ``NEAR`` px from the edit."""
    if not region.any():
        return np.ones_like(region)
    return np.asarray(cv2.distanceTransform(u8(~region), cv2.DIST_C, 3) > NEAR, np.bool_)


def _corners(away: Bits) -> tuple[NDArray[np.int64], int]:
    """Return the upper left corners, rows and columns, of the tiles outside, and their side."""
    found = np.zeros((0, 2), np.int64)
    for side in SIDES:
        height, width = (length // side for length in away.shape)
        cut = away[: height * side, : width * side].reshape(height, side, width, side)
        found = np.argwhere(cut.all(axis=(1, 3))) * side
        if len(found) >= ENOUGH:
            break
    return found, side


def _tiled(column: Plane) -> Field:
    """Return a column of square tiles as YCrCb (tiles, side, side, 3)."""
    found = cv2.cvtColor(np.ascontiguousarray(column), cv2.COLOR_RGB2YCrCb).astype(np.float32)
    return np.asarray(found.reshape(-1, column.shape[1], column.shape[1], 3), np.float32)


def _worst_block(pair: EditPair, away: Bits) -> float:
    """Return the largest difference of a block outside, less where it is busy.

    NaN where the edit was found by comparing: another changed place is then part of the edit.
    """
    if pair.found:
        return float("nan")
    strength = difference(pair.original, pair.edited)
    strength[~away] = 0
    height, width = (max(1, side // BLOCK) for side in away.shape)
    blocks = cv2.resize(strength, (width, height), interpolation=cv2.INTER_AREA)
    return float(blocks.max() - np.median(blocks))


@dataclass(frozen=True, eq=False)
class Fit:
    """What explains the differences outside: one number a tile and kind."""

    tiles: Tiles
    bias: Floats  # gray levels
    gain: Floats  # gray levels at a luma 64 levels off the tile's middle
    shift: Floats  # (tiles, 2) px, across and down
    curve: Floats  # share of the Laplacian: below 0 blurred, above 0 sharpened
    textured: Floats  # gray levels of gradient, what shift and curve can be read from
    grain: Floats  # log2 of the grain after over that before, in the quiet of the tile
    level: Floats  # mean luma
    chroma: Floats  # (tiles, 2): mean change of Cr and Cb
    colour: Floats  # (tiles,): log ratio of the spread of colour
    left: Floats  # gray levels that nothing explains


def fit_of(tiles: Tiles) -> Fit:
    """Explain the difference of every tile."""
    luma, after = (np.ascontiguousarray(x[..., 0]) for x in (tiles.before, tiles.after))
    inner = (slice(None), slice(2, -2), slice(2, -2))
    across = (np.roll(luma, -1, 2) - np.roll(luma, 1, 2))[inner] / 2
    down = (np.roll(luma, -1, 1) - np.roll(luma, 1, 1))[inner] / 2
    sides = np.stack([np.roll(luma, move, axis) for axis in (1, 2) for move in (-1, 1)])
    curve = (4 * luma - sides.sum(axis=0))[inner]
    middle = luma.reshape(len(luma), -1).mean(axis=1)[:, None, None]
    columns = np.stack(
        [np.ones_like(across), (luma - middle)[inner] / 64, across, down, curve], axis=-1
    ).reshape(len(luma), -1, 5)
    apart = (after - luma)[inner].reshape(len(luma), -1)
    square = np.einsum("tpi,tpj->tij", columns, columns, optimize=True) / apart.shape[1]
    along = np.einsum("tpi,tp->ti", columns, apart, optimize=True) / apart.shape[1]
    found = np.linalg.solve(square + RIDGE * np.eye(5), along[..., None])[..., 0]
    left = np.sqrt(np.mean((apart - np.einsum("tpi,ti->tp", columns, found)) ** 2, axis=1))
    colours = [
        np.ascontiguousarray(np.moveaxis(x.reshape(len(luma), -1, 3)[:, ::SPARSE, 1:], 1, 2))
        for x in (tiles.before, tiles.after)
    ]
    spread = [np.sqrt(one.var(axis=2).sum(axis=1)) for one in colours]
    return Fit(
        tiles=tiles,
        bias=found[:, 0].astype(np.float64),
        gain=found[:, 1].astype(np.float64),
        shift=-found[:, 2:4].astype(np.float64),
        curve=found[:, 4].astype(np.float64),
        textured=np.sqrt(square[:, 2, 2] + square[:, 3, 3]).astype(np.float64),
        grain=_grain(luma, after),
        level=middle.ravel().astype(np.float64),
        chroma=(colours[1] - colours[0]).mean(axis=2).astype(np.float64),
        colour=np.log2((spread[1] + COLOURLESS) / (spread[0] + COLOURLESS)).astype(np.float64),
        left=left.astype(np.float64),
    )


def _grain(before: Field, after: Field) -> Floats:
    """Return log2 of the grain after over that before, in the quiet of each tile."""
    levels = []
    for one, two in zip(before, after, strict=True):
        fine = [np.abs(x - cv2.GaussianBlur(x, (0, 0), 1.0)) for x in (one, two)]
        busy = cv2.blur(fine[0], (7, 7))
        quiet = busy <= np.quantile(busy, QUIET)
        levels.append([x[quiet].mean() for x in fine])
    both = np.array(levels, np.float64) + FLOOR
    return np.asarray(np.log2(both[:, 1] / both[:, 0]), np.float64)


def weighted_median(values: Floats, weights: Floats) -> float:
    """Return the value with half of the weight below it."""
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def _shift(fit: Fit) -> float:
    across, down = (weighted_median(one, fit.textured) for one in fit.shift.T)
    return float(np.hypot(across, down))


def _scale(fit: Fit) -> float:
    """Return by how many px the corners moved against the middle, NaN of few tiles."""
    if len(fit.bias) < SPREAD_OUT:
        return float("nan")
    weights = fit.textured / fit.textured.sum()
    moved = 0.0
    for axis in (0, 1):
        place, shift = fit.tiles.places[:, axis], fit.shift[:, axis]
        shift = np.clip(shift, *np.quantile(shift, (0.1, 0.9)))
        centred = place - weights @ place
        spread = weights @ centred**2
        if spread > 0.02:
            moved = max(moved, abs(float(weights @ (centred * shift)) / spread))
    return moved


def _light(fit: Fit) -> float:
    return abs(float(np.median(fit.bias)))


def _tone(fit: Fit) -> float:
    """Return how many levels the change of light differs between dark and bright tiles."""
    inside = abs(weighted_median(fit.gain, fit.textured))
    level = fit.level - np.median(fit.level)
    if np.std(fit.level) < 8:
        return inside
    slope = float(np.mean(level * (fit.bias - np.median(fit.bias)))) / float(np.mean(level**2))
    return max(inside, abs(slope) * 64)


def _gradient(fit: Fit) -> float:
    """Return how many levels the change of light differs from one side to the other.

    NaN of few tiles.
    """
    if len(fit.bias) < SPREAD_OUT:
        return float("nan")
    bias = np.clip(fit.bias, *np.quantile(fit.bias, (0.05, 0.95)))
    columns = np.column_stack([np.ones(len(bias)), fit.tiles.places, fit.level / 64])
    found = np.linalg.lstsq(columns, bias, rcond=None)[0]
    return float(np.abs(found[1:3]).max())


def _blurred(fit: Fit) -> float:
    return max(0.0, -weighted_median(fit.curve, fit.textured))


def _sharpened(fit: Fit) -> float:
    return max(0.0, weighted_median(fit.curve, fit.textured))


def _noise(fit: Fit) -> float:
    return _retouched(fit) if np.median(fit.grain) > 0 else 0.0


def _denoised(fit: Fit) -> float:
    return _retouched(fit) if np.median(fit.grain) <= 0 else 0.0


def _retouched(fit: Fit) -> float:
    """Return the levels that nothing explains; by the grain alone where saving is not known.

    Another JPEG encoder leaves some levels, too, but as much grain as there was.
    """
    if not fit.tiles.exact:
        return abs(weighted_median(fit.grain, fit.textured))
    left = float(np.quantile(fit.left, MOST_OF_ALL))
    same_grain = abs(float(np.median(fit.grain))) < SAME_GRAIN
    return left / ENCODER if same_grain and not fit.tiles.lossless else left


def _recoloured(fit: Fit) -> float:
    return float(np.hypot(*np.median(fit.chroma, axis=0)))


def _saturation(fit: Fit) -> float:
    return abs(float(np.median(fit.colour)))


def _local(fit: Fit) -> float:
    return fit.tiles.worst


KINDS: Table[Kind] = Table(
    "kind of change outside",
    (
        Kind("shifted", _shift, (0.03, 0.06), "px"),
        Kind("scaled", _scale, (0.05, 0.06), "px"),
        Kind("lighter", _light, (0.15, 0.25), "gray levels"),
        Kind("contrast", _tone, (0.3, 0.8), "gray levels"),
        Kind("uneven", _gradient, (0.3, 1.0), "gray levels"),
        Kind("blurred", _blurred, (0.02, 0.1), "ratio"),
        Kind("sharpened", _sharpened, (0.02, 0.03), "ratio"),
        Kind("noise", _noise, (0.1, 0.15), "gray levels"),
        Kind("denoised", _denoised, (0.1, 0.15), "gray levels"),
        Kind("recoloured", _recoloured, (0.25, 0.25), "gray levels"),
        Kind("saturation", _saturation, (0.03, 0.06), "log ratio"),
        Kind("elsewhere", _local, (5.0, 5.0), "gray levels"),
    ),
)
