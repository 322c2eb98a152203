"""The NumPy forest answers as the scikit-learn model does, and a hostile one is refused."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from tiny import stump_forest

from imagegate.errors import GateFileError
from imagegate.models.calibration import sigmoid
from imagegate.models.forest import Forest
from imagegate.training.learning.learner import from_sklearn, one_thread


@pytest.fixture(autouse=True)
def few_threads():
    """On few rows more threads only wait for each other."""
    with one_thread():
        yield


def data(seed, rows=400):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 6)).astype(np.float32)
    X[:, 1] = rng.integers(0, 4, rows)  # many equal readings, right on the thresholds
    X[rng.random(X.shape) < 0.15] = np.nan
    X[:, 5] = np.where(rng.random(rows) < 0.5, np.nan, 1.0 + rng.integers(0, 2, rows))
    fails = np.nan_to_num(X[:, 0]) + np.isnan(X[:, 5]) + rng.normal(size=rows) > 0.3
    return X, fails


@pytest.mark.parametrize("seed", range(3))
def test_forest_equals_scikit_learn(seed):
    X, fails = data(seed)
    model = HistGradientBoostingClassifier(
        max_iter=30, max_leaf_nodes=9, monotonic_cst=[1, 0, 0, 0, -1, 0], random_state=seed
    ).fit(X, fails)
    forest = from_sklearn([model]).check()
    fresh, _ = data(seed + 100, rows=2000)
    fresh[:20] = [[np.nan] * 6, [np.inf] * 6, [-np.inf] * 6, [0] * 6] * 5
    fresh[20:400] = X[:380]
    for rows in (fresh, fresh.astype(np.float64), fresh[:1]):
        expected = model.predict_proba(rows)[:, 1]
        np.testing.assert_allclose(sigmoid(forest.decision(rows)), expected, rtol=0, atol=1e-12)


def test_thresholds_between_two_float32_neighbours_hold():
    low = np.float32(1.0)
    high = np.nextafter(low, np.float32(2), dtype=np.float32)
    X = np.array([[low], [high]] * 60, np.float32)
    model = HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=5).fit(X, X[:, 0] > low)
    forest = from_sklearn([model])
    np.testing.assert_allclose(forest.decision(X), model.decision_function(X), atol=1e-12)


def test_ensemble_is_the_mean_of_its_members():
    X, fails = data(7)
    members = [
        HistGradientBoostingClassifier(max_iter=8, max_features=0.5, random_state=s).fit(X, fails)
        for s in range(3)
    ]
    mean = np.mean([model.decision_function(X) for model in members], axis=0)
    np.testing.assert_allclose(from_sklearn(members).decision(X), mean, atol=1e-12)


def test_missing_splits_from_known():
    X = np.array([[np.nan], [1.0], [2.0]] * 40)
    model = HistGradientBoostingClassifier(max_iter=5).fit(X, np.isnan(X[:, 0]))
    probe = np.array([[np.nan], [1.5], [np.inf], [1e300]])
    forest = from_sklearn([model])
    np.testing.assert_allclose(forest.decision(probe), model.decision_function(probe), atol=1e-12)


def test_hand_made_forest_and_chunks(monkeypatch):
    forest = stump_forest().check()
    rows = np.array([[5, 20, 0, 0.5], [3, 20, 0, np.nan], [np.nan, np.nan, 0, 0.0]])
    assert forest.decision(rows).tolist() == [2.75, -0.75, 3.25]
    monkeypatch.setattr("imagegate.models.forest.CHUNK_CELLS", 4)
    assert forest.decision(rows).tolist() == [2.75, -0.75, 3.25]
    assert forest.depth == 1
    assert forest.decision(np.empty((0, 4))).shape == (0,)
    with pytest.raises(ValueError, match=r"shape \(rows, 4\)"):
        forest.decision(np.zeros((2, 3)))


def test_joined_forests_answer_as_each_alone(monkeypatch):
    X, fails = data(5)
    forests = [
        from_sklearn([HistGradientBoostingClassifier(max_iter=n, random_state=n).fit(X, fails)])
        for n in (3, 1, 7)
    ]
    joined, starts = Forest.joined(forests).check(), np.array([0, 3, 4])
    expected = np.stack([forest.decision(X) - forest.base for forest in forests], axis=1)
    np.testing.assert_allclose(joined.outputs(X, starts), expected, atol=1e-12)
    np.testing.assert_allclose(joined.decision(X), expected.sum(axis=1), atol=1e-12)
    monkeypatch.setattr("imagegate.models.forest.CHUNK_CELLS", 40)
    np.testing.assert_allclose(joined.outputs(X, starts), expected, atol=1e-12)
    assert joined.outputs(X[:0], starts).shape == (0, 3)


def changed(name, index, value):
    array = getattr(stump_forest(), name).copy()
    array[index] = value
    return {name: array}


@pytest.mark.parametrize(
    "changes",
    [
        changed("left", 0, 0) | changed("roots", 0, 9),
        changed("roots", 1, -1),
        changed("left", 6, 3),  # back to another tree: an endless walk in a naive reader
        changed("left", 3, 3),
        changed("left", 6, 8),
        changed("left", 3, 7),
        changed("feature", 0, 4),
        changed("feature", 0, -1),
        changed("threshold", 0, np.nan),
        changed("value", 1, np.inf),
        {"base": np.nan},
        {"value": np.zeros(3)},
        {"roots": np.empty(0, np.int32)},
        {"left": np.empty(0, np.int32)},
    ],
    ids=repr,
)
def test_hostile_forest_is_refused(changes):
    with pytest.raises(GateFileError, match="forest"):
        replace(stump_forest(), **changes).check()


def test_chain_of_nodes_is_not_walked_forever():
    depth = 200
    left = np.zeros(2 * depth + 1, np.int32)
    left[: 2 * depth : 2] = np.arange(1, 2 * depth, 2)
    left[2::2] = np.append(np.arange(3, 2 * depth, 2), 0)
    size = len(left)
    forest = replace(
        stump_forest(),
        roots=np.array([0], np.int32),
        left=left,
        feature=np.zeros(size, np.int16),
        threshold=np.zeros(size),
        missing_left=np.zeros(size, bool),
        value=np.zeros(size),
    )
    with pytest.raises(GateFileError, match="deeper"):
        forest.check()
