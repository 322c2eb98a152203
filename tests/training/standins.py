"""A gate and a corpus made of chance: quick to build, with known truth."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from imagegate.degrade import chain_to_json, single_chain
from imagegate.features import LEARNABLE, MEASURES, SCORES
from imagegate.models.card import Card, Guarantee
from imagegate.models.rules import PRESETS
from imagegate.training.corpus import Corpus

EDGE, STROKE = "blur.edge_width_px", "text.stroke_width_px"


def corpus(*, sources: int = 80, variants: int = 6, seed: int = 0) -> Corpus:
    """Make rows whose chance to fail follows the edge width, half of them degraded."""
    rng = np.random.default_rng(seed)
    source = np.repeat(np.arange(sources), variants)
    rows = source.size
    variant = np.tile(np.arange(variants), sources)
    severity = np.where(variant == 0, 0, rng.integers(1, 6, rows))
    cause = np.where(
        variant == 0, "clean", np.array([*SCORES, "mixture"])[rng.integers(0, 7, rows)]
    )
    edge = 2 + severity * rng.uniform(0.3, 1.6, rows) + rng.normal(0, 0.5, sources)[source]
    stroke = rng.uniform(1, 4, rows)
    truth = chance(edge, stroke)
    names = tuple(MEASURES)
    X = np.full((rows, len(names)), np.nan, np.float32)
    X[:, names.index(EDGE)], X[:, names.index(STROKE)] = edge, stroke
    X[:, names.index("blur.laplacian_variance")] = 900 / edge + rng.normal(0, 120, rows)
    loss = np.where(rng.random(rows) < truth, rng.uniform(0.31, 1, rows), rng.uniform(0, 0.3, rows))
    chains = [
        chain(str(c), int(s), int(i)) for c, s, i in zip(cause, severity, source, strict=True)
    ]
    text = {
        "row_id": [f"pages/{s}#{v:03d}" for s, v in zip(source, variant, strict=True)],
        "source_id": [f"pages/{s}" for s in source],
        "group": [f"g{s // 2}" for s in source],
        "set": np.where(source % 3 == 0, "receipts", "pages"),
        "path": [f"pages:{s}" for s in source],
        "chain": chains,
        "cause": cause,
    }
    columns = {name: np.array(list(values), dtype=object) for name, values in text.items()}
    columns |= {
        "severity": severity.astype(np.int8),
        "seed": np.arange(rows),
        "reference_px": np.full(rows, 10.0),
        "width": np.full(rows, 800),
        "height": np.full(rows, 600),
        "loss": loss.astype(np.float32),
        "confidence": np.full(rows, np.nan, np.float32),
    }
    meta = {
        "task": "ocr",
        "engine": "tesseract",
        "engine_version": "5",
        "limit": 0.3,
        "text": True,
        "sets": {"pages": {"root": ""}, "receipts": {"root": "/nowhere"}},
    }
    return Corpus(meta, columns, X, names)


def chance(edge: np.ndarray, stroke: np.ndarray) -> np.ndarray:
    """Return the true chance of failure: wide edges and thin strokes."""
    return 1 / (1 + np.exp(-(edge - 5) * 1.5 + (stroke - 2.5) * 2))


def chain(cause: str, severity: int, seed: int) -> str:
    """Return a chain in JSON that fits a cause."""
    names = {"blur": "blur.gaussian", "noise": "noise.gaussian"}
    steps = single_chain(names[cause], severity, seed) if cause in names else ()
    return chain_to_json(steps)


@dataclass(frozen=True)
class Gate:
    """Answers as a learned gate does; ``shift`` makes it wrong, ``noise`` makes it blind."""

    card: Card
    shift: float = 0.0
    blind: bool = False
    output: Any = None
    calls: list[Any] = field(default_factory=list)

    def p_fail(self, X: np.ndarray) -> np.ndarray:
        """Return the true chance of failure, or one that knows nothing."""
        if self.blind:
            return np.full(len(X), 0.5)
        edge, stroke = (X[:, self.card.measures.index(n)].astype(float) for n in (EDGE, STROKE))
        return np.clip(chance(edge, stroke) + self.shift, 0, 1)

    def passes(self, X: np.ndarray) -> np.ndarray:
        """Pass up to a probability of 0.12."""
        return self.p_fail(X) <= 0.12

    def unfamiliar(self, X: np.ndarray) -> np.ndarray:
        """Find nothing odd."""
        return np.zeros(len(X), bool)

    def check(self, image: Any, *, output: Any = None, second: Any = None) -> Any:
        """Return a verdict with no reasons."""
        from imagegate.models.verdict import Reason, Verdict

        told = ("Hold still.", "Edges are 6.1 px wide.", EDGE, 6.1, "px", (2.0, 3.5))
        reason = Reason("blur.focus", 0.8, 0.6, *told)
        return Verdict("reject", False, 0.9, 10, (reason,), {}, {}, self.card.name)


def card(groups: dict[str, tuple[str, ...]] | None = None, **facts: Any) -> Card:
    """Return a card that promises 5 % and has preset and tuned rules."""
    plain = {
        "name": "my-gate",
        "task": "ocr",
        "engine": "tesseract",
        "engine_version": "5",
        "limit": 0.3,
        "measures": tuple(LEARNABLE),
        "promise": 0.05,
        "confidence": 0.95,
        "guarantee": Guarantee(0.05, 0.95, True, 200, 90, 1, 0.045),
        "rules_preset": asdict(PRESETS["ocr"]),
        "rules_tuned": asdict(PRESETS["ocr"]) | {"blur_score": 70.0},
        "groups": groups or {},
    }
    return Card(**(plain | facts))
