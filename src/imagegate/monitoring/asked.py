"""Find the gate that logs are about, and tell its decisions from those of others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from imagegate.errors import ImagegateError, SettingsError
from imagegate.models.gate import OUTPUT_SUFFIX, Gate
from imagegate.models.rules import RulesGate
from imagegate.models.verdict import Row
from imagegate.models.zoo import load_gate
from imagegate.monitoring.lines import rows_of


def is_of(row: Row, gate: Gate | RulesGate) -> bool:
    """Tell whether a gate made a decision; a broken file may bear the name it was asked by."""
    written = row["gate_hash"]
    if written and gate.card.hash and written != gate.card.hash:
        return False
    return row["gate"] == gate.name or (row["decision"] is None and not written)


def gate_of(logs: Sequence[Path], asked: str | None) -> Gate | RulesGate:
    """Return the gate asked for, or the one that made the first decision of the logs.

    Raises
    ------
    SettingsError
        If no line is a decision, or its gate is not at hand by its name.
    """
    if asked:
        return named(asked)
    rows = (row for log in logs for row in rows_of(log) if row and row["decision"])
    first = next(rows, None)
    if first is None:
        names = ", ".join(map(str, logs))
        raise SettingsError(f"{names}: no line is a decision of imagegate")
    name, written = first["gate"], first["gate_hash"]
    try:
        gate = named(name)
    except ImagegateError:
        raise SettingsError(
            f"the log was made by the gate {name!r}, which is not one that ships: give its file "
            "with --gate"
        ) from None
    if written and gate.card.hash != written:
        raise SettingsError(
            f"the log was made by another version of the gate {name!r} ({written[:12]}, this is "
            f"{gate.card.hash[:12]}): give its file with --gate"
        )
    return gate


def named(name: str) -> Gate | RulesGate:
    """Return a gate by name or file, with ``+output`` the one that judges outputs."""
    if not name.endswith(OUTPUT_SUFFIX):
        return load_gate(name)
    gate = load_gate(name.removesuffix(OUTPUT_SUFFIX))
    if not isinstance(gate, Gate) or gate.output is None:
        raise SettingsError(f"{gate.name} has no check of outputs")
    return gate.output
