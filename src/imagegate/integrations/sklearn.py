"""imagegate inside scikit-learn: images to measures, and measures to a gate's decision."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import CorpusError, ImageError, MissingExtraError, SettingsError
from imagegate.features import LEARNABLE, MEASURES, VERSION, measure
from imagegate.image import Image, read
from imagegate.models.beyond import rows_beyond
from imagegate.models.calibration import sigmoid
from imagegate.models.card import Card
from imagegate.models.gate import Gate
from imagegate.models.rules import RulesGate
from imagegate.stats.metrics import even_weights
from imagegate.training.corpus import count_rows
from imagegate.training.learning.fit import LIBRARIES, SplitRows, fit_gate
from imagegate.training.learning.learner import FOLDS, LearnerSettings, varying
from imagegate.training.learning.threshold import Objective

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets, type_of_target
    from sklearn.utils.parallel import Parallel, delayed
    from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data
except ImportError as error:
    raise MissingExtraError("scikit-learn 1.6 or newer", "train") from error

__all__ = ["GateClassifier", "MeasureTransformer"]

Floats = NDArray[np.float64]
NUMBERS: dict[str, Any] = {"dtype": np.float64, "ensure_all_finite": "allow-nan"}


class MeasureTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turn images into the matrix of their measures, without any fit.

    Parameters
    ----------
    measures : sequence of str, optional
        Names of ``imagegate.features.MEASURES``, in the order of the columns; by default all
        that a gate may learn from. For a pretrained gate: ``gate.card.measures``.
    n_jobs : int, optional
        As of joblib: None is one process, -1 one a core. Images go to the processes: paths and
        bytes cheaply, file objects not at all.
    on_error : {"raise", "nan"}
        What an image that cannot be read becomes: an ImageError, or a row of NaN, from which
        ``GateClassifier`` never concludes that the image passes.

    Examples
    --------
    >>> flat = np.full((2, 40, 60), 128, np.uint8)
    >>> MeasureTransformer(["exposure.entropy_bits"]).transform(flat).tolist()
    [[0.0], [0.0]]
    """

    def __init__(
        self,
        measures: Sequence[str] | None = None,
        *,
        n_jobs: int | None = None,
        on_error: Literal["raise", "nan"] = "raise",
    ) -> None:
        self.measures = measures
        self.n_jobs = n_jobs
        self.on_error = on_error

    def fit(self, X: Any = None, y: Any = None) -> MeasureTransformer:
        """Check the settings; there is nothing to learn."""
        self._settings()
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Measure images.

        Each is whatever :func:`imagegate.read` takes: paths, bytes, arrays, PIL images. Also
        taken are a Series or one-column DataFrame of them, and an array of uint8 of shape
        (images, height, width) or (images, height, width, channels). Returns float32 of shape
        (images, measures), NaN where undefined.
        """
        names, lenient = self._settings()
        work = (delayed(_row)(source, names, lenient=lenient) for source in _several(X))
        rows = Parallel(n_jobs=self.n_jobs)(work)
        return np.array(rows, np.float32).reshape(len(rows), len(names))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the names of the measures; what the images are called does not matter."""
        return np.array(self._settings()[0], dtype=object)

    def _settings(self) -> tuple[tuple[str, ...], bool]:
        if self.on_error not in ("raise", "nan"):
            raise SettingsError(f"on_error: expected 'raise' or 'nan', got {self.on_error!r}")
        if isinstance(self.measures, str):
            raise SettingsError(f"measures: expected several names, got {self.measures!r}")
        chosen = LEARNABLE if self.measures is None else self.measures
        return tuple(MEASURES[name].name for name in chosen), self.on_error == "nan"

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        taken = tags.input_tags
        taken.one_d_array = taken.three_d_array = taken.string = True
        taken.two_d_array = False
        tags.transformer_tags.preserves_dtype = []
        return tags


class GateClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Learn from measures whether a task will fail, and what may pass under a risk target.

    The learner of :func:`imagegate.train`: boosted trees with settings by cross-validation, a
    calibration and a threshold from groups that the trees have not seen, and an
    out-of-distribution detector. Columns named as measures (from
    ``MeasureTransformer().set_output(transform="pandas")``) may raise the probability of failure
    only towards their bad end; other columns are free.

    Parameters
    ----------
    risk_target, confidence : float
        Of the rows that ``passes`` lets through at most the share ``risk_target`` fails, with
        this confidence, for rows like those of ``fit``.
    calibration_share : float
        The share of groups kept for calibration. A risk target of 5 % at 95 % takes at least 59
        passed calibration groups.
    pos_label : label, optional
        What means that the task fails; by default the larger of the two labels, such as 1.
    random_state : int, RandomState or None
        Chance. The same number gives the same model.
    settings : LearnerSettings, optional
        How much the learner tries.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The labels, sorted.
    gate_ : Gate
        What answers. Its columns are those of X that vary, ``columns_``; ``to_gate`` returns a
        gate for images.
    guarantee_ : Guarantee or None
        What calibration says of the risk target: whether it is met, and if not, about how many
        more groups it would take.
    threshold_ : float or None
        The highest probability of failure that passes; None if the target cannot be met.
    """

    def __init__(
        self,
        *,
        risk_target: float = 0.05,
        confidence: float = 0.95,
        calibration_share: float = 0.25,
        pos_label: Any = None,
        random_state: Any = 0,
        settings: LearnerSettings | None = None,
    ) -> None:
        self.risk_target = risk_target
        self.confidence = confidence
        self.calibration_share = calibration_share
        self.pos_label = pos_label
        self.random_state = random_state
        self.settings = settings

    @classmethod
    def from_gate(cls, gate: Gate | RulesGate) -> GateClassifier:
        """Return a learned gate as a fitted classifier: 1 is that the task fails.

        Its columns are ``gate.card.measures``; a DataFrame of others, or in another order, is
        refused. As with every fitted estimator, fitting or cloning it forgets;
        ``sklearn.frozen.FrozenEstimator`` around it does not.
        """
        if isinstance(gate, RulesGate) or gate.judges_output:
            raise SettingsError(f"{gate.name}: expected a learned gate of images alone")
        made = cls()
        made.risk_target = gate.card.promise or made.risk_target
        made.confidence = gate.card.confidence or made.confidence
        made.classes_ = np.array([0, 1])
        made.feature_names_in_ = np.asarray(gate.card.measures, dtype=object)
        made.n_features_in_ = len(made.feature_names_in_)
        return made._answer_by(gate, np.arange(made.n_features_in_), unnamed=True)

    def to_gate(self, name: str, *, task: str = "custom") -> Gate:
        """Return the fitted classifier as a gate for images, which ``save_gate`` writes.

        ``task`` is what the images are for, for the record. The columns of ``fit`` must have been
        named as measures, or SettingsError is raised.

        Examples
        --------
        >>> measures = MeasureTransformer().set_output(transform="pandas")
        >>> learned = GateClassifier().fit(measures.transform(paths), failed)  # doctest: +SKIP
        >>> imagegate.save_gate(learned.to_gate("mine"), "mine.gate")  # doctest: +SKIP
        """
        check_is_fitted(self)
        unknown = [column for column in self.gate_.card.measures if column not in MEASURES]
        if unknown:
            raise SettingsError(
                f"{unknown[0]!r} is no measure: fit on a DataFrame of measures, as "
                'MeasureTransformer().set_output(transform="pandas") returns'
            )
        return replace(self.gate_, card=replace(self.gate_.card, name=name, task=task))

    def fit(self, X: Any, y: Any, groups: Any = None) -> GateClassifier:
        """Learn from rows whose outcome is known.

        Parameters
        ----------
        X : array-like of shape (rows, columns)
            Measures or any numbers; NaN where undefined.
        y : array-like of shape (rows,)
            Two labels.
        groups : array-like of shape (rows,), optional
            What belongs together: variants of one source, pages of one book. By default every
            row stands for itself.
        """
        X, y = validate_data(self, X, y, **NUMBERS)
        fails = self._fails(y)
        own = np.arange(len(y)) if groups is None else groups
        check_consistent_length(X, own)
        for name in ("risk_target", "confidence", "calibration_share"):
            value = getattr(self, name)
            if not isinstance(value, int | float | np.floating) or not 0 < value < 1:
                raise SettingsError(f"{name}: expected a share between 0 and 1, got {value!r}")
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        training, calibration = _split(X, fails, own, self.calibration_share, seed)
        columns = np.array(varying(training.X, training.groups, seed=seed), np.intp)
        if not columns.size:
            raise CorpusError("no column varies: there is nothing to learn from")
        training, calibration = (
            replace(rows, X=rows.X[:, columns]) for rows in (training, calibration)
        )
        names = getattr(self, "feature_names_in_", [f"x{j}" for j in range(X.shape[1])])
        objective = Objective("classifier", self.risk_target, self.confidence, None, seed, "")
        card = _card([str(names[j]) for j in columns], training, calibration, objective)
        gate = fit_gate(training, calibration, card, objective, self.settings)
        return self._answer_by(gate, columns)

    def predict_proba(self, X: Any) -> Floats:
        """Return the calibrated probabilities, columns as ``classes_``."""
        rows = self._rows(X)
        p = sigmoid(self.gate_.log_odds(rows))
        return np.stack([1 - p, p] if self._failing() else [p, 1 - p], axis=1)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the likelier label; ``decide`` tells what may pass."""
        likelier = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[likelier])

    def decide(self, X: Any) -> NDArray[np.str_]:
        """Return ``"pass"``, ``"review"`` or ``"reject"``; what is new to it is for review."""
        rows = self._rows(X)
        held_back = self.gate_.ood.alarm(rows) | np.isnan(rows).all(axis=1)
        held_back |= rows_beyond(rows, self.gate_.card)
        return self.gate_.thresholds.decisions(sigmoid(self.gate_.log_odds(rows)), held_back)

    def passes(self, X: Any) -> NDArray[np.bool_]:
        """Tell for every row whether it passes under the risk target."""
        return np.asarray(self.decide(X) == "pass", np.bool_)

    def _answer_by(
        self, gate: Gate, columns: NDArray[np.intp], *, unnamed: bool = False
    ) -> GateClassifier:
        """Answer by a gate; ``unnamed`` tells that a matrix without names is as good."""
        self.gate_, self.columns_, self._unnamed = gate, columns, unnamed
        self.guarantee_, self.threshold_ = gate.card.guarantee, gate.thresholds.passing
        return self

    def _fails(self, y: NDArray[Any]) -> NDArray[np.bool_]:
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y", raise_unknown=True)
        if kind != "binary":
            raise SettingsError(
                f"Only binary classification is supported. The type of the target is {kind}."
            )
        self.classes_, code = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise CorpusError(f"expected two classes, got one class: {self.classes_[0]}")
        return np.asarray(code == self._failing())

    def _failing(self) -> int:
        if self.pos_label is None:
            return 1
        found = np.flatnonzero(self.classes_ == self.pos_label)
        if not found.size:
            raise SettingsError(f"pos_label: {self.pos_label!r} is none of {self.classes_}")
        return int(found[0])

    def _rows(self, X: Any) -> Floats:
        check_is_fitted(self)
        with warnings.catch_warnings():
            if self._unnamed:
                warnings.filterwarnings("ignore", "X does not have valid feature names")
            checked: Floats = validate_data(self, X, reset=False, **NUMBERS)
        return checked[:, self.columns_]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags


