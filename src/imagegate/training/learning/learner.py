"""Learn the trees: monotone boosting, settings by grouped cross-validation, a small ensemble."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import SettingsError
from imagegate.extras import require
from imagegate.features import every_measure
from imagegate.models.forest import Forest
from imagegate.training.split import group_folds

Floats = NDArray[np.float64]
FOLDS = 4
MOST_BINS = 127  # of one measure
EVERY = 5  # trees between two looks at the cross-validated loss
OLDEST, NEWEST = (1, 6), (1, 9)  # scikit-learn whose trees were read in tests
DIRECTIONS = {"high": 1, "low": -1, "either": 0}


@dataclass(frozen=True)
class TreeSettings:
    """How the trees of one candidate grow."""

    leaves: int
    rows_in_leaf: int
    rate: float
    ridge: float


GRID = (
    TreeSettings(leaves=4, rows_in_leaf=10, rate=0.1, ridge=1.0),
    TreeSettings(leaves=8, rows_in_leaf=15, rate=0.08, ridge=2.0),
    TreeSettings(leaves=16, rows_in_leaf=20, rate=0.1, ridge=5.0),
)


@dataclass(frozen=True)
class LearnerSettings:
    """How much training tries: candidates, trees, members of the ensemble.

    Parameters
    ----------
    grid : tuple of TreeSettings
        The candidates; grouped cross-validation chooses one.
    trees : int
        The most trees of a member, and of each forest of the diagnosis. Cross-validation looks
        at every fifth.
    members : int
        Forests with different random features, averaged.

    Raises
    ------
    SettingsError
        If the grid is empty, or there are fewer than 5 trees or no member.

    Examples
    --------
    Twenty times faster than the default, for a first look or a test:

    >>> quick = LearnerSettings(grid=LearnerSettings().grid[:1], trees=20, members=1)
    """

    grid: tuple[TreeSettings, ...] = GRID
    trees: int = 100
    members: int = 2

    def __post_init__(self) -> None:
        if not self.grid or self.trees < EVERY or self.members < 1:
            raise SettingsError(
                f"expected a candidate, at least {EVERY} trees and a member, got {self}"
            )


DEFAULT = LearnerSettings()


@dataclass(frozen=True, eq=False)
class Learned:
    """A forest, and the raw log-odds of its training rows by models that had not seen them."""

    forest: Forest
    unseen: Floats
    settings: dict[str, Any]


def learn(
    X: NDArray[np.floating],
    fails: NDArray[np.bool_],
    weights: Floats,
    groups: NDArray[np.str_],
    *,
    measures: Sequence[str],
    seed: int,
    settings: LearnerSettings = DEFAULT,
) -> Learned:
    """Return a forest for the failures of training rows, chosen by cross-validation over groups.

    The probability of failure may only rise towards the bad end of a measure, if it has one; a
    column that is no measure is free.
    """
    check_sklearn()
    known = every_measure()
    directions = [DIRECTIONS[known[name].worse] if name in known else 0 for name in measures]
    folds, even = group_folds(groups, FOLDS, seed=seed), weights / weights.mean()
    edges = bin_edges(X)
    codes = encode(X, edges)
    with one_thread():
        models = [_classifier(one, settings.trees, directions, seed) for one in settings.grid]
        tried = [_cross_validate(model, codes, fails, even, folds) for model in models]
        losses = [float(loss.min()) for loss, _ in tried]
        best = int(np.argmin(losses))
        stop = int(np.argmin(tried[best][0]))
        trees, chosen = (stop + 1) * EVERY, settings.grid[best]
        members = [
            _classifier(chosen, trees, directions, seed + i) for i in range(settings.members)
        ]
        for member in members:
            member.fit(codes, fails, sample_weight=even)
    facts = {"trees": trees, "members": settings.members, "log_loss": losses[best]}
    forest = decoded(from_sklearn(members), edges)
    return Learned(forest, tried[best][1][stop], asdict(chosen) | facts)


def bin_edges(X: NDArray[np.floating]) -> list[Floats]:
    """Return the edges between the bins of every column, halfway between readings or quantiles."""
    # Left to itself, scikit-learn 1.9 bins weighted rows afresh in every fit, by one weighted
    # percentile after the other: 57 of 61 seconds for 2,000 rows.
    edges = []
    for column in X.astype(np.float64).T:
        known = column[~np.isnan(column)]
        distinct = np.unique(known)
        if distinct.size > MOST_BINS:
            shares = np.arange(1, MOST_BINS) / MOST_BINS
            edges.append(np.unique(np.quantile(known, shares, method="midpoint")))
        else:
            edges.append((distinct[:-1] + distinct[1:]) / 2)
    return edges


def encode(X: NDArray[np.floating], edges: Sequence[Floats]) -> Floats:
    """Return the number of each reading's bin: how many edges lie below it; NaN stays NaN."""
    columns = zip(edges, X.astype(np.float64).T, strict=True)
    bins = np.transpose([np.searchsorted(own, column) for own, column in columns])
    return np.where(np.isnan(X), np.nan, bins)


