"""What is said about a gate at work: one section a day or batch, and the whole."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from imagegate.models.gate import Gate
from imagegate.models.rules import RulesGate
from imagegate.monitoring.advice import Advice
from imagegate.monitoring.drift import by_signal
from imagegate.monitoring.feedback import Observed
from imagegate.monitoring.lines import By
from imagegate.monitoring.moved import Moved
from imagegate.pipeline.summary import Expected


@dataclass(frozen=True)
class Section:
    """What a report says about one day or batch, or about all images.

    Parameters
    ----------
    name : str
        The day or batch, or ``"all"``.
    images : int
        Pages; a broken file counts as one.
    routes : dict of str to int
        How many to use, repaired, for review, rejected, and ``"broken"``.
    passed_low, passed_high : float
        Wilson's 95 % interval of the share to use.
    reasons : dict of str to int
        The weightiest reason of those held back, the commonest first.
    unfamiliar, judged : int
        Images unlike anything in training, of how many with a verdict.
    expected : Expected or None
        Failures among those to use.
    moved : tuple of Moved
        Every measure against the reference; empty for the reference itself.
    observed : Observed or None
        What became of those labelled.
    advice : Advice
        What to do.
    """

    name: str
    images: int
    routes: dict[str, int]
    passed_low: float
    passed_high: float
    reasons: dict[str, int]
    unfamiliar: int
    judged: int
    expected: Expected | None
    moved: tuple[Moved, ...]
    observed: Observed | None
    advice: Advice

    @property
    def passed(self) -> int:
        """How many can be used as they are."""
        return self.routes["use"]

    @property
    def signals(self) -> dict[str, Moved]:
        """For every signal the measure that has moved most."""
        return by_signal(self.moved)

    def share(self, route: str) -> float:
        """Return the share of a route; NaN without images."""
        return self.routes[route] / self.images if self.images else math.nan

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "name": self.name,
            "images": self.images,
            "routes": self.routes,
            "pass_rate": {
                "value": self.share("use") if self.images else None,
                "low": round(self.passed_low, 6),
                "high": round(self.passed_high, 6),
            },
            "reasons": self.reasons,
            "unfamiliar": {"images": self.unfamiliar, "of": self.judged},
            "expected_failures": self.expected and self.expected.to_dict(),
            "drift": {
                "signals": {name: one.measure for name, one in self.signals.items()},
                "measures": [one.to_dict() for one in self.moved],
            },
            "observed": self.observed and self.observed.to_dict(),
            "advice": self.advice.to_dict(),
        }


@dataclass(frozen=True)
class Report:
    """What logs say about a gate at work.

    Parameters
    ----------
    gate : Gate or RulesGate
        Whose decisions they are.
    by : {"day", "batch"}
        What the periods are.
    against : str
        What drift is measured against: ``"training"`` or a day or batch.
    total : Section
        All images; without the period that drift is measured against, as far as drift goes.
    periods : tuple of Section
        Days in their order, batches as they came.
    advice : Advice
        The weightiest of all.
    notes : tuple of str
        What could not be read or matched, and what to bear in mind.
    """

    gate: Gate | RulesGate
    by: By
    against: str
    total: Section
    periods: tuple[Section, ...]
    advice: Advice
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "gate": self.gate.name,
            "gate_hash": self.gate.card.hash or None,
            "promise": self.gate.card.guaranteed_risk,
            "by": self.by,
            "against": self.against,
            "advice": self.advice.to_dict(),
            "total": self.total.to_dict(),
            "periods": [period.to_dict() for period in self.periods],
            "notes": list(self.notes),
        }
