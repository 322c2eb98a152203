"""imagegate inside scikit-learn: what its checks of estimators leave out, on real images."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline

import imagegate
from imagegate.errors import (
    CorpusError,
    ImageNotFoundError,
    MissingExtraError,
    SettingsError,
    UnknownNameError,
)
from imagegate.features import LEARNABLE
from imagegate.integrations.sklearn import GateClassifier, MeasureTransformer
from imagegate.models.card_text import card_lines
from imagegate.synthetic.pages import render_page
from imagegate.training.learning.learner import LearnerSettings

EDGE = "blur.edge_width_px"
THREE = (EDGE, "exposure.entropy_bits", "noise.flat_rms")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Twelve sources, each once as it is and three times blurred more and more."""
    folder = tmp_path_factory.mktemp("pages")
    for source in range(12):
        page = render_page(source, layout="card").pixels
        for level, sigma in enumerate((0, 0.6, 3, 5)):
            blurred = cv2.GaussianBlur(page, (0, 0), sigma) if sigma else page
            Image.fromarray(blurred).save(folder / f"{source:02}-{level}.png")
    return sorted(folder.iterdir())


def test_every_form_of_the_same_images_gives_the_same_rows(files: list[Path]) -> None:
    pandas = pytest.importorskip("pandas")
    paths = files[:3]
    pixels = [np.asarray(Image.open(path)) for path in paths]
    plain = MeasureTransformer(THREE).fit_transform(paths)
    assert plain.dtype == np.float32
    column = pandas.DataFrame({"path": [str(path) for path in paths]}, index=[7, 8, 9])
    same: list[Any] = [
        np.array([str(path) for path in paths]),
        [path.read_bytes() for path in paths],
        tuple(pixels),
        [Image.open(path) for path in paths],
        [imagegate.read(path) for path in paths],
        column["path"],
        column,
    ]
    for images in same:
        np.testing.assert_array_equal(MeasureTransformer(THREE).transform(images), plain)
    corner = np.stack([one[:200, :300] for one in pixels])
    stacked = MeasureTransformer(THREE).transform(corner)
    np.testing.assert_array_equal(stacked, MeasureTransformer(THREE).transform(list(corner)))
    np.testing.assert_array_equal(MeasureTransformer(THREE, n_jobs=2).transform(paths), plain)


def test_columns_are_named_in_pandas_too(files: list[Path]) -> None:
    pandas = pytest.importorskip("pandas")
    paths = pandas.DataFrame({"path": [str(path) for path in files[:2]]}, index=[7, 9])
    frame = MeasureTransformer().set_output(transform="pandas").fit_transform(paths)
    assert list(frame.columns) == list(LEARNABLE)
    assert frame.loc[9, EDGE] == imagegate.readings(imagegate.read(files[1]))[EDGE]
    assert MeasureTransformer(THREE).get_feature_names_out().tolist() == list(THREE)


@pytest.mark.parametrize(
    "single",
    [
        "page.png",
        b"bytes",
        Path("page.png"),
        np.zeros((40, 60), np.uint8),
        np.zeros((40, 60, 3), np.uint8),
        Image.new("L", (60, 40)),
    ],
    ids=["path", "bytes", "Path", "gray", "colour", "PIL"],
)
def test_a_single_image_is_not_taken_apart(single: Any) -> None:
    with pytest.raises(SettingsError, match="expected several images"):
        MeasureTransformer().transform(single)


def test_what_cannot_be_read_is_told_or_missing_and_never_passes(files: list[Path]) -> None:
    paths = [str(files[0]), "gone.png", None]
    with pytest.raises(ImageNotFoundError, match=r"gone\.png: no such file"):
        MeasureTransformer(THREE).transform(paths)
    rows = MeasureTransformer(THREE, on_error="nan").transform(paths)
    assert np.isnan(rows).all(axis=1).tolist() == [False, True, True]
    X, y, _ = drawn(600)
    X[::3] = np.nan  # so many that training knows them, and not one of them failed
    y[::3] = False
    learned = GateClassifier(risk_target=0.3).fit(X, y)
    assert learned.threshold_ is not None
    assert learned.predict_proba(X[:1])[0, 1] <= learned.threshold_
    assert learned.decide(X[:1]).tolist() == ["review"]


