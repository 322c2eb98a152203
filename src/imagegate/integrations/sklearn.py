"""imagegate inside scikit-learn: measures to a gate's decision, and what makes measures."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import CorpusError, MissingExtraError, SettingsError
from imagegate.integrations.matrix import Parts, Wanted, learn_parts
from imagegate.integrations.transformer import SignalTransformer
from imagegate.models.zoo import Gate, RulesGate

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets, type_of_target
    from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data
except ImportError as error:
    raise MissingExtraError("scikit-learn 1.6 or newer", "train") from error

__all__ = ["GateClassifier", "SignalTransformer"]

NUMBERS: dict[str, Any] = {"dtype": np.float64, "ensure_all_finite": "allow-nan"}


class GateClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Learn from measures whether a task will fail, and what may pass under a promise.

    The project's own learner: boosted trees with settings by cross-validation, a calibration and
    a threshold from groups that the trees have not seen, and a guard. Columns named as measures
    (from ``SignalTransformer().set_output(transform="pandas")``) may raise the probability of
    failure only towards their bad end; other columns are free.

    Parameters
    ----------
    promise, confidence : float
        Of the rows that ``passes`` lets through at most the share ``promise`` fails, with this
        confidence, for rows like those of ``fit``.
    calibration_share : float
        The share of groups kept for calibration. A promise of 5 % at 95 % takes at least 59
        passed calibration groups.
    pos_label : label, optional
        What means that the task fails; by default the larger of the two labels, such as 1.
    random_state : int, RandomState or None
        Chance. The same number gives the same model.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The labels, sorted.
    guarantee_ : Guarantee or None
        What calibration says of the promise: whether it is kept, and if not, about how many
        more groups it would take.
    threshold_ : float or None
        The highest probability of failure that passes; None if the promise could not be kept.
    """

    def __init__(
        self,
        *,
        promise: float = 0.05,
        confidence: float = 0.95,
        calibration_share: float = 0.25,
        pos_label: Any = None,
        random_state: Any = 0,
    ) -> None:
        self.promise = promise
        self.confidence = confidence
        self.calibration_share = calibration_share
        self.pos_label = pos_label
        self.random_state = random_state

    @classmethod
    def from_gate(cls, gate: Gate | RulesGate) -> GateClassifier:
        """Return a learned gate as a fitted classifier: 1 is that the task fails.

        Its columns are ``gate.card.measures``; a DataFrame of others, or in another order, is
        refused. As with every fitted estimator, fitting or cloning it forgets;
        ``sklearn.frozen.FrozenEstimator`` around it does not.
        """
        if isinstance(gate, RulesGate) or gate.judges_output:
            raise SettingsError(f"{gate.name}: expected a learned gate of images alone")
        asked = {"promise": gate.card.promise, "confidence": gate.card.confidence}
        made = cls(**{name: value for name, value in asked.items() if value is not None})
        made.classes_ = np.array([0, 1])
        made.feature_names_in_ = np.asarray(gate.card.measures, dtype=object)
        made.n_features_in_ = len(made.feature_names_in_)
        return made._answer_by(Parts.of_gate(gate), bare=True)

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

        Returns
        -------
        GateClassifier
            Itself.
        """
        X, y = validate_data(self, X, y, **NUMBERS)
        fails = self._fails(y)
        own = np.arange(len(y)) if groups is None else groups
        check_consistent_length(X, own)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        parts = learn_parts(
            *(X, fails, np.unique(np.asarray(own), return_inverse=True)[1]),
            names=list(getattr(self, "feature_names_in_", [""] * X.shape[1])),
            wanted=Wanted(self.promise, self.confidence, self.calibration_share, seed),
        )
        return self._answer_by(parts)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the calibrated probabilities, columns as ``classes_``."""
        rows = self._rows(X)
        p = self.parts_.p_fail(rows)
        return np.stack([1 - p, p] if self._failing() else [p, 1 - p], axis=1)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the likelier label; ``decide`` tells what may pass."""
        likelier = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[likelier])

    def decide(self, X: Any) -> NDArray[np.str_]:
        """Return ``"pass"``, ``"review"`` or ``"reject"`` for every row.

        What is unlike anything in training is for review.
        """
        rows = self._rows(X)
        return self.parts_.decisions(rows)

    def passes(self, X: Any) -> NDArray[np.bool_]:
        """Tell for every row whether it passes under the promise."""
        return np.asarray(self.decide(X) == "pass", np.bool_)

    def _answer_by(self, parts: Parts, *, bare: bool = False) -> GateClassifier:
        """Answer by these parts; ``bare`` tells that a matrix without names is as good."""
        self.parts_, self._bare = parts, bare
        self.guarantee_, self.threshold_ = parts.guarantee, parts.thresholds.passing
        return self

    def _fails(self, y: NDArray[Any]) -> NDArray[np.bool_]:
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y", raise_unknown=True)
        if kind != "binary":
            said = f"Only binary classification is supported. The type of the target is {kind}."
            raise SettingsError(said)
        self.classes_, code = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise CorpusError(f"expected two classes, got one class: {self.classes_[0]}")
        return np.asarray(code == self._failing())

    def _failing(self) -> int:
        if self.pos_label is None:
            return 1
        places = np.flatnonzero(self.classes_ == self.pos_label)
        if not places.size:
            raise SettingsError(f"pos_label: {self.pos_label!r} is none of {self.classes_}")
        return int(places[0])

    def _rows(self, X: Any) -> Any:
        check_is_fitted(self)
        with warnings.catch_warnings():
            if self._bare:
                warnings.filterwarnings("ignore", "X does not have valid feature names")
            return validate_data(self, X, reset=False, **NUMBERS)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags
