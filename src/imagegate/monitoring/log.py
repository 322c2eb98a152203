"""Read logs: which lines are decisions, of which gate, and of which day or batch."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np

from imagegate.errors import ImagegateError, SettingsError
from imagegate.models.artifact import load_gate
from imagegate.models.gate import OUTPUT_SUFFIX, Gate
from imagegate.models.rules import RulesGate
from imagegate.models.verdict import ACTION_OF, ACTIONS, Result, Row
from imagegate.text import shown

By = Literal["day", "batch"]
NO_DATE = "no date"
DAY = re.compile(r"\d{4}-\d\d-\d\d")
TIME = re.compile(rb'"time": ?"(%b)T' % DAY.pattern.encode())
TAIL_BYTES = 400  # the time is usually among the last keys of a line
ESCAPED_HALF = re.compile(rb"\\u[dD][89a-fA-F]")  # half of a character cannot be written
EMPTY = {**Result("").to_dict(), "gate_hash": None}
TEXTS = ("sha256", "gate_hash", "repair", "written", "error")
FURTHEST = float(np.finfo(np.float32).max)  # measures are float32


def _lines(log: Path) -> Iterator[bytes]:
    """Yield the lines of a log that are not empty."""
    try:
        with log.open("rb") as file:
            yield from (line for line in file if line.strip())
    except OSError as error:
        raise SettingsError(f"{log}: {error.strerror}") from error


def rows_of(log: Path) -> Iterator[Row | None]:
    """Yield every line as a row; None for a line that is not a decision."""
    yield from map(parse, _lines(log))


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


DECODER = json.JSONDecoder(parse_constant=_refuse)  # NaN and Infinity are not JSON


def parse(line: bytes) -> Row | None:
    """Return a line as a row with every key; None if it is not a decision."""
    try:
        found = DECODER.decode(line.decode("utf-8-sig"))
        if ESCAPED_HALF.search(line):
            json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    if not (isinstance(found, dict) and {"path", "decision", "gate"} <= found.keys()):
        return None
    row = {**EMPTY, **found}
    if isinstance(row["reasons"], list):
        row["reasons"] = [_with_cause(reason) for reason in row["reasons"]]
    return row if _texts_valid(row) and _numbers_valid(row) else None


def _with_cause(reason: Any) -> Any:
    """Return a reason with its cause, which logs of earlier versions call its signal."""
    earlier = isinstance(reason, dict) and "cause" not in reason and "signal" in reason
    return {**reason, "cause": reason["signal"]} if earlier else reason


def _texts_valid(row: Row) -> bool:
    """Tell whether texts, decision, route and page are valid."""
    return (
        isinstance(row["path"], str)
        and isinstance(row["gate"], str)
        and all(row[name] is None or isinstance(row[name], str) for name in TEXTS)
        and (row["decision"] in (*ACTION_OF,) or (row["decision"] is None and bool(row["error"])))
        and row["route"] in (*ACTIONS, None)
        and type(row["page"]) is int
        and row["page"] > 0
    )


def _numbers_valid(row: Row) -> bool:
    """Tell whether reasons, probabilities and measures are valid."""
    reasons, measures = row["reasons"], row["measures"]
    return (
        isinstance(reasons, list)
        and all(isinstance(r, dict) and isinstance(r.get("cause"), str) for r in reasons)
        and _number(row["p_fail"], 0, 1)
        and _number(row["p_repaired"], 0, 1)
        and isinstance(measures, dict)
        and all(_number(value, -FURTHEST, FURTHEST) for value in measures.values())
    )


def _number(value: Any, low: float, high: float) -> bool:
    return value is None or (type(value) in (int, float) and low <= value <= high)


def period_of(row: Row, by: By, log: Path) -> str:
    """Return the day or batch of a row; without a batch, the name of its file."""
    return day_of(row) if by == "day" else str(row.get("batch") or shown(log.stem))


def day_of(row: Row) -> str:
    """Return the day of a row, ``"no date"`` if it has none."""
    found = DAY.match(str(row.get("time")))
    return found[0] if found else NO_DATE


def default_by(logs: Sequence[Path]) -> By:
    """Return ``"day"`` if the logs are about several days, else ``"batch"``."""
    days: set[str] = set()
    for log in logs:
        for line in _lines(log):
            days.add(_day_of_line(line))
            if len(days - {NO_DATE}) > 1:
                return "day"
    return "batch"


def _day_of_line(line: bytes) -> str:
    """Return the day of a line; parse all of it only if the time is not at its end."""
    times = TIME.findall(line[-TAIL_BYTES:])
    if times:
        return str(times[-1], "ascii")
    row = parse(line) if b'"time"' in line else None
    return day_of(row) if row else NO_DATE


def is_of(row: Row, gate: Gate | RulesGate) -> bool:
    """Tell whether a gate made a decision; a broken file may have the gate by an alias."""
    logged = row["gate_hash"]
    if logged and gate.card.hash and logged != gate.card.hash:
        return False
    return row["gate"] == gate.name or (row["decision"] is None and not logged)


def gate_of(logs: Sequence[Path], name: str | None) -> Gate | RulesGate:
    """Return a gate by its name or file; by default the one of the first decision of the logs."""
    if name:
        return _load(name)
    rows = (row for log in logs for row in rows_of(log) if row and row["decision"])
    first = next(rows, None)
    if first is None:
        files = ", ".join(map(str, logs))
        raise SettingsError(f"{files}: no line is a decision of imagegate")
    name, logged = str(first["gate"]), first["gate_hash"]
    try:
        gate = _load(name)
    except ImagegateError:
        raise SettingsError(
            f"the log was made by the gate {name!r}, which is not bundled: give its file "
            "with --gate"
        ) from None
    if logged and gate.card.hash != logged:
        raise SettingsError(
            f"the log was made by another version of the gate {name!r} ({logged[:12]}, this is "
            f"{gate.card.hash[:12]}): give its file with --gate"
        )
    return gate


def _load(name: str) -> Gate | RulesGate:
    """Return a gate by name or file; with ``+output`` the one that judges outputs."""
    if not name.endswith(OUTPUT_SUFFIX):
        return load_gate(name)
    gate = load_gate(name.removesuffix(OUTPUT_SUFFIX))
    if not isinstance(gate, Gate) or gate.output is None:
        raise SettingsError(f"{gate.name} has no check of outputs")
    return gate.output
