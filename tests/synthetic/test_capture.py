"""Simulated capture: the same from a seed, all of the page in the picture, its scale known."""

import numpy as np
import pytest

from imagegate.synthetic.capture import STYLES, Shape, Shot, capture, draw_phone, draw_shot
from imagegate.synthetic.pages import render_page
from imagegate.synthetic.paper import DESKS, GROUND_REACH, GROUNDS, desk, printed_ground

ROOMY = Shape(turn=4, tilt=(0.1, -0.12), curl=0.02, margin=(0.05, 0.05, 0.05, 0.05))


@pytest.fixture(scope="module")
def page():
    return render_page(4, layout="card")


def taken(page, seed, shot=None):
    return capture(page.pixels, np.random.default_rng(seed), shot=shot)


def test_same_seed_same_bytes_and_the_page_is_left_alone(page):
    before = page.pixels.copy()
    for seed in range(8):
        first, again = taken(page, seed), taken(page, seed)
        np.testing.assert_array_equal(first.pixels, again.pixels)
        assert first.shot == again.shot
        assert first.pixels.dtype == np.uint8
        assert first.pixels.shape[2] == 3
    np.testing.assert_array_equal(page.pixels, before)


def test_nothing_done_is_the_page_itself(page):
    untouched = taken(page, 0, Shot())
    np.testing.assert_array_equal(untouched.pixels, page.pixels)
    assert untouched.scale == 1


@pytest.mark.parametrize("scale", [0.75, 1.3])
def test_the_scale_is_that_of_the_page_in_the_picture(scale):
    """A black page on a pale desk covers as many pixels as the scale says, however it lies."""
    black = np.zeros((300, 420, 3), np.uint8)
    shot = Shot(scale=scale, shape=ROOMY)
    for seed in range(3):
        result = capture(black, np.random.default_rng(seed), shot=shot)
        covered = (result.pixels.max(axis=2) == 0).sum()
        assert result.scale == pytest.approx(scale, rel=0.01)
        assert np.sqrt(covered / black[..., 0].size) == pytest.approx(scale, rel=0.04)


def test_no_edge_of_the_page_leaves_the_picture():
    """What is printed is all there: nothing but ground touches the rim."""
    black = np.zeros((300, 420, 3), np.uint8)
    for curl in (-0.02, 0.02):
        shape = Shape(turn=-6, tilt=(-0.12, 0.15), curl=curl, margin=(0.02, 0.02, 0.02, 0.02))
        result = capture(black, np.random.default_rng(1), shot=Shot(shape=shape)).pixels
        rim = [result[0], result[-1], result[:, 0], result[:, -1]]
        assert min(side.max(axis=1).min() for side in rim) > 0


def test_shots_run_from_one_flaw_to_many():
    shots = [draw_shot(np.random.default_rng(seed)) for seed in range(200)]
    plain = Shot()
    flaws = [
        sum(getattr(shot, name) != getattr(plain, name) for name in ("shape", "shadow", "noise"))
        for shot in shots
    ]
    assert set(flaws) == {0, 1, 2, 3}
    assert {shot.desk for shot in shots} == set(DESKS)
    assert sum(STYLES.values()) == pytest.approx(1)


@pytest.mark.parametrize("kind", DESKS)
def test_desks_are_not_flat_and_not_the_same(kind):
    first, other = (desk(120, 80, np.random.default_rng(seed), kind) for seed in (0, 1))
    assert first.shape == (80, 120, 3)
    assert first.std() > 0.5
    assert (first != other).any()


@pytest.mark.parametrize("kind", GROUNDS)
def test_grounds_leave_text_its_contrast(kind):
    paper = (200, 190, 210)
    ground = printed_ground(150, 90, paper, np.random.default_rng(2), kind)
    assert ground.shape == (90, 150, 3)
    assert ground.std(axis=(0, 1)).max() > 1
    assert np.abs(ground.astype(int) - paper).max() <= GROUND_REACH + 1


def test_a_phone_takes_more_pixels_than_the_page_has() -> None:
    """Its text is larger, and softer by as much."""
    rng = np.random.default_rng(0)
    shots = [draw_phone(rng) for _ in range(40)]
    assert all(1.4 <= shot.scale <= 3.0 for shot in shots)
    assert np.corrcoef([shot.scale for shot in shots], [shot.blur for shot in shots])[0, 1] > 0.3
