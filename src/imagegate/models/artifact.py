"""Find, read and write gates: a file is a zip of ``card.json`` and plain arrays, never a pickle.

A gate that can judge outputs too carries a second gate file, ``output.gate``, which carries none.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
import zlib
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from imagegate.errors import GateFileError, UnknownNameError
from imagegate.features import EDITS, MEASURES, output_measures, version_of
from imagegate.models.calibration import Calibration, History
from imagegate.models.card import Card
from imagegate.models.forest import Forest
from imagegate.models.gate import Gate
from imagegate.models.ood import OutOfDistributionDetector
from imagegate.models.reasons import Diagnosis

if TYPE_CHECKING:
    from imagegate.models.rules import RulesGate

ZOO = Path(__file__).parent / "zoo"
SUFFIX = ".gate"
RULES = "rules:"
# The gate of a task whose gates are named after engines: that of the task's default engine.
ALIASES = {"ocr": "ocr-tesseract"}

FORMAT = 2  # 1 had no diagnosis, and the typical image instead
CARD = "card.json"
INNER = "output.gate"
MOST_BYTES = 8_000_000  # of one member, unpacked; gates that ship hold 2 MB at most
EARLIEST = (1980, 1, 1, 0, 0, 0)  # the same time in every file: the same gate, the same bytes

Kinds = dict[str, tuple[str, int]]  # by the name of an array: its type and number of dimensions
Arrays = dict[str, NDArray[Any]]

FOREST: Kinds = {
    "roots": ("<i4", 1),
    "left": ("<i4", 1),
    "feature": ("<i2", 1),
    "threshold": ("<f8", 1),
    "missing_left": ("|b1", 1),
    "value": ("<f8", 1),
}
# Every array of a gate, in the order of the file.
ARRAYS: Kinds = {
    **{f"forest.{name}": kind for name, kind in FOREST.items()},
    "forest.base": ("<f8", 0),
    "calibration": ("<f8", 1),
    "usual": ("<f8", 2),
    "guard.knots": ("<f8", 2),
    "guard.levels": ("<f8", 2),
    "guard.reach": ("<f8", 1),
    "guard.rows": ("<f4", 2),
    "guard.limit": ("<f8", 0),
    "history.raw": ("<f8", 1),
    "history.fails": ("|b1", 1),
    "history.source": ("<i4", 1),
    "history.familiar": ("|b1", 1),
}
# Of a gate with a diagnosis, these as well.
DIAGNOSIS: Kinds = {
    **{f"diagnosis.{name}": kind for name, kind in FOREST.items()},
    "diagnosis.trees": ("<i4", 1),
    "diagnosis.base": ("<f8", 1),
    "diagnosis.calibration": ("<f8", 2),
}
FIRST: Kinds = {"reference": ("<f8", 1)}  # of format 1 alone: read for the hash, then left

# What Python's zip reader raises on damaged, encrypted or strangely packed files.
_BROKEN = (zipfile.BadZipFile, zlib.error, ValueError, RuntimeError, EOFError, OSError, KeyError)


def gate_names() -> list[str]:
    """Return the names of the gates of images that ship, then of the rules."""
    from imagegate.models.rules import PRESETS  # with all tasks: no learned gate needs them

    shipped = (path.stem for path in _shipped() if path.stem != EDITS)
    return [*shipped, *(f"{RULES}{task}" for task in PRESETS)]


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
        from imagegate.models.rules import PRESETS, RulesGate

        task = text.removeprefix(RULES)
        if task not in PRESETS:
            raise UnknownNameError("gate", text, gate_names())
        return RulesGate(task, PRESETS[task])
    shipped = {path.stem: path for path in _shipped()}
    found = shipped.get(text) or shipped.get(ALIASES.get(text, ""))
    if found:
        return read_gate(found)
    if Path(name).is_file():
        return read_gate(Path(name))
    if Path(name).suffix == SUFFIX or Path(name).is_dir():
        raise GateFileError(f"{text}: no such gate file{_hint(Path(name))}")
    raise UnknownNameError("gate or gate file", text, [*gate_names(), *ALIASES])


def _hint(missing: Path) -> str:
    there = [path.name for path in missing.parent.glob(f"*{SUFFIX}")]
    near = get_close_matches(missing.name, there, n=1)
    return f". Did you mean {str(missing.with_name(near[0]))!r}?" if near else ""


def _shipped() -> list[Path]:
    return sorted(ZOO.glob(f"*{SUFFIX}"))


def save_gate(gate: Gate, path: str | Path) -> None:
    """Write a gate file; the same gate gives the same bytes."""
    Path(path).write_bytes(to_bytes(gate))


def to_bytes(gate: Gate) -> bytes:
    """Return the bytes of a gate file."""
    arrays = _arrays(gate)
    inner = to_bytes(_fitting(gate, gate.output)) if gate.output else b""
    facts = {"format": FORMAT, **gate.card.to_dict()}
    facts["hash"] = content_hash(facts, arrays, inner)
    members = {CARD: json.dumps(facts, indent=1, ensure_ascii=False, allow_nan=False).encode()}
    members |= {f"{name}.npy": _npy(array) for name, array in arrays.items()}
    members |= {INNER: inner} if inner else {}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            file.writestr(entry, data)
    return packed.getvalue()


def read_gate(path: str | Path) -> Gate:
    """Read a gate file; what is damaged, changed, newer or none at all raises GateFileError."""
    try:
        return from_bytes(Path(path).read_bytes())
    except GateFileError as error:
        raise GateFileError(f"{path}: {error}") from None
    except OSError as error:
        raise GateFileError(f"{path}: cannot be read: {error.strerror}") from error


def from_bytes(data: bytes, *, nested: bool = False) -> Gate:
    """Return the gate in the bytes of a gate file; a nested one holds no further."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            members, kinds = _members(file, nested=nested)
    except GateFileError:
        raise
    except _BROKEN as error:
        raise GateFileError(f"not a gate file, or a damaged one: {error}") from None
    facts, inner = _facts(members.pop(CARD)), members.get(INNER, b"")
    arrays = {name: _array(name, members[f"{name}.npy"], kind) for name, kind in kinds.items()}
    if facts.get("hash") != content_hash(facts, arrays, inner):
        raise GateFileError("the content does not match its hash: damaged or changed by hand")
    facts.pop("format")
    gate = _gate(_known_measures(Card.from_dict(facts)), arrays)
    if not inner:
        return gate
    try:
        output = from_bytes(inner, nested=True)
    except GateFileError as error:
        raise GateFileError(f"{INNER}: {error}") from None
    return replace(gate, output=_fitting(gate, output))


def _fitting(gate: Gate, output: Gate) -> Gate:
    """Return the gate of outputs, or raise GateFileError if it cannot go with the other."""
    same = all(getattr(gate.card, n) == getattr(output.card, n) for n in ("task", "engine"))
    if gate.judges_output or not output.judges_output or output.output or not same:
        raise GateFileError(
            f"{INNER}: expected one gate of image and output of {gate.card.task} by "
            f"{gate.card.engine}, inside a gate of the image alone"
        )
    return replace(output, diagnosis=gate.diagnosis)


def content_hash(facts: dict[str, Any], arrays: Arrays, inner: bytes = b"") -> str:
    """Return the SHA-256 of the card, without its hash, of all arrays and the nested file."""
    plain = {name: value for name, value in facts.items() if name != "hash"}
    digest = hashlib.sha256(json.dumps(plain, sort_keys=True).encode())
    for name, given in arrays.items():
        array = np.ascontiguousarray(given)
        digest.update(f"\n{name} {array.shape}\n".encode())
        digest.update(array.tobytes())
    if inner:
        digest.update(f"\n{INNER} {len(inner)}\n".encode() + inner)
    return digest.hexdigest()


def _members(file: zipfile.ZipFile, *, nested: bool) -> tuple[dict[str, bytes], Kinds]:
    """Unpack exactly the members of a gate file, none beyond the limit, and list its arrays."""
    names = [entry.filename for entry in file.infolist()]
    if CARD not in names:
        raise GateFileError(f"not a gate file: no {CARD} inside")
    found = _facts(_unpack(file, CARD))["format"]
    if found > FORMAT:
        raise GateFileError(f"format {found} is newer than {FORMAT}: update imagegate")
    kinds = _kinds(found, diagnosed="diagnosis.roots.npy" in names)
    wanted = {CARD, *(f"{name}.npy" for name in kinds)}
    if INNER in names and not nested:
        wanted.add(INNER)
    if sorted(names) != sorted(wanted):
        odd = sorted(set(names) ^ wanted) or ["a member twice"]
        raise GateFileError(f"unexpected or missing members: {', '.join(odd)[:200]}")
    return {name: _unpack(file, name) for name in names}, kinds


def _kinds(version: int, *, diagnosed: bool) -> Kinds:
    """Return the arrays of a file, in their order."""
    kinds: Kinds = {}
    for name, kind in ARRAYS.items():
        kinds |= {**FIRST, name: kind} if version == 1 and name == "usual" else {name: kind}
    return kinds | DIAGNOSIS if diagnosed and version > 1 else kinds


def _unpack(file: zipfile.ZipFile, name: str) -> bytes:
    """Read one member, never more than the limit, whatever its header claims."""
    with file.open(name) as member:
        data = member.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise GateFileError(f"{name} is larger than {MOST_BYTES:,} bytes")
    return data


def _facts(data: bytes) -> dict[str, Any]:
    try:
        facts = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise GateFileError(f"{CARD} is damaged: {error}") from None
    if not isinstance(facts, dict) or not isinstance(facts.get("format"), int):
        raise GateFileError(f"{CARD}: expected an object with its format")
    return facts


