"""A card is read or refused: whatever a file says, showing it ends in words, never in a crash."""

import json
from dataclasses import replace

import pytest
from tiny import tiny_gate

from imagegate.errors import GateFileError
from imagegate.models.artifact import load_gate
from imagegate.models.card import Card
from imagegate.models.card_text import card_lines

ODD = (
    None,
    True,
    -1,
    0,
    7,
    2.5,
    float("nan"),
    1e400,
    "text",
    [],
    [1],
    {},
    {"a": 1},
    [[]],
    "\x1b[31m",
)
ADJUSTED = {
    "date": "2026-11-26",
    "from": {"name": "tiny", "hash": ""},
    "before": {"promise": 0.05, "confidence": 0.95, "costs": None, "pass": 0.1},
    "after": {"promise": None, "confidence": None, "costs": [4.0, 1.0], "pass": None},
    "outcomes": {"file": "f.csv", "rows": 9, "groups": 3, "fails": 2, "images": ["00ff"]},
}
LESSON = {
    "importance": {"text": 0.2, "blur": -0.001},
    "rows": 240,
    "severity": {"clean": [60, 1], "blur": [[20, 4], [4, 4], [20, 10], [20, 20], [20, 19]]},
}
DIAGNOSIS = {
    "causes": ["blur", "noise"],
    "measures": ["blur.edge_width_px", "noise.flat_rms"],
    "hurts_from": [1.5, 2.0],
    "rows": 900,
    "sources": 100,
    "sets": [{"name": "pages", "sources": 9, "rows": 90, "fails": 0, "licence": "CC0"}],
    "held_out": {
        "one": {"blur": [20, 19], "noise": [18, 18]},
        "several": [30, 29],
        "helps": [12, 9],
        "clean": [40, 39],
        "gain": {"rows": 31, "stated": 0.5, "measured": 0.45},
    },
}


def plain_card():
    """Return a card with all that one can hold."""
    shipped = load_gate("ocr-tesseract").card
    few = {part: names[:2] for part, names in shipped.groups.items()}
    card = replace(shipped, adjusted=(ADJUSTED,), groups=few, lesson=LESSON, diagnosis=DIAGNOSIS)
    return json.loads(json.dumps(card.to_dict()))


def places(value, path=()):
    """Yield the path to every value inside another, at most two items of a list."""
    yield path
    if isinstance(value, dict):
        for name, item in value.items():
            yield from places(item, (*path, name))
    elif isinstance(value, list):
        for i, item in enumerate(value[:2]):
            yield from places(item, (*path, i))


def put(value, path, new):
    """Return the value with another one at a place."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(value[path[0]], path[1:], new)
    return copy


def without(value, path):
    """Return the value without what is at a place."""
    *above, last = path
    holder = value
    for name in above:
        holder = holder[name]
    fewer = (
        {name: item for name, item in holder.items() if name != last}
        if isinstance(holder, dict)
        else holder[:last] + holder[last + 1 :]
    )
    return put(value, above, fewer)


@pytest.mark.parametrize("entry", sorted(plain_card()))
def test_a_tampered_entry_is_refused_or_can_be_shown(entry):
    whole = plain_card()
    inside = list(places(whole[entry], (entry,)))
    tampered = [put(whole, path, odd) for path in inside for odd in ODD]
    tampered += [without(whole, path) for path in inside]
    refused = 0
    for plain in tampered:
        try:
            card = Card.from_dict(plain)
        except GateFileError:
            refused += 1
            continue
        assert card_lines(card)
    assert refused > 0


def test_what_is_wrong_is_told_with_its_place():
    whole = plain_card()
    for path, odd, words in (
        (("lesson", "importance", "blur"), "much", "importance: blur: expected a number"),
        (("lesson", "severity", "blur", 0), [3, 4], "blur: 1: expected no more than all"),
        (("diagnosis", "held_out"), {}, "held_out: lacks clean, gain, helps, one"),
        (("diagnosis", "held_out", "one", "noise"), [3, 4], "noise: expected no more than all"),
        (("diagnosis", "hurts_from"), [1.5], "hurts_from: expected one number a cause"),
        (("adjusted", 0, "outcomes", "rows"), -1, "adjusted is .*outcomes: rows: expected 0 or"),
        (("adjusted", 0, "before", "costs"), [1.0], "before: costs: expected a list of 2"),
    ):
        with pytest.raises(GateFileError, match=words):
            Card.from_dict(put(whole, path, odd))


def test_what_is_read_is_what_was_written():
    for card in (load_gate("ocr-tesseract").card, tiny_gate().card, load_gate("rules:ocr").card):
        plain = json.loads(json.dumps(card.to_dict()))
        assert json.dumps(Card.from_dict(plain).to_dict()) == json.dumps(plain)