def test_settings_are_checked_when_fitted() -> None:
    with pytest.raises(UnknownNameError, match=r"Did you mean 'blur\.edge_width_px'"):
        MeasureTransformer(["blur.edge_widht_px"]).fit([])
    with pytest.raises(SettingsError, match="expected several names"):
        MeasureTransformer(EDGE).fit([])
    with pytest.raises(SettingsError, match="'raise' or 'nan', got 'skip'"):
        MeasureTransformer(on_error="skip").fit([])  # type: ignore[arg-type]
    X, y, _ = drawn(60)
    with pytest.raises(SettingsError, match="risk_target: expected a share between 0 and 1, got 5"):
        GateClassifier(risk_target=5).fit(X, y)
    with pytest.raises(SettingsError, match="pos_label: 'broken' is none of"):
        GateClassifier(pos_label="broken").fit(X, y)
    with pytest.raises(CorpusError, match="at least three groups of each class"):
        GateClassifier().fit(X, np.arange(60) == 5)


def test_cross_validation_on_images_with_groups(files: list[Path]) -> None:
    fails = np.array([int(path.stem[-1]) >= 2 for path in files])
    sources = np.array([path.stem[:2] for path in files])
    names = (*THREE, "text.x_height_px", "text.stroke_width_px")
    pipe = make_pipeline(MeasureTransformer(names), GateClassifier(risk_target=0.2, confidence=0.8))
    paths = np.array([str(path) for path in files])
    found = cross_val_score(pipe, paths, fails, groups=sources, cv=GroupKFold(3), scoring="roc_auc")
    assert found.mean() > 0.9
    pipe.fit(paths, fails, gateclassifier__groups=sources)
    assert pipe[-1].guarantee_.sources == 3  # a quarter of twelve


