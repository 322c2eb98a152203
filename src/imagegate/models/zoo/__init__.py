"""Find a gate by name: those that ship, the rules, or a file."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from imagegate.errors import GateFileError, UnknownNameError
from imagegate.models.artifact import read_gate
from imagegate.models.gate import Gate

if TYPE_CHECKING:
    from imagegate.models.rules import RulesGate

ZOO = Path(__file__).parent
SUFFIX = ".gate"
RULES = "rules:"
# The gate of a task whose gates are named after engines: that of the task's default engine.
ALIASES = {"ocr": "ocr-tesseract"}


def gate_names() -> list[str]:
    """Return the names that :func:`load_gate` knows: the gates that ship, then the rules."""
    from imagegate.models.rules import PRESETS  # with all tasks: no learned gate needs them

    return [*(path.stem for path in _shipped()), *(f"{RULES}{task}" for task in PRESETS)]


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
    if text.startswith(RULES):
        return _rules(text)
    shipped = {path.stem: path for path in _shipped()}
    found = shipped.get(text) or shipped.get(ALIASES.get(text, ""))
    if found:
        return read_gate(found)
    if Path(name).is_file():
        return read_gate(Path(name))
    if Path(name).suffix == SUFFIX or Path(name).is_dir():
        raise GateFileError(f"{text}: expected a gate file there{_hint(Path(name))}")
    raise UnknownNameError("gate or gate file", text, [*gate_names(), *ALIASES])


def _rules(name: str) -> RulesGate:
    from imagegate.models.rules import PRESETS, RulesGate

    task = name.removeprefix(RULES)
    if task not in PRESETS:
        raise UnknownNameError("gate", name, gate_names())
    return RulesGate.preset(task)


def _hint(missing: Path) -> str:
    there = [path.name for path in missing.parent.glob(f"*{SUFFIX}")]
    near = get_close_matches(missing.name, there, n=1)
    return f". Did you mean {str(missing.with_name(near[0]))!r}?" if near else ""


def _shipped() -> list[Path]:
    return sorted(ZOO.glob(f"*{SUFFIX}"))
