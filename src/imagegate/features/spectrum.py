"""Spectrum: up to which frequency the busiest pieces of the tiles hold detail."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from imagegate.features.noise import flat_sigma
from imagegate.features.planes import NAN, Floats, Plane, planes
from imagegate.image import Image

PIECE = 64  # px of a row that is transformed
LINES = 120  # rows and columns that are looked at, over all tiles
FEWEST_LINES = 24  # in each tile
SLANTING = 640  # pieces along each diagonal, over all tiles
TAPER = np.hanning(PIECE).astype(np.float32)
END_SHARE = 0.1
HIDDEN = 5.0  # noise over limit: beyond this it is the noise that ends the spectrum
FAINTEST_PEAK = 1.0  # squared gray levels; less is rounding
SMOOTH = np.array([1, 2, 3, 2, 1]) / 9


def pieces(rows: Plane) -> NDArray[np.float32]:
    """Return the 64 px pieces of rows."""
    return np.asarray(rows[:, : rows.shape[1] // PIECE * PIECE], np.float32).reshape(-1, PIECE)


def slanting(plane: Plane, count: int, turn: int) -> NDArray[np.float32]:
    """Return pieces of 64 px along one diagonal, from starts spread over the plane."""
    height, width = plane.shape
    grid = int(np.ceil(np.sqrt(count)))
    top = np.linspace(0, height - PIECE, grid).astype(np.int64)
    left = np.linspace(0, width - PIECE, grid).astype(np.int64) + (PIECE - 1 if turn < 0 else 0)
    starts = (top[:, None] * width + left).reshape(-1, 1)
    return np.asarray(plane.ravel()[starts + np.arange(PIECE) * (width + turn)], np.float32)


def spectrum(found: NDArray[np.float32]) -> Floats:
    """Return the mean power of the busiest pieces at 0, 1/64 … 1/2 cycles a pixel."""
    found = (found - found.mean(axis=1, keepdims=True)) * TAPER
    activity = np.einsum("ij,ij->i", found, found)
    busy = np.ascontiguousarray(found[np.argsort(activity)[-max(32, len(found) // 4) :]])
    packed = np.asarray(cv2.dft(busy, flags=cv2.DFT_ROWS))  # Re0 Re1 Im1 … Re32
    squared = np.square(packed).mean(axis=0, dtype=np.float64)
    return np.concatenate([[0.0], squared[1:-1].reshape(-1, 2).sum(axis=1), squared[-1:]])


def spectra(image: Image) -> list[Floats]:
    """Return the power across, down and along both diagonals, over all tiles."""
    usable = [p for p in image.once(planes) if min(p.shape) >= PIECE]
    if not usable:
        return []
    lines = max(FEWEST_LINES, LINES // len(usable))
    found = (
        [pieces(p[:: max(1, p.shape[0] // lines)]) for p in usable],
        [pieces(p[:, :: max(1, p.shape[1] // lines)].T) for p in usable],
        *([slanting(p, SLANTING // len(usable), turn) for p in usable] for turn in (1, -1)),
    )
    return [spectrum(np.concatenate(parts)) for parts in found]


def end_of(power: Floats, noise: float) -> float:
    """Return where the gradient spectrum falls under a tenth of its peak, NaN if into noise."""
    frequency = np.arange(len(power)) / PIECE
    energy = np.maximum(power - 1.5 * noise, 0) * frequency**2
    # the spectrum of text is a comb; its envelope is what ends
    energy = np.convolve(np.pad(energy, 2, mode="edge"), SMOOTH, "valid")
    start = int(np.argmax(energy))
    if energy[start] <= FAINTEST_PEAK + frequency[start] ** 2 * noise:
        return NAN
    limit = END_SHARE * energy[start]
    under = np.flatnonzero(energy[start:] < limit)
    if not under.size:
        return 0.5
    after = start + int(under[0])
    if noise * frequency[after] ** 2 > HIDDEN * limit:
        return NAN
    above, below = np.log(energy[after - 1 : after + 1] + 1e-9)
    return float(frequency[after] - (np.log(limit) - below) / (above - below) / PIECE)


def cutoff(image: Image) -> float:
    """Return the earliest end of the four spectra."""
    noise = image.once(flat_sigma) ** 2 * float(np.square(TAPER).sum())
    ends = np.array([end_of(power, noise) for power in image.once(spectra)])
    # diagonal neighbours are further apart; without an end in sight there is nothing to compare
    ends[2:] = np.where(ends[2:] < 0.5, ends[2:] / np.sqrt(2), np.nan)
    return float(np.nanmin(ends)) if np.isfinite(ends).any() else NAN
