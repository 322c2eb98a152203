"""Compare two gates on the same rows: which is better, by how much, and is it more than luck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import CorpusError, SettingsError
from imagegate.models.card import Card
from imagegate.models.gate import Gate
from imagegate.models.rules import RulesGate
from imagegate.stats import metrics
from imagegate.stats.bootstrap import FEWEST_DRAWS, Estimate, estimate, resample
from imagegate.stats.metrics import Floats
from imagegate.training.corpus import Corpus
from imagegate.training.evaluation.baselines import Contender, by_gate, by_rules
from imagegate.training.evaluation.comparison import ranking
from imagegate.training.evaluation.evaluate import DEFAULT_PROMISE, facts, mismatches
from imagegate.training.evaluation.heldout import made_from
from imagegate.training.evaluation.versus_words import headline, table
from imagegate.training.learning.rules_tuning import six_scores

PARTS = ("test", "all")


@dataclass(frozen=True)
class Result:
    """What came of one of the two gates.

    Parameters
    ----------
    name : str
        Its name.
    known : int
        Rows of the corpus whose groups it has learned from or was calibrated on.
    note : str
        Where the rows are not what it was made for; empty if they are.
    figures : mapping of str to Estimate
        AUROC, average precision, E-AURC, coverage at equal risk, Brier score; coverage and risk
        at its own threshold. NaN where undefined, as the Brier score of rules.
    """

    name: str
    known: int
    note: str
    figures: Mapping[str, Estimate]


@dataclass(frozen=True)
class Versus:
    """Two gates on the same rows.

    ``lead`` is the value of ``a`` minus that of ``b``, with the paired interval; ``risk`` is the
    one at which their coverages are compared. ``seen`` says that one of them was made from some
    of the rows: then nothing is proven.
    """

    a: Result
    b: Result
    lead: Mapping[str, Estimate]
    risk: float
    task: str
    engine: str
    limit: float
    part: str
    seen: bool
    rows: int
    left_out: int
    sources: int
    groups: int
    failed: int
    bootstrap: int
    seed: int

    def headline(self) -> str:
        """Return in plain words which gate is better, as far as the intervals tell."""
        return " ".join(headline(self))

    def table(self) -> list[list[str]]:
        """Return the figures as rows of text for a terminal of 80 columns, the header first."""
        return table(self)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; NaN is None."""
        plain = asdict(self)
        for letter in ("a", "b"):
            plain[letter]["figures"] = _plain(getattr(self, letter).figures)
        return {"headline": self.headline(), **plain, "lead": _plain(self.lead)}


def compare_gates(
    a: Gate | RulesGate,
    b: Gate | RulesGate,
    corpus: Corpus,
    *,
    part: str = "test",
    risk: float | None = None,
    bootstrap: int = 1000,
    seed: int = 0,
) -> Versus:
    """Compare two gates on rows that neither has learned from or was calibrated on.

    Parameters
    ----------
    a, b : Gate or RulesGate
        Judges of images alone; one or both may be of rules.
    corpus : Corpus
        Labelled rows of one task and engine.
    part : {"test", "all"}
        ``"test"`` leaves out every row whose group made one of the gates, ``"all"`` nothing,
        which is no proof.
    risk : float, optional
        At which their coverages are compared; by default the stricter of their promises, or 5 %.
    bootstrap, seed : int
        Number of draws of whole groups for the intervals, 40 at least, and their seed. Both
        gates see the same draws.

    Returns
    -------
    Versus

    Raises
    ------
    CorpusError
        If no row is left.
    SettingsError
        If there is no such part, the risk is no share, or the draws are too few.
    """
    if part not in PARTS:
        raise SettingsError(f"expected a part of {', '.join(PARTS)}, got {part!r}")
    wanted = _risk(a.card, b.card) if risk is None else risk
    if not 0 < wanted < 1:
        raise SettingsError(f"expected a risk between 0 and 1, got {wanted}")
    if bootstrap < FEWEST_DRAWS:
        raise SettingsError(f"expected {FEWEST_DRAWS} resamples at least, got {bootstrap}")
    groups = corpus.column("group").astype(str)
    known = [made_from(gate.card, groups) for gate in (a, b)]
    seen = known[0] | known[1]
    kept = corpus.select(np.ones(len(corpus), bool) if part == "all" else ~seen)
    if not len(kept):
        raise CorpusError(_no_rows(_names(a, b), known))
    drawn = _drawn((a, b), kept, wanted, count=bootstrap, seed=seed)
    first, second = (
        Result(name, int(rows.sum()), mismatches(gate.card, kept).strip(), _estimates(figures))
        for name, rows, gate, figures in zip(_names(a, b), known, (a, b), drawn, strict=True)
    )
    return Versus(
        first,
        second,
        lead=_estimates({name: values - drawn[1][name] for name, values in drawn[0].items()}),
        risk=wanted,
        part=part,
        seen=bool(part == "all" and seen.any()),
        left_out=len(corpus) - len(kept),
        bootstrap=bootstrap,
        seed=seed,
        **facts(kept),
    )


