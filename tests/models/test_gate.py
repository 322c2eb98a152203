"""Verdicts of a learned gate, gates by name, many images at once."""

import json
import subprocess
import sys
from importlib import resources

import jsonschema
import numpy as np
import pytest
from tiny import MEASURES, tiny_gate

from imagegate.errors import GateFileError, ImagegateError, UnknownNameError
from imagegate.features import MEASURES as TABLE
from imagegate.models import artifact as gates
from imagegate.models.artifact import gate_names, load_gate, save_gate
from imagegate.models.calibration import Thresholds
from imagegate.models.card_text import card_lines
from imagegate.models.rules import PRESETS
from imagegate.models.verdict import Verdict

SCHEMA = json.loads(
    (resources.files("imagegate") / "schema" / "verdict.schema.json").read_text(encoding="utf-8")
)


def picture(seed=0, sigma=30.0):
    rng = np.random.default_rng(seed)
    return np.clip(rng.normal(128, sigma, (200, 300)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("gate", [tiny_gate(), load_gate("rules:ocr"), load_gate("rules:general")])
@pytest.mark.parametrize(
    "pixels", [picture(), np.full((40, 40), 255, np.uint8), np.zeros((1, 1), np.uint8)]
)
def test_verdicts_follow_the_published_schema(gate, pixels):
    verdict = gate.check(pixels)
    plain = verdict.to_dict()
    jsonschema.validate(plain, SCHEMA)
    json.dumps(plain, allow_nan=False)
    assert verdict.ok == (verdict.decision == "pass")
    assert verdict.gate == gate.name
    assert verdict.ok or verdict.reasons
    assert f"quality {verdict.quality} of 100" in str(verdict)


def learned_verdict(monkeypatch, readings, gate=None):
    """Let the gate see these readings on any image."""

    def measured(image, names):
        return np.array([readings.get(name, 5.0) for name in names], np.float32)

    monkeypatch.setattr("imagegate.models.gate.measure", measured)
    return (gate or tiny_gate()).check(picture())


def test_verdict_of_each_kind(monkeypatch):
    good = dict(zip(MEASURES, (2.5, 2.0, 14.0, 0.1), strict=True))
    verdict = learned_verdict(monkeypatch, good)
    assert (verdict.decision, verdict.reasons) == ("pass", ())
    assert verdict.quality == round(100 * (1 - verdict.p_fail))
    verdict = learned_verdict(monkeypatch, good | {"blur.edge_width_px": 6.0})
    assert verdict.decision == "reject"
    assert str(verdict).startswith("Reject: quality")
    verdict = learned_verdict(monkeypatch, good | {"noise.flat_rms": 12.0})
    assert verdict.decision == "review"


def test_unfamiliar_image_gets_review_and_no_number(monkeypatch):
    verdict = learned_verdict(monkeypatch, {"blur.edge_width_px": 500.0})
    assert (verdict.decision, verdict.ok, verdict.p_fail) == ("review", False, None)
    assert verdict.quality == round(
        min(score for score in verdict.scores.values() if score == score)
    )
    assert verdict.reasons[-1].code == "unfamiliar.detail"
    assert [reason.cause for reason in verdict.reasons].count("unfamiliar") == 1
    jsonschema.validate(verdict.to_dict(), SCHEMA)


def test_rows_may_have_all_measures_or_only_the_gates_own():
    gate = tiny_gate()
    X = np.random.default_rng(0).normal(5, 5, (200, len(TABLE))).astype(np.float32)
    own = X[:, [list(TABLE).index(name) for name in MEASURES]]
    np.testing.assert_array_equal(gate.p_fail(X), gate.p_fail(own))
    decided = gate.decisions(own)
    assert (decided[gate.unfamiliar(own)] == "review").all()
    assert (gate.passes(own) == (decided == "pass")).all()
    known = ~gate.unfamiliar(own)
    each = [gate.thresholds.decide(p) for p in gate.p_fail(own)]
    assert (decided == each)[known].all()
    assert known.any()


def test_thresholds():
    limits = Thresholds(0.1, 0.5)
    assert [limits.decide(p) for p in (0.1, 0.11, 0.5)] == ["pass", "review", "reject"]
    assert Thresholds(None, 0.5).decide(0.0) == "review"
    assert Thresholds(0.7, 0.7).decide(0.6) == "pass"


def test_many_keep_their_order_and_go_on_after_a_broken_one(tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    sources = [picture(seed=i) for i in range(7)]
    sources.insert(3, broken)
    answers = list(tiny_gate().check_many(iter(sources), jobs=2))
    assert [bool(answer.error) for answer in answers] == [i == 3 for i in range(8)]
    assert answers[3].source == str(broken)
    assert "broken.jpg" in answers[3].error
    alone = [tiny_gate().check(source).measures for i, source in enumerate(sources) if i != 3]
    together = [answer.verdict.measures for answer in answers if answer.verdict]
    np.testing.assert_equal(together, alone)


def test_many_take_no_more_than_they_need():
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield np.zeros((8, 8), np.uint8)

    answers = load_gate("rules:general").check_many(endless(), jobs=2)
    next(answers)
    answers.close()
    assert len(taken) <= 6


def test_gates_by_name_path_and_alias(tmp_path, monkeypatch):
    save_gate(tiny_gate(name="ocr-tesseract"), tmp_path / "ocr-tesseract.gate")
    assert load_gate(tmp_path / "ocr-tesseract.gate").name == "ocr-tesseract"
    assert load_gate(str(tmp_path / "ocr-tesseract.gate")).name == "ocr-tesseract"
    monkeypatch.setattr(gates, "ZOO", tmp_path)
    assert gate_names() == ["ocr-tesseract", *(f"rules:{task}" for task in PRESETS)]
    assert load_gate("ocr").name == load_gate("ocr-tesseract").name == "ocr-tesseract"


def test_gates_that_do_not_exist(tmp_path, monkeypatch):
    monkeypatch.setattr(gates, "ZOO", tmp_path)
    with pytest.raises(UnknownNameError, match="no gate or gate file named 'ocr'"):
        load_gate("ocr")
    with pytest.raises(UnknownNameError, match="Did you mean 'rules:ocr'"):
        load_gate("rules:orc")
    with pytest.raises(GateFileError, match=r"my\.gate"):
        load_gate("my.gate")
    with pytest.raises(ImagegateError):
        load_gate(tmp_path)


@pytest.mark.parametrize("name", gate_names())
def test_every_gate_that_ships_loads_and_tells_of_itself(name):
    gate = load_gate(name)
    assert gate.name == name
    assert gate.card.guarantee_text()
    assert len(card_lines(gate.card)) >= 2
    json.dumps(gate.card.to_dict(), allow_nan=False)


def test_answering_needs_neither_scikit_learn_nor_its_friends(tmp_path):
    save_gate(tiny_gate(), tmp_path / "tiny.gate")
    code = (
        "import sys, numpy as np\n"
        "for name in ('sklearn', 'scipy', 'pyarrow', 'pandas', 'joblib', 'pickle5'):\n"
        "    sys.modules[name] = None\n"
        "import imagegate.models.artifact as gates\n"
        f"gate = gates.load_gate({str(tmp_path / 'tiny.gate')!r})\n"
        "print(gate.check(np.full((64, 64), 128, np.uint8)))\n"
        "assert not any('training' in name for name in sys.modules if 'imagegate' in name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "quality" in done.stdout


def test_plain_sentences():
    verdict = Verdict("pass", True, 0.02, 98, (), {}, {}, "g")
    assert str(verdict) == "Pass: quality 98 of 100, chance of failure 2.0 %."