def _split(
    X: Floats, fails: NDArray[np.bool_], groups: Any, share: float, seed: int
) -> tuple[SplitRows, SplitRows]:
    """Keep a share of the groups for calibration, and deal the others into folds.

    Groups are ranked by their failures, ties by chance: every n-th of them is like all of them.
    """
    rng = np.random.default_rng(seed)
    names, own = np.unique(np.asarray(groups), return_inverse=True)
    weights = even_weights(own)
    rate = np.bincount(own, fails * weights)
    rank = np.empty(len(rate), np.intp)
    rank[np.lexsort((rng.random(len(rate)), rate))] = np.arange(len(rate))
    rank = rank[own]
    offset = float(rng.random())
    kept = np.floor((rank + 1) * share + offset) > np.floor(rank * share + offset)
    folds = np.unique(rank[~kept], return_inverse=True)[1] % FOLDS
    left = [fails[~kept][folds != fold] for fold in np.unique(folds)]
    if not kept.any() or len(left) < 2 or any(len(np.unique(rest)) < 2 for rest in left):
        raise CorpusError(
            f"{len(fails)} rows with {int(fails[~kept].sum())} failures to learn "
            "from are too few: expected at least three groups of each class"
        )

    def rows(mask: NDArray[np.bool_], dealt: NDArray[Any]) -> SplitRows:
        sources = names[own[mask]].astype(str)
        return SplitRows(X[mask], fails[mask], sources, dealt.astype(str), weights[mask])

    return rows(~kept, folds), rows(kept, own[kept])


def _card(
    measures: list[str], training: SplitRows, calibration: SplitRows, objective: Objective
) -> Card:
    """Return what is known of a gate that was fitted on a matrix."""
    splits = {"train": training, "calibration": calibration}
    counts = {
        name: count_rows(rows.sources, rows.sources, rows.fails) for name, rows in splits.items()
    }
    return Card(
        name=objective.name,
        task="custom",
        engine="outcomes",
        limit=0.5,
        measures=tuple(measures),
        features_version=VERSION,
        parts={**counts, "test": dict.fromkeys(counts["train"], 0)},
        groups={name: tuple(np.unique(rows.sources).tolist()) for name, rows in splits.items()},
        seed=objective.seed,
        promise=objective.risk_target,
        confidence=objective.confidence,
        libraries={name: metadata.version(name) for name in LIBRARIES},
    )


def _several(X: Any) -> list[Any]:
    """Return the images of a sequence, column or stack; refuse what may be a single one."""
    shape: tuple[int, ...] = getattr(X, "shape", ())
    if isinstance(X, str | bytes | os.PathLike | Image) or not hasattr(X, "__len__"):
        raise SettingsError(f"expected several images, got one {type(X).__name__}: pass [image]")
    if len(shape) == 2 and shape[1] == 1:
        X = np.asarray(X, dtype=object)[:, 0]
    elif len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3, 4)):
        raise SettingsError(
            f"expected several images, got an array of shape {shape}: pass [image] if it is one, "
            "or (images, height, width, channels)"
        )
    # A relative path begins where this process is, wherever its workers are.
    paths = (isinstance(x, str | os.PathLike) and "://" not in os.fspath(x) for x in X)
    return [Path(x).absolute() if path else x for x, path in zip(X, paths, strict=True)]


def _row(source: Any, names: tuple[str, ...], *, lenient: bool) -> NDArray[np.float32]:
    try:
        return measure(read(source), names)
    except ImageError:
        if not lenient:
            raise
        return np.full(len(names), np.nan, np.float32)
