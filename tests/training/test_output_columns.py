"""The measures of outputs in a corpus: recorded, resumed, joined, kept by a new measuring."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from fake_engines import FINE, TASK, write_images

from imagegate import image
from imagegate.errors import CorpusError, SettingsError
from imagegate.features import OUTPUT_VERSION, measure_output, output_measures
from imagegate.tasks import TASKS
from imagegate.training.corpus import join_corpora, read_corpus
from imagegate.training.data.remake import remake
from imagegate.training.data.sources import find_sources
from imagegate.training.labelling import store
from imagegate.training.labelling.label import label
from imagegate.training.maintenance.remeasure import remeasure

TASK_NAME = "background-removal"
NAMES = output_measures(TASK_NAME)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("discs") / "discs"
    folder.mkdir()
    for place in range(3):
        rng = np.random.default_rng(place)
        pixels = np.full((120, 160, 3), 225, np.uint8)
        cv2.circle(pixels, (70 + 8 * place, 60), 32, (40, 90, 200), -1)
        noisy = pixels + rng.normal(0, 3, pixels.shape)
        cv2.imwrite(str(folder / f"d{place}.png"), np.clip(noisy, 0, 255).astype(np.uint8))
    return folder


@pytest.fixture(scope="module")
def folder(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("corpus") / "out"
    label(find_sources([pictures])[0], TASK_NAME, "grabcut", out, variants=3, jobs=1)
    return out


def test_rows_carry_what_is_measured_on_the_output(folder: Path) -> None:
    corpus = read_corpus(folder)
    assert corpus.meta["output_measures"] == list(NAMES)
    assert corpus.meta["output_version"] == OUTPUT_VERSION
    assert tuple(corpus.outputs) == NAMES
    assert corpus.matrix(NAMES).shape == (len(corpus), len(NAMES))
    assert not set(NAMES) & set(corpus.names)
    for index in (0, 1):
        picture = image.read(remake(corpus, index))
        mask = TASKS[TASK_NAME].engines["grabcut"].open()(picture.rgb)
        np.testing.assert_array_equal(
            corpus.matrix(NAMES)[index], measure_output(TASK_NAME, picture, mask)
        )
    np.testing.assert_array_equal(corpus.column("mask.cover"), corpus.outputs["mask.cover"])
    chosen = corpus.select([1])
    assert chosen.column("mask.cover").tolist() == [corpus.column("mask.cover")[1]]


def test_an_interrupted_run_gives_the_same_bytes(
    pictures: Path, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "again"
    sources = find_sources([pictures])[0]
    label(sources, TASK_NAME, "grabcut", out, variants=3, jobs=2)
    rows = (out / store.ROWS).read_bytes()
    assert rows == (folder / store.ROWS).read_bytes()
    table = store.arrow().parquet.read_table(out / store.ROWS)
    meta = json.loads((out / store.META).read_text())
    store.write_meta(out, {**meta, "complete": False})
    with store.open_shards(out) as shards:
        for row in table.slice(0, 4).to_pylist():
            shards.add(row)
        shards.flush()
    (out / store.ROWS).unlink()
    label(sources, TASK_NAME, "grabcut", out, variants=3, jobs=1)
    assert (out / store.ROWS).read_bytes() == rows


def test_measuring_again_keeps_them(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "copy"
    shutil.copytree(folder, out)
    assert remeasure(out, jobs=1) == len(read_corpus(folder))
    assert (out / store.ROWS).read_bytes() == (folder / store.ROWS).read_bytes()


def test_measuring_again_goes_on_after_a_stop(folder: Path, tmp_path: Path) -> None:
    out, rows = tmp_path / "copy", len(read_corpus(folder))
    shutil.copytree(folder, out)

    def stop(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        remeasure(out, jobs=1, progress=stop)
    (waiting,) = out.glob("*.f32")
    waiting.write_bytes(waiting.read_bytes() + b"half a row")
    seen: list[int] = []
    assert remeasure(out, jobs=1, progress=lambda done, total: seen.append(done)) == rows
    assert seen == list(range(4, rows + 1))
    assert (out / store.ROWS).read_bytes() == (folder / store.ROWS).read_bytes()
    assert not waiting.exists()


def test_a_run_of_other_output_measures_is_not_continued(
    pictures: Path, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "older"
    shutil.copytree(folder, out)
    meta = store.read_meta(out)
    store.write_meta(out, {**meta, "output_measures": list(NAMES[1:])})
    with pytest.raises(CorpusError, match="other measures of outputs"):
        label(find_sources([pictures])[0], TASK_NAME, "grabcut", out, variants=3, jobs=1)


def test_corpora_without_them_read_and_join(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "older"
    shutil.copytree(folder, out)
    about = ("output_measures", "output_version")
    meta = {key: value for key, value in store.read_meta(out).items() if key not in about}
    store.write_meta(out, meta)
    older, newer = read_corpus(out), read_corpus(folder)
    assert older.outputs == {}
    assert not older.outputs
    renamed = {"row_id": np.array([f"x{name}" for name in older.rows["row_id"]], dtype=object)}
    other = replace(newer, rows=newer.rows | renamed)
    both = join_corpora([newer, other])
    assert both.matrix(NAMES).shape == (2 * len(newer), len(NAMES))
    mixed = join_corpora([newer, replace(older, rows=older.rows | renamed)])
    assert mixed.outputs == {}
    assert "output_measures" not in mixed.meta


def test_custom_tasks_have_none(tmp_path: Path) -> None:
    write_images(tmp_path / "set", [FINE])
    found, _ = find_sources([tmp_path / "set"])
    label(found, TASK, "moody", tmp_path / "out", recipe="natural", jobs=1)
    corpus = read_corpus(tmp_path / "out")
    assert corpus.outputs == {}
    assert "output_measures" not in corpus.meta


def test_a_half_run_tells_how_far_two_masks_agree(
    pictures: Path, folder: Path, tmp_path: Path
) -> None:
    twice = tmp_path / "twice"
    sources = find_sources([pictures])[0]
    label(sources, TASK_NAME, "grabcut", twice, variants=3, jobs=1, half_run=True)
    once, both = read_corpus(folder), read_corpus(twice)
    assert np.isnan(once.column("mask.agreement")).all()
    agreement = both.column("mask.agreement")
    assert (agreement[np.isfinite(agreement)] > 0.9).any()
    np.testing.assert_array_equal(once.rows["loss"], both.rows["loss"])
    with pytest.raises(CorpusError, match="half_run"):
        label(sources, TASK_NAME, "grabcut", twice, variants=3, jobs=1)


def test_a_half_run_of_a_reading_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="half_run"):
        label(find_sources(["pages:1"])[0], "ocr", "rapidocr", tmp_path / "out", half_run=True)
