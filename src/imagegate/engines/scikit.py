"""An engine of a classifier that the user has fitted with scikit-learn."""

from __future__ import annotations

import hashlib
import pickle
from typing import Any

import numpy as np

from imagegate.engines.engine import Engine, Prediction, installed
from imagegate.errors import SettingsError
from imagegate.extras import require
from imagegate.tables import Pixels


def pipeline_engine(pipeline: Any, *, name: str = "scikit-learn") -> Engine:
    """Make an engine for the task ``classification`` from a fitted scikit-learn pipeline.

    Parameters
    ----------
    pipeline : Pipeline, or any fitted classifier
        Its first step takes a list of RGB uint8 arrays of shape (height, width, 3), of any size,
        such as a ``FunctionTransformer`` that turns them into a table of features. It gets lists
        of one.
    name : str
        The name of the engine. Change it when the code of a function inside has changed: the
        version covers the settings and what was learned, not the code.

    Returns
    -------
    Engine
        Its outputs are ``Prediction``, with the class as in ``classes_`` and the probability of
        ``predict_proba``, NaN if there is none. No pickle is ever read.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> engine = pipeline_engine(DummyClassifier().fit([[0], [0], [1]], ["cat", "cat", "dog"]))
    >>> engine.open()(np.zeros((8, 8, 3), np.uint8)).class_name
    'cat'

    """
    classes = getattr(pipeline, "classes_", None)
    if classes is None or np.ndim(classes) != 1:
        kind = type(pipeline).__name__
        raise SettingsError(
            f"expected a fitted classifier with classes_, got {kind} without: fit it to classes"
        )

    def classify(pixels: Pixels) -> Prediction:
        if not hasattr(pipeline, "predict_proba"):
            return Prediction(str(pipeline.predict([pixels])[0]))
        chances = pipeline.predict_proba([pixels])[0]
        best = int(np.argmax(chances))
        return Prediction(str(classes[best]), float(chances[best]))

    def version() -> str:
        kind = f"{type(pipeline).__name__} {digest(pipeline)[:12]}"
        return f"{installed('scikit-learn', 'train')}, {kind}"

    return Engine(name, lambda: classify, version)


def digest(pipeline: Any) -> str:
    """Return a hash of a pipeline's settings and arrays: the same after the same fit."""
    try:
        return str(require("joblib", "train").hash(pipeline, hash_name="sha1"))
    except (pickle.PicklingError, AttributeError, TypeError):
        # A function that cannot be imported by its name: its code is part of the hash, then.
        wrapper = require("joblib.externals.loky.cloudpickle_wrapper", "train")
        return hashlib.sha1(wrapper.dumps(pipeline), usedforsecurity=False).hexdigest()
