"""Tell how far images have moved away from those that a gate was trained on, and which way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from imagegate.features import find
from imagegate.monitoring.moved import Moved
from imagegate.monitoring.reference import Counts, Floats, Reference, Spread, spread_of
from imagegate.stats.tests import chi_square_95, holm, ks_p

BINS = 10
RARE = 0.02  # what lies beyond this share of training on either side is rare there


def drift(tally: Sequence[Counts], ends: Floats, reference: Reference) -> list[Moved]:
    """Compare counted images with a reference, measure by measure.

    Parameters
    ----------
    tally, ends : sequence of ndarray, and ndarray
        Counts in the reference's cells, and how far the readings went, as ``Cells`` keeps them.
    reference : Reference
        Training, or other images.

    Returns
    -------
    list of Moved
        In the order of the reference's measures; empty without images.

    Notes
    -----
    Readings without a value count as one bin of the index, and as lying below all others in the
    test. The test knows of training only some quantiles, so it takes the distance that is
    certain: it errs towards "no drift". Images of one roll of film, one document or one source
    are not independent; where they come in bundles, p is too small.
    """
    usual = reference.spreads
    new = list(map(spread_of, usual, tally, ends))
    if not new or not new[0].size:
        return []
    distances = list(map(_distance, new, usual))
    p = holm([ks_p(*found) for found in zip(distances, map(_both, new, usual), strict=True)])
    each = zip(reference.measures, new, usual, distances, p, strict=True)
    return [_moved(*one, where=reference.where) for one in each]


def _both(new: Spread, usual: Spread) -> float:
    """Return the size of one sample that says as much as the two."""
    return new.size * usual.size / (new.size + usual.size)


def _moved(
    name: str, new: Spread, usual: Spread, distance: float, p: float, *, where: str
) -> Moved:
    index, bins = stability(new, usual)
    chance = chi_square_95(bins - 1) / _both(new, usual) if bins > 1 else 0.0
    return Moved(
        measure=name,
        signal=find(name).family,
        psi=index,
        psi_by_chance=chance,
        distance=distance,
        p=p,
        rare=float(new.shares[_rare(usual)].sum()),
        rare_high=float(new.shares[1:][_high(usual)].sum()),
        median=new.quantile(0.5),
        reference_median=usual.quantile(0.5),
        undefined=new.undefined,
        reference_undefined=usual.undefined,
        low=new.quantile(0.1),
        high=new.quantile(0.9),
        reference_low=usual.quantile(0.1),
        reference_high=usual.quantile(0.9),
        where=where,
    )


def by_signal(moved: Sequence[Moved]) -> dict[str, Moved]:
    """Return for every signal the measure that has moved most: away first, by chance last."""
    found: dict[str, Moved] = {}
    for one in sorted(moved, key=lambda m: (not m.away(), m.level() == "none", -m.psi)):
        found.setdefault(one.signal, one)
    return found


def stability(new: Spread, usual: Spread) -> tuple[float, int]:
    """Return the population stability index and how many bins it was taken over.

    Half an image is added to every bin on both sides, so that an empty one is no infinity; bins
    empty on both sides are left out.
    """
    middle = usual.below - np.diff(usual.below, prepend=0) / 2
    tenth = np.minimum((BINS * np.append(middle, (usual.below[-1:] + 1) / 2)), BINS - 1)
    bins = np.concatenate([[0], 1 + tenth.astype(int)]) if usual.edges.size else np.array([0, 1])
    counts, expected = (np.bincount(bins, part.size * part.shares) for part in (new, usual))
    kept = (counts + expected) > 0
    p, q = ((part[kept] + 0.5) / (part[kept] + 0.5).sum() for part in (counts, expected))
    return float(((p - q) * np.log(p / q)).sum()), int(kept.sum())


def _rare(usual: Spread) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return the cells that fewer than 2 % of the reference lie in or beyond."""
    low = np.append(usual.below, 1.0) <= RARE
    return np.concatenate([[usual.undefined < RARE], low | _high(usual)])


def _high(usual: Spread) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return those of them, among the cells of readings, that are the highest."""
    return np.concatenate([[0.0], usual.below]) >= 1 - RARE


def _distance(new: Spread, usual: Spread) -> float:
    """Return the largest difference of the cumulative shares that is certain."""
    own = new.undefined + (1 - new.undefined) * new.below
    least, most = (
        usual.undefined + (1 - usual.undefined) * end for end in (usual.least, usual.most)
    )
    gaps = np.maximum(least - own, own - most)
    return float(max(abs(new.undefined - usual.undefined), gaps.max(initial=0.0)))
