"""Each cause that degrade makes is answered by the score of its own name in features."""

import cv2
import numpy as np
import pytest

from imagegate.degrade import DEGRADATIONS, apply_chain, save, single_chain
from imagegate.features import SCORES, measure, scores
from imagegate.image import Image, read
from imagegate.synthetic.pages import LAYOUTS, render_page

PAGES, PHOTOS = 11, 4
CROP = (360, 480)  # rows, columns: text of full size, less time
LEVELS = (1, 3, 5)
SLACK = 3.0  # points that are no movement
CAUGHT = 40.0
# Points at severity 3, on the median source. Over five sets of pages, blur takes 9 to 19 off
# exposure: strokes that run out are fainter.
HARDLY = 20.0

# Where one cause truly brings about another, both scores may fall.
KIN = {
    ("blur", "resolution"),  # an unsharp picture holds less detail than its pixels promise
    ("resolution", "blur"),  # what was enlarged again is unsharp
    ("pixelation", "resolution"),  # fewer squares than pixels
    ("resolution", "pixelation"),  # nearest neighbours on the way down leave stairs
    ("compression", "pixelation"),  # JPEG's squares are squares
    ("pixelation", "compression"),  # squares of 8 px look like JPEG's
}


def photo(seed):
    """Return a picture like a photograph: soft light, shapes with edges, texture, grain."""
    rng = np.random.default_rng(seed)
    height, width = CROP
    ground = np.zeros((height, width, 3))
    for cells, weight in ((3, 60.0), (12, 25.0), (60, 14.0), (240, 8.0)):
        coarse = rng.normal(0, weight, (cells, cells * width // height, 1)) + rng.normal(
            0, weight / 3, (cells, cells * width // height, 3)
        )
        ground += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(40):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        axes = (int(rng.integers(5, 70)), int(rng.integers(5, 70)))
        shape = np.zeros((height, width), np.uint8)
        cv2.ellipse(shape, centre, axes, float(rng.uniform(0, 180)), 0, 360, 255, -1, cv2.LINE_AA)
        cover = shape[..., None] / 255.0
        ground += cover * rng.normal(0, 45, 3)
    ground = 128 + (ground - ground.mean()) * (52 / ground.std())
    return np.clip(ground + rng.normal(0, 1.5, ground.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def sources():
    """Return (pixels, reference_px) of pages of every layout and of photos."""
    names = list(LAYOUTS)
    made = [render_page(900 + seed, layout=names[seed % len(names)]) for seed in range(PAGES)]
    crops = [np.ascontiguousarray(page.pixels[: CROP[0], : CROP[1]]) for page in made]
    pages = [(crop, page.x_height_px) for crop, page in zip(crops, made, strict=True)]
    return pages + [(photo(seed), CROP[0] / 40) for seed in range(PHOTOS)]


def all_scores(image):
    names = sorted({name for row in SCORES.values() for name in row.measures})
    found = scores(dict(zip(names, measure(image, names).tolist(), strict=True)))
    return [found[cause] for cause in SCORES]


def worsened(pixels, name, level, reference_px):
    """Return the image as a user meets it: as an array, or as the file a codec wrote."""
    chain = single_chain(name, level, 7)
    worse = apply_chain(pixels, chain, reference_px=reference_px)
    if name.startswith("compression."):
        return read(save(worse, chain)[0])
    return Image.from_array(worse)


@pytest.fixture(scope="module")
def clean(sources):
    """Return the scores of the clean sources: (source, cause)."""
    return np.array([all_scores(Image.from_array(pixels)) for pixels, _ in sources])


@pytest.fixture(scope="module", params=SCORES)
def degraded(request, sources, clean):
    """Return a cause and its scores, clean first: {variant: (source, level, cause)}."""
    found = {}
    for name in (name for name, row in DEGRADATIONS.items() if row.cause == request.param):
        rows = [
            [all_scores(worsened(pixels, name, level, size)) for level in LEVELS]
            for pixels, size in sources
        ]
        found[name] = np.concatenate([clean[:, None], np.array(rows)], axis=1)
    return request.param, found


def test_rising_severity_lowers_the_score_of_its_own_name(degraded):
    """On 95 % of the sources every level is under clean and the trend falls; the median always."""
    cause, found = degraded
    own = np.concatenate([rows[..., list(SCORES).index(cause)] for rows in found.values()])
    severity = np.array([0, *LEVELS]) - np.mean([0, *LEVELS])
    falls = (own @ severity < 0) & (own[:, 1:].max(axis=1) <= own[:, 0])
    falls &= own[:, -1] < own[:, 0] - SLACK
    assert falls.mean() >= 0.95, worst_of(cause, found)
    for rows in found.values():
        assert (np.diff(np.median(rows[..., list(SCORES).index(cause)], axis=0)) <= SLACK).all()


def test_severity_5_is_caught(degraded):
    cause, found = degraded
    own = np.concatenate([rows[:, -1, list(SCORES).index(cause)] for rows in found.values()])
    assert (own < CAUGHT).mean() >= 0.8, worst_of(cause, found)


def test_the_other_scores_hardly_move(degraded):
    cause, found = degraded
    for name, rows in found.items():
        drops = rows[:, 0] - rows[:, LEVELS.index(3) + 1]
        for place, other in enumerate(SCORES):
            known = drops[:, place][np.isfinite(drops[:, place])]
            if other != cause and (cause, other) not in KIN and len(known):
                assert np.median(known) <= HARDLY, f"{name} moves {other}"


def test_clean_sources_are_not_blamed(clean):
    for cause in ("blur", "exposure", "noise", "compression"):
        assert np.nanmin(clean[:, list(SCORES).index(cause)]) >= 60, cause


def worst_of(cause, found):
    """Say how the own score runs, variant by variant, for the message of a failure."""
    place = list(SCORES).index(cause)
    medians = {name: np.nanmedian(rows[..., place], axis=0).round() for name, rows in found.items()}
    return f"median {cause} score, clean and at {LEVELS}: {medians}"
