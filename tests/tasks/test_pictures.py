"""Upscaling and enhancement: their losses, what they refuse, and the engines for real."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from imagegate.degrade import DEGRADATIONS
from imagegate.errors import MissingExtraError, OutputError
from imagegate.tables import Pixels
from imagegate.tasks import TASKS, find_engine
from imagegate.tasks.task import Task

UPSCALING, ENHANCEMENT = TASKS["upscaling"], TASKS["enhancement"]
BOTH = (UPSCALING, ENHANCEMENT)
# What ruins a picture for each of the two; softness alone ruins no colours.
RUINS = {
    "upscaling": ("blur.gaussian", "noise.gaussian", "exposure.under", "pixelation.block"),
    "enhancement": ("noise.gaussian", "exposure.under", "exposure.over", "compression.jpeg"),
}
ENGINES = [(task, name) for task in BOTH for name in task.engines]


@pytest.fixture(scope="module", params=["astronaut", "coffee"])
def picture(request: pytest.FixtureRequest) -> Pixels:
    """Return a photograph that the wheel of scikit-image brings."""
    return np.asarray(getattr(data, request.param)(), np.uint8)


def halved(pixels: Pixels) -> Pixels:
    size = (pixels.shape[1] // 2, pixels.shape[0] // 2)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def worse(pixels: Pixels, name: str, amount: float | None = None) -> Pixels:
    """Degrade a picture at level 5, or by so much."""
    row, reference = DEGRADATIONS[name], min(pixels.shape[:2]) / 16
    strength = row.strengths[4] if amount is None else amount
    return row.function(pixels, strength, reference, np.random.default_rng(0))


@pytest.mark.engine
@pytest.mark.parametrize(("task", "name"), ENGINES, ids=lambda value: getattr(value, "name", value))
def test_clean_succeeds_and_ruined_fails(task: Task, name: str, picture: Pixels) -> None:
    run = task.engines[name].open()
    given = halved(picture) if task.shrink == 2 else picture
    output = run(given)
    assert task.verified(output)
    truth = picture if task.truth == "picture" else output
    assert task.loss(output, truth) < task.failure_threshold / 2
    for ruin in RUINS[task.name]:
        assert task.loss(run(worse(given, ruin)), truth) > task.failure_threshold, ruin


@pytest.mark.engine
def test_light_that_enhancement_mends_succeeds(picture: Pixels) -> None:
    run = ENHANCEMENT.engines["auto"].open()
    truth = run(picture)
    mild = {"exposure.under": 2.0, "exposure.over": 0.05, "exposure.low_contrast": 0.7}
    for name, amount in mild.items():
        shown = worse(picture, name, amount)
        assert ENHANCEMENT.loss(run(shown), truth) < ENHANCEMENT.failure_threshold, name
    assert ENHANCEMENT.loss(worse(picture, "exposure.under", 2.0), picture) > 0.15


@pytest.mark.engine
def test_white_balance_takes_a_cast_back() -> None:
    coarse = np.random.default_rng(6).integers(10, 240, (12, 16, 3))
    patches = coarse.repeat(20, axis=0).repeat(20, axis=1)
    cast = (patches * (1.0, 0.92, 0.85)).astype(np.uint8)
    run, plain = ENHANCEMENT.engines["auto"].open(), patches.astype(np.uint8)
    assert ENHANCEMENT.loss(run(cast), run(plain)) < ENHANCEMENT.loss(cast, plain) / 3


@pytest.mark.engine
@pytest.mark.parametrize(("task", "name"), ENGINES, ids=lambda value: getattr(value, "name", value))
def test_engines_bear_odd_pictures_and_leave_them_alone(task: Task, name: str) -> None:
    run = task.engines[name].open()
    for shape in ((1, 1), (1, 90), (70, 66), (130, 140)):
        for level in (0, 128, 255):
            given = np.full((*shape, 3), level, np.uint8)
            kept = given.copy()
            output = run(given)
            np.testing.assert_array_equal(given, kept)
            assert output.shape == (shape[0] * task.shrink, shape[1] * task.shrink, 3)
            assert np.abs(output.astype(int) - level).max() <= 10, (
                "nothing to be seen, nothing made"
            )
            assert task.loss(output, output) == 0


def test_colour_difference_of_grays_by_hand() -> None:
    """Of two grays CIEDE2000 is the difference of lightness over its weight there."""

    def lightness(level: int) -> float:
        linear = ((level / 255 + 0.055) / 1.055) ** 2.4
        return 116 * float(np.cbrt(linear)) - 16

    one, two = lightness(90), lightness(160)
    away = ((one + two) / 2 - 50) ** 2
    expected = abs(one - two) / (1 + 0.015 * away / (20 + away) ** 0.5) / 100
    grays = [np.full((40, 50, 3), level, np.uint8) for level in (90, 160)]
    assert ENHANCEMENT.loss(*grays) == pytest.approx(expected, abs=2e-4)
    assert ENHANCEMENT.loss(*grays[::-1]) == pytest.approx(expected, abs=2e-4)
    black, white = (np.full((4, 5, 3), level, np.uint8) for level in (0, 255))
    assert ENHANCEMENT.loss(black, white) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("task", BOTH, ids=lambda task: task.name)
def test_another_size_is_fitted_another_shape_refused(task: Task) -> None:
    picture = np.asarray(data.astronaut(), np.uint8)
    larger = np.asarray(cv2.resize(picture, (1024, 1024), interpolation=cv2.INTER_CUBIC), np.uint8)
    assert task.loss(larger, picture) < 0.02
    assert task.loss(halved(picture), picture) < task.failure_threshold
    with pytest.raises(OutputError, match="512 x 512 px, got 512 x 300 px"):
        task.loss(picture[:300], picture)


@pytest.mark.parametrize("task", BOTH, ids=lambda task: task.name)
@pytest.mark.parametrize(
    ("output", "came"),
    [
        (np.zeros((8, 8, 3), np.float32), "float32 of shape"),
        (np.zeros((8, 8), np.uint8), r"uint8 of shape \(8, 8\)"),
        (np.zeros((8, 8, 4), np.uint8), r"\(8, 8, 4\)"),
        (np.zeros((0, 8, 3), np.uint8), r"\(0, 8, 3\)"),
        ([[1]], "got list"),
        (None, "got NoneType"),
    ],
    ids=["float", "gray", "alpha", "empty", "list", "none"],
)
def test_what_is_no_picture_is_refused(task: Task, output: object, came: str) -> None:
    with pytest.raises(OutputError, match=f"expected a uint8 RGB picture.*{came}"):
        task.loss(output, np.zeros((8, 8, 3), np.uint8))


def test_a_picture_of_nothing_is_no_truth() -> None:
    rng = np.random.default_rng(1)
    assert not ENHANCEMENT.verified(np.full((50, 60, 3), 240, np.uint8))
    assert not ENHANCEMENT.verified(rng.integers(100, 130, (50, 60, 3), np.uint8))
    assert ENHANCEMENT.verified(rng.integers(0, 256, (50, 60, 3), np.uint8))


@pytest.mark.parametrize("task", BOTH, ids=lambda task: task.name)
def test_a_command_line_writes_a_picture(task: Task) -> None:
    script = "import shutil, sys; assert sys.argv[2].endswith('.png'); shutil.copy(*sys.argv[1:])"
    engine = find_engine(task, f'"{sys.executable}" -c "{script}" {{image}} {{output}}')
    given = np.random.default_rng(2).integers(0, 256, (9, 12, 3), np.uint8)
    np.testing.assert_array_equal(engine.open()(given), given)


def test_truth_from_a_file_is_rgb(tmp_path: Path) -> None:
    red = np.zeros((6, 7, 3), np.uint8)
    red[..., 2] = 255  # OpenCV writes blue first
    cv2.imwrite(str(tmp_path / "a.png"), red)
    assert ENHANCEMENT.read_truth(str(tmp_path / "a.png"))[0, 0].tolist() == [255, 0, 0]


def test_colours_need_scikit_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(MissingExtraError, match=r"imagegate\[pictures\]"):
        ENHANCEMENT.loss(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4, 3), np.uint8))