def _drawn(
    gates: tuple[Gate | RulesGate, Gate | RulesGate],
    corpus: Corpus,
    risk: float,
    *,
    count: int,
    seed: int,
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Return the figures of both gates, on all rows and on the same draws of groups."""
    fails = np.asarray(corpus.fails, bool)
    both = [_contender(key, gate, corpus) for key, gate in zip("ab", gates, strict=True)]

    def everything(weights: Floats) -> dict[str, Floats]:
        found = {one.key: _figures(one, fails, weights, risk) for one in both}
        return {f"{key} {name}": v for key, part in found.items() for name, v in part.items()}

    drawn = resample(everything, corpus.column("group").astype(str), count=count, seed=seed)
    names = [key.removeprefix("a ") for key in drawn if key.startswith("a ")]
    first, second = ({name: drawn[f"{key} {name}"] for name in names} for key in "ab")
    return first, second


def _estimates(figures: Mapping[str, Floats]) -> dict[str, Estimate]:
    return {name: estimate(values) for name, values in figures.items()}


def _risk(a: Card, b: Card) -> float:
    return min((card.promise for card in (a, b) if card.promise), default=DEFAULT_PROMISE)


def _names(a: Gate | RulesGate, b: Gate | RulesGate) -> tuple[str, str]:
    """Return the names, told apart where they are the same."""
    first, second = a.card.name, b.card.name
    return (first, second) if first != second else (f"{first} (A)", f"{second} (B)")


def _contender(key: str, gate: Gate | RulesGate, corpus: Corpus) -> Contender:
    if isinstance(gate, RulesGate):
        scores = six_scores(corpus.X, corpus.names)
        return by_rules(key, gate.card.name, gate.limits, corpus, scores)
    return by_gate(key, gate.card.name, gate, corpus)


def _figures(
    contender: Contender, fails: NDArray[np.bool_], weights: Floats, risk: float
) -> dict[str, Floats]:
    every = np.ones_like(fails)
    unknown = np.full(len(weights), np.nan)
    return {
        **ranking(metrics.passing(contender.risk, fails, weights), risk),
        "brier": (
            metrics.brier(contender.risk, fails, weights) if contender.probability else unknown
        ),
        "coverage": metrics.weighted_share(contender.passes, every, weights),
        "risk": metrics.weighted_share(fails, contender.passes, weights),
    }


def _no_rows(names: tuple[str, str], known: list[NDArray[np.bool_]]) -> str:
    told = " and ".join(
        f"{name} knows the groups of {int(rows.sum()):,}"
        for name, rows in zip(names, known, strict=True)
    )
    return (
        f"no rows to compare on: of {len(known[0]):,} rows {told}. Label images that neither was "
        "made from, or see how they fare on all with --part all, which is no proof"
    )


def _plain(figures: Mapping[str, Estimate]) -> dict[str, Any]:
    return {name: part.to_dict() for name, part in figures.items()}
