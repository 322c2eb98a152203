"""The closing words of a run: how many went where, why, and how many failures to expect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from imagegate.models.verdict import ACTIONS, BROKEN, Row, route_of
from imagegate.models.zoo import Gate, RulesGate
from imagegate.pipeline.counting import counted
from imagegate.pipeline.expected import Chances, Expected, expected_failures

MOST_ERRORS = 3  # that the summary spells out
WORDS = {
    "use": "to use",
    "repair": "repaired",
    "review": "for review",
    "reject": "rejected",
    BROKEN: "broken",
}


@dataclass
class Tally:
    """Counts rows as they go by, in a memory that does not grow with them."""

    routes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)
    used: Chances = field(default_factory=Chances)
    mended: Chances = field(default_factory=Chances)
    errors: list[str] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Count one row."""
        route = route_of(row)
        self.routes[route] += 1
        if route == "use":
            self.used.add(row["p_fail"])
        elif route == "repair":
            self.repairs[row["repair"]] += 1
            self.mended.add(row["p_repaired"])
        elif route == BROKEN:
            self.errors = [*self.errors, row["error"]][:MOST_ERRORS]
        elif row["reasons"]:
            self.reasons[row["reasons"][0]["cause"]] += 1

    @property
    def images(self) -> int:
        """How many rows were counted."""
        return self.routes.total()

    @property
    def passed(self) -> int:
        """How many of them can be used as they are."""
        return self.routes["use"]

    def watch(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield rows, counted."""
        for row in rows:
            self.add(row)
            yield row

    def note(self) -> str:
        """Return how it looks so far, in a few words."""
        if not self.images:
            return ""
        broken = f", {self.routes[BROKEN]:,} broken" if self.routes[BROKEN] else ""
        return f"{100 * self.passed / self.images:.0f} % to use{broken}"

    def summary(self, gate: Gate | RulesGate, *, promised: bool) -> Summary:
        """Return what it comes to; ``promised`` tells whether the gate's promise is kept to."""
        return Summary(
            gate=gate.name,
            images=self.images,
            routes={key: self.routes[key] for key in (*ACTIONS, BROKEN)},
            reasons=dict(self.reasons.most_common()),
            repairs=dict(self.repairs.most_common()),
            expected=expected_failures(gate, self.used),
            mended=self.mended.total,
            errors=tuple(self.errors),
            promise=gate.card.promise_text() if promised and isinstance(gate, Gate) else None,
        )


@dataclass(frozen=True)
class Summary:
    """What a run comes to.

    Parameters
    ----------
    gate : str
        Who decided.
    images : int
        Pages; a file of one picture has one, a broken file counts as one.
    routes : dict of str to int
        How many to use, repaired, for review, rejected, and ``"broken"``.
    reasons : dict of str to int
        The weightiest reason of those for review or rejected, the commonest first.
    repairs : dict of str to int
        What was mended, the commonest first.
    expected : Expected or None
        Failures among those to use; None for rules.
    mended : float
        The sum of ``p_fail`` of the repaired images. The gate has not learned from such images.
    errors : tuple of str
        The first few.
    promise : str or None
        What the gate says that its passing means; None for rules, and where a policy lets more
        images through.
    """

    gate: str
    images: int
    routes: dict[str, int]
    reasons: dict[str, int]
    repairs: dict[str, int]
    expected: Expected | None
    mended: float
    errors: tuple[str, ...]
    promise: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        expected = self.expected.to_dict() if self.expected else None
        plain = {**vars(self), "expected": expected, "first_errors": list(self.errors)}
        del plain["errors"]
        return plain

    def lines(self) -> list[str]:
        """Return plain sentences."""
        counts = ", ".join(f"{n:,} {WORDS[key]}" for key, n in self.routes.items() if n)
        lines = [f"{counted(self.images, 'image')}: {counts or 'none'}"]
        if self.errors:
            more = self.routes[BROKEN] - len(self.errors)
            lines += [f"broken: {error}" for error in self.errors]
            lines += [f"… and {more:,} more"] if more else []
        if self.reasons:
            lines.append(f"held back for: {_listed(self.reasons)}")
        if self.repairs:
            count = self.routes["repair"]
            lines.append(
                f"mended: {_listed(self.repairs)}; about {self.mended:.1f} of {count:,} will fail, "
                "by the word of a gate that has not learned from mended images"
            )
        if self.expected and self.expected.images:
            lines.append(f"of those to use {self.expected.sentence()}")
        if self.promise:
            lines.append(f"promise of {self.gate}: {self.promise}")
        return lines


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
