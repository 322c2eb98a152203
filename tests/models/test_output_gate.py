"""A gate of image and output inside the gate of the image: verdicts, reasons, its file."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from importlib import resources

import jsonschema
import numpy as np
import pytest
from test_artifact import pack, unpack
from tiny import MEASURES, tiny_gate

from imagegate import load_gate
from imagegate.errors import GateFileError, OutputError, SettingsError
from imagegate.features import output_measures
from imagegate.models.artifact import ARRAYS, content_hash, from_bytes, save_gate, to_bytes
from imagegate.models.gate import Gate

TASK = "background-removal"
SOFT = "mask.soft_share"
SCHEMA = json.loads(
    (resources.files("imagegate") / "schema" / "verdict.schema.json").read_text(encoding="utf-8")
)


def open_guard(gate: Gate) -> Gate:
    return replace(gate, ood=replace(gate.ood, limit=1e9))


def tiny_output(**facts: object) -> Gate:
    """Return a gate that fails what is more than 10 % half transparent, whatever the image."""
    gate = tiny_gate(
        **{"name": "tiny+output", "task": TASK, "measures": (*MEASURES[:3], SOFT), **facts}
    )
    value = np.array([0, -0.1, 0.1, 0, -0.1, 0.1, 0, -3.0, 3.0])
    threshold = np.where(gate.forest.feature == 3, 0.1, gate.forest.threshold)
    forest = replace(gate.forest, value=value, threshold=threshold)
    usual = gate.usual.copy()
    usual[3] = (0.0, 0.03)
    return open_guard(replace(gate, forest=forest, usual=usual))


def tiny_pair() -> Gate:
    return replace(open_guard(tiny_gate(task=TASK)), output=tiny_output())


PAIR = tiny_pair()
DATA = to_bytes(PAIR)


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    rng = np.random.default_rng(0)
    pixels = np.full((200, 300, 3), 210, np.uint8)
    pixels[50:150, 80:220] = (40, 80, 160)
    return np.clip(pixels + rng.normal(0, 2, pixels.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def mask() -> np.ndarray:
    mask = np.zeros((200, 300), np.float32)
    mask[50:150, 80:220] = 1
    return mask


def test_both_questions_are_answered_from_one_file(tmp_path, picture, mask):
    save_gate(PAIR, tmp_path / "pair.gate")
    gate = load_gate(tmp_path / "pair.gate")
    alone = gate.check(picture)
    assert alone.gate == "tiny"
    assert SOFT not in alone.measures
    good, bad = gate.check(picture, output=mask), gate.check(picture, output=mask * 0.6)
    assert good.gate == bad.gate == "tiny+output"
    assert (good.decision, bad.decision) == ("pass", "reject")
    assert set(output_measures(TASK)) <= set(bad.measures)
    assert gate.output.check(picture, output=mask).p_fail == good.p_fail
    jsonschema.validate(bad.to_dict(), SCHEMA)


def test_a_reason_names_the_output(picture, mask):
    reason = PAIR.check(picture, output=mask * 0.6).reasons[0]
    assert (reason.code, reason.cause) == ("output.doubtful", "output")
    assert PAIR.check(picture).ok, "the image alone speaks for itself"


def test_the_output_is_named_last_where_the_image_alone_would_not_pass(picture, mask):
    strict = replace(PAIR.card, thresholds={"pass": 0.0, "reject": 0.5})
    blamed = replace(PAIR, card=strict).check(picture, output=mask * 0.6).reasons
    assert blamed[-1].code == "output.doubtful"


def test_second_run_is_passed_on(picture, mask):
    verdict = PAIR.check(picture, output=mask, second=mask[::2, ::2])
    assert verdict.measures["mask.agreement"] > 0.95


def test_without_output_gate_the_error_says_what_to_do(picture, mask):
    with pytest.raises(SettingsError, match=r"tiny judges images alone"):
        tiny_gate(task=TASK).check(picture, output=mask)
    with pytest.raises(SettingsError, match="rules:ocr judges images alone"):
        load_gate("rules:ocr").check(picture, output="text")
    with pytest.raises(SettingsError, match="image and output together"):
        PAIR.output.check(picture)


@pytest.mark.parametrize("output", ["text", np.zeros((3, 3, 3)), np.zeros((200, 300), np.int32)])
def test_wrong_outputs_are_typed_errors(picture, output):
    with pytest.raises(OutputError, match="expected a float mask"):
        PAIR.check(picture, output=output)


def test_other_aspect_is_refused(picture, mask):
    with pytest.raises(OutputError, match="aspect"):
        PAIR.check(picture, output=mask[:, :200])


def test_round_trip_is_byte_identical():
    again = from_bytes(DATA)
    assert to_bytes(again) == DATA
    assert to_bytes(again.output) == to_bytes(PAIR.output)
    assert replace(again.output.card, hash="") == PAIR.output.card
    assert list(unpack(DATA))[-1] == "output.gate"


def test_outer_bytes_without_inner_are_as_before():
    assert to_bytes(replace(PAIR, output=None)) == to_bytes(open_guard(tiny_gate(task=TASK)))


def with_inner(inner: bytes) -> bytes:
    """Return the outer file with another inner one and a hash that fits it."""
    members = unpack(DATA)
    held = {name: array_of(PAIR, name) for name in ARRAYS}
    facts = json.loads(members["card.json"])
    facts["hash"] = content_hash(facts, held, inner)
    members |= {"card.json": json.dumps(facts).encode(), "output.gate": inner}
    return pack(members.items())


def array_of(gate: Gate, name: str) -> np.ndarray:
    return np.load(io.BytesIO(unpack(to_bytes(gate))[f"{name}.npy"]))


def test_forgery_helper_is_sound():
    assert to_bytes(from_bytes(with_inner(to_bytes(PAIR.output)))) == DATA


def doctored() -> bytes:
    members = unpack(to_bytes(PAIR.output))
    facts = json.loads(members["card.json"])
    facts["thresholds"]["pass"] = 0.45
    return pack((members | {"card.json": json.dumps(facts).encode()}).items())


def two_levels() -> bytes:
    return pack([*unpack(to_bytes(PAIR.output)).items(), ("output.gate", to_bytes(PAIR.output))])


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        (b"nonsense", r"output\.gate: not a gate file"),
        (doctored(), r"output\.gate: the content does not match its hash"),
        (two_levels(), r"output\.gate: unexpected or missing members: output\.gate"),
        (DATA, r"output\.gate: unexpected or missing members: output\.gate"),
        (to_bytes(tiny_gate(task=TASK)), "expected one gate of image and output"),
        (to_bytes(tiny_output(engine="other")), "expected one gate of image and output"),
        (to_bytes(tiny_output(features_version=999)), "version 999"),
    ],
)
def test_doctored_inner_gates_are_refused(inner, message):
    with pytest.raises(GateFileError, match=message):
        from_bytes(with_inner(inner))


def test_changed_inner_gate_breaks_the_outer_hash():
    members = unpack(DATA) | {"output.gate": to_bytes(tiny_output(seed=7))}
    with pytest.raises(GateFileError, match="does not match its hash"):
        from_bytes(pack(members.items()))


def test_two_levels_are_not_written():
    with pytest.raises(GateFileError, match="expected one gate of image and output"):
        to_bytes(replace(PAIR, output=replace(PAIR.output, output=PAIR.output)))


def test_measures_of_another_tasks_output_are_refused():
    with pytest.raises(GateFileError, match=f"unknown or repeated measures: {SOFT}"):
        from_bytes(to_bytes(tiny_output(task="ocr")))
