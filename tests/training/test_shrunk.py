"""A corpus of a task that makes its sources smaller first: its rows can be made again."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from imagegate import features, image
from imagegate.tasks import TASKS
from imagegate.training.corpus import Corpus, read_corpus
from imagegate.training.data.remake import remake
from imagegate.training.data.sources import find_sources
from imagegate.training.labelling.label import label

TASK = TASKS["upscaling"]
SIZES = {"even": (160, 220), "odd": (151, 203)}
VARIANTS = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shrunk")
    (root / "set").mkdir()
    for place, (name, (height, width)) in enumerate(SIZES.items()):
        coarse = np.random.default_rng(place).integers(0, 256, (12, 16, 3), dtype=np.uint8)
        pixels = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(root / "set" / f"{name}.png"), pixels)
    found, _ = find_sources([root / "set"], TASK)
    label(found, TASK, None, root / "out", variants=VARIANTS, jobs=1, seed=3)
    return root


@pytest.fixture(scope="module")
def corpus(folder: Path) -> Corpus:
    return read_corpus(folder / "out")


def test_every_row_is_measured_and_scored_the_same_again(folder: Path, corpus: Corpus) -> None:
    assert len(corpus) == len(SIZES) * VARIANTS
    assert corpus.meta["shrink"] == TASK.shrink
    run = next(iter(TASK.engines.values())).open()
    for index in range(len(corpus)):
        made = remake(corpus, index)
        assert made == remake(corpus, index)
        picture = image.read(made)
        np.testing.assert_array_equal(features.measure(picture), corpus.X[index])
        whole = image.read(folder / "set" / str(corpus.rows["path"][index])).rgb
        assert np.float32(TASK.loss(run(picture.rgb), whole)) == corpus.rows["loss"][index]


def test_clean_rows_are_the_sources_made_smaller(corpus: Corpus) -> None:
    clean = corpus.select([str(name).endswith("#000") for name in corpus.rows["row_id"]])
    for index, source in enumerate(clean.rows["source_id"]):
        height, width = SIZES[str(source).rpartition("/")[2]]
        made = image.read(remake(clean, index))
        assert made.gray.shape == (height // TASK.shrink, width // TASK.shrink)
        assert clean.rows["reference_px"][index] == height / 16 / TASK.shrink
    assert not clean.fails.any()