def drawn(rows: int, seed: int = 0) -> tuple[NDArray[Any], NDArray[np.bool_], NDArray[Any]]:
    """Return a matrix, outcomes and the chance behind each of them."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 3))
    chance = 1 / (1 + np.exp(-(3 * X[:, 0] + X[:, 1] - 1)))
    return X, rng.random(rows) < chance, chance


def test_the_promise_is_kept_on_new_rows_and_probabilities_mean_what_they_say() -> None:
    X, y, _ = drawn(1600)
    full = LearnerSettings()
    learned = GateClassifier(risk_target=0.1, confidence=0.9, settings=full).fit(X, y)
    new, _, chance = drawn(20_000, seed=1)
    passed = learned.passes(new)
    assert passed.mean() > 0.3  # 0.51 could pass
    assert chance[passed].mean() <= 0.1
    assert learned.guarantee_.kept
    assert learned.guarantee_.bound <= 0.1
    p = learned.predict_proba(new)[:, 1]
    for low in np.arange(0, 1, 0.2):
        here = (p >= low) & (p < low + 0.2)
        assert p[here].mean() == pytest.approx(chance[here].mean(), abs=0.06)
    assert p[passed].max() <= learned.threshold_ < p[learned.decide(new) == "reject"].min()


def test_the_promise_counts_groups_not_rows() -> None:
    X, y, _ = drawn(60)
    many, fails = np.repeat(X, 20, axis=0), np.repeat(y, 20)
    alone = GateClassifier(risk_target=0.2, confidence=0.9).fit(many, fails)
    assert alone.threshold_ is not None  # sixty rows pass for twelve hundred
    told = clone(alone).fit(many, fails, groups=np.repeat(np.arange(60), 20))
    assert told.guarantee_.sources == 15
    assert told.threshold_ is None
    assert told.guarantee_.more_sources > 0
    assert not told.passes(many).any()


def test_labels_may_be_words_and_any_of_them_the_failure() -> None:
    X, y, _ = drawn(400)
    plain = GateClassifier(risk_target=0.2).fit(X, y)
    words = np.where(y, "broken", "fine")
    named = GateClassifier(risk_target=0.2, pos_label="broken").fit(X, words)
    assert named.classes_.tolist() == ["broken", "fine"]
    np.testing.assert_array_equal(named.predict_proba(X)[:, 0], plain.predict_proba(X)[:, 1])
    np.testing.assert_array_equal(named.predict(X) == "broken", plain.predict(X))
    np.testing.assert_array_equal(named.decide(X), plain.decide(X))


def test_named_measures_raise_the_risk_only_towards_their_bad_end() -> None:
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(3)
    wide = rng.uniform(1, 9, 400)
    fails = (wide > 6) ^ (rng.random(400) < 0.2) ^ (wide < 2)  # narrow edges fail, too
    line = np.linspace(1, 9, 60)[:, None]
    free = GateClassifier().fit(wide[:, None], fails).predict_proba(line)[:, 1]
    assert np.diff(free).min() < 0
    frame = pandas.DataFrame({EDGE: wide})
    held = GateClassifier().fit(frame, fails).predict_proba(pandas.DataFrame({EDGE: line[:, 0]}))
    assert np.diff(held[:, 1]).min() >= 0


def test_a_classifier_of_measures_becomes_a_gate_file(files: list[Path], tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    fails = np.array([int(path.stem[-1]) >= 2 for path in files])
    sources = np.array([path.stem[:2] for path in files])
    measures = MeasureTransformer(THREE).set_output(transform="pandas")
    X = measures.transform(files)
    learned = GateClassifier(risk_target=0.2, confidence=0.5).fit(X, fails, sources)
    imagegate.save_gate(learned.to_gate("mine", task="ocr"), tmp_path / "mine.gate")
    gate = imagegate.load_gate(str(tmp_path / "mine.gate"))
    assert (gate.name, gate.card.task) == ("mine", "ocr")
    assert set(gate.card.measures) <= set(THREE)
    assert gate.card.parts["train"]["sources"] == 9
    assert any("mine" in line for line in card_lines(gate.card))
    answers = [gate.check(path) for path in files]
    p = learned.predict_proba(X)[:, 1]
    known = [j for j, answer in enumerate(answers) if answer.p_fail is not None]
    assert len(known) > len(files) / 2
    assert p[known] == pytest.approx([answers[j].p_fail for j in known])
    with pytest.raises(SettingsError, match="'x0' is no measure"):
        GateClassifier().fit(np.asarray(X), fails).to_gate("mine")
    again = GateClassifier.from_gate(gate).decide(X[list(gate.card.measures)])
    np.testing.assert_array_equal(again, learned.decide(X))


def test_rows_unlike_training_are_for_review() -> None:
    X, y, _ = drawn(400)
    learned = GateClassifier(risk_target=0.2).fit(X, y)
    far = np.array([[-40.0, -40.0, 40.0]])
    assert learned.predict_proba(far)[0, 1] < learned.threshold_
    assert learned.decide(far).tolist() == ["review"]


def test_a_gate_that_ships_answers_in_a_pipeline_as_it_does_alone(files: list[Path]) -> None:
    gate = imagegate.load_gate("ocr")
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    images: list[Any] = [*files[:4], noise]
    answers = [gate.check(image) for image in images]
    served = FrozenEstimator(GateClassifier.from_gate(gate))
    pipe = make_pipeline(MeasureTransformer(gate.card.measures), served)
    p = pipe.predict_proba(images)[:, 1]
    known = [j for j, answer in enumerate(answers) if answer.p_fail is not None]
    assert known[:4] == [0, 1, 2, 3]
    assert p[known] == pytest.approx([answers[j].p_fail for j in known])
    X = pipe[0].transform(images)
    assert served.decide(X).tolist() == [answer.decision for answer in answers]
    scores = cross_val_score(pipe, images[:4], [0, 0, 1, 1], cv=2)
    assert scores.mean() == np.mean(pipe.predict(images[:4]) == [0, 0, 1, 1])
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=gate.card.measures)
    np.testing.assert_array_equal(served.predict_proba(frame)[:, 1], p)
    with pytest.raises(ValueError, match="Feature names must be in the same order"):
        served.predict_proba(frame[frame.columns[::-1]])
    with pytest.raises(SettingsError, match="rules:ocr: expected a learned gate"):
        GateClassifier.from_gate(imagegate.load_gate("rules:ocr"))


def test_without_scikit_learn_the_error_names_the_extra() -> None:
    code = "import sys; sys.modules['sklearn'] = None; import imagegate.integrations.sklearn"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert MissingExtraError.__name__ in done.stderr
    assert "imagegate[train]" in done.stderr


def test_relative_paths_begin_where_this_process_is(tmp_path, monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 255, (40, 60), np.uint8)
    measures = MeasureTransformer(["exposure.entropy_bits"], n_jobs=2, on_error="nan")
    for name in ("one", "two"):  # the second time the workers are there already
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "a.png"), pixels)
        monkeypatch.chdir(tmp_path / name)
        assert np.isfinite(measures.transform(["a.png"] * 4)).all()
        (tmp_path / name / "a.png").unlink()
