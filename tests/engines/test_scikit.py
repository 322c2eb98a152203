"""A fitted scikit-learn pipeline as an engine."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import pytest

from imagegate.engines.scikit import pipeline_engine
from imagegate.errors import SettingsError
from imagegate.tables import Pixels
from imagegate.tasks import TASKS

TASK = TASKS["classification"]


def stripes(*, upright: bool, seed: int) -> Pixels:
    """Stripes of four pixels, upright or lying, darker or brighter."""
    low, high = np.random.default_rng(seed).integers((0, 160), (96, 256))
    line = np.where(np.arange(64) // 4 % 2, low, high).astype(np.uint8)
    plane = np.tile(line, (64, 1))
    return np.dstack([plane if upright else plane.T] * 3)


def slopes(pictures: list[Pixels]) -> Any:
    """How much each picture changes from left to right, and from top to bottom."""
    grays = [picture.mean(axis=2) for picture in pictures]
    return [[np.abs(np.diff(gray, axis=axis)).mean() for axis in (1, 0)] for gray in grays]


def fitted(last: Any, first: Any = slopes) -> Any:
    """Fit a pipeline that tells upright from lying stripes."""
    pipeline = pytest.importorskip("sklearn.pipeline")
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    made = pipeline.make_pipeline(preprocessing.FunctionTransformer(first), last)
    pictures = [stripes(upright=bool(k % 2), seed=k) for k in range(40)]
    return made.fit(pictures, ["lying", "upright"] * 20)


@pytest.mark.engine
def test_a_fitted_pipeline_knows_clean_pictures_and_no_ruined_ones() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    engine = pipeline_engine(fitted(linear.LogisticRegression()))
    classify = engine.open()
    losses = []
    for upright in (True, False):
        for seed in range(100, 110):
            clean = stripes(upright=upright, seed=seed)
            truth = "upright" if upright else "lying"
            assert TASK.loss(classify(clean), truth) == 0
            ruined = cv2.resize(cv2.resize(clean, (1, 1), interpolation=cv2.INTER_AREA), (64, 64))
            losses.append(TASK.loss(classify(ruined), truth))
    assert np.mean(losses) == 0.5  # gray is gray: one of the two classes is always wrong
    assert 0.5 < TASK.confidence(classify(clean)) <= 1


@pytest.mark.engine
def test_a_pipeline_is_known_by_what_it_has_learned() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    first, same, other = (
        pipeline_engine(fitted(linear.LogisticRegression(C=c))).version() for c in (1, 1, 2)
    )
    assert first == same != other
    nameless = (fitted(linear.LogisticRegression(), lambda a: slopes(a)) for _ in range(2))
    assert len({pipeline_engine(made).version() for made in nameless}) == 1
    assert first.startswith("scikit-learn ")
    assert "Pipeline" in first


@pytest.mark.engine
def test_a_pipeline_without_probabilities_tells_no_confidence() -> None:
    svm = pytest.importorskip("sklearn.svm")
    found = pipeline_engine(fitted(svm.LinearSVC())).open()(stripes(upright=True, seed=7))
    assert found.class_name == "upright"
    assert math.isnan(found.confidence)


def test_a_pipeline_must_be_fitted_to_classes() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    for model in (linear.LogisticRegression(), linear.LinearRegression().fit([[0]], [0])):
        with pytest.raises(SettingsError, match="expected a fitted classifier"):
            pipeline_engine(model)
