"""The measures of outputs: closed forms on drawn masks and made-up readings, contracts over all."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from imagegate import features
from imagegate.errors import OutputError, UnknownNameError
from imagegate.features import (
    MEASURES,
    OUTPUTS,
    every_measure,
    measure_output,
    output_measures,
    output_table,
)
from imagegate.features.edits import EDIT_MEASURES
from imagegate.features.outputs.cutout import mask_of
from imagegate.features.outputs.transcript import plausible
from imagegate.image import Image
from imagegate.synthetic.pages import render_page
from imagegate.tasks import OcrOutput

SIDE, RADIUS = 400, 100
ROWS = {name: row for task in OUTPUTS for name, row in output_table(task).items()}


def disc(*, x: int = 200, y: int = 200, radius: int = RADIUS, side: int = SIDE) -> np.ndarray:
    down, across = np.mgrid[:side, :side]
    return (np.hypot(across - x, down - y) <= radius).astype(np.float32)


def pictured(mask: np.ndarray) -> Image:
    """Return a blue subject on warm gray, lightly noisy."""
    pixels = np.where(mask[..., None] >= 0.5, (40, 60, 160), (200, 190, 170))
    noise = np.random.default_rng(0).normal(0, 2, pixels.shape)
    return Image.from_array(np.clip(pixels + noise, 0, 255).astype(np.uint8))


PICTURE = pictured(disc())


def judged(output: object, picture: Image = PICTURE, **more: object) -> dict[str, float]:
    values = measure_output("background-removal", picture, output, **more)
    return dict(zip(output_measures("background-removal"), map(float, values), strict=True))


def test_every_measure_is_known_once():
    assert set(every_measure()) == {*MEASURES, *ROWS, *EDIT_MEASURES}


def test_disc():
    found = judged(disc())
    assert found["mask.cover"] == pytest.approx(math.pi * RADIUS**2 / SIDE**2, rel=0.01)
    assert found["mask.raggedness"] == pytest.approx(1, abs=0.03)
    assert found["mask.soft_share"] == 0
    assert found["mask.alpha_mean"] == 1
    assert (found["mask.parts"], found["mask.largest_share"]) == (1, 1)
    assert (found["mask.border_share"], found["mask.hole_share"]) == (0, 0)
    assert found["mask.edge_support"] == 1
    assert found["mask.edge_gradient"] > 10
    assert found["mask.edge_width"] * SIDE == pytest.approx(1.6, abs=0.5)
    assert found["mask.edge_colour"] > 50
    assert math.isnan(found["mask.agreement"])


def test_half_transparent_disc():
    whole, found = judged(disc()), judged(disc() * np.float32(0.6))
    assert found["mask.soft_share"] == pytest.approx(whole["mask.cover"])
    assert found["mask.alpha_mean"] == pytest.approx(0.6)
    assert found["mask.cover"] == whole["mask.cover"]
    assert found["mask.edge_width"] > 1.5 * whole["mask.edge_width"]


def test_soft_outline_is_wide():
    down, across = np.mgrid[:SIDE, :SIDE]
    ramp = np.clip((RADIUS - np.hypot(across - 200, down - 200)) / 20 + 0.5, 0, 1)
    found = judged(ramp.astype(np.float32))
    assert found["mask.edge_width"] * SIDE == pytest.approx(0.8 * 20, rel=0.1)


def test_alignment_falls_as_the_mask_is_shifted():
    found = [judged(disc(x=200 + shift)) for shift in (0, 5, 40)]
    for name in ("edge_gradient", "edge_support", "edge_colour_p10"):
        values = [values[f"mask.{name}"] for values in found]
        assert values[0] > values[1] >= values[2], name


def test_holes_parts_and_border():
    mask = disc() - disc(radius=50)
    mask[:, :40] = 1
    found = judged(mask)
    assert found["mask.parts"] == 2
    ring = math.pi * (RADIUS**2 - 50**2)
    assert found["mask.largest_share"] == pytest.approx(ring / (ring + 40 * SIDE), rel=0.01)
    hole = math.pi * 50**2
    assert found["mask.hole_share"] == pytest.approx(hole / (hole + ring + 40 * SIDE), rel=0.01)
    assert found["mask.border_share"] == pytest.approx((SIDE + 2 * 40) / (4 * SIDE))


def test_agreement_is_the_iou_of_two_runs():
    small = cv2.resize(disc(), (200, 200), interpolation=cv2.INTER_AREA)
    assert judged(disc(), second=small)["mask.agreement"] > 0.97
    assert judged(disc(), second=np.zeros((200, 200), np.float32))["mask.agreement"] == 0


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_empty_and_full_masks(alpha):
    found = judged(np.full((SIDE, SIDE), alpha, np.float32))
    assert found["mask.cover"] == alpha
    assert found["mask.border_share"] == alpha
    assert found["mask.alpha_mean"] == alpha
    assert found["mask.parts"] == alpha
    assert found["mask.soft_share"] == 0
    edges = [value for name, value in found.items() if "edge" in name or "ragged" in name]
    assert all(map(math.isnan, edges))
    assert math.isnan(found["mask.largest_share"]) == (alpha == 0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (3, 5), (1000, 2), (900, 1400)])
def test_odd_sizes_are_finite_or_nan(shape):
    rng = np.random.default_rng(1)
    picture = Image.from_array(rng.integers(0, 256, (*shape, 3), dtype=np.uint8))
    for mask in (rng.random(shape), np.zeros(shape), np.ones(shape, bool)):
        found = judged(mask, picture)
        assert not any(map(math.isinf, found.values()))
        for name, value in found.items():
            if ROWS[name].unit == "share":
                assert math.isnan(value) or 0 <= value <= 1, name


def test_masks_of_another_size_but_not_of_another_aspect():
    half = cv2.resize(disc(), (200, 200), interpolation=cv2.INTER_AREA)
    assert judged(half)["mask.cover"] == pytest.approx(judged(disc())["mask.cover"], rel=0.02)
    with pytest.raises(OutputError, match="the picture's aspect, 1 to 1, got one 200 px wide"):
        judged(half[:100])


@pytest.mark.parametrize(
    "output",
    [None, "mask", np.zeros((4, 4, 3)), np.zeros((400, 400), np.int32), np.full((4, 4), 2.0)],
)
def test_what_is_no_mask_is_refused(output):
    with pytest.raises(OutputError, match="expected a"):
        judged(output)


def test_an_unknown_task_is_refused():
    with pytest.raises(UnknownNameError, match="background-removal"):
        measure_output("background-removl", PICTURE, disc())


def test_output_is_not_written_to():
    mask = disc()
    judged(mask)
    np.testing.assert_array_equal(mask, disc())


@pytest.fixture(scope="module")
def page():
    return render_page(3, layout="letter")


def read(output: object, picture: Image = PICTURE) -> dict[str, float]:
    values = measure_output("ocr", picture, output)
    return dict(zip(output_measures("ocr"), map(float, values), strict=True))


def test_reading():
    found = read(OcrOutput("Total: 9.00\n~ l1|I", 0.7, (0.9, 0.9, 0.4, 0.2)))
    assert found["reading.confidence_mean"] == pytest.approx(0.7)
    assert found["reading.confidence_p10"] == pytest.approx(0.26)
    assert found["reading.unsure_share"] == 0.5
    assert found["reading.word_count"] == 4
    assert found["reading.plausible_share"] == 0.5
    assert found["reading.word_length"] == pytest.approx(15 / 4)


def test_bare_transcript_and_empty_reading():
    bare = read("one two")
    assert math.isnan(bare["reading.confidence_mean"])
    assert math.isnan(bare["reading.confidence_p10"])
    assert bare["reading.word_count"] == 2
    empty = read(OcrOutput("", 0.0))
    assert empty["reading.confidence_mean"] == empty["reading.word_count"] == 0
    names = ("confidence_p10", "unsure_share", "plausible_share", "word_length")
    assert all(math.isnan(empty[f"reading.{name}"]) for name in names)


def test_characters_per_letter_is_near_one_and_falls_with_missing_lines(page):
    picture = Image.from_array(page.pixels)
    lines = page.text.split("\n")
    whole = read(page.text, picture)["reading.characters_per_letter"]
    half = read("\n".join(lines[: len(lines) // 2]), picture)["reading.characters_per_letter"]
    assert 0.7 < whole < 1.6
    assert half < 0.8 * whole
    assert read("", picture)["reading.characters_per_letter"] == 0
    assert math.isnan(read("text")["reading.characters_per_letter"])  # no text in the picture


@pytest.mark.parametrize("output", [None, 3.5, np.zeros((4, 4))])
def test_what_is_no_reading_is_refused(output):
    with pytest.raises(OutputError, match="expected a transcript"):
        read(output)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("(Total:", True),
        ("9.00", True),
        ("don't", True),
        ("a", False),
        ("--", False),
        ("x1y", False),
    ],
)
def test_plausible(word, expected):
    assert plausible(word) == expected


def test_features_measure_takes_no_output_measures():
    with pytest.raises(UnknownNameError):
        features.measure(PICTURE, ["mask.cover"])


def test_every_measure_is_told_of_in_the_docs():
    told = (Path(__file__).parents[2] / "docs" / "outputs.md").read_text(encoding="utf-8")
    assert [name for name in ROWS if f"| `{name}` |" not in told] == []


@pytest.mark.parametrize("most", [255, 1])
def test_a_mask_of_bytes_is_the_mask_that_it_stands_for(most):
    drawn = np.zeros((50, 60), np.float32)
    drawn[10:40, 20:50] = 1
    np.testing.assert_array_equal(mask_of((drawn * most).astype(np.uint8)), drawn)
