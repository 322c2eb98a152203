"""The gate file: the same bytes for the same gate, and nothing damaged or hostile gets in."""

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from tiny import tiny_gate

from imagegate.errors import GateFileError
from imagegate.models.artifact import (
    ARRAYS,
    MOST_BYTES,
    content_hash,
    from_bytes,
    read_gate,
    save_gate,
    to_bytes,
)
from imagegate.models.card_text import card_lines

GOOD = to_bytes(tiny_gate())


def unpack(data=GOOD):
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist()}


def pack(members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members:
            file.writestr(name, data)
    return packed.getvalue()


def npy(array):
    packed = io.BytesIO()
    np.save(packed, array, allow_pickle=True)
    return packed.getvalue()


def forged(facts=None, **arrays):
    """Return a gate file with other content and a hash that fits it."""
    members = unpack()
    held = {name: np.load(io.BytesIO(members[f"{name}.npy"])) for name in ARRAYS}
    held |= {name.replace("__", "."): array for name, array in arrays.items()}
    card = {**json.loads(members["card.json"]), **(facts or {})}
    card["hash"] = content_hash(card, held)
    packed = [("card.json", json.dumps(card).encode())]
    return pack(packed + [(f"{name}.npy", npy(array)) for name, array in held.items()])


def first_format(reference, *, without=()):
    """Return the same gate as version 1 wrote it: with a typical image, and no diagnosis."""
    members, held = unpack(), {}
    for name in ARRAYS:
        if name == "usual":
            held["reference"] = reference
        held[name] = np.load(io.BytesIO(members[f"{name}.npy"]))
    card = {**json.loads(members["card.json"]), "format": 1}
    del card["diagnosis"]
    card["hash"] = content_hash(card, held)
    packed = [("card.json", json.dumps(card).encode())]
    packed += [(f"{name}.npy", npy(array)) for name, array in held.items() if name not in without]
    return pack(packed)


def test_the_first_format_is_read_and_written_as_the_second():
    gate = from_bytes(first_format(np.array([2.5, 2, 14, 0.1])))
    assert gate.diagnosis is None
    assert gate.card.diagnosis == {}
    assert to_bytes(gate) == GOOD
    with pytest.raises(GateFileError, match="missing members"):
        from_bytes(first_format(np.zeros(4), without=["reference"]))
    with pytest.raises(GateFileError, match="reference: expected 1 dimensions"):
        from_bytes(first_format(np.zeros((2, 2))))


def test_round_trip(tmp_path):
    gate, path = tiny_gate(), tmp_path / "tiny.gate"
    save_gate(gate, path)
    again = read_gate(path)
    assert path.read_bytes() == GOOD == to_bytes(again)
    assert replace(again.card, hash="") == gate.card
    assert f"hash: {again.card.hash}" in card_lines(again.card)
    X = np.random.default_rng(1).normal(5, 5, (50, 4))
    np.testing.assert_array_equal(again.p_fail(X), gate.p_fail(X))
    np.testing.assert_array_equal(again.decisions(X), gate.decisions(X))
    np.testing.assert_array_equal(again.history.raw, gate.history.raw)


def test_forgery_helper_is_sound():
    assert to_bytes(from_bytes(forged())) == GOOD


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a gate file"),
        (b"PK\x03\x04 nonsense", "not a gate file"),
        (GOOD[:-100], "not a gate file"),
        (pack([("other.txt", b"x")]), r"no card\.json"),
        (pack([("card.json", b"{")]), "damaged"),
        (pack([("card.json", b"[1]")]), "expected an object"),
        (pack([("card.json", b'{"format": 1}')]), "missing members"),
        (pack([*unpack().items(), ("evil.py", b"x")]), "evil.py"),
        (pack([*unpack().items(), ("../evil", b"x")]), "evil"),
        (pack([("card.json", b" " * (MOST_BYTES + 1))]), "larger than"),
        (forged({"format": 3}), "newer than 2: update imagegate"),
        (forged({"features_version": 999}), "version 999 of the measures"),
        (forged({"measures": ["a", "b", "c", "d"]}), "unknown or repeated measures: a, b"),
        (forged({"measures": []}), "measures"),
        (forged({"extra": 1}), "unknown or missing entries: extra"),
        (forged({"seed": "0"}), "seed"),
        (forged({"promise": 2}), "promise"),
        (forged({"guarantee": {"odd": 1}}), "guarantee"),
        (forged({"thresholds": {"pass": 0.9, "reject": 0.5}}), "not in order"),
        (forged({"thresholds": {"pass": None, "reject": None}}), "not in order"),
        (forged({"thresholds": {"pass": "0", "reject": 0.5}}), "pass: expected a number"),
        (forged(calibration=np.array([-1.0, 0.0])), "rising"),
        (forged(calibration=np.array([np.nan, 0.0])), "rising"),
        (forged(calibration=np.array([1.0])), "slope and intercept"),
        (forged(forest__left=np.zeros(3, "<i4")), "forest"),
        (forged(forest__feature=np.full(9, 7, "<i2")), "does not exist"),
        (forged(usual=np.zeros((3, 2))), "usual: does not fit"),
        (forged(guard__rows=np.zeros((500, 4), "<f4")), "guard"),
        (forged(history__raw=np.zeros(3)), "history"),
    ],
)
def test_damaged_newer_or_foreign_files_are_refused(data, message):
    with pytest.raises(GateFileError, match=message):
        from_bytes(data)


