"""Read the lines of logs: what is a decision and what is not, and of which day it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np

from imagegate.errors import SettingsError
from imagegate.models.verdict import ACTION_OF, ACTIONS, Result, Row
from imagegate.text import shown

By = Literal["day", "batch"]
NO_DATE = "no date"
DAY = re.compile(r"\d{4}-\d\d-\d\d")
TIME = re.compile(rb'"time": ?"(%b)T' % DAY.pattern.encode())
TAIL_BYTES = 400  # the time is among the last keys of a line, as a rule
ESCAPED_HALF = re.compile(rb"\\u[dD][89a-fA-F]")  # of a character; alone it cannot be written
EMPTY = {**Result("").to_dict(), "gate_hash": None}
TEXTS = ("sha256", "gate_hash", "repair", "written", "error")
FURTHEST = float(np.finfo(np.float32).max)  # measures are float32


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


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


DECODER = json.JSONDecoder(parse_constant=_refuse)  # NaN and Infinity are no JSON


def parsed(line: bytes) -> Row | None:
    """Return a line as a row with every key, None if it is no decision."""
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
    return row if _said(row) and _measured(row) else None


def _with_cause(reason: Any) -> Any:
    """Return a reason with its cause, which logs of earlier versions call its signal."""
    earlier = isinstance(reason, dict) and "cause" not in reason and "signal" in reason
    return {**reason, "cause": reason["signal"]} if earlier else reason


def _said(row: Row) -> bool:
    """Tell whether what is said in words and whole numbers is sound."""
    return (
        isinstance(row["path"], str)
        and isinstance(row["gate"], str)
        and all(row[name] is None or isinstance(row[name], str) for name in TEXTS)
        and (row["decision"] in (*ACTION_OF,) or (row["decision"] is None and bool(row["error"])))
        and row["route"] in (*ACTIONS, None)
        and type(row["page"]) is int
        and row["page"] > 0
    )


def _measured(row: Row) -> bool:
    """Tell whether reasons, chances and readings are sound."""
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
    """Return the day or the batch of a row; without a batch, the name of its file."""
    if by == "day":
        return day_of(row)
    return str(row.get("batch") or shown(log.stem))


def day_of(row: Row) -> str:
    """Return the day of a row as it is written, ``"no date"`` if there is none."""
    found = DAY.match(str(row.get("time")))
    return found[0] if found else NO_DATE


def usual_by(logs: Sequence[Path]) -> By:
    """Return ``"day"`` if the logs are about several days, else ``"batch"``."""
    days: set[str] = set()
    for log in logs:
        for line in lines_of(log):
            days.add(_day_at_the_end(line))
            if len(days - {NO_DATE}) > 1:
                return "day"
    return "batch"


def _day_at_the_end(line: bytes) -> str:
    """Return the day of a line; all of it is only read if the time is not at its end."""
    times = TIME.findall(line[-TAIL_BYTES:])
    if times:
        return str(times[-1], "ascii")
    row = parsed(line) if b'"time"' in line else None
    return day_of(row) if row else NO_DATE
