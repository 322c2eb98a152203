"""Images to measures, as a scikit-learn transformer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import ImageError, MissingExtraError, SettingsError
from imagegate.features import LEARNABLE, MEASURES, measure
from imagegate.image import Image, read

try:
    from sklearn.base import BaseEstimator, TransformerMixin
    from sklearn.utils.parallel import Parallel, delayed
except ImportError as error:
    raise MissingExtraError("scikit-learn 1.6 or newer", "train") from error


class SignalTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turn images into the matrix of their measures.

    Stateless: ``transform`` needs no ``fit``, and ``fit`` looks at no image.

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

    Notes
    -----
    scikit-learn's checks of estimators are written for matrices of numbers, and run on this one
    only as far as its tags allow: it takes images, never a two-dimensional array of numbers.

    Examples
    --------
    >>> flat = np.full((2, 40, 60), 128, np.uint8)
    >>> SignalTransformer(["exposure.entropy_bits"]).transform(flat).tolist()
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

    def fit(self, X: Any = None, y: Any = None) -> SignalTransformer:
        """Check the settings; there is nothing to learn."""
        self._settings()
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Measure images.

        Parameters
        ----------
        X : sequence of images
            Each whatever :func:`imagegate.read` takes: paths, bytes, arrays, PIL images. Also a
            Series or one-column DataFrame of them, or an array of uint8 of shape (images,
            height, width) or (images, height, width, channels).

        Returns
        -------
        ndarray of float32, shape (images, measures)
            NaN where undefined.
        """
        names, lenient = self._settings()
        work = (delayed(_row)(source, names, lenient=lenient) for source in several(X))
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


def several(X: Any) -> list[Any]:
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
    return [Path(x).absolute() if _is_path(x) else x for x in X]


def _is_path(source: Any) -> bool:
    return isinstance(source, str | os.PathLike) and "://" not in os.fspath(source)


def _row(source: Any, names: tuple[str, ...], *, lenient: bool) -> NDArray[np.float32]:
    try:
        return measure(read(source), names)
    except ImageError:
        if not lenient:
            raise
        return np.full(len(names), np.nan, np.float32)
