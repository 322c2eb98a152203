"""Spectrum: up to which frequency the busiest pieces of the tiles hold detail."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.noise import flat_sigma
from imagegate.features.planes import NAN, Floats, Plane, Stack, stack
from imagegate.image import Image

PIECE = 64  # px that are transformed
PIECES = 200  # in each direction, over all tiles
FEWEST = 32  # of them that are averaged
DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))  # steps down and to the right
TAPER = np.hanning(PIECE).astype(np.float32)
END_SHARE = 0.1
HIDDEN = 5.0  # noise over limit: beyond this it is the noise that ends the spectrum
FAINTEST_PEAK = 1.0  # squared gray levels; less is rounding
SMOOTH = np.array([1, 2, 3, 2, 1]) / 9
FREQUENCY = np.arange(PIECE // 2 + 1) / PIECE
EDGED = np.clip(np.arange(-2, len(FREQUENCY) + 2), 0, len(FREQUENCY) - 1)


def starts(length: int, step: int, count: int) -> NDArray[np.int64]:
    """Return places, evenly spread, from which a piece stays inside a length."""
    reach = (PIECE - 1) * abs(step)
    places = np.linspace(0, length - 1 - reach, count).astype(np.int64)
    return places + reach if step < 0 else places


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
    count = min(found.shape[1], max(FEWEST, found.shape[1] // 4))
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


def cutoff(image: Image) -> float:
    """Return the earliest end of the four spectra."""
    power = image.cached(spectra)
    if power is None:
        return NAN
    noise = image.cached(flat_sigma) ** 2 * float(np.square(TAPER).sum())
    ends = np.array([end_of(each, noise) for each in power])
    # diagonal neighbours are further apart; without an end in sight there is nothing to compare
    ends[2:] = np.where(ends[2:] < 0.5, ends[2:] / np.sqrt(2), np.nan)
    return float(np.nanmin(ends)) if np.isfinite(ends).any() else NAN
