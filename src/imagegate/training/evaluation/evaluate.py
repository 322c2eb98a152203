"""Evaluate a gate beside rules, blur alone, other gates and the oracle on held-out sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import CorpusError, SettingsError
from imagegate.models.card import Card
from imagegate.models.gate import Gate
from imagegate.models.rules import RulesGate
from imagegate.stats.bootstrap import FEWEST_DRAWS, calibration_by_chance, resample
from imagegate.training.corpus import Corpus, check_labelled
from imagegate.training.evaluation.baselines import Baseline, baselines
from imagegate.training.evaluation.comparison import compare, reliability, responses, slices
from imagegate.training.evaluation.evaluation import Evaluation, Other
from imagegate.training.evaluation.mistakes import worst_mistakes

DEFAULT_RISK_TARGET = 0.05  # for gates without one, so that coverages can be compared at all
SPLITS = ("test", "calibration", "train", "all")
ADVICE = "Label other images, or see all with the split 'all', which is no proof"
MADE_FROM = ("train", "calibration")  # what a gate has seen, by way of its trees or thresholds


def evaluate(
    gate: Gate | RulesGate,
    corpus: Corpus,
    *,
    against: Sequence[Gate | RulesGate] = (),
    split: str = "test",
    risk: float | None = None,
    bootstrap: int = 1000,
    seed: int = 0,
    mistakes: int = 6,
    roots: dict[str, str] | None = None,
) -> Evaluation:
    """Compare a gate with its baselines on rows that it has not learned from.

    Parameters
    ----------
    gate : Gate or RulesGate
        Its card says what it has learned from and holds the tuned rules.
    corpus : Corpus
        Labelled rows, those of the gate's own training or others.
    against : sequence of Gate or RulesGate
        Other gates as more baselines. Differences are paired: every gate sees the same draws.
    split : {"test", "calibration", "train", "all"}
        Of a corpus that holds groups which a gate knows: which split. ``"test"`` leaves out
        every row of a group used for training or calibration, of this gate or of those it is
        compared with. The other splits are no proof, and the outcome says so.
    risk : float, optional
        At which coverages are compared; by default the lowest risk target of the gates, or 5 %.
    bootstrap, seed : int
        Number of draws of whole groups for the intervals, and their seed. A comparison with
        other gates takes 40 at least.
    mistakes : int
        How many false passes and how many false rejects to show at most.
    roots : dict, optional
        Where the sets of the corpus are now, by name, if they have moved: for the pictures.

    Returns
    -------
    Evaluation
        Plain values; ``to_dict()`` for JSON, ``headline()`` for people.

    Raises
    ------
    CorpusError
        If no row is left.
    SettingsError
        If there is no such split, the risk is no share, or the draws are too few.

    Examples
    --------
    >>> evaluate(gate, corpus, against=[load_gate("rules:ocr")]).headline()  # doctest: +SKIP
    """
    check_labelled(corpus)
    if against and bootstrap < FEWEST_DRAWS:
        raise SettingsError(f"expected {FEWEST_DRAWS} resamples at least, got {bootstrap}")
    cards = [one.card for one in (gate, *against)]
    target = _risk_target(cards, risk)
    chosen = choose_rows(corpus.groups, split, *cards)
    kept = corpus.select(chosen.mask)
    if not len(kept):
        raise CorpusError(f"no rows to evaluate on. {chosen.note} {ADVICE}")
    others = _others(cards, corpus, kept)
    named = {other.name: one for other, one in zip(others, against, strict=True)}
    judged = baselines(gate, kept, named)
    return Evaluation(
        **_facts(gate, kept),
        risk_target=target,
        split=split,
        split_note=chosen.note + _mismatches("The gate", gate.card, kept),
        seen=chosen.seen,
        left_out=len(corpus) - len(kept),
        **_figures(judged, kept, target, bootstrap, seed),
        mistakes=worst_mistakes(gate, kept, judged[0], count=mistakes, roots=roots),
        bootstrap=bootstrap,
        seed=seed,
        against=others,
    )


def _risk_target(cards: Sequence[Card], risk: float | None) -> float:
    if risk is None:
        return min((card.promise for card in cards if card.promise), default=DEFAULT_RISK_TARGET)
    if not 0 < risk < 1:
        raise SettingsError(f"expected a risk between 0 and 1, got {risk}")
    return risk


def _others(cards: Sequence[Card], corpus: Corpus, kept: Corpus) -> tuple[Other, ...]:
    """Return what is known of the gates after the first; a name taken before gets a number."""
    found = []
    for number, card in enumerate(cards[1:], start=1):
        taken = card.name in [before.name for before in cards[:number]]
        name = f"{card.name} ({number + 1})" if taken else card.name
        known = int(made_from(card, corpus.groups).sum())
        note = _mismatches(name, card, kept).strip()
        found.append(Other(f"against_{number}", name, known, note))
    return tuple(found)


def _figures(
    judged: tuple[Baseline, ...], rows: Corpus, risk_target: float, bootstrap: int, seed: int
) -> dict[str, Any]:
    """Return what is computed of the gate and its baselines."""
    draw = partial(resample, count=bootstrap, seed=seed)
    learned, chance = judged[0], np.nan
    if learned.probability:
        chance = calibration_by_chance(learned.risk, seed=seed)
    return {
        "results": compare(judged, rows, risk_target=risk_target, draw=draw, calibrated=chance),
        "slices": tuple(slices(judged, rows, draw=draw)),
        "responses": tuple(responses(learned, rows)),
        "reliability": tuple(reliability(learned, rows)),
        "calibration_by_chance": chance,
        "baselines": judged,
        "fails": rows.fails,
    }


def _facts(gate: Gate | RulesGate, corpus: Corpus) -> dict[str, Any]:
    """Return which gate is judged on how many rows of what."""
    counts, unfamiliar = corpus.counts(), 0
    if isinstance(gate, Gate):
        unfamiliar = int(gate.unfamiliar(corpus.matrix(gate.card.measures)).sum())
    return {
        "gate": gate.card.name,
        "card": gate.card,
        "task": str(corpus.meta["task"]),
        "engine": str(corpus.meta["engine"]),
        "failure_threshold": corpus.failure_threshold,
        **{name: counts[name] for name in ("rows", "sources", "groups")},
        "failed": counts["fails"],
        "unfamiliar": unfamiliar,
    }


def _mismatches(who: str, card: Card, corpus: Corpus) -> str:
    """Say where the rows are not what a gate was made for: allowed, but never in silence."""
    said = ""
    names = {"task": "task", "engine": "engine", "engine_version": "engine version"}
    for name, words in {**names, "limit": "failure threshold"}.items():
        mine, theirs = getattr(card, name), corpus.meta.get(name)
        if mine != theirs and (card.engine or name == "task"):  # rules are for any engine
            said += f" {who} was made for {words} {mine}, these rows are {theirs}."
    return said


@dataclass(frozen=True)
class Choice:
    """Which rows, in words too; ``seen`` if a gate was made from some of them."""

    mask: NDArray[np.bool_]
    seen: bool
    note: str


def choose_rows(groups: NDArray[np.str_], split: str, card: Card, *others: Card) -> Choice:
    """Return the rows of a split of a corpus, by the groups on the cards of the gates.

    ``"test"`` is every row whose group did not make a gate: the held-out split of its own corpus,
    and all of a foreign one. ``"train"`` and ``"calibration"`` are those of the first gate.
    """
    if split not in SPLITS:
        raise SettingsError(f"expected a split of {', '.join(SPLITS)}, got {split!r}")
    known = [made_from(one, groups) for one in (card, *others)]
    made = np.any(known, axis=0)
    masks = {"test": ~made, "all": np.ones(len(groups), bool)}
    mask = masks.get(split, np.isin(groups, np.array(card.groups.get(split, ()), dtype=str)))
    left_out = f"{int((~mask).sum()):,} of {len(mask):,} rows"
    if split != "test":
        note = f"Split {split!r}, on request; {left_out} left out."
    elif not made.any():
        note = "The gate was made from none of the groups in this corpus; every row counts."
    else:
        who = "a gate" if others else "the gate"
        each = zip((card, *others), known, strict=True)
        counts = ", ".join(f"{one.name} {int(rows.sum()):,}" for one, rows in each)
        note = f"Left out: {left_out}, because {who} was made from their groups"
        note += f" ({counts})." if others else "."
    return Choice(mask, bool((mask & made).any()), note)


def made_from(card: Card, groups: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Tell for every row whether the gate has learned from its group or was calibrated on it."""
    known = sorted({name for made in MADE_FROM for name in card.groups.get(made, ())})
    return np.isin(groups, np.array(known, dtype=str))
