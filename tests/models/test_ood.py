"""The guard: quiet on what training looked like, loud on what it did not."""

import math

import numpy as np
import pytest

from imagegate.errors import GateFileError
from imagegate.image import Image
from imagegate.models.ood import OutOfDistributionDetector
from imagegate.models.reasons import Evidence, unfamiliar_reason
from imagegate.training.learning.ood import FALSE_ALARMS, fit_detector

MEASURES = ("blur.edge_width_px", "noise.flat_rms", "text.x_height_px", "content.edge_density")


def rows(rng, sources, variants=4):
    """Readings of very different scales that hang together; a third of the images has no text."""
    n = sources * variants
    strength = rng.normal(size=n)
    X = np.stack(
        [
            3 + strength + 0.2 * rng.normal(size=n),
            np.exp(strength + rng.normal(size=n)),
            20 - 3 * strength + rng.normal(size=n),
            rng.integers(0, 3, n) / 100,
        ],
        axis=1,
    ).astype(np.float32)
    X[rng.random(n) < 0.3, 2] = np.nan
    return X, np.repeat(np.arange(sources), variants).astype(str)


@pytest.fixture(scope="module")
def guard():
    rng = np.random.default_rng(0)
    X, sources = rows(rng, 300)
    return fit_detector(X, sources, rows(rng, 150)[0], seed=0)


def test_false_alarms_are_as_stated(guard):
    fresh, _ = rows(np.random.default_rng(5), 2000)
    assert guard.alarm(fresh).mean() == pytest.approx(FALSE_ALARMS, abs=0.01)
    assert len(guard.rows) <= 400


@pytest.mark.parametrize(
    ("image", "outside"),
    [
        ([30.0, 1.0, 20.0, 0.01], 0),  # far beyond the range of one measure
        ([3.0, 1.0, 20.0, 5.0], 3),
        ([np.nan, np.nan, np.nan, np.nan], 0),  # never seen without an edge width
        ([5.5, 1.0, 27.0, 0.01], 2),  # each within its range, together as never before
    ],
)
def test_unfamiliar_images_are_noticed(guard, image, outside):
    x = np.array(image)
    assert guard.alarm(x[None])[0]
    assert outside in guard.farthest(x)


def test_a_larger_picture_is_not_unfamiliar():
    rng = np.random.default_rng(0)
    X, sources = rows(rng, 300)
    names = ("resolution.effective_px", *MEASURES[1:])
    guard = fit_detector(X, sources, rows(rng, 150)[0], seed=0, names=names)
    largest, larger = ([X[:, 0].max(), 8.0, 14.0, 0.01], [3000.0, 8.0, 14.0, 0.01])
    far = guard.distance(np.array([largest, larger]))
    assert far[1] == pytest.approx(far[0], abs=1e-3)
    far = fit_detector(X, sources, X, seed=0).distance(np.array([largest, larger]))
    assert far[1] > far[0] + 1


def test_images_without_text_are_near_each_other(guard):
    assert not guard.alarm(np.array([[3.0, 1.0, np.nan, 0.01]]))[0]


def test_reason_names_the_measure_outside(guard):
    x = np.array([30.0, 1.0, 20.0, 0.01])
    pixels = Image.from_array(np.zeros((8, 8), np.uint8))
    readings = dict(zip(MEASURES, x.tolist(), strict=True))
    seen = Evidence(pixels, readings, {}, lambda name: (2.0, 4.0))
    reason = unfamiliar_reason(guard, x, MEASURES, seen)
    assert (reason.code, reason.cause) == ("unfamiliar.detail", "unfamiliar")
    assert (reason.measure, reason.reading, reason.unit) == ("blur.edge_width_px", 30.0, "px")
    assert reason.usual == (2.0, 4.0)
    assert math.isnan(reason.probability)
    assert "edge width is 30 px" in reason.detail


def test_same_seed_same_guard():
    X, sources = rows(np.random.default_rng(1), 150)
    one, two = (fit_detector(X, sources, X, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.rows, two.rows)
    assert one.limit == two.limit


def test_constant_and_undefined_measures_are_survived():
    X = np.stack([np.full(60, 5.0), np.full(60, np.nan), np.arange(60.0)], axis=1).astype(
        np.float32
    )
    guard = fit_detector(X, np.arange(60).astype(str), X, seed=0).check(3)
    assert np.isfinite(guard.distance(X)).all()
    assert not guard.alarm(X[:5]).any()
    assert guard.alarm(np.array([[50.0, np.nan, 30.0]]))[0]


def test_parts_that_do_not_fit_are_refused(guard):
    with pytest.raises(GateFileError, match="do not fit"):
        guard.check(3)
    bad = OutOfDistributionDetector(
        guard.knots[:, ::-1], guard.levels, guard.reach, guard.rows, guard.limit
    )
    with pytest.raises(GateFileError, match="ascend"):
        bad.check(4)
