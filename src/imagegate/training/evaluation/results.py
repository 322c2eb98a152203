"""The outcome of an evaluation as plain values, ready for JSON, the terminal and the report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.models.card import Card
from imagegate.stats.bootstrap import Estimate
from imagegate.training.evaluation.baselines import Contender
from imagegate.training.evaluation.headline import headline

COLUMNS = {
    "auroc": "AUROC",
    "average_precision": "average precision",
    "e_aurc": "E-AURC",
    "coverage_at_risk": "coverage at {promise}",
    "share_of_perfect": "of the perfect gate's",
    "brier": "Brier",
    "calibration": "smECE",
}
AT_THRESHOLD = {
    "coverage": "passed",
    "risk": "failing of passed",
    "caught": "failures held back",
    "false_rejects": "good ones held back",
}
SHORT = (
    "auroc",
    "e_aurc",
    "coverage_at_risk",
    "coverage",
    "risk",
    "calibration",
)  # fits a terminal
SHARES = {"coverage_at_risk", "share_of_perfect", *AT_THRESHOLD, "learned_risk"}


@dataclass(frozen=True)
class Operating:
    """What a contender does at its own threshold.

    ``risk`` is the share of failures among the passed, ``caught`` the share of all failures
    that is held back, ``false_rejects`` the share of all successes that is held back.
    ``learned_risk`` is what fails if the learned gate passes as many.
    """

    passed: int
    failed: int
    coverage: Estimate
    risk: Estimate
    caught: Estimate
    false_rejects: Estimate
    learned_risk: Estimate


@dataclass(frozen=True)
class Result:
    """One contender's figures; ``lead`` is the learned gate's value minus this one, paired."""

    key: str
    name: str
    metrics: Mapping[str, Estimate]
    lead: Mapping[str, Estimate]
    operating: Operating


@dataclass(frozen=True)
class Slice:
    """A part of the rows looked at by itself."""

    kind: str
    name: str
    rows: int
    groups: int
    failed: int
    auroc: Mapping[str, Estimate]
    coverage: Estimate
    risk: Estimate


@dataclass(frozen=True)
class Response:
    """How often the task fails at one severity of one cause, and what the gate expected."""

    cause: str
    severity: int
    rows: int
    expected: float
    failed: Estimate


@dataclass(frozen=True)
class Bin:
    """What happened to the rows whose predicted probability lies in a range."""

    low: float
    high: float
    works: int
    fails: int
    expected: float
    failed: Estimate


@dataclass(frozen=True)
class Mistake:
    """A confident false pass or false reject; the pictures are JPEG bytes, empty if unavailable."""

    kind: str
    row_id: str
    source_id: str
    set: str
    path: str
    degraded: str
    loss: float
    p_fail: float
    reasons: tuple[str, ...]
    note: str = ""
    thumbnail: bytes = field(default=b"", repr=False)
    detail: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Evaluation:
    """A gate beside the rules, blur alone and the perfect gate, on the same rows.

    ``contenders`` and ``fails`` hold the rows themselves, for plots; :meth:`to_dict` leaves
    them out. ``seen`` says that the gate was made from some of the rows,
    ``unfamiliar`` counts those that its guard sends to review.
    """

    gate: str
    task: str
    engine: str
    limit: float
    promise: float
    part: str
    part_note: str
    seen: bool
    rows: int
    left_out: int
    sources: int
    groups: int
    failed: int
    results: tuple[Result, ...]
    slices: tuple[Slice, ...]
    responses: tuple[Response, ...]
    reliability: tuple[Bin, ...]
    mistakes: tuple[Mistake, ...]
    calibration_by_chance: float
    unfamiliar: int
    bootstrap: int
    seed: int
    card: Card = field(repr=False)
    contenders: tuple[Contender, ...] = field(repr=False)
    fails: NDArray[np.bool_] = field(repr=False)

    def __getitem__(self, key: str) -> Result:
        """Return a result by key: learned, output, tuned, preset, laplacian, perfect."""
        return next(result for result in self.results if result.key == key)

    def __contains__(self, key: str) -> bool:
        """Tell whether a contender took part."""
        return any(result.key == key for result in self.results)

    @property
    def promised(self) -> bool:
        """Whether the gate's threshold comes with a promise that calibration supports."""
        return self.card.guarantee is not None and self.card.guarantee.kept

    @property
    def failure_rate(self) -> float:
        """The share of rows on which the task fails."""
        return self.failed / self.rows

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the rows and pictures, safe for JSON: NaN becomes None."""
        apart = {"contenders", "fails", "card"}
        kept = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in apart}
        plain = {name: _plain(value) for name, value in kept.items()}
        return {"headline": self.headline(), **plain, "card": self.card.to_dict()}

    def for_card(self) -> dict[str, Any]:
        """Return the figures of every contender but the perfect one, as a card keeps them."""
        rows = {"rows": self.rows, "groups": self.groups, "failed": self.failed}
        kept: dict[str, Any] = {"part": {"name": self.part, **rows}}
        for result in self.results:
            if result.key != "perfect":
                point = {name: getattr(result.operating, name) for name in ("coverage", "risk")}
                kept[result.key] = _plain({**result.metrics, **point})
        return kept

    def summary(self) -> list[list[str]]:
        """Return the comparison as rows of text, the header first, for a terminal's width."""
        promise = f"{100 * self.promise:g} % risk"
        titles = [(COLUMNS | AT_THRESHOLD)[name].format(promise=promise) for name in SHORT]
        header = [f"{self.rows:,} rows, {self.groups:,} groups", *titles]
        return [header, *([r.name, *(cell(r, name) for name in SHORT)] for r in self.results)]

    def headline(self) -> str:
        """Return in plain words what was promised, what was kept and how the rules fare."""
        return " ".join(headline(self))


def cell(result: Result, column: str) -> str:
    """Return one cell of the comparison as text."""
    parts = {**vars(result.operating), **result.metrics}
    part = parts.get(column, Estimate(math.nan))
    return percentage(part) if column in SHARES else number(part)


def number(part: Estimate, *, sign: bool = False) -> str:
    """Return ``0.912 (0.890–0.931)``, or n/a."""
    form = "+.3f" if sign else ".3f"
    return "n/a" if math.isnan(part.value) else f"{part.value:{form}}{_interval(part, 1, form)}"


def percentage(part: Estimate) -> str:
    """Return ``12.3 % (10.1–14.9)``, or n/a."""
    if math.isnan(part.value):
        return "n/a"
    return f"{100 * part.value:.1f} %{_interval(part, 100, '.1f')}"


def points(part: Estimate) -> str:
    """Return a difference of shares as ``+12.3 (+10.1 to +14.9)``, in percentage points."""
    if math.isnan(part.value):
        return "n/a"
    return f"{100 * part.value:+.1f}{_interval(part, 100, '+.1f')}"


def _interval(part: Estimate, factor: float, form: str) -> str:
    """Return the interval in brackets, nothing where it is undefined or shows no width.

    A bootstrap that always gives the same says that it knows nothing, not that it is sure.
    """
    low, high = f"{factor * part.low:{form}}", f"{factor * part.high:{form}}"
    if low == high:  # two undefined ends read alike, too
        return ""
    return f" ({low}{' to ' if '+' in form else '–'}{high})"


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(value, Estimate):
        return value.to_dict()
    if is_dataclass(value):
        parts = {f.name: getattr(value, f.name) for f in fields(value)}
        return {k: _plain(v) for k, v in parts.items() if not isinstance(v, bytes)}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(v) for v in value]
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
