"""The log of decisions: one JSON line each, only ever appended to."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imagegate import features
from imagegate.errors import SettingsError
from imagegate.models.gate import Gate
from imagegate.models.verdict import Result
from imagegate.pipeline.files import is_url
from imagegate.text import shown

if TYPE_CHECKING:
    from imagegate.models.rules import RulesGate


class DecisionLog:
    """Appends decisions to a file; several programs may write to the same one.

    Parameters
    ----------
    path : str or Path
        A local file, for storages cannot append; its folder is made if need be.
    gate : Gate or RulesGate
        Who decides.
    batch : str
        What the decisions belong together as, such as the name of a run or a customer.

    Raises
    ------
    SettingsError
        If nothing can be appended there, or something else than a log is there.

    Examples
    --------
    >>> import tempfile
    >>> from imagegate.models.artifact import load_gate
    >>> from imagegate.models.verdict import Result
    >>> file = Path(tempfile.mkdtemp()) / "decisions.jsonl"
    >>> log = DecisionLog(file, load_gate("rules:ocr"))
    >>> log.append([Result("a.png", "rules:ocr", error="broken")])
    >>> len(file.read_text().splitlines())
    1
    """

    def __init__(self, path: str | Path, gate: Gate | RulesGate, *, batch: str = "") -> None:
        if is_url(str(path)):
            raise SettingsError(f"{path}: a log is a local file; a storage cannot append to one")
        self.path = Path(path)
        self.facts = {
            "batch": shown(batch),
            "gate_hash": gate.card.hash,
            "imagegate": metadata.version("imagegate"),
            "features_version": features.VERSION,
        }
        _check(self.path)

    def append(self, results: Iterable[Result]) -> None:
        """Append decisions as of now.

        One write of whole lines to a file opened for appending: lines of several programs do not
        mix, and what was there before is never touched.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        facts: dict[str, Any] = {**self.facts, "time": now()}  # last, where it is found soonest
        rows = ({**one.to_dict(), **facts} for one in results)
        lines = [json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows]
        if self._torn():
            lines.insert(0, "\n")
        with self.path.open("ab", buffering=0) as file:
            data = memoryview("".join(lines).encode("utf-8"))
            while data:
                data = data[file.write(data) :]

    def _torn(self) -> bool:
        """Tell whether the last line has no end: a program was killed while it wrote."""
        with self.path.open("a+b") as file:
            if not file.tell():
                return False
            file.seek(-1, os.SEEK_END)
            return file.read() != b"\n"


def _check(path: Path) -> None:
    """Raise SettingsError if it cannot be appended to, or is something else than a log."""
    try:
        begins = b""
        if path.exists():
            with path.open("r+b") as file:
                begins = file.read(1)
        elif not os.access(next(filter(Path.exists, path.absolute().parents)), os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise SettingsError(f"{path}: no log can be written there ({error.strerror})") from error
    if begins not in (b"", b"{"):
        raise SettingsError(f"{path} already exists and is not a log: choose another name")


def now() -> str:
    """Return the time in UTC, to the second, as ISO 8601 has it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
