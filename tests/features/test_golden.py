"""The measures give the numbers they gave; `make golden` rewrites these, never a test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from probes import GOLDEN, image

from imagegate import features

STORED = json.loads((Path(__file__).parents[1] / "golden" / "measures.json").read_text())


def test_version():
    assert STORED["version"] == features.VERSION


@pytest.mark.parametrize("name", GOLDEN)
def test_values(name):
    found = features.readings(image(GOLDEN[name]()))
    stored = {k: float("nan") if v is None else v for k, v in STORED["values"][name].items()}
    assert list(found) == list(stored), "the table of measures has changed: run make golden"
    for key, value in stored.items():
        # OpenCV's rounding differs a little between releases and processors
        assert found[key] == pytest.approx(value, rel=0.02, abs=0.01, nan_ok=True), key
