"""Write down what a gate was made from: the counts, versions and settings of its card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagegate.features import VERSION
from imagegate.models.card import Card, Guarantee
from imagegate.training.corpus import Corpus
from imagegate.training.learning.learner import DEFAULT, LearnerSettings
from imagegate.training.split import PARTS

LIBRARIES = ("imagegate", "numpy", "scikit-learn")


@dataclass(frozen=True)
class Asked:
    """What the caller wants: name, promise or costs, seed, date, how much is tried."""

    name: str
    promise: float
    confidence: float
    costs: tuple[float, float] | None
    seed: int
    date: str
    settings: LearnerSettings = DEFAULT


@dataclass(frozen=True)
class Made:
    """What came out: measures, settings, thresholds, promise, guard, preset and tuned rules."""

    measures: tuple[str, ...]
    settings: Mapping[str, Any]
    thresholds: Mapping[str, float | None]
    guarantee: Guarantee | None
    guard: Mapping[str, float]
    rules: tuple[Mapping[str, float], Mapping[str, float]]


def make_card(corpus: Corpus, split: NDArray[np.str_], asked: Asked, made: Made) -> Card:
    """Return the card of a gate trained on a split corpus."""
    meta, groups = corpus.meta, corpus.column("group").astype(str)
    by_promise = asked.costs is None
    return Card(
        name=asked.name,
        task=str(meta["task"]),
        engine=str(meta["engine"]),
        engine_version=str(meta.get("engine_version", "")),
        limit=corpus.failure_threshold,
        measures=made.measures,
        features_version=int(meta.get("features_version", VERSION)),
        sets=tuple(set_facts(corpus, name) for name in np.unique(corpus.column("set").astype(str))),
        parts={part: counts(corpus, split == part) for part in PARTS},
        groups={part: tuple(np.unique(groups[split == part]).tolist()) for part in PARTS},
        seed=asked.seed,
        promise=asked.promise if by_promise else None,
        confidence=asked.confidence if by_promise else None,
        costs=asked.costs,
        guarantee=made.guarantee,
        thresholds=made.thresholds,
        guard=made.guard,
        settings=made.settings,
        rules_preset=made.rules[0],
        rules_tuned=made.rules[1],
        libraries={name: metadata.version(name) for name in LIBRARIES},
        date=asked.date,
    )


def counts(corpus: Corpus, mask: NDArray[np.bool_]) -> dict[str, int]:
    """Count rows, sources, groups and failures among some of the rows."""
    sources = corpus.column("source_id").astype(str)[mask]
    fails = np.asarray(corpus.fails[mask], bool)
    return {
        "rows": int(mask.sum()),
        "sources": len(np.unique(sources)),
        "groups": len(np.unique(corpus.column("group").astype(str)[mask])),
        "fails": int(fails.sum()),
        "failing_sources": len(np.unique(sources[fails])),
    }


def set_facts(corpus: Corpus, name: str) -> dict[str, Any]:
    """Count what came from one set, and name its licence."""
    facts = corpus.meta.get("sets", {}).get(name, {})
    licence = str(facts.get("licence", ""))
    return {
        "name": name,
        **counts(corpus, corpus.column("set").astype(str) == name),
        "licence": licence,
    }
