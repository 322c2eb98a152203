"""Measures of edits: contracts over the table, and which way defects move them."""

from __future__ import annotations

import math
import re

import cv2
import numpy as np
import pytest
from edit_pictures import box_mask, scene

from imagegate.features.edits import EDIT_MEASURES, make_pair, measure_edit
from imagegate.tables import Measure, Pixels

BOX = (140, 100, 220, 180)
SEEDS = (3, 4, 5)


def edited(seed: int, change: str) -> dict[str, float]:
    """Take a disc away, put clean texture in its place, and spoil that."""
    clean = scene(seed)
    before = clean.copy()
    cv2.rectangle(before, BOX[:2], (BOX[2] - 1, BOX[3] - 1), (30, 60, 200), -1)
    cv2.circle(before, (180, 140), 25, (240, 230, 40), -1)
    after = before.copy()
    left, top, right, bottom = BOX
    inner = (slice(top, bottom), slice(left, right))
    after[inner] = SPOILT[change](clean, before)[inner]
    return measure_edit(make_pair(before, after, box_mask(before, *BOX)))


SPOILT = {
    "clean": lambda clean, before: clean,
    "blur": lambda clean, before: cv2.GaussianBlur(clean, (0, 0), 3),
    "grain": lambda clean, before: np.clip(
        clean + np.random.default_rng(1).normal(0, 12, clean.shape), 0, 255
    ),
    "light": lambda clean, before: cv2.add(clean, (30, 30, 30, 0)),
    "ghost": lambda clean, before: cv2.addWeighted(clean, 0.7, before, 0.3, 0),
    "smear": lambda clean, before: cv2.blur(clean, (41, 1)),
    "moved": lambda clean, before: np.roll(clean, 60, axis=1),
}
# what moves a measure, and which way
MOVED = (
    ("blur", "edit.band_1px", -1),
    ("blur", "edit.grain", -1),
    ("blur", "edit.sharpness", -1),
    ("blur", "edit.spectrum_tilt", -1),
    ("blur", "edit.flat_gap", 1),
    ("grain", "edit.band_1px", 1),
    ("grain", "edit.grain", 1),
    ("grain", "edit.chroma_grain", 1),
    ("light", "edit.lightness", 1),
    ("light", "edit.seam_gradient", 1),
    ("light", "edit.seam_step", 1),
    ("light", "edit.seam_worst_step", 1),
    ("ghost", "edit.bleed", 1),
    ("ghost", "edit.kept_edges", 1),
    ("ghost", "edit.edge_echo", 1),
    ("ghost", "edit.shape_ghost", 1),
    ("smear", "edit.anisotropy", 1),
    ("moved", "edit.seam_continuity", -1),
)


@pytest.mark.parametrize("row", EDIT_MEASURES.values(), ids=lambda row: row.name)
def test_a_row_is_complete(row: Measure) -> None:
    assert re.fullmatch(r"edit\.[a-z0-9_]+", row.name)
    assert row.label
    assert row.unit
    assert "NaN" in (row.function.__doc__ or "")
    assert "Source:" in (row.function.__doc__ or "")


@pytest.mark.parametrize(("change", "name", "way"), MOVED)
def test_a_defect_moves_its_measure(change: str, name: str, way: int) -> None:
    moved = [edited(seed, change)[name] - edited(seed, "clean")[name] for seed in SEEDS]
    assert way * np.mean(moved) > 0.01, moved


def test_everything_is_undefined_where_nothing_was_edited() -> None:
    same = scene()
    found = measure_edit(make_pair(same, same))
    assert list(found) == list(EDIT_MEASURES)
    assert all(math.isnan(value) for value in found.values())


@pytest.mark.parametrize("share", ["whole", "speck", "line", "frame"])
def test_no_region_is_too_odd(share: str) -> None:
    before = scene(1, 64, 80)
    mask = np.zeros((64, 80), bool)
    mask[
        {"whole": np.s_[:], "speck": np.s_[3:5, 3:5], "line": np.s_[30:32], "frame": np.s_[:9]}[
            share
        ]
    ] = True
    after: Pixels = np.where(mask[..., None], 255 - before, before).astype(np.uint8)
    assert list(measure_edit(make_pair(before, after, mask))) == list(EDIT_MEASURES)


def test_pictures_are_not_written_to() -> None:
    before, after = scene(1), scene(2)
    copies = before.copy(), after.copy()
    measure_edit(make_pair(before, after))
    assert (before == copies[0]).all()
    assert (after == copies[1]).all()