@pytest.mark.parametrize(
    "array",
    [
        npy(np.array([{"a": 1}], object)),
        npy(np.zeros(9, "<f4")),
        npy(np.zeros((3, 3))),
        npy(np.zeros(9))[:-8],
        b"\x93NUMPY\x01\x00\x76\x00"
        + b"{'descr': '<f8', 'fortran_order': False, 'shape': (10**9,)}",
        b"\x93NUMPY\x01\x00\x46\x00"
        + b"{'descr': '<f8', 'fortran_order': False, 'shape': (999999999999,), }".ljust(69)
        + b"\n",
        b"text",
    ],
)
def test_arrays_of_another_kind_are_refused(array):
    members = unpack() | {"forest.value.npy": array}
    with pytest.raises(GateFileError, match=r"forest\.value"):
        from_bytes(pack(members.items()))


def test_a_changed_number_is_noticed():
    members = unpack()
    members["usual.npy"] = npy(np.zeros((4, 2)))
    with pytest.raises(GateFileError, match="does not match its hash"):
        from_bytes(pack(members.items()))
    members = unpack()
    members["card.json"] = members["card.json"].replace(b'"pass": 0.1', b'"pass": 0.4')
    with pytest.raises(GateFileError, match="does not match its hash"):
        from_bytes(pack(members.items()))


def test_member_twice_is_refused():
    with pytest.warns(UserWarning, match="Duplicate"):
        data = pack([*unpack().items(), ("usual.npy", b"")])
    with pytest.raises(GateFileError, match="a member twice"):
        from_bytes(data)


def test_fuzzed_files_load_equal_or_raise_one_error():
    rng = np.random.default_rng(0)
    for _ in range(400):
        data = bytearray(GOOD)
        for place in rng.integers(0, len(data), rng.integers(1, 5)):
            data[place] = rng.integers(0, 256)
        if rng.random() < 0.2:
            data = data[: rng.integers(0, len(data))]
        try:
            gate = from_bytes(bytes(data))
        except GateFileError:
            continue
        assert to_bytes(gate) == GOOD  # only what carries no content was hit


def test_errors_name_the_file(tmp_path):
    path = tmp_path / "broken.gate"
    path.write_bytes(b"nonsense")
    with pytest.raises(GateFileError, match=r"broken\.gate: not a gate file"):
        read_gate(path)
    with pytest.raises(GateFileError, match=r"none\.gate: cannot be read"):
        read_gate(tmp_path / "none.gate")


def test_card_survives_json_with_gaps():
    gate = tiny_gate(limit=float("nan"), promise=None, confidence=None, guarantee=None)
    again = from_bytes(to_bytes(replace(gate, card=replace(gate.card, costs=(10.0, 1.0)))))
    assert again.card.costs == (10.0, 1.0)
    assert again.card.guarantee_text() == "least cost: a false pass costs 10, a false reject 1"
