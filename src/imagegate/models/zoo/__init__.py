"""Find a gate by name: those that ship, the rules, or a file."""

from __future__ import annotations

from pathlib import Path

from imagegate.errors import GateFileError, UnknownNameError
from imagegate.models.artifact import read_gate
from imagegate.models.calibration import Thresholds
from imagegate.models.gate import Gate
from imagegate.models.rules import PRESETS, RulesGate

__all__ = ["Gate", "RulesGate", "Thresholds", "gate_names", "load_gate"]

ZOO = Path(__file__).parent
SUFFIX = ".gate"
DEFAULTS = {"ocr": "ocr-tesseract"}  # the gate of a task that bears no engine's name itself


def gate_names() -> list[str]:
    """Return the names that :func:`load_gate` knows: the gates that ship, then the rules."""
    return [*(path.stem for path in _shipped()), *(f"rules:{task}" for task in PRESETS)]


def load_gate(name: str | Path) -> Gate | RulesGate:
    """Return a gate by name or from its file.

    Parameters
    ----------
    name : str or path
        A gate that ships (``"ocr-tesseract"``, or ``"ocr"`` for the default of the task), the
        rules of a task (``"rules:ocr"``), or the path of a gate file.

    Returns
    -------
    Gate or RulesGate
        Both have ``check``, ``check_many``, ``name`` and ``card``.

    Raises
    ------
    UnknownNameError
        If there is neither such a gate nor such a file.
    GateFileError
        If the file is damaged, newer than this version, or no gate.
    """
    text = str(name)
    if text.startswith("rules:"):
        return _rules(text)
    shipped = {path.stem: path for path in _shipped()}
    found = shipped.get(text) or shipped.get(DEFAULTS.get(text, ""))
    if found:
        return read_gate(found)
    if Path(name).is_file():
        return read_gate(Path(name))
    if Path(name).suffix == SUFFIX or Path(name).is_dir():
        raise GateFileError(f"{text}: expected a gate file there")
    raise UnknownNameError("gate or gate file", text, gate_names())


def _rules(name: str) -> RulesGate:
    task = name.removeprefix("rules:")
    if task not in PRESETS:
        raise UnknownNameError("gate", name, gate_names())
    return RulesGate.preset(task)


def _shipped() -> list[Path]:
    return sorted(ZOO.glob(f"*{SUFFIX}"))
