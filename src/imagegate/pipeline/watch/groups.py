"""Read logs of decisions line by line, by day or batch, in a memory that does not grow."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from imagegate.errors import ImagegateError, SettingsError
from imagegate.models.beside import SUFFIX
from imagegate.models.gate import Gate, RulesGate, load_gate
from imagegate.pipeline.record import FILE_FACTS, NO_VERDICT, Row
from imagegate.pipeline.route import ACTIONS
from imagegate.pipeline.summary import Tally
from imagegate.pipeline.watch.feedback import Feedback
from imagegate.pipeline.watch.reference import Cells, Reference

By = Literal["day", "batch"]
NO_DATE = "no date"
BUFFER = 128  # rows that are counted in their cells together
DAY = re.compile(rb'"time": ?"(\d{4}-\d\d-\d\d)T')
TAIL_BYTES = 400  # time is among the last keys of a line


@dataclass(eq=False)
class Group:
    """What happened to the images of one day or batch, or of all.

    Parameters
    ----------
    name : str
        The day, the batch, or ``"all"``.
    cells : Cells or None
        Their readings; None for rules, which have no training to compare with.
    tally : Tally
        Routes, reasons and chances.
    unfamiliar, beyond : int
        How many the guard held back; how many were used beyond the gate's own threshold.
    """

    name: str
    cells: Cells | None
    tally: Tally = field(default_factory=Tally)
    unfamiliar: int = 0
    beyond: int = 0
    buffer: list[list[float]] = field(default_factory=list)

    def add(self, row: Row, passing: float | None) -> None:
        """Count one row; ``passing`` is the gate's own threshold, None for rules."""
        self.tally.add(row)
        reasons = row["reasons"]
        self.unfamiliar += bool(reasons) and reasons[0]["signal"] == "unfamiliar"
        p_fail = row["p_fail"]
        used = route_of(row) == "use"
        self.beyond += used and passing is not None and (p_fail is None or p_fail > passing)
        if self.cells and row["decision"]:
            read = row["measures"].get
            names = self.cells.reference.measures
            self.buffer.append([np.nan if (x := read(n)) is None else float(x) for n in names])
            if len(self.buffer) >= BUFFER:
                self.count()

    def count(self) -> None:
        """Count the readings of the rows that wait."""
        if self.cells and self.buffer:
            self.cells.add(np.array(self.buffer))
            self.buffer.clear()

    @property
    def judged(self) -> int:
        """How many images there is a verdict on."""
        return self.tally.images - self.tally.routes["broken"]


@dataclass(eq=False)
class Watched:
    """All that was found in some logs.

    Parameters
    ----------
    by : {"day", "batch"}
        What the groups are.
    groups : dict of str to Group
        Days in their order, batches as they came.
    total : Group
        All of them together.
    unreadable : int
        Lines that are no decision, such as one that was cut off.
    others : Counter
        Lines of other gates, by name and hash.
    """

    by: By
    total: Group
    groups: dict[str, Group] = field(default_factory=dict)
    unreadable: int = 0
    others: Counter[tuple[str, str]] = field(default_factory=Counter)


def read_logs(
    logs: Sequence[Path],
    gate: Gate | RulesGate,
    reference: Reference | None,
    *,
    by: By | None = None,
    feedback: Feedback | None = None,
) -> Watched:
    """Read every line of the logs.

    Parameters
    ----------
    logs : sequence of Path
        Logs of decisions, or verdicts of ``imagegate check --json``.
    gate : Gate or RulesGate
        Whose decisions are asked about; those of others are counted and left out.
    reference : Reference or None
        Its cells are counted in.
    by : {"day", "batch"}, optional
        By default days, if the logs are about several.
    feedback : Feedback, optional
        Is told of every line.

    Raises
    ------
    SettingsError
        If a log cannot be read.
    """
    found = Watched(by or usual_grouping(logs), _group("all", reference))
    passing = own_threshold(gate)
    for log in logs:
        for row in rows_of(log):
            if row is None:
                found.unreadable += 1
            elif not is_of(row, gate):
                found.others[str(row["gate"]), str(row.get("gate_hash") or "")] += 1
            else:
                name = group_of(row, found.by, log)
                if name not in found.groups:
                    found.groups[name] = _group(name, reference)
                found.groups[name].add(row, passing)
                found.total.tally.add(row)
                if feedback:
                    used, p_fail = route_of(row) == "use", given_p(row)
                    feedback.match(row, group=name, used=used, p_fail=p_fail)
    return finished(found)


