"""The outcome of an evaluation, and what it says: in plain words, as tables, as JSON."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.models.card import Card, Guarantee
from imagegate.models.verdict import json_safe
from imagegate.stats.bootstrap import FEW_GROUPS, FEW_OUTCOMES, Estimate
from imagegate.text import count, number, percent
from imagegate.training.evaluation.baselines import ORACLE, Baseline
from imagegate.training.evaluation.comparison import Bin, Operating, Response, Result, Slice
from imagegate.training.evaluation.mistakes import Mistake

COLUMNS = {
    "auroc": "AUROC",
    "average_precision": "average precision",
    "e_aurc": "E-AURC",
    "coverage_at_risk": "coverage at {risk}",
    "share_of_perfect": "of the oracle's",
    "brier": "Brier",
    "calibration": "smECE",
}
AT_THRESHOLD = {
    "coverage": "passed",
    "risk": "failing of passed",
    "caught": "failures held back",
    "false_rejects": "good ones held back",
}
SUMMARY = ("auroc", "e_aurc", "coverage_at_risk", "coverage", "risk")  # fits a terminal
DIFFERENCE = ("auroc", "e_aurc", "coverage_at_risk", "brier", "coverage", "risk")
SHARES = {"coverage_at_risk", "share_of_perfect", *AT_THRESHOLD, "learned_risk"}
LOWER_IS_BETTER = {"e_aurc", "brier", "risk"}
JSON_NAMES = {
    "failure_threshold": "limit",
    "risk_target": "promise",
    "split": "part",
    "split_note": "part_note",
}
NOT_JSON = {"baselines", "fails", "card"}


@dataclass(frozen=True)
class Other:
    """Another gate that took part: how many rows it was made from, and what it was made for."""

    key: str
    name: str
    known: int
    note: str


@dataclass(frozen=True)
class Evaluation:
    """A gate beside its baselines on the same rows.

    ``results`` hold the figures, the gate's own first, and ``against`` names the other gates
    among them. ``risk_target`` is the risk at which coverages are compared. ``seen`` says that
    a gate was made from some of the rows, ``unfamiliar`` counts those that are out of
    distribution. ``baselines`` and ``fails`` hold the rows themselves, for plots;
    :meth:`to_dict` leaves them out.
    """

    gate: str
    task: str
    engine: str
    failure_threshold: float
    risk_target: float
    split: str
    split_note: str
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
    against: tuple[Other, ...] = ()
    card: Card = field(kw_only=True, repr=False)
    baselines: tuple[Baseline, ...] = field(kw_only=True, repr=False)
    fails: NDArray[np.bool_] = field(kw_only=True, repr=False)

    def __getitem__(self, key: str) -> Result:
        """Return a result by its key, see :class:`Baseline`."""
        return next(result for result in self.results if result.key == key)

    def __contains__(self, key: str) -> bool:
        """Tell whether a baseline took part."""
        return any(result.key == key for result in self.results)

    @property
    def guaranteed(self) -> bool:
        """Whether calibration supports the gate's risk target."""
        return self.card.guarantee is not None and self.card.guarantee.kept

    @property
    def failure_rate(self) -> float:
        """The share of rows on which the task fails."""
        return self.failed / self.rows

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the rows and pictures, safe for JSON: NaN becomes None."""
        kept = {name: value for name, value in vars(self).items() if name not in NOT_JSON}
        plain = {JSON_NAMES.get(name, name): _plain(value) for name, value in kept.items()}
        if not self.against:
            del plain["against"]
        return {"headline": self.headline(), **plain, "card": self.card.to_dict()}

    def for_card(self) -> dict[str, Any]:
        """Return the figures of all but the oracle, as a card keeps them."""
        rows = {"rows": self.rows, "groups": self.groups, "failed": self.failed}
        kept: dict[str, Any] = {"part": {"name": self.split, **rows}}
        for result in self.results:
            if result.key != ORACLE:
                point = {name: getattr(result.operating, name) for name in ("coverage", "risk")}
                kept[result.key] = _plain({**result.metrics, **point})
        return kept

    def headline(self) -> str:
        """Return in plain words whether the risk target is met and how the baselines fare."""
        return " ".join(self.sentences())

    def sentences(self) -> list[str]:
        """Return the sentences of the headline."""
        return [scope(self), *(o.note for o in self.against if o.note), *_judgement(self)]

    def summary(self) -> list[list[str]]:
        """Return the figures as rows of text for a terminal of 80 columns, the header first.

        Intervals stand on a second line.
        """
        titles = [textwrap.fill(_title(self, name), 11) for name in SUMMARY]
        rows = [[r.name, *(_two_lines(cell(r, name)) for name in SUMMARY)] for r in self.results]
        return [[count(self.rows, "row"), *titles], *rows]

    def difference(self, key: str) -> list[list[str]]:
        """Return how the gate (A) compares with another (B) as rows of text, the header first."""
        rows = [
            ["", "A", "B", "A - B (95 %)", "A is"],
            *(_difference(self, self[key], name) for name in DIFFERENCE),
        ]
        return [row[:-1] for row in rows] if too_few(self) else rows


def cell(result: Result, name: str) -> str:
    """Return one figure with its interval as text."""
    found = figure(result, name)
    return found.percent() if name in SHARES else found.decimal()


def figure(result: Result, name: str) -> Estimate:
    """Return a figure by its name; NaN where there is none."""
    parts: dict[str, Estimate] = {**vars(result.operating), **result.metrics}
    return parts.get(name, Estimate(math.nan))


def standing(lead: Estimate, *, lower: bool = False) -> str:
    """Return what the interval of a difference says of the gate.

    ``better`` or ``worse`` if it lies on one side of 0, ``same`` if it is nothing but 0,
    ``n/a`` where it is undefined, else ``chance``.

    >>> standing(Estimate(0.1, 0.02, 0.2)), standing(Estimate(0.1, 0.02, 0.2), lower=True)
    ('better', 'worse')
    """
    if math.isnan(lead.value) or math.isnan(lead.low):
        return "n/a"
    if lead == Estimate(0, 0, 0):
        return "same"
    if lead.low <= 0 <= lead.high:
        return "chance"
    return "better" if (lead.low > 0) != lower else "worse"


def too_few(evaluation: Evaluation) -> bool:
    """Tell whether the rows are too few to compare gates on."""
    outcomes = min(evaluation.failed, evaluation.rows - evaluation.failed)
    return evaluation.groups < FEW_GROUPS or outcomes < FEW_OUTCOMES


def rules_of(evaluation: Evaluation) -> list[Result]:
    """Return the results of the rules that took part."""
    return [evaluation[key] for key in ("tuned", "preset") if key in evaluation]


def scope(evaluation: Evaluation) -> str:
    """Say which rows these are and how often the task fails on them."""
    sources = count(evaluation.sources, "source")
    if evaluation.groups != evaluation.sources:
        sources += f" in {count(evaluation.groups, 'group')}"
    rows = f"{count(evaluation.rows, 'image')} from {sources}"
    who = "the task" if evaluation.engine == "outcomes" else evaluation.engine
    failing = f"{who} fails on {percent(evaluation.failure_rate)} of them."
    if evaluation.seen:
        gate = "a gate" if evaluation.against else "the gate"
        return f"NOT PROOF: {rows}, some of which {gate} was made from; {failing}"
    no_gate = "no gate has" if evaluation.against else "the gate has not"
    return f"{rows} that {no_gate} learned from; {failing}"


def measured(evaluation: Evaluation, guarantee: Guarantee) -> str:
    """Say what passes and fails, and what that says of the risk target."""
    point = evaluation["learned"].operating
    if evaluation.seen:
        return f"{passes(point)}; this is no proof, as the gate was made from some of these rows"
    return f"{passes(point)}; {on_target(point.risk, guarantee.promise)}"


def ranks(learned: Result, other: Result) -> str:
    """Say whether the gate ranks failures better than a baseline, and by how much."""
    lead, mine, theirs = other.lead["auroc"], learned.metrics["auroc"], other.metrics["auroc"]
    name = _named(other)
    figures = f"AUROC {mine.value:.3f} against {theirs.value:.3f}"
    interval = f"95 % interval {lead.interval(percent=False)}"
    gap = f"{abs(lead.value):.3f} ({interval})"
    return {
        "better": f"It ranks failures better than {name}: {figures}, ahead by {gap}.",
        "worse": f"It ranks failures WORSE than {name}: {figures}, behind by {gap}.",
        "same": f"It ranks failures exactly as {name} does: AUROC {mine.value:.3f}.",
        "chance": f"It does NOT provably rank better than {name}: {figures}, "
        f"difference {lead.value:+.3f} ({interval}).",
        "n/a": f"There are too few rows to compare it with {name}.",
    }[standing(lead)]


def against(learned: Result, other: Result) -> str:
    """Say whether the gate beats a baseline, and what fails at the same pass rate."""
    sentence, point = ranks(learned, other), other.operating
    if standing(other.lead["auroc"]) == "n/a":
        return sentence
    if point.passed == 0:
        return f"{sentence} At the threshold of {_named(other)} nothing passes."
    passed, failing = percent(point.coverage.value), percent(point.risk.value)
    return (
        f"{sentence} At the threshold of {_named(other)} {passed} pass, and {failing} of those "
        f"fail; at the same pass rate, {percent(point.learned_risk.value)} fail with the gate."
    )


def on_target(risk: Estimate, target: float) -> str:
    """Judge a risk target by the interval, never by the point alone."""
    if risk.high <= target:
        return "the target is met, and these rows prove it"
    if risk.value <= target:
        return "the target is met on these rows, which are too few to prove it"
    if risk.low <= target:
        return "the target is missed on these rows, by no more than chance allows"
    return "the target is MISSED on these rows, by more than chance allows"


def passes(point: Operating) -> str:
    """Say what share passes, and what share of those fails."""
    interval = point.risk.interval()
    shown = "no interval" if interval == "n/a" else f"95 % interval {interval}"
    return (
        f"it passes {percent(point.coverage.value)}, and {percent(point.risk.value)} of those "
        f"fail ({shown})"
    )


def _named(other: Result) -> str:
    return f"the {other.name}" if other.key in ("tuned", "preset") else other.name


def _judgement(evaluation: Evaluation) -> Iterator[str]:
    """Yield what comes after the scope: the risk target, and every comparison."""
    yield _target(evaluation)
    if too_few(evaluation):
        yield (
            f"Too few to compare gates on: at least {FEW_GROUPS} groups, {FEW_OUTCOMES} failures "
            f"and {FEW_OUTCOMES} successes are needed."
        )
        return
    for rules in rules_of(evaluation):
        yield against(evaluation["learned"], rules)
    for other in evaluation.against:
        yield against(evaluation["learned"], evaluation[other.key])
    if "output" in evaluation:
        yield _with_output(evaluation)


def _target(evaluation: Evaluation) -> str:
    """Say which risk was asked for, and whether it is kept to."""
    point, guarantee = evaluation["learned"].operating, evaluation.card.guarantee
    if guarantee:
        target = f"Risk target: at most {number(100 * guarantee.promise)} % of passed images fail"
        if not guarantee.kept:
            more = guarantee.more_sources
            takes = (
                f"at least {more:,} more calibration sources" if more else "what no data can give"
            )
            return f"{target}. A guarantee takes {takes}, so nothing passes automatically."
    if point.passed == 0:
        return "The gate passes none of them."
    if not guarantee:
        return f"This gate guarantees no risk; {passes(point)}."
    confidence = f"confidence {number(100 * guarantee.confidence)} %"
    return f"{target} ({confidence}). Measured: {measured(evaluation, guarantee)}."


def _with_output(evaluation: Evaluation) -> str:
    """Say what it brings to judge the output too, once the engine has run."""
    found, alone = evaluation["output"], evaluation["learned"]
    better = found.lead["auroc"].high < 0
    point = found.operating
    return (
        "With the output, its second gate "
        f"{'ranks failures better' if better else 'does NOT provably rank better'}: AUROC "
        f"{found.metrics['auroc'].value:.3f} against {alone.metrics['auroc'].value:.3f}; "
        f"{passes(point) if point.passed else 'it passes nothing automatically'}."
    )


def _difference(evaluation: Evaluation, other: Result, name: str) -> list[str]:
    lead, share = other.lead[name], name in SHARES
    values = [Estimate(figure(result, name).value) for result in (evaluation["learned"], other)]
    words = {"chance": "unclear", "n/a": ""}
    if name == "coverage":  # to pass more is no merit by itself
        words |= {"better": "more", "worse": "fewer"}
    found = standing(lead, lower=name in LOWER_IS_BETTER)
    return [
        _title(evaluation, name),
        *(value.percent() if share else value.decimal() for value in values),
        lead.points() if share else lead.decimal(sign=True),
        words.get(found, found),
    ]


def _two_lines(text: str) -> str:
    return text.replace(" (", "\n").removesuffix(")")


def _title(evaluation: Evaluation, name: str) -> str:
    risk = f"{number(100 * evaluation.risk_target)} % risk"
    return (COLUMNS | AT_THRESHOLD)[name].format(risk=risk)


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(value, Estimate):
        return value.to_dict()
    if is_dataclass(value):
        value = {name: part for name, part in vars(value).items() if not isinstance(part, bytes)}
    if isinstance(value, Mapping):
        return {name: _plain(v) for name, v in value.items()}
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return json_safe(value)
