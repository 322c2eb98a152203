"""scikit-learn's own checks of estimators, those that its tags skip among them."""

from __future__ import annotations

import zlib
from typing import Any
from unittest import mock

import numpy as np
import pytest
from sklearn.exceptions import SkipTestWarning
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from imagegate.integrations.sklearn import GateClassifier, MeasureTransformer

EDGE = "blur.edge_width_px"
THREE = (EDGE, "exposure.entropy_bits", "noise.flat_rms")


@parametrize_with_checks([GateClassifier()])
def test_the_classifier_passes_every_check(estimator: Any, check: Any) -> None:
    check(estimator)


def test_the_tags_of_the_transformer_leave_one_check() -> None:
    # Like those of CountVectorizer and PatchExtractor: X is no matrix of numbers.
    with pytest.warns(SkipTestWarning, match="requires input"):
        ran = check_estimator(MeasureTransformer())
    assert [(one["check_name"], one["status"]) for one in ran] == [
        ("check_estimator_cloneable", "passed")
    ]


# What cannot be asked of images, of the checks that scikit-learn has for matrices.
ONLY_NUMBERS = {
    "check_estimators_dtypes": "casts X to float and int32",
    "check_complex_data": "complex X",
    "check_dtype_object": "rows of mixed objects",
    "check_estimators_empty_data_messages": "fit looks at no image, so it cannot miss one",
    "check_estimators_nan_inf": "NaN in X",
    "check_estimator_sparse_tag": "sparse X",
    "check_estimator_sparse_array": "sparse X",
    "check_estimator_sparse_matrix": "sparse X",
    "check_array_api_input": "arrays of other libraries",
    "check_transformer_data_not_an_array": "unpacks X.shape into two",
    "check_transformer_general": "unpacks X.shape into two",
    "check_methods_subset_invariance": "reshapes a row to (1, columns)",
    "check_n_features_in": "an image has no columns",
    "check_fit1d": "one dimension is a column of images",
    "check_fit2d_predict1d": "one dimension is a column of images",
}


class Yields(MeasureTransformer):  # type: ignore[misc]
    """Makes scikit-learn list its checks of matrices."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags


def pictures(_: Any, X: Any, X_test: Any = None, **__: Any) -> Any:
    """Stand in for the function that makes X what the tags ask for: an image for each row."""
    if X_test is not None:
        return pictures(_, X), pictures(_, X_test)
    seeds = [zlib.crc32(np.asarray(row, np.float64).tobytes()) for row in np.asarray(X)]
    return np.stack([np.random.default_rng(s).integers(0, 256, (24, 32), np.uint8) for s in seeds])


def matrix_checks() -> list[Any]:
    listed = estimator_checks._yield_all_checks(Yields(), legacy=True)
    return [c for c in listed if estimator_checks._check_name(c) not in ONLY_NUMBERS]


@pytest.mark.parametrize("check", matrix_checks(), ids=estimator_checks._check_name)
def test_the_transformer_passes_on_images_what_its_tags_skip(check: Any) -> None:
    with mock.patch.object(estimator_checks, "_enforce_estimator_tags_X", pictures):
        check("MeasureTransformer", MeasureTransformer(THREE))