def own_threshold(gate: Gate | RulesGate) -> float | None:
    """Return up to which probability a gate passes by itself; None for rules."""
    if not isinstance(gate, Gate):
        return None
    return -1.0 if gate.thresholds.passing is None else gate.thresholds.passing


def finished(found: Watched) -> Watched:
    """Count what waits, put days in order, and sum up."""
    if found.by == "day":
        found.groups = dict(sorted(found.groups.items()))
    for group in found.groups.values():
        group.count()
        found.total.unfamiliar += group.unfamiliar
        found.total.beyond += group.beyond
        if group.cells and found.total.cells:
            found.total.cells.merge(group.cells)
    return found


def _group(name: str, reference: Reference | None) -> Group:
    return Group(name, Cells(reference) if reference else None)


def lines_of(log: Path) -> Iterator[bytes]:
    """Yield the lines of a log that are not empty."""
    try:
        with log.open("rb") as file:
            yield from (line for line in file if line.strip())
    except OSError as error:
        raise SettingsError(f"{log}: {error.strerror}") from error


def rows_of(log: Path) -> Iterator[Row | None]:
    """Yield every line as a row; None for what is no decision."""
    yield from map(parsed, lines_of(log))


def parsed(line: bytes) -> Row | None:
    """Return a line as a row with every key, None if it is no decision."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not (isinstance(found, dict) and {"path", "decision", "gate"} <= found.keys()):
        return None
    row = {**FILE_FACTS, **NO_VERDICT, **found}
    sound = (
        isinstance(row["measures"], dict)
        and isinstance(row["reasons"], list)
        and all(isinstance(reason, dict) and "signal" in reason for reason in row["reasons"])
        and row["route"] in (*ACTIONS, None)
        and all(isinstance(row[name], int | float | None) for name in ("p_fail", "p_repaired"))
        and all(isinstance(value, int | float | None) for value in row["measures"].values())
    )
    return row if sound else None


def route_of(row: Row) -> str | None:
    """Return the route; where there is none, whether the image would be used."""
    return row["route"] or ("use" if row["decision"] == "pass" else row["decision"])


def given_p(row: Row) -> float | None:
    """Return the chance of failure of what the engine was given."""
    p_fail = row["p_repaired"] if row["route"] == "repair" else row["p_fail"]
    return None if p_fail is None else float(p_fail)


def group_of(row: Row, by: By, log: Path) -> str:
    """Return the day or the batch of a row; without one, the name of its file."""
    if by == "day":
        return str(row.get("time") or NO_DATE)[: max(10, len(NO_DATE))]
    return str(row.get("batch") or log.stem)


def usual_grouping(logs: Sequence[Path]) -> By:
    """Return ``"day"`` if the logs are about several days, else ``"batch"``."""
    days: set[bytes] = set()
    for log in logs:
        for line in lines_of(log):
            days.update(DAY.findall(line[-TAIL_BYTES:])[-1:])
            if len(days) > 1:
                return "day"
    return "batch"


def is_of(row: Row, gate: Gate | RulesGate) -> bool:
    """Tell whether a gate made a decision; a broken file may bear the name it was asked by."""
    written = row.get("gate_hash")
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
    first: dict[str, Any] | None = next(rows, None)
    if first is None:
        names = ", ".join(map(str, logs))
        raise SettingsError(f"{names}: no line is a decision of imagegate")
    name, written = str(first["gate"]), first.get("gate_hash")
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
    if not name.endswith(SUFFIX):
        return load_gate(name)
    gate = load_gate(name.removesuffix(SUFFIX))
    if not isinstance(gate, Gate) or gate.output is None:
        raise SettingsError(f"{gate.name} has no check of outputs")
    return gate.output
