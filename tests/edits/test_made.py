"""Made edits: what every overlay, filler and defect keeps to."""

from __future__ import annotations

import numpy as np
import pytest

from imagegate.edits.made.defects import DEFECTS, Defect
from imagegate.edits.made.fillers import FILLERS, Filler
from imagegate.edits.made.make import KINDS, label_of, make_edit
from imagegate.edits.made.overlays import OVERLAYS, Overlay, put_on


def photo(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    ramp = np.add.outer(np.arange(160), np.arange(200))[..., None] * np.array([0.5, 0.4, 0.3])
    return np.clip(ramp + rng.normal(20, 9, (160, 200, 3)), 0, 255).astype(np.uint8)


def named(row: Overlay | Filler | Defect) -> str:
    return row.name


@pytest.mark.parametrize("overlay", OVERLAYS.values(), ids=named)
def test_overlay_changes_its_mask_alone(overlay: Overlay) -> None:
    clean = photo()
    original, mask = put_on(clean, overlay, np.random.default_rng(1))
    assert 0 < mask.mean() < 0.3
    assert (original[~mask].astype(int) - clean[~mask] <= 6).all()


@pytest.mark.parametrize("filler", FILLERS.values(), ids=named)
def test_filler_leaves_the_rest_alone(filler: Filler) -> None:
    clean, rng = photo(), np.random.default_rng(2)
    original, mask = put_on(clean, OVERLAYS["price-tag"], rng)
    kept = original.copy()
    filled = filler.function(original, mask, rng)
    assert (original == kept).all()
    assert (filled[~mask] == original[~mask]).all()
    assert (filled[mask] != original[mask]).mean() > 0.5


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=named)
def test_defect_grows_with_its_amount_and_stays_near(defect: Defect) -> None:
    clean = photo()
    original, mask = put_on(clean, OVERLAYS["badge"], np.random.default_rng(3))
    change = [
        np.abs(
            defect.function(clean, original, mask, amount, np.random.default_rng(4)) - clean * 1.0
        )
        for amount in (0.1, 1.0)
    ]
    assert change[0].mean() > 0
    assert defect.name in ("repeated", "texture") or change[1].mean() > change[0].mean()
    assert change[1][mask].mean() > 3 * change[1][~mask].mean()


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_makes_the_same_edit(kind: str) -> None:
    one, two = (make_edit(photo(), np.random.default_rng(7), kind=kind) for _ in range(2))
    assert (one.edited == two.edited).all()
    assert (one.mask == two.mask).all()
    assert one.kind == kind
    assert one.label == ("good" if kind == "restored" else one.label)


def test_label_tells_a_fill_that_fits_from_one_that_does_not() -> None:
    clean, mask = photo(), np.zeros((160, 200), bool)
    mask[40:90, 50:120] = True
    assert label_of(clean, clean, mask) == "good"
    assert label_of(clean, np.where(mask[..., None], photo(5), clean), mask) == "good"  # same look
    assert label_of(clean, np.where(mask[..., None], np.uint8(0), clean), mask) == "bad"