def _npy(array: NDArray[Any]) -> bytes:
    packed = io.BytesIO()
    np.save(packed, array, allow_pickle=False)
    return packed.getvalue()


def _array(name: str, data: bytes, wanted: tuple[str, int]) -> NDArray[Any]:
    """Read one array; only of the type, number of dimensions and length that belong there."""
    kind, dimensions = wanted
    packed = io.BytesIO(data)
    try:
        if np.lib.format.read_magic(packed) != (1, 0):
            raise ValueError("expected version 1.0 of the format")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(packed)
    except (ValueError, TypeError, SyntaxError, EOFError) as error:
        raise GateFileError(f"{name}: not an array: {str(error)[:200]}") from None
    size = math.prod(shape) * dtype.itemsize
    if dtype.str != kind or len(shape) != dimensions or fortran or min(shape, default=0) < 0:
        raise GateFileError(f"{name}: expected {dimensions} dimensions of {kind}")
    if size != len(data) - packed.tell():
        raise GateFileError(f"{name}: expected {size:,} bytes, got another number")
    array: NDArray[Any] = np.frombuffer(data, dtype, offset=packed.tell()).reshape(shape)
    return array


def _known_measures(card: Card) -> Card:
    version = version_of(card.task)
    if card.features_version != version:
        raise GateFileError(
            f"made with version {card.features_version} of the measures, this is {version}: "
            "train it again"
        )
    unknown = [name for name in card.measures if name not in MEASURES]
    if unknown:  # else the measures of outputs are not even imported
        unknown = [name for name in unknown if name not in output_measures(card.task)]
    if unknown or not card.measures or len(set(card.measures)) < len(card.measures):
        raise GateFileError(f"unknown or repeated measures: {', '.join(unknown) or 'none named'}")
    return card


def _gate(card: Card, arrays: Arrays) -> Gate:
    """Put the gate together, every part checked."""
    size = len(card.measures)
    own = _below("forest", arrays)
    forest = Forest(**own | {"base": float(own["base"])}, features=size).check()
    if arrays["calibration"].shape != (2,):
        raise GateFileError("calibration: expected slope and intercept")
    calibration = Calibration(*map(float, arrays["calibration"])).check()
    own = _below("guard", arrays)
    ood = OutOfDistributionDetector(**own | {"limit": float(own["limit"])}).check(size)
    if arrays["usual"].shape != (size, 2):
        raise GateFileError("usual: does not fit the measures")
    history = History(**_below("history", arrays))
    if len({array.shape for array in vars(history).values()}) > 1:
        raise GateFileError("history: columns of different length")
    _check_thresholds(card)
    if bool(card.diagnosis) != ("diagnosis.roots" in arrays):
        raise GateFileError("diagnosis: the card tells of one, or the arrays hold one, alone")
    diagnosis = _diagnosis(card, _below("diagnosis", arrays)) if card.diagnosis else None
    return Gate(card, forest, calibration, ood, arrays["usual"], history, diagnosis)


def _diagnosis(card: Card, own: Arrays) -> Diagnosis:
    causes, measures = (tuple(card.diagnosis.get(name, ())) for name in ("causes", "measures"))
    trees = {name: own.pop(name) for name in FOREST}
    forest = Forest(**trees, base=0.0, features=len(measures)).check()
    return Diagnosis(causes=causes, measures=measures, forest=forest, **own).check()


def _below(part: str, arrays: Arrays) -> dict[str, Any]:
    """Return the arrays of one part of a gate, by their own names."""
    whole = {name.partition("."): array for name, array in arrays.items()}
    return {own: array for (first, _, own), array in whole.items() if first == part}


def _check_thresholds(card: Card) -> None:
    if set(card.thresholds) != {"pass", "reject"}:
        raise GateFileError("card: expected thresholds 'pass' and 'reject'")
    passing, rejecting = card.thresholds["pass"], card.thresholds["reject"]
    if rejecting is None or not 0 <= (passing or 0.0) <= rejecting <= 1:
        raise GateFileError(f"card: thresholds {passing} and {rejecting} are not in order")


def _arrays(gate: Gate) -> Arrays:
    parts = {"forest": vars(gate.forest), "guard": vars(gate.ood), "history": vars(gate.history)}
    line = [gate.calibration.slope, gate.calibration.intercept]
    parts |= {"calibration": {"": line}, "usual": {"": gate.usual}}
    kinds = ARRAYS
    if gate.diagnosis and not gate.judges_output:
        kinds = ARRAYS | DIAGNOSIS
        parts["diagnosis"] = vars(gate.diagnosis.forest) | vars(gate.diagnosis)
    arrays: Arrays = {}
    for name, (kind, _) in kinds.items():
        part, _, own = name.partition(".")
        arrays[name] = np.asarray(parts[part][own], kind, order="C")
    return arrays
