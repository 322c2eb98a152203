"""Results as a pandas DataFrame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING, Any, cast

from imagegate.extras import require
from imagegate.models.verdict import Result, Verdict

if TYPE_CHECKING:
    from imagegate.training.evaluation.evaluation import Evaluation


def to_frame(results: Iterable[Result | Verdict] | Evaluation) -> Any:
    """Return results as a DataFrame.

    Parameters
    ----------
    results : iterable of Result or Verdict, or Evaluation
        From ``gate.check_many(...)``, ``router.route(...)``, ``gate.check(...)`` or
        :func:`imagegate.evaluate`.

    Returns
    -------
    pandas.DataFrame
        One row for each result, with the columns that ``imagegate check --out`` writes: path,
        decision, p_fail, quality, error …, reasons, six scores and every measure. Of an evaluation
        one row for each method, with each figure and the ``_low`` and ``_high`` of its interval.

    Raises
    ------
    MissingExtraError
        If pandas is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from imagegate import load_gate
    >>> white = np.full((400, 600), 255, np.uint8)
    >>> to_frame(load_gate("rules:ocr").check_many([white], jobs=1))["decision"].tolist()
    ['reject']
    """
    pandas = require("pandas", "pandas")
    methods = getattr(results, "results", None)
    if methods is not None:  # an evaluation; its class comes with the extra "train"
        return pandas.DataFrame([_figures(method) for method in methods])
    from imagegate.pipeline.output import flat

    given = cast("Iterable[Result | Verdict]", results)
    whole = (Result("", one.gate, one) if isinstance(one, Verdict) else one for one in given)
    return pandas.DataFrame([flat(result.to_dict()) for result in whole])


def _figures(method: Any) -> dict[str, Any]:
    """Return the figures of one method."""
    operating = {f.name: getattr(method.operating, f.name) for f in fields(method.operating)}
    row: dict[str, Any] = {"method": method.name}
    for name, figure in {**method.metrics, **operating}.items():
        if hasattr(figure, "low"):
            row |= {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
        else:
            row[name] = figure
    return row