def decoded(forest: Forest, edges: Sequence[Floats]) -> Forest:
    """Return the forest that answers on readings as this one does on their bins."""
    # A reading lies in bin k or below exactly if it is at most edges[k].
    threshold = forest.threshold.copy()
    for node in np.flatnonzero((forest.left > 0) & np.isfinite(threshold)):
        threshold[node] = edges[forest.feature[node]][int(np.floor(threshold[node]))]
    return replace(forest, threshold=threshold)


def varying(
    X: NDArray[np.floating], groups: NDArray[np.str_] | None = None, *, seed: int = 0
) -> list[int]:
    """Return the columns with two different readings at least, whatever fold is left out."""
    # Nothing can be learned from the others, and scikit-learn 1.9 cannot bin them.
    kept = [X]
    if groups is not None:
        folds = group_folds(groups, FOLDS, seed=seed)
        kept = [X[folds != fold] for fold in np.unique(folds)]
    least, most = (
        np.array([extreme.reduce(rows, axis=0, initial=np.nan) for rows in kept])
        for extreme in (np.fmin, np.fmax)
    )
    return np.flatnonzero((least < most).all(axis=0)).tolist()


def from_sklearn(models: Iterable[Any]) -> Forest:
    """Return the mean log-odds of fitted HistGradientBoosting models as one forest.

    They have two classes or a target, numerical features, and the same columns. Their trees are
    private attributes: SettingsError with a scikit-learn that was not tested.
    """
    check_sklearn()
    members = list(models)
    trees = [
        _tree(tree.nodes, len(members), int(model.n_features_in_))
        for model in members
        for (tree,) in model._predictors
    ]
    base = float(np.mean([model._baseline_prediction.item() for model in members]))
    return replace(Forest.joined(trees), base=base)


def _tree(nodes: NDArray[Any], members: int, features: int) -> Forest:
    """Return one tree of one of several members, both children of a node side by side."""
    order, left = [0], []
    for index in order:  # grows while it is walked: breadth first
        node = nodes[index]
        left.append(0 if node["is_leaf"] else len(order))
        if not node["is_leaf"]:
            order += [int(node["left"]), int(node["right"])]
    nodes = nodes[order]
    leaf = nodes["is_leaf"].astype(bool)
    return Forest(
        roots=np.zeros(1, np.int32),
        left=np.array(left, np.int32),
        feature=np.where(leaf, 0, nodes["feature_idx"]).astype(np.int16),
        threshold=np.where(leaf, 0.0, nodes["num_threshold"]),
        missing_left=~leaf & nodes["missing_go_to_left"].astype(bool),
        value=np.where(leaf, nodes["value"] / members, 0.0),
        base=0.0,
        features=features,
    )


def check_sklearn() -> None:
    """Raise SettingsError for a version of scikit-learn whose trees were not read in tests."""
    version = require("sklearn", "train").__version__
    own = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if not OLDEST <= own <= NEWEST:
        oldest, newest = (".".join(map(str, bound)) for bound in (OLDEST, NEWEST))
        raise SettingsError(
            f"scikit-learn {version} keeps its trees in a form that was not tested: install one "
            f"from {oldest} to {newest}"
        )


def _cross_validate(
    model: Any,
    codes: Floats,
    fails: NDArray[np.bool_],
    weights: Floats,
    folds: NDArray[np.intp],
) -> tuple[Floats, Floats]:
    """Return the loss after 5, 10, 15 … trees, and every row's log-odds by then."""
    unseen = np.zeros((model.max_iter // EVERY, len(codes)))
    for fold in np.unique(folds):
        held = folds == fold
        model.fit(codes[~held], fails[~held], sample_weight=weights[~held])
        for tree, proba in enumerate(model.staged_predict_proba(codes[held]), start=1):
            if tree % EVERY == 0:
                p = np.clip(proba[:, 1], 1e-9, 1 - 1e-9)
                unseen[tree // EVERY - 1, held] = np.log(p / (1 - p))
    signed = np.where(fails, -unseen, unseen)
    return np.logaddexp(0, signed) @ weights / weights.sum(), unseen


def one_thread() -> Any:
    """Return a context in which OpenMP keeps to one thread: on few rows more only wait."""
    require("sklearn.ensemble", "train")  # only what is loaded by now can be limited
    return require("threadpoolctl", "train").threadpool_limits(1, "openmp")


def boosting(kind: str, *, seed: int, **options: Any) -> Any:
    """Return an untrained HistGradientBoosting ``Classifier`` or ``Regressor`` for binned rows."""
    model = getattr(require("sklearn.ensemble", "train"), f"HistGradientBoosting{kind}")
    return model(
        max_features=0.5, max_bins=MOST_BINS, early_stopping=False, random_state=seed, **options
    )


def _classifier(settings: TreeSettings, trees: int, directions: list[int], seed: int) -> Any:
    return boosting(
        "Classifier",
        seed=seed,
        learning_rate=settings.rate,
        max_iter=trees,
        max_leaf_nodes=settings.leaves,
        max_depth=6,
        min_samples_leaf=settings.rows_in_leaf,
        l2_regularization=settings.ridge,
        monotonic_cst=directions,
    )
